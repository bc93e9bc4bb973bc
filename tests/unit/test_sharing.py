"""Long lists: a plan that does not grow with them, and jobs that do not read them again."""

from types import SimpleNamespace

import pytest

from gradalign.benchmarks.long_lists import STEPS, run_step, write_input
from gradalign.io.star_text import read_tables
from gradalign.particles.sharing import (
    MOST_JOBS,
    Summary,
    list_memory_mb,
    particles_per_job,
    read_summary,
    summary_of,
    write_summary,
)


@pytest.mark.parametrize("count", [2, 250, 99_999, 100_001, 1_000_000, 10_000_000])
def test_a_round_has_no_more_jobs_however_long_the_list_is(count):
    size = particles_per_job(count, 250)
    assert size >= 250
    assert -(-count // size) <= MOST_JOBS
    assert size == 250 or count > 250 * MOST_JOBS


def test_a_job_that_holds_all_particles_asks_for_more_memory():
    assert list_memory_mb(1000) == 2000
    assert list_memory_mb(1_000_000) >= 4000


def test_what_the_plan_must_know_comes_back_and_damage_is_no_summary(tmp_path):
    picked = SimpleNamespace(motives=SimpleNamespace(ending=".tbl"), set_path=None)
    listing = type("Listing", (), {"picked": picked, "__len__": lambda self: 7})()
    summary, _ = summary_of(listing, None, "abc")
    assert summary == Summary(7, False, ".tbl", "abc")
    path = tmp_path / "folder" / "own.json"
    write_summary(path, summary)
    assert read_summary(path) == summary
    path.write_text('{"count": 7}')
    assert read_summary(path) is None
    assert read_summary(tmp_path / "absent.json") is None


@pytest.mark.parametrize("stack", [1, 5])
def test_the_steps_of_the_benchmark_lead_from_a_list_to_the_aligned_one(tmp_path, stack):
    write_input(tmp_path, 12, stack)
    for step in STEPS[:-1]:
        run_step(step, tmp_path)
    table = read_tables(tmp_path / "aligned.star")["particles"]
    assert len(table["rlnImageName"]) == 12
    assert set(table["rlnOriginXAngst"]) == {"-10.000000"}
