"""Averages of aligned subtomograms, each frequency over those that measured it, and their resolution."""
