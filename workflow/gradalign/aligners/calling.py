"""Somebody else's aligner, called in a process of its own that can be ended at any moment.

Compiled code that never returns to Python, a crash or an exit costs the pair at hand and nothing else: the process is
killed with all that it started, and another one takes the next pair.
"""

import ctypes
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np

# how far a matrix may be from a rotation: single precision, and angles written with two decimals
_ORTHOGONAL = 1e-3
_DIE_WITH_PARENT = 1

LOADING_SECONDS = 600.0
"""How long the module of an aligner may take to load, by the clock: many times what a busy machine or disk needs."""


class Answer(NamedTuple):
    """What an aligner made of one pair."""

    rotation: np.ndarray | None
    """R, 3×3; None if there is no answer."""
    translation: np.ndarray | None
    """a = (x, y, z) in voxels; None if there is no answer."""
    missing: str
    """Why there is no answer; empty if there is one."""
    seconds: float = np.nan
    """How long it took by the clock."""
    cpu_seconds: float = np.nan
    """Processor time of the aligner's process."""


def flaw(rotation, translation):
    """Return what is wrong with a transform.

    Parameters
    ----------
    rotation, translation : array_like

    Returns
    -------
    str
        Empty if the one is a rotation matrix and the other three finite numbers.
    """
    rotation, translation = np.asarray(rotation), np.asarray(translation)
    if rotation.shape != (3, 3) or translation.shape != (3,):
        return f"shapes {rotation.shape} and {translation.shape} where (3, 3) and (3,) are needed"
    if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
        return "numbers that are not finite"
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > _ORTHOGONAL or np.linalg.det(rotation) < 0:
        return "a matrix that is no rotation"
    return ""


class Caller:
    """An aligner in a process of its own.

    A context: the process ends with it.

    Parameters
    ----------
    call : str
        ``"module:function"``; the function is called as ``function(f, g, tilt_f=..., tilt_g=..., voxel_size=...,
        seed=..., **options)`` and returns something with ``rotation`` and ``translation``, as `gradalign.align_pair`
        does.
    options : dict
        Further keyword arguments.
    folders : list of str or path
        Searched for the module first.
    time_limit : float
        Seconds that one alignment may take; loading the module may take `LOADING_SECONDS`.
    log_path : str or path
        Receives what the aligner prints, and its tracebacks.
    """

    def __init__(self, call, options, folders, time_limit, log_path):
        self._call, self._options, self.time_limit = call, options, time_limit
        self._folders = [str(folder) for folder in folders]
        self._log_path = log_path
        self._process = self._connection = None
        self._useless = ""

    def __enter__(self):
        Path(self._log_path).write_text("", encoding="utf-8")
        return self

    def __exit__(self, *_):
        self._end()

    def align(self, f, g, tilt_f, tilt_g, voxel_size, seed):
        """Align one pair.

        Parameters
        ----------
        f, g : numpy.ndarray of shape (N, N, N)
            Densities [z, y, x].
        tilt_f, tilt_g : float or (float, float)
            Tilt ranges in degrees.
        voxel_size : float
            In nm.
        seed : int
            For an aligner that needs random numbers.

        Returns
        -------
        Answer
        """
        if self._process is None and not self._useless:
            self._useless = self._start()
        if self._useless:
            return Answer(None, None, self._useless)
        kind, *content = self._exchange((f, g, tilt_f, tilt_g, voxel_size, seed), self.time_limit)
        if kind == "missing":
            return Answer(None, None, content[0])
        rotation, translation, *seconds = content
        wrong = flaw(rotation, translation)
        if wrong:
            return Answer(None, None, f"returned {wrong}")
        return Answer(rotation, translation, "", *seconds)

    def _start(self):
        """Start the process and load the aligner; return why that failed, if it did."""
        here, there = socket.socketpair()
        # this file alone, without its folder on the path: the aligner may need nothing of the package
        command = [sys.executable, "-P", __file__, str(there.fileno()), self._call, *self._folders]
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(
                command,
                pass_fds=[there.fileno()],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # a group of its own, so that what the aligner starts is ended with it
                start_new_session=True,
            )
        there.close()
        self._connection = Connection(here.detach())
        kind, *reason = self._exchange(self._options, LOADING_SECONDS)
        return f"could not be loaded: {reason[0]}" if kind == "missing" else ""

    def _exchange(self, message, limit):
        """Send a message and return the answer; end the process if none comes within `limit` seconds."""
        try:
            self._connection.send(message)
            if self._connection.poll(limit):
                return self._connection.recv()
        except (OSError, EOFError, pickle.UnpicklingError):
            return "missing", f"its process ended with code {self._end(patience=1.0)}"
        self._end()
        return "missing", f"ran past its limit of {limit:g} s"

    def _end(self, patience=0.0):
        """Kill the process and all that it started, unless it ends by itself; return its exit code."""
        if self._process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        self._connection.close()
        self._process = self._connection = None
        return code


def _described(error):
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return " ".join(words.split())


def _serve(connection, call, folders):
    """Load an aligner and answer until nobody asks any more."""
    options = connection.recv()
    try:
        sys.path[:0] = folders
        module, name = call.split(":")
        function = getattr(__import__(module, fromlist=[name]), name)
    except BaseException as error:
        traceback.print_exc()
        connection.send(("missing", _described(error)))
        return
    connection.send(("loaded",))
    while True:
        try:
            f, g, tilt_f, tilt_g, voxel_size, seed = connection.recv()
        except EOFError:
            return
        given = {"tilt_f": tilt_f, "tilt_g": tilt_g, "voxel_size": voxel_size, "seed": seed}
        connection.send(_answer(function, (f, g), given | options))


def _answer(function, volumes, options):
    clocks = [(time.perf_counter(), time.process_time())]
    try:
        found = function(*volumes, **options)
        clocks.append((time.perf_counter(), time.process_time()))
    except BaseException as error:
        # an exit asked for by the aligner is no exit of ours
        traceback.print_exc()
        return "missing", f"raised {_described(error)}"
    try:
        transform = [np.array(getattr(found, name), dtype=float) for name in ("rotation", "translation")]
    except Exception as error:
        return "missing", f"returned no rotation and translation ({_described(error)})"
    seconds = (after - before for before, after in zip(*clocks, strict=True))
    return "found", *transform, *seconds


if __name__ == "__main__":
    # should the study's process vanish, this one must not stay behind in compiled code
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    with Connection(int(sys.argv[1])) as line:
        _serve(line, sys.argv[2], sys.argv[3:])
