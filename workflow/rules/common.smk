# What the rules share: the checked configuration, the conditions of the tables, the sources of scripts.

import os
import re
import sys
from importlib.util import find_spec
from itertools import product
from pathlib import Path

workflow_folder = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent

if find_spec("gradalign") is None:
    sys.exit(
        f"The Python that runs Snakemake, {sys.executable}, has no package gradalign: install it with "
        f"`{sys.executable} -m pip install {workflow_folder.parent}`."
    )

from gradalign.run.interrupts import SENTENCE, end_jobs_with_this_process
from gradalign.run.study_lock import is_locked

locked_by_others = is_locked(Path.cwd())


def interrupted():
    """Remove the lock of this run, as Snakemake does where it comes to its end, and return what is to be said."""
    if not workflow.local_exec:
        # what they make stays locked
        return "Interrupted; jobs that were submitted go on: profiles/README.md says what to do then."
    if workflow.persistence and not locked_by_others:
        workflow.persistence.unlock()
    return SENTENCE


# a workflow that takes the study as a module arranges its own
if Path(workflow.main_snakefile).parent in (workflow_folder, workflow_folder.parent):
    end_jobs_with_this_process(interrupted)
    shell.prefix("set -euo pipefail; trap '' INT; ")

from gradalign.errors import InputError
from gradalign.run.machine import check_python

try:
    # every job would die with "command not found"
    check_python()
except InputError as error:
    sys.exit(str(error))

# Snakemake itself would end in a traceback
if not os.access(".snakemake" if os.path.isdir(".snakemake") else ".", os.W_OK | os.X_OK):
    sys.exit(
        f"{os.getcwd()}: cannot be written into, where Snakemake keeps its records; give yourself the right, or run the "
        "study in another folder with `snakemake --directory`."
    )

from gradalign.aligners.declared import (
    called_minutes,
    check_calls,
    mistakes as aligner_mistakes,
    module_sources,
    pair_count,
)
from gradalign.aligners.result_file import counted_conditions
from gradalign.ladder.rungs import conditions as ladder_conditions, rungs as ladder_rungs
from gradalign.search.registry import paper_scores
from gradalign.io.csv_lines import number_text
from gradalign.study.configuration import check, read_schema
from gradalign.base.sources import source_files
from gradalign.simulation.maps import check_structures
from gradalign.simulation.sources import find_coordinates

resources_folder = os.path.relpath(workflow_folder.parent / "resources")
bundled_maps = os.path.join(resources_folder, "density")
snakefiles = [
    os.path.relpath(path)
    for path in (workflow_folder.parent / "Snakefile", *sorted((workflow_folder / "rules").glob("*.smk")))
]
paper_tables = os.path.join(resources_folder, "paper", "tables.csv")
# where a module that a configuration names may lie: beside it
module_folders = list(dict.fromkeys(os.path.relpath(Path(path).absolute().parent) for path in workflow.configfiles))

try:
    config = check(config, read_schema(workflow_folder.parent), [aligner_mistakes])
    map_source = config["structures"] | {
        "box": config["subtomograms"]["box"],
        "voxel_size": config["subtomograms"]["voxel_size"],
    }
    if map_source["source"] == "bundled":
        map_source["directory"] = bundled_maps
    complexes = config["complexes"]["object"]
    check_structures(complexes, **map_source)
    check_calls(config, module_folders)
    aligner_conditions = {name: counted_conditions(aligner, config) for name, aligner in config["aligners"].items()}
    aligner_sources = {name: module_sources(aligner, module_folders) for name, aligner in config["aligners"].items()}
    ladder, ladder_known = ladder_rungs(config["ladder"]), ladder_conditions(config["ladder"]["conditions"])
except InputError as error:
    sys.exit(str(error))


def conditions_of(section):
    """Return the conditions of a section's cells, as texts that stand in file names."""
    tilts, levels = (list(dict.fromkeys(map(number_text, section[name]))) for name in ("tilt", "snr"))
    return [{"tilt": tilt, "snr": snr} for tilt, snr in product(tilts, levels)]


