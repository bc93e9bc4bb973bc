"""What the benchmarks ran on, without names of hosts or paths."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import llvmlite.binding
import numpy as np

_PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "snakemake")


def _processor():
    """Return the processor's name as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _caches():
    """Return the sizes of the first core's caches by level, such as {"L1 data": "48K"}."""
    caches = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text(encoding="utf-8").strip() for name in ("level", "type", "size"))
        caches[f"L{level}" if kind == "Unified" else f"L{level} {kind.lower()}"] = size
    return caches


def load_average():
    """Return the mean number of running processes over the last 1, 5 and 15 minutes.

    Returns
    -------
    list of float
    """
    return [round(value, 2) for value in os.getloadavg()]


def describe_machine():
    """Describe the processor, the memory and the versions of what was measured.

    Returns
    -------
    dict
        Ready for JSON.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _processor(),
        "instruction_set": platform.machine(),
        "compiled_for": llvmlite.binding.get_host_cpu_name(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "caches": _caches(),
        "system": platform.system(),
        "python": platform.python_version(),
        "blas": f"{blas['name']} {blas['version']}",
        "packages": {name: version(name) for name in _PACKAGES},
    }
