"""What the rules say they need, against what the jobs of the full study took."""

import re

import pandas as pd
import pytest
from running import REPOSITORY, jobs, snakemake

REFERENCE = REPOSITORY / "results" / "reference" / "benchmarks" / "run_times.csv"
# no script, nothing to need
TARGETS = {"all", "tables", "figures", "verdicts"}


def planned(folder, *options):
    """Return what Snakemake says it would do in the full study, and each rule's memory in MB and minutes."""
    run = snakemake(folder, "--dry-run", "--quiet", "host", *options, config=REPOSITORY / "config.yaml")
    assert run.returncode == 0, run.stderr
    needed = {}
    for block in re.split(r"\n(?= *(?:rule|localrule) \w+:\n)", run.stdout):
        rule = re.match(r" *(?:rule|localrule) (\w+):", block)
        stated = re.search(r"\n *resources: (.*)", block)
        if rule and rule[1] not in TARGETS:
            pairs = dict(pair.split("=", 1) for pair in stated[1].split(", "))
            needed.setdefault(rule[1], []).append((int(pairs["mem_mb"]), int(pairs["runtime"])))
    return run.stdout, {rule: tuple(map(min, zip(*values, strict=True))) for rule, values in needed.items()}


@pytest.fixture(scope="module")
def full_study(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("full"))


def test_every_rule_of_the_study_states_memory_and_time(full_study):
    said, needed = full_study
    assert set(needed) == set(jobs(said))
    assert all(memory >= 500 and minutes >= 5 for memory, minutes in needed.values())


def test_rules_beside_the_study_state_them_too():
    for path in (REPOSITORY / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"\n(?=rule \w+:\n)", path.read_text(encoding="utf-8")):
            if "\n    script:\n" in rule:
                assert "\n        mem_mb=" in rule and "\n        runtime=" in rule, rule.split(":")[0]


def test_the_full_study_submits_few_jobs_even_without_groups(full_study):
    assert sum(jobs(full_study[0]).values()) <= 300


def test_no_job_of_the_reference_took_more_than_half_of_the_time_or_two_thirds_of_the_memory(full_study):
    if not REFERENCE.is_file():
        pytest.skip("the reference holds no run times yet")
    taken = pd.read_csv(REFERENCE).set_index("rule").drop(index="all")
    stated = full_study[1]
    common = [rule for rule in taken.index if rule in stated]
    assert len(common) >= 30
    for rule in common:
        memory, minutes = stated[rule]
        assert taken.longest_s[rule] <= minutes * 60 / 2, rule
        # a very short job may not have been measured
        assert not taken.peak_memory_mb[rule] * 2**20 / 1e6 > memory * 2 / 3, rule
