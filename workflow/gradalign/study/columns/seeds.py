"""When a seed that is refined by itself has ended."""

FALL = 1e-4
"""Relative fall of d in an accepted step, below which a seed's refinement has ended."""

MOST_STEPS = 60
"""Most steps of a seed."""
