"""Gradient-guided alignment of cryo-electron subtomograms."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradalign.averaging.wedge_average import Average, average
    from gradalign.classes.classify import Classification, classify
    from gradalign.classes.references import ReferenceAlignment, align_to_references
    from gradalign.classes.synchronise import Synchronised, synchronise
    from gradalign.errors import InputError
    from gradalign.search.pair import align_pair
    from gradalign.search.sets import align_all_pairs, align_to_reference
    from gradalign.search.settings import Alignment, Settings

__version__ = "0.2.0"

_HOMES = {
    "Alignment": "search.settings",
    "Average": "averaging.wedge_average",
    "Classification": "classes.classify",
    "InputError": "errors",
    "ReferenceAlignment": "classes.references",
    "Settings": "search.settings",
    "Synchronised": "classes.synchronise",
    "align_all_pairs": "search.sets",
    "align_pair": "search.pair",
    "align_to_reference": "search.sets",
    "align_to_references": "classes.references",
    "average": "averaging.wedge_average",
    "classify": "classes.classify",
    "synchronise": "classes.synchronise",
}

__all__ = [
    "Alignment",
    "Average",
    "Classification",
    "InputError",
    "ReferenceAlignment",
    "Settings",
    "Synchronised",
    "align_all_pairs",
    "align_pair",
    "align_to_reference",
    "align_to_references",
    "average",
    "classify",
    "synchronise",
]


def __getattr__(name):
    # only now: a job that draws a table need not wait for Numba
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
