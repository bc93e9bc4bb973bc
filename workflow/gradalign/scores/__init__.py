"""The scores: what each makes of a volume, its value, its normal equations."""
