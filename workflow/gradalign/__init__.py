"""Gradient-guided alignment of cryo-electron subtomograms."""

from gradalign.alignment import (
    Alignment,
    Settings,
    align_all_pairs,
    align_pair,
    align_to_reference,
)
from gradalign.errors import InputError

__all__ = ["Alignment", "InputError", "Settings", "align_all_pairs", "align_pair", "align_to_reference"]
