"""What other aligners made of the study's pairs, beside the truth: a line for each pair, those without answer too."""

import numpy as np

from gradalign.aligners.declared import OWN_INTERVAL
from gradalign.base.randomness import generator
from gradalign.errors import InputError
from gradalign.geometry.rotations import alignment_error, euler_from_rotation, nearest_truth
from gradalign.io.csv_lines import line
from gradalign.io.star import tomogram_name
from gradalign.study.columns.aligners import ALIGNER_SECONDS, ALIGNERS


def called_answers(caller, data_set, condition, pairs, aligner, seed):
    """Call an aligner for some pairs, one after the other.

    Parameters
    ----------
    caller : gradalign.aligners.calling.Caller
    data_set : gradalign.simulation.dataset.DataSet
        Which simulates the same subtomograms as those that the study aligns.
    condition : gradalign.aligners.declared.Condition
    pairs : iterable of int
    aligner : str
        Its name.
    seed : int
        The study's seed.

    Yields
    ------
    gradalign.aligners.calling.Answer
    """
    for pair in pairs:
        f, g = (data_set.subtomogram(2 * pair + member)[0] for member in (0, 1))
        rng = generator(seed, "aligner", aligner, *condition, pair)
        own_seed = int(rng.integers(2**31))
        yield caller.align(f, g, condition.tilt, condition.tilt, data_set.voxel_size, own_seed)


def result_lines(aligner, condition, pairs, answers, particles, symmetry):
    """Put answers beside the truth.

    Parameters
    ----------
    aligner : str
        Its name, which stands in the column ``score``.
    condition : gradalign.aligners.declared.Condition
    pairs : iterable of int
    answers : iterable of gradalign.aligners.calling.Answer
        As many.
    particles : gradalign.io.star.Particles
        True poses of the data set's subtomograms.
    symmetry : str
        Point group of the object.

    Yields
    ------
    dict
        A text for each of `ALIGNERS`.

    Raises
    ------
    InputError
        If the true pose of a subtomogram is not there.
    """
    places = {
        (particles.columns["gradalignPair"][place], particles.columns["gradalignMember"][place]): place
        for place, name in enumerate(particles.columns["rlnTomoName"])
        if name == tomogram_name(*condition)
    }
    for pair, answer in zip(pairs, answers, strict=True):
        try:
            members = [places[str(pair), member] for member in "fg"]
        except KeyError:
            raise InputError(
                f"the true poses of {condition.words}, lack pair {pair}; remove them and run again"
            ) from None
        poses = [pose[place] for place in members for pose in (particles.rotations, particles.translations)]
        numbers = [None] * 15 if answer.missing else _numbers(answer, poses, symmetry)
        keys = [condition.object, pair, condition.tilt, condition.snr, aligner, OWN_INTERVAL, "full"]
        # what only a score of this project says of an answer
        rest = [None] * (len(ALIGNERS) - len(keys) - len(numbers) - 1)
        yield line(ALIGNERS, [*keys, *numbers, *rest, answer.missing])


def _numbers(answer, poses, symmetry):
    truth = nearest_truth(answer.rotation, *poses, symmetry)
    errors = alignment_error(answer.rotation, answer.translation, *poses, symmetry)
    parts = (euler_from_rotation(answer.rotation), answer.translation, euler_from_rotation(truth[0]), truth[1], errors)
    return np.concatenate(parts).tolist()


def seconds_line(aligner, condition, pair, answer):
    """Return the times of one alignment as a line of a file.

    Parameters
    ----------
    aligner : str
    condition : gradalign.aligners.declared.Condition
    pair : int
    answer : gradalign.aligners.calling.Answer

    Returns
    -------
    dict
        A text for each of `ALIGNER_SECONDS`.
    """
    times = ("" if answer.missing else f"{seconds:.4f}" for seconds in (answer.seconds, answer.cpu_seconds))
    return line(ALIGNER_SECONDS, [aligner, condition.object, condition.tilt, condition.snr, pair, *times])
