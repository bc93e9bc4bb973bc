"""The pairs of a mixture of subtomograms, aligned as they are compared: standardised, each volume prepared once."""

from dataclasses import replace

import numpy as np

from gradalign.base.randomness import generator
from gradalign.io.csv_lines import line
from gradalign.search.score import Start, by_preparation, load_score
from gradalign.study.columns.classification import PAIRS_OF_ALL


def standardised(volume):
    """Return a volume with mean 0 and sum of squares 1, so that contrast does not tell classes apart.

    Its Fourier coefficients then have a mean square of 1 (Parseval).

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    numpy.ndarray of shape (N, N, N), float32
    """
    volume = np.asarray(volume, dtype=float)
    volume = volume - volume.mean()
    return (volume / np.linalg.norm(volume)).astype(np.float32)


def align_pairs_of_all(volumes, pairs, cell, settings, voxel_size, seed):
    """Align pairs of standardised subtomograms, each volume prepared once.

    The likelihood's search does not go deeper: most pairs show two objects, and then its smallest d is always far above
    what is expected of one.

    Parameters
    ----------
    volumes : sequence of array_like of shape (N, N, N)
        All subtomograms.
    pairs : list of (int, int)
        Which pairs, i < j.
    cell : dict
        ``tilt``, ``snr``, ``interval`` and ``score``, a list.
    settings : gradalign.search.settings.Settings
    voxel_size : float
        In nm.
    seed : int
        The study's seed.

    Yields
    ------
    list of dict
        For each pair a line of `PAIRS_OF_ALL` for each score: the transform that moves ``second`` onto ``first``, and d
        without and with it.

    Raises
    ------
    InputError
        If a volume or setting is unusable.
    """
    settings = replace(settings, deeper=np.inf)
    preparing = by_preparation(cell["score"])
    models = {
        kind: score.estimate(list(map(standardised, volumes)), [cell["tilt"]] * len(volumes), settings.alike)
        for kind, score in preparing.items()
    }
    prepared = {
        (kind, number): score.prepare(
            standardised(volumes[number]),
            cell["tilt"],
            settings,
            voxel_size,
            models[kind][number],
            f"subtomogram {number}",
        )
        for kind, score in preparing.items()
        for number in sorted({number for pair in pairs for number in pair})
    }
    for i, j in pairs:
        lines = []
        for score in map(load_score, cell["score"]):
            rng = generator(seed, "all pairs", cell["tilt"], cell["snr"], cell["interval"], score.name, i, j)
            two = [prepared[score.shared_preparation, number] for number in (i, j)]
            found = score.search(*two, settings, voxel_size, Start(cell["interval"]), rng)
            before = score.value(*two, np.eye(3), np.zeros(3))
            numbers = [*found.euler_zyz.tolist(), *found.translation.tolist(), before]
            lines.append(line(PAIRS_OF_ALL, [i, j, score.name, *numbers, found.dissimilarity, found.iterations]))
        yield lines
