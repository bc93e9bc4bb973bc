"""The pages on which results are read: one file each, with all that they need inside."""
