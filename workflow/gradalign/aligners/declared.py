"""Which other aligners a study holds against its own: what the configuration says of each, checked before any work.

An aligner is either a file of alignments that somebody made of the exported pairs (``star``), or a function that is
called pair by pair (``call``).
"""

import ast
import importlib.util
import math
import os
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

from gradalign.base.sources import PACKAGE, source_files
from gradalign.errors import InputError
from gradalign.io.csv_lines import number_text

OWN_INTERVAL = 0.0
"""Stands for the interval of the seed angles where an aligner has none that the study knows of."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_CALL = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_OF_CALLS = ("options", "time_limit")
# functions of ours that had other names in version 0.1
_MOVED = {
    "gradalign.scanning:scan_pair": "gradalign.search.exhaustive:scan_pair",
    "gradalign.acryo:align_pair": "gradalign.aligners.acryo:align_pair",
}


class Condition(NamedTuple):
    """Whose pairs are aligned: one object at one tilt range and signal-to-noise ratio."""

    object: str
    """The data set."""
    tilt: float
    """Half range of the tilt series in degrees."""
    snr: float
    """Signal-to-noise ratio."""

    @property
    def words(self):
        """How messages call it."""
        return f"{self.object}, ±{number_text(self.tilt)}°, SNR {number_text(self.snr)}"


def conditions(config):
    """Return all conditions of a study.

    Parameters
    ----------
    config : dict
        The checked configuration.

    Returns
    -------
    list of Condition
        The phantom's first.
    """
    grids = {"phantom": config["grid"]} | dict.fromkeys(config["complexes"]["object"], config["complexes"])
    return [
        Condition(name, tilt, snr)
        for name, section in grids.items()
        for tilt in section["tilt"]
        for snr in section["snr"]
    ]


def named_conditions(aligner):
    """Return the conditions that an aligner's ``conditions`` name.

    Parameters
    ----------
    aligner : dict
        An entry of the section ``aligners``.

    Returns
    -------
    list of Condition or None
        None if the entry names none.
    """
    if "conditions" not in aligner:
        return None
    return [Condition(each["object"], each["tilt"], each["snr"]) for each in aligner["conditions"]]


def pair_count(aligner, config):
    """Return how many pairs of each condition count for an aligner.

    Parameters
    ----------
    aligner : dict
        An entry of the section ``aligners``.
    config : dict

    Returns
    -------
    int
        The study's number, or the entry's if that is smaller.
    """
    return min(aligner.get("pairs", config["pairs"]), config["pairs"])


def called_minutes(aligner, config):
    """Return how long a job that calls an aligner may take.

    Parameters
    ----------
    aligner : dict
        An entry of the section ``aligners``.
    config : dict

    Returns
    -------
    int
        Minutes for each pair to take its whole time limit, and ten for the rest.
    """
    return math.ceil(pair_count(aligner, config) * aligner["time_limit"] / 60) + 10


def mistakes(config, scores):
    """Yield a sentence for each impossible entry of the section ``aligners``.

    Parameters
    ----------
    config : dict
        As the schema allows it.
    scores : list of str
        Names of the study's own scores, which no aligner may bear.

    Yields
    ------
    str
    """
    known = conditions(config)
    for name, aligner in config["aligners"].items():
        key = f"aligners.{name}"
        # YAML reads 5 as a number
        if not _NAME.fullmatch(str(name)) or str(name).lower() in scores or not isinstance(name, str):
            yield (
                f"{key}: is no name for an aligner: letters, digits, dots, dashes and underscores are needed (a "
                f"number in quotes), and none of the study's own scores {', '.join(scores)}."
            )
        if ("star" in aligner) == ("call" in aligner):
            yield f"{key}: has {'both' if 'star' in aligner else 'neither'} star and call, where one of them is needed."
            continue
        if "star" in aligner:
            yield from (
                f"{key}.{option}: belongs to an aligner with call; there is nothing to be run here."
                for option in _OF_CALLS
                if option in aligner
            )
        elif not _CALL.fullmatch(aligner["call"]):
            yield f"{key}.call: is {aligner['call']!r}, where module:function is needed, such as mine:align."
        for condition in named_conditions(aligner) or ():
            if condition not in known:
                yield (
                    f"{key}.conditions: names {condition.words}, which the study does not have; its conditions are "
                    "those of grid and complexes."
                )


def check_calls(config, folders):
    """Check that every function to be called can be found, without running any of it.

    Parameters
    ----------
    config : dict
        The checked configuration.
    folders : list of str or path
        Searched for modules before Python's own path: those of the configuration files.

    Raises
    ------
    InputError
        A line of one sentence for each that cannot.
    """
    found = []
    for name, aligner in config["aligners"].items():
        if "call" not in aligner:
            continue
        module, function = aligner["call"].split(":")
        if aligner["call"] in _MOVED:
            new = _MOVED[aligner["call"]]
            found.append(f"config: aligners.{name}.call: {aligner['call']} is now {new}; write that.")
            continue
        path = find_module(module, folders)
        if path is None:
            where = ", ".join(dict.fromkeys(str(folder) for folder in folders))
            found.append(
                f"config: aligners.{name}.call: there is no module {module}: neither beside the configuration "
                f"({where}) nor installed."
            )
            continue
        tree = _syntax(path)
        if tree is None:
            continue
        if not _binds(tree, function):
            found.append(f"config: aligners.{name}.call: {os.path.relpath(path)} defines no {function}.")
        for needed in _imported(tree):
            if find_module(needed, folders) is None and needed not in sys.builtin_module_names:
                found.append(f"config: aligners.{name}.call: {module} needs {needed}, which is not installed.")
    if found:
        raise InputError("\n".join(found))


def find_module(module, folders):
    """Return the file of a module as an import would find it, without importing it.

    Parameters
    ----------
    module : str
        Such as ``"mine"`` or ``"package.part"``.
    folders : list of str or path
        Searched before Python's own path.

    Returns
    -------
    pathlib.Path or None
        None if there is no such module, or it is a folder without any code.
    """
    first, *rest = module.split(".")
    spec = _beside(first, folders) or _installed(first)
    for depth in range(len(rest)):
        if spec is None or not spec.submodule_search_locations:
            return None
        spec = PathFinder.find_spec(".".join([first, *rest[: depth + 1]]), list(spec.submodule_search_locations))
    return Path(spec.origin) if spec is not None and spec.origin and Path(spec.origin).is_file() else None


def _beside(name, folders):
    spec = PathFinder.find_spec(name, [str(folder) for folder in folders])
    # a folder without code is none, whatever an import makes of it
    return spec if spec is not None and spec.origin else None


def module_sources(aligner, folders):
    """Return the files of a called aligner that belong to the study: its own module, or those of this package.

    Parameters
    ----------
    aligner : dict
        An entry of the section ``aligners``.
    folders : list of str or path

    Returns
    -------
    list of str
        Relative to the working folder; none for a module that is installed.
    """
    if "call" not in aligner:
        return []
    module = aligner["call"].split(":")[0]
    path = find_module(module, folders)
    own = _beside(module.split(".")[0], folders) is not None or path.is_relative_to(PACKAGE)
    return [os.path.relpath(file) for file in source_files(path)] if own else []


def _installed(name):
    if name in sys.builtin_module_names:
        return None
    try:
        return importlib.util.find_spec(name)
    except ValueError:
        return None


def _syntax(path):
    """Return the syntax tree of a module, None if it has no source."""
    if path.suffix != ".py":
        return None
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path}: is no Python module ({error})") from error


def _binds(tree, name):
    """Return whether a module binds a name, or may do so in a way that only running it would tell."""
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return not bound.isdisjoint({name, "*", "__getattr__"})


def _imported(tree):
    """Return the packages that a module cannot do without: those that it imports outside of any function or try."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module)
    return list(dict.fromkeys(name.split(".")[0] for name in names))
