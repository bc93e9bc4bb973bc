"""One thread for each alignment.

The products of an alignment are small matrices, and NumPy's library would divide each among all cores. Where other
work runs, or several alignments at once, its threads wait for each other by turning in a loop: a likelihood alignment
that takes 32 ms of processor time on one thread then took 1,000 to 1,300 ms on two cores (commit d74a493).
"""

import sys
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


@lru_cache(maxsize=2)
def _libraries(scipy_is_loaded):
    """Return the control of the libraries that are loaded; SciPy brings one of its own."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def on_one_thread(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Return a function whose matrix products take one thread.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
    """

    @wraps(function)
    def limited(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
