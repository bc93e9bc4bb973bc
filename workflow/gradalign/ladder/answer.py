"""What an aligner of the ladder answers."""

from typing import NamedTuple

import numpy as np


class Answer(NamedTuple):
    """What an aligner makes of one pair."""

    rotation: np.ndarray
    """(3, 3)."""
    translation: np.ndarray
    """(3,), in voxels."""
    cpu_seconds: float
    """Processor time, volumes prepared and models estimated."""
    search_loss: bool | None = None
    """Whether a refinement from the truth ends elsewhere at a smaller d: the search's loss and not the data's;
    None for an aligner without a refinement of its own."""
    alignment: object = None
    """What gradalign returns."""
    last_change: float | None = None
    """By how many degrees the orientation changed in the last iteration; None for an aligner that has none, or ends by
    itself."""
