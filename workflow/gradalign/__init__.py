"""Gradient-guided alignment of cryo-electron subtomograms."""

from gradalign.alignment import Alignment, Settings, align_pair
from gradalign.averaging import Average, average
from gradalign.errors import InputError
from gradalign.sets import align_all_pairs, align_to_reference

__all__ = [
    "Alignment",
    "Average",
    "InputError",
    "Settings",
    "align_all_pairs",
    "align_pair",
    "align_to_reference",
    "average",
]
