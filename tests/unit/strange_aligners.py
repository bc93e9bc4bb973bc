"""Aligners as people write them: good ones, and ones that fail in every way there is."""

import ctypes
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np


def align(f, g, tilt_f=60.0, tilt_g=60.0, voxel_size=1.0, seed=0, shift=0.0):
    print("a word on standard output")
    return SimpleNamespace(rotation=np.eye(3), translation=[shift, float(tilt_f), float(seed)])


def first_voxel(f, g, *_, **__):
    return SimpleNamespace(rotation=np.eye(3), translation=[f[0, 0, 0], g[0, 0, 0], len(f)])


def raises(*_, **__):
    raise ValueError("no such\nthing")


def returns(*_, what, **__):
    good = {"rotation": np.eye(3), "translation": np.zeros(3)}
    strange = {
        "nothing": None,
        "a tuple": (np.eye(3), np.zeros(3)),
        "a mirror": SimpleNamespace(**good | {"rotation": np.diag([1.0, 1.0, -1.0])}),
        "a stretch": SimpleNamespace(**good | {"rotation": 2 * np.eye(3)}),
        "NaN": SimpleNamespace(**good | {"translation": [np.nan, 0, 0]}),
        "infinite": SimpleNamespace(**good | {"rotation": np.full((3, 3), np.inf)}),
        "angles": SimpleNamespace(**good | {"rotation": np.zeros(3)}),
        "words": SimpleNamespace(**good | {"translation": ["a", "b", "c"]}),
        "a matrix": SimpleNamespace(**good | {"translation": np.zeros((4, 4))}),
    }
    return strange[what]


def _if_first(f, act):
    """Fail with the pair whose first voxel is 1, and align the others."""
    if f[0, 0, 0] == 1:
        act()
    return SimpleNamespace(rotation=np.eye(3), translation=np.zeros(3))


def raises_once(f, *_, **__):
    return _if_first(f, raises)


def sleeps_once(f, *_, **__):
    return _if_first(f, lambda: time.sleep(600))


def compiled_sleep_once(f, *_, **__):
    # holds the interpreter: no signal handler and no thread of Python's runs
    return _if_first(f, lambda: ctypes.PyDLL(None).sleep(600))


def exits_once(f, *_, **__):
    return _if_first(f, lambda: sys.exit(3))


def dies_once(f, *_, **__):
    return _if_first(f, lambda: os._exit(7))


def crashes_once(f, *_, **__):
    return _if_first(f, lambda: ctypes.string_at(0))


def starts_a_program(*_, path, **__):
    program = subprocess.Popen(["sleep", "600"])
    with open(path, "w") as file:
        file.write(str(program.pid))
    time.sleep(600)
