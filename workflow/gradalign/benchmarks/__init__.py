"""How fast, how exact and how large the aligner is: what `make bench` measures."""
