"""The plan of a run: its jobs and their sizes, what has ended, and how long the rest may take.

What a job takes is first guessed from its rule's seconds in an earlier run, else from those that were measured once,
and from its size. Each job that ends corrects the guess for its rule, and the common factor, which is this machine's,
corrects those of the rules of which no job has ended. Of rounds the last may have nothing to do: once one job of a rule
had not, the others of the rule are expected to take as long as that one. Before enough has ended to know this machine,
nothing is said of the time that is left.
"""

import csv
import re
from graphlib import TopologicalSorter
from typing import NamedTuple

START_S = 1.0
"""What a job takes to start; it does not grow with the job."""
COMPILING_S = 12.0
"""What a job takes longer that compiles the kernels."""
# seconds of a job, and for each thing that it works on: measured on an idle machine, boxes of 32³ voxels
_MEASURED = {
    "configuration": (0.7, 0.0),
    "simulate_levels": (1.0, 0.0),
    "align_levels": (1.0, 0.6),
    "particles_start": (2.0, 0.0),
    "particles_rounds": (3.0, 0.03),
    "particles_align": (1.0, 0.01),
    "particles_round": (1.2, 0.0),
    "particles_results": (2.0, 0.0),
    "particles_page": (2.5, 0.0),
    "classes_start": (2.0, 0.0),
    "classes_pairs": (1.0, 0.007),
    "classes_found": (5.0, 0.0),
    "classes_sort": (1.0, 0.025),
    "classes_round": (1.2, 0.0),
    "classes_results": (1.3, 0.0),
    "classes_figure": (4.0, 0.0),
    "classes_page": (2.0, 0.0),
}
_OTHERS = (START_S, 0.1)
# a machine is known once a twentieth of the plan has ended, or half a minute of it
_KNOWN_SHARE, _KNOWN_S = 1 / 20, 30.0
_RANGE = re.compile(r"(\d+)-(\d+)")


class Job(NamedTuple):
    """A job of the plan."""

    number: int
    rule: str
    wildcards: dict
    log: str = ""
    """Path of its log."""
    works: bool = True
    """Whether it does anything but gather files."""
    after: tuple = ()
    """Numbers of the jobs that it waits for."""

    @property
    def size(self):
        """How many things it works on: those of its range ``first-last``, else one."""
        size = 1
        for value in self.wildcards.values():
            found = _RANGE.fullmatch(value)
            if found:
                size *= int(found[2]) - int(found[1]) + 1
        return size

    @property
    def name(self):
        """What it is called where it says nothing itself."""
        return ", ".join([self.rule.replace("_", " "), *(f"{key} {value}" for key, value in self.wildcards.items())])


