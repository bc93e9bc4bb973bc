"""From density maps to noisy subtomograms."""
