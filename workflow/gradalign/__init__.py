"""Gradient-guided alignment of cryo-electron subtomograms."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def __getattr__(name):
    # only now: a job that draws a table need not wait for Numba
    if name in __all__:
        for home in ("errors", "alignment", "averaging", "sets"):
            module = import_module(f"{__name__}.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
