"""The plan of a run: its jobs and their sizes, what has ended, and how long the rest may take.

What a job takes is first guessed from its rule's seconds in an earlier run and from its size. Each job that ends
corrects the guess for its rule, and the common factor, which is this machine's, corrects those of the rules of which no
job has ended. Of rounds the last may have nothing to do: once one job of a rule had not, the others of the rule are
expected to take as long as that one.
"""

import csv
import re
from typing import NamedTuple

START_S = 1.0
"""What a job takes to start; it does not grow with the job."""
# for each thing of a job whose rule has no earlier run
_EACH_S = 0.1
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
    """

    def __init__(self, jobs, earlier=None, size=1, cores=1):
        self.jobs = {job.number: job for job in jobs}
        self.cores = cores
        self._earlier, self._size = earlier or {}, size
        self._started, self._taken, self._idle = {}, {}, set()
        self._percent = 0

    def add(self, job):
        """Take up a job that was not planned.

        Parameters
        ----------
        job : Job
        """
        self.jobs.setdefault(job.number, job)

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
        if job.rule not in self._earlier:
            return START_S + (_EACH_S * job.size if ranged else 0.0)
        beyond = max(self._earlier[job.rule] - START_S, 0.0)
        return START_S + beyond * (job.size / self._size if ranged else 1.0)

    def _seconds(self):
        """Return the seconds that each job is expected to take, or took."""
        idle = {}
        for number in self._idle:
            idle.setdefault(self.jobs[number].rule, []).append(self._taken[number])
        guesses = {number: self._guess(job) for number, job in self.jobs.items()}
        sums, whole = {}, [0.0, 0.0]
        for number, taken in self._taken.items():
            if number in self._idle:
                continue
            of_rule = sums.setdefault(self.jobs[number].rule, [0.0, 0.0])
            for pair in (of_rule, whole):
                pair[0] += taken
                pair[1] += guesses[number]
        # of the whole plan a tenth must have ended before this machine counts as much as the guess; of a rule one job
        weight = max(sum(guesses.values()) / 10, START_S)
        factor = (whole[0] + weight) / (whole[1] + weight)
        expected = {}
        for number, guess in guesses.items():
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
        return max(sum(rest) / self.cores, *rest) if rest else 0.0

    def _rest(self, seconds, now):
        """Return the seconds that are left of each job; one that runs over still has a tenth to go."""
        open_jobs = (number for number in self.jobs if number not in self._taken)
        return [
            max(seconds[number] - (now - self._started.get(number, now)), seconds[number] / 10) for number in open_jobs
        ]

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
        whole, rest = sum(seconds.values()), sum(self._rest(seconds, now))
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