def earlier_seconds(path):
    """Return what the jobs of an earlier run took.

    Parameters
    ----------
    path : str or path
        Its ``run_times.csv``.

    Returns
    -------
    dict of str to float
        Mean seconds of a job by rule; empty if there is no such file.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {row["rule"]: float(row["seconds"]) / int(row["jobs"]) for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError, ZeroDivisionError):
        return {}


class Plan:
    """The jobs of a run, those that have ended, and an estimate of the time that the others will take.

    Parameters
    ----------
    jobs : iterable of Job
    earlier : dict of str to float, optional
        Seconds of a job by rule in an earlier run.
    size : int
        How many things a job with a range had there.
    cores : int
        How many jobs may run side by side.
    compiling : str
        The rule that compiles the kernels, if they have to be.
    """

    def __init__(self, jobs, earlier=None, size=1, cores=1, compiling=""):
        self.jobs = {job.number: job for job in jobs}
        self.cores = cores
        self._earlier, self._size, self._compiling = earlier or {}, size, compiling
        self._guesses = {number: self._guess(job) for number, job in self.jobs.items()}
        waits = {job.number: [number for number in job.after if number in self.jobs] for job in self.jobs.values()}
        self._ordered = [(number, waits[number]) for number in TopologicalSorter(waits).static_order()]
        self._started, self._taken, self._idle = {}, {}, set()
        self._percent = 0

    def add(self, job):
        """Take up a job that was not planned.

        Parameters
        ----------
        job : Job
        """
        if job.number not in self.jobs:
            self.jobs[job.number] = job
            self._guesses[job.number] = self._guess(job)
            self._ordered.append((job.number, []))

    def start(self, number, now):
        """Note that a job starts.

        Parameters
        ----------
        number : int
        now : float
            Seconds, from any moment on.
        """
        self._started[number] = now

    def finish(self, number, now, idle=False):
        """Note that a job has ended.

        Parameters
        ----------
        number : int
        now : float
            Seconds, from the same moment on.
        idle : bool
            Whether it had nothing to do.
        """
        self._taken[number] = now - self._started.pop(number, now)
        if idle:
            self._idle.add(number)

    @property
    def finished(self):
        """How many jobs that work have ended."""
        return sum(self.jobs[number].works for number in self._taken)

    def _guess(self, job):
        """Return the seconds of a job before any has ended."""
        if not job.works:
            return 0.0
        ranged = job.size > 1 or any(map(_RANGE.fullmatch, job.wildcards.values()))
        compiling = COMPILING_S if job.rule == self._compiling else 0.0
        if job.rule not in self._earlier or compiling:
            alone, each = _MEASURED.get(job.rule, _OTHERS)
            return alone + (each * job.size if ranged else 0.0) + compiling
        beyond = max(self._earlier[job.rule] - START_S, 0.0)
        return START_S + beyond * (job.size / self._size if ranged else 1.0)

    @property
    def _weight(self):
        """How many seconds of what was guessed must have ended until this machine counts as much as the guess."""
        return max(_KNOWN_SHARE * sum(self._guesses.values()), START_S)

    @property
    def grounded(self):
        """Whether enough has ended to tell how long the rest may take."""
        return sum(self._guesses[number] for number in self._taken) >= min(self._weight, _KNOWN_S)

    def _seconds(self):
        """Return the seconds that each job is expected to take, or took."""
        idle = {}
        for number in self._idle:
            idle.setdefault(self.jobs[number].rule, []).append(self._taken[number])
        sums, whole = {}, [0.0, 0.0]
        for number, taken in self._taken.items():
            if number in self._idle:
                continue
            of_rule = sums.setdefault(self.jobs[number].rule, [0.0, 0.0])
            for pair in (of_rule, whole):
                pair[0] += taken
                pair[1] += self._guesses[number]
        weight = self._weight
        factor = (whole[0] + weight) / (whole[1] + weight)
        expected = {}
        for number, guess in self._guesses.items():
            if self.jobs[number].rule in idle:
                expected[number] = sum(idle[self.jobs[number].rule]) / len(idle[self.jobs[number].rule])
                continue
            taken, guessed = sums.get(self.jobs[number].rule, (0.0, 0.0))
            expected[number] = guess * (taken + factor * guess) / (guessed + guess) if guess else 0.0
        return expected | self._taken

    def left(self, now):
        """Return how long the jobs that have not ended may take.

        Parameters
        ----------
        now : float

        Returns
        -------
        float
            Seconds.
        """
        rest = self._rest(self._seconds(), now)
        # no sooner than the longest chain of jobs that wait for each other
        ends = {}
        for number, before in self._ordered:
            ends[number] = max((ends[other] for other in before), default=0.0) + rest.get(number, 0.0)
        return max(sum(rest.values()) / self.cores, max(ends.values())) if rest else 0.0

    def _rest(self, seconds, now):
        """Return the seconds that are left of each open job; one that runs over still has a tenth to go."""
        open_jobs = (number for number in self.jobs if number not in self._taken)
        return {
            number: max(seconds[number] - (now - self._started.get(number, now)), seconds[number] / 10)
            for number in open_jobs
        }

    def percent(self, now):
        """Return how much of the work is done.

        Parameters
        ----------
        now : float

        Returns
        -------
        int
            Never less than it was; 100 if all jobs have ended.
        """
        seconds = self._seconds()
        whole, rest = sum(seconds.values()), sum(self._rest(seconds, now).values())
        if not rest:
            return 100
        self._percent = max(self._percent, min(int(100 * (1 - rest / whole)), 99))
        return self._percent


def duration(seconds):
    """Return a time in the unit that fits.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
    """
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"
