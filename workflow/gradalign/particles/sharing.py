"""How many particles a job takes, and what the plan of the rounds must know of a list, kept for jobs of a cluster."""

import json
from pathlib import Path
from typing import NamedTuple

from gradalign.base.files import write_text

FEW = 500
"""Particles whose rounds one job does, if they are not shared out: each round takes seconds."""
MOST_JOBS = 400
"""Of one round: Snakemake's plan grows with their number."""
# of an interpreter, and of a particle of all jobs together, as it is read, joined and written
_BASE_MB, _PARTICLE_MB = 500, 4e-3


def particles_per_job(count, least):
    """Return how many particles one job takes.

    Parameters
    ----------
    count : int
        How many there are.
    least : int
        Of the configuration; taken unless a round would have more than `MOST_JOBS` jobs.

    Returns
    -------
    int
    """
    return max(least, -(-count // MOST_JOBS))


def list_memory_mb(count):
    """Return the memory of a job that holds all particles.

    Parameters
    ----------
    count : int

    Returns
    -------
    int
        In MB.
    """
    return max(2000, int(_BASE_MB + _PARTICLE_MB * count))


class Summary(NamedTuple):
    """What the plan of the rounds must know of a list."""

    count: int
    """Of particles."""
    with_set: bool
    """Whether an optimisation set was given."""
    ending: str
    """Of the file in the form of another program's list; empty for RELION's."""
    digest: str


def summary_of(listing, boxes, digest):
    """Return what the plan must know of a list, without the list.

    Parameters
    ----------
    listing : gradalign.particles.listing.Listing
    boxes : gradalign.particles.boxes.Boxes or None
        Passed on.
    digest : str

    Returns
    -------
    Summary
    gradalign.particles.boxes.Boxes or None
    """
    motives = listing.picked.motives
    return Summary(len(listing), bool(listing.picked.set_path), motives.ending if motives else "", digest), boxes


def write_summary(path, summary):
    """Keep what the plan must know, so that the jobs of a cluster do not read the whole list again.

    Parameters
    ----------
    path : str or path
    summary : Summary

    Raises
    ------
    InputError
        If it cannot be written.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(summary._asdict()))


def read_summary(path):
    """Return what was kept.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Summary or None
        None where there is none that can be read.
    """
    try:
        return Summary(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
