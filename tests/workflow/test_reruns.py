"""Changed code makes anew what depends on it, and nothing else."""

import os
import re
import shutil
from contextlib import contextmanager, nullcontext
from functools import cache

import pytest
from running import REPOSITORY, jobs, snakemake

# one lists the seconds of every job, the other shows every figure and table
REPORTING = ("run_times", "page")
PARTS = ("Snakefile", "config.yaml", "workflow", "profiles", "resources", "envs")


@pytest.fixture(scope="module")
def repository(tiny_study, tmp_path_factory):
    """Return a copy of the sources in which the tiny study's results lie."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(REPOSITORY / part, copy / part)
    shutil.copytree(tiny_study[0] / "results", copy / "results")
    return copy


@contextmanager
def changed(path):
    """Change a source for a while."""
    stamp, text = path.stat(), path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n# changed\n", encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


@pytest.fixture(scope="module")
def dry_run(repository):
    """Return a function that tells what Snakemake says it would do after a change of one source.

    It is asked once for each source. The records of the other folder say nothing of this one.
    """

    @cache
    def said(name=None):
        options = ("--dry-run", "--rerun-triggers", "mtime", "--quiet", "host")
        with changed(repository / "workflow" / name) if name else nullcontext():
            run = snakemake(repository, *options, repository=repository)
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    return said


def standing_on(said, name):
    """Return the rules that run since a source has changed, and stand on it themselves."""
    rule, found = "", set()
    for line in said.splitlines():
        if match := re.match(r"\s*(?:local)?rule (\w+):", line):
            rule = match.group(1)
        elif re.match(r"\s*input: ", line) and name in line:
            found.add(rule)
    return found


def test_unchanged_sources_call_for_nothing(dry_run):
    assert jobs(dry_run()) == {}


def test_a_changed_figure_style_makes_only_figures_anew(dry_run):
    plan = jobs(dry_run("gradalign/report/figures/style.py"))
    assert {"figure2", "table_figure"} <= set(plan)
    drawing = ("figure", "pictures", "slices", "overview", *REPORTING)
    assert [rule for rule in plan if not any(word in rule for word in drawing)] == []


def test_changed_code_of_tables_makes_tables_and_figures_anew_and_no_density(dry_run):
    plan = jobs(dry_run("gradalign/report/tables/phantom.py"))
    assert {"table_of_phantom", "table_of_complexes", "table_figure"} <= set(plan)
    assert not {"phantom_density", "complex_density"} & set(plan)


def test_a_changed_aligner_makes_all_alignments_anew_and_no_density(dry_run):
    plan = jobs(dry_run("gradalign/search/stochastic.py"))
    assert (plan["align"], plan["align_levels"]) == (1, 2)
    assert {"alignments", "table_of_phantom", "table_of_complexes"} <= set(plan)
    assert not {"phantom_density", "complex_density"} & set(plan)


def test_a_changed_colour_of_one_figure_makes_that_figure_anew_alone(dry_run):
    assert jobs(dry_run("gradalign/report/figures/figure4.py")) == {"figure4": 1, **dict.fromkeys(REPORTING, 1)}


def test_a_changed_constant_of_figure_4_makes_its_own_chain_anew_and_no_alignment(dry_run):
    plan = jobs(dry_run("gradalign/study/columns/speedup.py"))
    assert set(plan) == {"speedup_pairs", "speedup", "figure4", "claims", *REPORTING}


ALIGNING = {
    *("kernels", "align", "align_levels", "convergence", "speedup_pairs", "scan_pairs", "contrast"),
    *("average_part", "all_pairs_part", "bounds"),
}
TRANSFORMING = {
    *("complex_density", "noise_scale", "noise_scales", "simulate", "simulate_levels"),
    *("template", "average", "mixture", "classes"),
}


@pytest.mark.parametrize(
    ("name", "computing"),
    [
        ("gradalign/search/stochastic.py", ALIGNING),
        ("gradalign/scores/least_squares.py", ALIGNING),
        ("gradalign/fourier/spectrum.py", ALIGNING | TRANSFORMING),
    ],
)
def test_a_changed_kernel_calls_for_what_computes_and_for_nothing_that_joins_draws_or_writes(dry_run, name, computing):
    assert standing_on(dry_run(name), name) == computing


def test_a_changed_script_makes_its_outputs_anew(dry_run):
    assert jobs(dry_run("scripts/structures.py"))["complex_density"] == 1
