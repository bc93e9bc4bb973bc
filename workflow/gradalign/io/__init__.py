"""Files in and out: MRC, STAR, CSV, provenance, ChimeraX."""
