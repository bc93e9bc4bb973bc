"""The ladder beyond the paper: rungs from the phantom to the cell, one protocol for all who climb it."""
