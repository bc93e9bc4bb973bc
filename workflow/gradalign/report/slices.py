"""Slices of example subtomograms, cut and kept for Figure 2."""

import numpy as np

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.io.csv_lines import number_text


def central_slice(volume):
    """Return the slice through the centre of a volume that holds the beam and no tilt axis: the plane y = 0.

    It is the plane in which the missing wedge blurs most, along the beam.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].

    Returns
    -------
    numpy.ndarray of shape (N, N)
        Density [z, x].
    """
    volume = np.asarray(volume)
    return volume[:, volume.shape[1] // 2, :]


def save_slices(path, slices):
    """Write slices.

    Parameters
    ----------
    path : str or path
        A ``.npz`` file.
    slices : dict
        By tilt range and signal-to-noise ratio: density [z, x].

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    arrays = {f"{number_text(tilt)}/{number_text(snr)}": np.float32(values) for (tilt, snr), values in slices.items()}
    with complete_file(path) as partial, open(partial, "wb") as file:
        np.savez_compressed(file, **arrays)


def read_slices(path):
    """Read slices that `save_slices` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict
        By tilt range and signal-to-noise ratio: density [z, x].

    Raises
    ------
    InputError
        If it is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {tuple(map(float, key.split("/"))): arrays[key] for key in arrays.files}
    except Exception as error:
        # zipfile and NumPy raise many kinds for a damaged file
        raise InputError(f"{path}: holds no slices; remove it to have it made again") from error
