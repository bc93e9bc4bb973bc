"""Changed code makes anew what depends on it, and nothing else."""

import os
import re
import shutil

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


def dry_run(repository):
    """Return what Snakemake says that it would do; the records of the other folder say nothing of this one."""
    environment = os.environ | {"PYTHONPATH": str(repository / "workflow")}
    options = ("--dry-run", "--rerun-triggers", "mtime", "--quiet", "host")
    run = snakemake(repository, *options, repository=repository, env=environment)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def planned(repository):
    """Return the jobs that changed files call for."""
    return jobs(dry_run(repository))


def standing_on(repository, name):
    """Return the rules that run since a source has changed, and stand on it themselves."""
    rule, found = "", set()
    for line in dry_run(repository).splitlines():
        if match := re.match(r"\s*(?:local)?rule (\w+):", line):
            rule = match.group(1)
        elif re.match(r"\s*input: ", line) and name in line:
            found.add(rule)
    return found


@pytest.fixture
def changed(repository):
    """Return a function that changes a source for the time of the test."""
    undo = []

    def change(name):
        path = repository / "workflow" / name
        stamp, text = path.stat(), path.read_text(encoding="utf-8")
        undo.append((path, stamp, text))
        path.write_text(f"{text}\n# changed\n", encoding="utf-8")

    yield change
    for path, stamp, text in undo:
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def test_unchanged_sources_call_for_nothing(repository):
    assert planned(repository) == {}


def test_a_changed_figure_style_makes_only_figures_anew(repository, changed):
    changed("gradalign/report/figures/style.py")
    plan = planned(repository)
    assert {"figure2", "table_figure"} <= set(plan)
    drawing = ("figure", "pictures", "slices", "overview", *REPORTING)
    assert [rule for rule in plan if not any(word in rule for word in drawing)] == []


def test_changed_code_of_tables_makes_tables_and_figures_anew_and_no_density(repository, changed):
    changed("gradalign/report/tables/phantom.py")
    plan = planned(repository)
    assert {"table_of_phantom", "table_of_complexes", "table_figure"} <= set(plan)
    assert not {"phantom_density", "complex_density"} & set(plan)


def test_a_changed_aligner_makes_all_alignments_anew_and_no_density(repository, changed):
    changed("gradalign/search/stochastic.py")
    plan = planned(repository)
    assert plan["align"] == 5
    assert {"alignments", "table_of_phantom", "table_of_complexes"} <= set(plan)
    assert not {"phantom_density", "complex_density"} & set(plan)


def test_a_changed_colour_of_one_figure_makes_that_figure_anew_alone(repository, changed):
    changed("gradalign/report/figures/figure4.py")
    assert planned(repository) == {"figure4": 1, **dict.fromkeys(REPORTING, 1)}


def test_a_changed_constant_of_figure_4_makes_its_own_chain_anew_and_no_alignment(repository, changed):
    changed("gradalign/study/columns/speedup.py")
    plan = planned(repository)
    assert set(plan) == {"speedup_pairs", "speedup", "figure4", "claims", *REPORTING}


ALIGNING = {
    *("kernels", "align", "convergence", "speedup_pairs", "scan_pairs", "contrast"),
    *("average_part", "all_pairs_part", "bounds"),
}
TRANSFORMING = {"complex_density", "simulate", "template", "average", "mixture", "classes"}


@pytest.mark.parametrize(
    ("name", "computing"),
    [
        ("gradalign/search/stochastic.py", ALIGNING),
        ("gradalign/scores/least_squares.py", ALIGNING),
        ("gradalign/fourier/spectrum.py", ALIGNING | TRANSFORMING),
    ],
)
def test_a_changed_kernel_calls_for_what_computes_and_for_nothing_that_joins_draws_or_writes(
    repository, changed, name, computing
):
    changed(name)
    assert standing_on(repository, name) == computing


def test_a_changed_script_makes_its_outputs_anew(repository, changed):
    changed("scripts/structures.py")
    assert planned(repository)["complex_density"] == 1