# by data set
conditions = {"phantom": conditions_of(config["grid"])} | {
    name: conditions_of(config["complexes"]) for name in complexes
}
tilt_folder = "tilt~{tilt}"
condition_folder = f"{tilt_folder}/snr~{{snr}}"
condition_folders = {
    name: [condition_folder.format(**condition) for condition in each] for name, each in conditions.items()
}
scores = config["grid"]["score"]
printed_scores = paper_scores(scores)
# what a simulated subtomogram depends on; whether it is kept is none of it
simulated = {key: value for key, value in config["subtomograms"].items() if key != "keep"}


def sources(script):
    """Return a script of workflow/scripts and the modules it imports: what its outputs depend on."""
    return [os.path.relpath(path) for path in source_files(workflow_folder / "scripts" / script)]


def known_inputs(files):
    """Return which of a user's files rules can take; their digest, a parameter, knows the others too.

    Snakemake would take braces in a name for wildcards and cannot write down bytes that are no text. A module's prefix
    is for its results.
    """
    files = [path for path in files if not set("{}") & set(path) and path.isprintable()]
    return [os.path.abspath(path) for path in files] if workflow.modifier.path_modifier.prefix else files


def ranges(count, size):
    """Return the ranges of at most `size` that `count` things fall into, as texts, first-last."""
    return [f"{first}-{min(first + size, count) - 1}" for first in range(0, count, size)]


def chunks(count):
    """Return the pairs of each job that shares in the first `count` pairs, as texts, first-last."""
    return ranges(count, config["pairs_per_job"])


def noise_levels(pairs):
    """Return the phantom's signal-to-noise ratios that one job takes, of each of which it has so many pairs.

    All of them where these are no more pairs together than a job may have, else one at a time, a wildcard.
    """
    levels = list(dict.fromkeys(condition["snr"] for condition in conditions["phantom"]))
    return levels if 1 < len(levels) and len(levels) * pairs <= config["pairs_per_job"] else ["{snr}"]


def at_levels(path, levels):
    """Return a path with <condition> at each of some signal-to-noise ratios."""
    return [path.replace("<condition>", f"<tilts>/snr~{level}") for level in levels]


def levels_of(levels):
    """Return what tells a job the signal-to-noise ratios that it takes."""
    return lambda wildcards: [level.format(**wildcards) for level in levels]


def grid_of(wildcards):
    """Return the section of the configuration with a data set's cells."""
    return config["grid" if wildcards.dataset == "phantom" else "complexes"]


def alignments_of(wildcards):
    """Return how many alignments of a data set there are."""
    section = grid_of(wildcards)
    cells = len(conditions[wildcards.dataset]) * len(section["score"]) * len(section["interval"])
    return cells * config["pairs"] * len(searches_of(wildcards))


def searches_of(wildcards):
    """Return the searches of a data set's alignments: about a surface normal with the phantom alone."""
    return config["grid"]["search"] if wildcards.dataset == "phantom" else ["full"]


# Tables 1 and 2 are those of the full search, 3 and 4 those about one axis
phantom_tables = [
    f"table{number}"
    for search, numbers in (("full", (1, 2)), ("axis", (3, 4)))
    for number in numbers
    if search in config["grid"]["search"]
]

# the report lists its categories by name
report_categories = {
    "figures": "1 Figures",
    "tables": "2 Tables",
    "verdicts": "3 Paper against here",
    "run": "4 This run",
    "particles": "Your particles",
}


def table_label(wildcards):
    """Return what the report calls a table."""
    if wildcards.table == "complexes":
        return {"": "The complexes"}
    number = int(wildcards.table[5:])
    about = ", about one axis" if number > 2 else ""
    return {"": f"Table {number}: {'rotation' if number % 2 else 'translation'} error{about}"}
