"""What the rounds of particles and classes hand on: named tuples of arrays and numbers, one file each."""

import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError


def save_tuple(path, state):
    """Write a named tuple of arrays and numbers.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    state : NamedTuple

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez(file, **state._asdict())


def load_tuple(path, kind):
    """Read a named tuple.

    Parameters
    ----------
    path : str or path
        From `save_tuple`.
    kind : type
        Of the tuple.

    Returns
    -------
    NamedTuple
        Of that type.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            fields = {name: arrays[name] for name in kind._fields}
    except Exception as error:
        # zipfile and NumPy raise many kinds for a damaged file
        raise InputError(f"{path}: holds no complete round; remove it to have it made again") from error
    return kind(**{name: value if value.ndim else value.item() for name, value in fields.items()})


def has_converged(path):
    """Return whether a saved state needs no further round, without reading its maps.

    Parameters
    ----------
    path : str or path
        From `save_tuple`, of a state with the field ``converged``.

    Returns
    -------
    bool

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return bool(arrays["converged"])
    except Exception as error:
        raise InputError(f"{path}: holds no complete round; remove it to have it made again") from error
