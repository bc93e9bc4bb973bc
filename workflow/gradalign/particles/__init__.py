"""Subtomograms that users picked themselves: read, aligned to a reference in rounds, averaged, written back."""
