"""How long a new process needs for the import and for its first alignment, the kernels compiled before."""

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd

_PROGRAM = """
import time
start = time.perf_counter()
from gradalign import align_pair
imported = time.perf_counter()
import json, sys
import numpy as np
volumes = np.random.default_rng(1).standard_normal((2, 32, 32, 32))
ready = time.perf_counter()
align_pair(*volumes)
json.dump([imported - start, time.perf_counter() - ready], sys.stdout)
"""


def measure_startup(repeats):
    """Start Python, import gradalign and align a pair, again and again.

    Parameters
    ----------
    repeats : int

    Returns
    -------
    pandas.DataFrame
        One line of medians in seconds: the import, the first alignment after it, and the process as a whole.
    """
    lines = []
    # the first one may have to compile
    for _ in range(repeats + 1):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True)
        lines.append([*json.loads(done.stdout), time.perf_counter() - start])
    medians = np.median(lines[1:], axis=0)
    return pd.DataFrame([dict(zip(("import_s", "first_alignment_s", "process_s"), medians, strict=True))])
