"""Somebody's alignments of the study's pairs, as a file.

A STAR file with the table ``data_alignments``, whose rows name a pair by ``rlnTomoName`` and ``gradalignPair`` and say
by RELION's angles and origins where g, taken for the reference, lies in f, taken for the particle.
"""

from typing import NamedTuple

from gradalign.aligners.calling import Answer
from gradalign.aligners.declared import conditions, named_conditions
from gradalign.errors import InputError
from gradalign.io.star import POSE_LABELS, from_relion, read_table, table_numbers, tomogram_name

TABLE = "alignments"
"""Table of a STAR file with alignments."""
LABELS = ("rlnTomoName", "gradalignPair", *POSE_LABELS)
"""Its columns."""


class Results(NamedTuple):
    """A file of alignments as it was read."""

    path: str
    """The file."""
    answers: dict
    """(angles, origins) of RELION by (name of the tomogram, pair)."""


def read_results(path):
    """Read somebody's file of alignments.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Results

    Raises
    ------
    InputError
        If the file is missing or no STAR file, lacks the table or a column, holds something else where a number is
        needed, or a pair twice.
    """
    table = read_table(path, TABLE, LABELS)
    numbers = table_numbers(path, table, LABELS[1:])
    answers = {}
    for name, (pair, *pose) in zip(table["rlnTomoName"], numbers, strict=True):
        key = (name, int(pair))
        if key[1] != pair:
            raise InputError(f"{path}: _gradalignPair is {pair:g}, where a whole number is needed")
        if key in answers:
            raise InputError(f"{path}: holds pair {key[1]} of {name} twice, where one alignment of each pair is needed")
        answers[key] = (pose[:3], pose[3:])
    return Results(str(path), answers)


def answered_conditions(results, conditions, pairs):
    """Return the conditions of which a file holds at least one pair.

    Parameters
    ----------
    results : Results
    conditions : list of gradalign.aligners.declared.Condition
        All that there are.
    pairs : int
        Pairs of each.

    Returns
    -------
    list of gradalign.aligners.declared.Condition

    Raises
    ------
    InputError
        If the file holds a pair that there is not.
    """
    names = {tomogram_name(*condition): condition for condition in conditions}
    for name, pair in results.answers:
        if name not in names:
            raise InputError(f"{results.path}: holds an alignment in {name}, which the study does not have")
        if not 0 <= pair < pairs:
            raise InputError(f"{results.path}: holds pair {pair} of {name}, where the pairs are 0 to {pairs - 1}")
    held = {name for name, _ in results.answers}
    return [condition for name, condition in names.items() if name in held]


def counted_conditions(aligner, config):
    """Return the conditions whose pairs count for an aligner.

    Parameters
    ----------
    aligner : dict
        An entry of the section ``aligners``.
    config : dict
        The checked configuration.

    Returns
    -------
    list of gradalign.aligners.declared.Condition
        Those that its ``conditions`` name; without, all of them for a function that is called, and for a file those of
        which it holds a pair.

    Raises
    ------
    InputError
        If a file cannot be read, or holds a pair that there is not.
    """
    every, named = conditions(config), named_conditions(aligner)
    if "call" in aligner:
        return named or every
    # read in any case: a damaged file is to be noticed before any work
    answered = answered_conditions(read_results(aligner["star"]), every, config["pairs"])
    return named or answered


def file_answers(results, condition, pairs, voxel_size):
    """Return what a file holds of some pairs.

    Parameters
    ----------
    results : Results
    condition : gradalign.aligners.declared.Condition
    pairs : iterable of int
    voxel_size : float
        In nm.

    Yields
    ------
    gradalign.aligners.calling.Answer
    """
    name = tomogram_name(*condition)
    for pair in pairs:
        pose = results.answers.get((name, pair))
        if pose is None:
            yield Answer(None, None, "not in the file")
        else:
            (rotation,), (translation,) = from_relion([pose[0]], [pose[1]], voxel_size)
            yield Answer(rotation, translation, "")
