"""What the study does with pairs of subtomograms."""
