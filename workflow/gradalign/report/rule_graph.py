"""The graph of the study's rules, as Snakemake knows it, laid out in layers without Graphviz."""

import json
import os
import re
import subprocess
import sys
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from gradalign.errors import InputError

TARGET = "all"
"""The rule that asks for everything; it is left out of the picture."""

_SWEEPS = 24
# height of a bend of a long line, where a rule has 1
_BEND = 0.35


class Layout(NamedTuple):
    """Where rules and lines stand: columns from 0 to the right, rows in rule heights downwards."""

    places: dict
    """(column, row) of each rule."""
    lines: list
    """Points (column, row) of each line, from the rule whose output is used to that which uses it."""


def study_rule_graph(snakefile, config):
    """Ask Snakemake for the graph of the study's rules.

    Snakemake works in an empty folder: where the study itself runs, its jobs remove and write the files that Snakemake
    would look at.

    Parameters
    ----------
    snakefile : str or path
    config : dict
        The study's configuration.

    Returns
    -------
    dict of str to list of str
        For each rule those whose outputs it takes, sorted.

    Raises
    ------
    InputError
        If Snakemake refuses.
    """
    # the only path that counts from the folder of the study
    structures = config["structures"] | {"directory": os.path.abspath(config["structures"]["directory"])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config | {"structures": structures}), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            os.path.abspath(snakefile),
            "--configfile",
            path.name,
        ]
        run = subprocess.run([*command, "--rulegraph", "dot", "--", TARGET], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        raise InputError(f"{snakefile}: Snakemake gave no graph of its rules: {run.stderr.strip()}")
    return read_rule_graph(run.stdout)


def read_rule_graph(text):
    """Read the graph that ``snakemake --rulegraph dot`` prints, without `TARGET`.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict of str to list of str
        For each rule those whose outputs it takes, sorted.

    Raises
    ------
    InputError
        If there is no rule in it.
    """
    names = dict(re.findall(r'^\s*(\d+)\[label = "([^"\\]+)', text, flags=re.MULTILINE))
    if not names:
        raise InputError("Snakemake's graph of the rules holds no rule")
    graph = {name: set() for name in sorted(set(names.values()) - {TARGET})}
    for source, user in re.findall(r"^\s*(\d+) -> (\d+)", text, flags=re.MULTILINE):
        if names[user] != TARGET:
            graph[names[user]].add(names[source])
    return {name: sorted(sources) for name, sources in graph.items()}


def without_implied(graph):
    """Leave out the lines that others imply: if c needs b and b needs a, then not that c needs a.

    Parameters
    ----------
    graph : dict of str to list of str

    Returns
    -------
    dict of str to list of str
    """
    before = {}
    for name in TopologicalSorter(graph).static_order():
        before[name] = set(graph[name]).union(*(before[source] for source in graph[name]))
    return {
        name: [source for source in sources if not any(source in before[other] for other in sources)]
        for name, sources in graph.items()
    }


def _layers(graph):
    """Return the column of each rule: sources as far to the right as those that use them allow."""
    column = {}
    for name in TopologicalSorter(graph).static_order():
        column[name] = max((column[source] + 1 for source in graph[name]), default=0)
    users = {name: [user for user in graph if name in graph[user]] for name in graph}
    for name in graph:
        if not graph[name] and users[name]:
            column[name] = min(column[user] for user in users[name]) - 1
    return column


def arrange(graph):
    """Place rules in columns and rows so that lines run to the right and cross little.

    Long lines get a bend in each column they pass; columns are sorted by the mean row of their neighbours, from both
    sides in turn (Sugiyama's method).

    Parameters
    ----------
    graph : dict of str to list of str
        For each rule those whose outputs it takes.

    Returns
    -------
    Layout
    """
    column = _layers(graph)
    columns = [[] for _ in range(max(column.values()) + 1)]
    for name in graph:
        columns[column[name]].append(name)
    chains, neighbours = [], {name: [] for name in graph}
    for user in graph:
        for source in graph[user]:
            chain = [source]
            for place in range(column[source] + 1, column[user]):
                bend = (source, user, place)
                columns[place].append(bend)
                neighbours[bend] = []
                chain.append(bend)
            chain.append(user)
            chains.append(chain)
            for left, right in zip(chain, chain[1:], strict=False):
                neighbours[left].append(right)
                neighbours[right].append(left)
    rows = _rows(columns)
    best, fewest = rows, _length(chains, rows)
    where = {thing: place for place, things in enumerate(columns) for thing in things}
    for sweep in range(_SWEEPS):
        step = -1 if sweep % 2 else 1
        for things in columns[::step]:
            wanted = {}
            for thing in things:
                near = [rows[other] for other in neighbours[thing] if (where[other] - where[thing]) * step < 0]
                wanted[thing] = sum(near) / len(near) if near else rows[thing]
            # sorting is stable, so that ties stay as they are
            things.sort(key=wanted.get)
            rows = rows | _rows([things])
        if _length(chains, rows) < fewest:
            best, fewest = rows, _length(chains, rows)
    lines = [[(where[thing], best[thing]) for thing in chain] for chain in chains]
    return Layout({name: (column[name], best[name]) for name in graph}, lines)


def _rows(columns):
    """Return the row of each thing, columns centred on 0."""
    rows = {}
    for things in columns:
        heights = [_BEND if isinstance(thing, tuple) else 1.0 for thing in things]
        top = -sum(heights) / 2
        for thing, height in zip(things, heights, strict=True):
            rows[thing] = top + height / 2
            top += height
    return rows


def _length(chains, rows):
    """Return the sum of the squared rises of all lines, which crossings make long."""
    return sum((rows[a] - rows[b]) ** 2 for chain in chains for a, b in zip(chain, chain[1:], strict=False))
