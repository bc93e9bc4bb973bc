"""Random numbers that depend on what they are for, never on who asks first."""

import zlib

import numpy as np


def generator(study_seed, purpose, *keys):
    """Return the random generator of one purpose.

    Parameters
    ----------
    study_seed : int
        The study's seed, not negative.
    purpose : str
        What the numbers are for, such as ``"pose"``.
    *keys : str, int or float
        Which data set, pair or volume they are for.

    Returns
    -------
    numpy.random.Generator
        The same stream for the same arguments, whatever the chunking, order or number of cores.
    """
    words = [int(study_seed)]
    for key in (purpose, *keys):
        # numbers that compare equal name the same stream: 60 and 60.0
        text = key if isinstance(key, str) else repr(float(key))
        words.append(zlib.crc32(text.encode()))
    return np.random.default_rng(words)
