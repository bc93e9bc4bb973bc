"""What every room stands on: random numbers, compiled kernels, complete files, sources. Nothing of the science."""
