import itertools
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gradalign.benchmarks import growth as growing
from gradalign.benchmarks import report, timing
from gradalign.benchmarks.accuracy import direct_sum, measure_accuracy, sampling_errors
from gradalign.benchmarks.alignments import measure_alignments
from gradalign.benchmarks.growth import (
    ending_at,
    growth_exponents,
    measure_growth,
    measure_processes,
    noisy_phantoms,
)
from gradalign.benchmarks.job_memory import job_memory, memory_of_studies
from gradalign.benchmarks.machine import describe_machine
from gradalign.benchmarks.report import GOALS, TITLES, goals_table, judged, summarise_benchmarks, write_report
from gradalign.benchmarks.roofline import STAGES, core_limits, measure_roofline
from gradalign.benchmarks.simulations import SIMULATION_BOXES, measure_simulation
from gradalign.benchmarks.startup import measure_startup
from gradalign.benchmarks.steps import measure_steps
from gradalign.benchmarks.timing import exponent, interleaved, median_ratio
from gradalign.benchmarks.workload import Workload
from gradalign.errors import InputError
from gradalign.geometry.rotations import random_rotations

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workload():
    return Workload(PROJECT / "config.yaml", PROJECT / "workflow" / "schemas" / "config.schema.yaml")


@pytest.fixture(scope="module")
def pairs(workload):
    return workload.pairs(1)


@pytest.fixture
def clock(monkeypatch):
    """A clock by which every timed call takes a second: what the machine does beside it counts for nothing."""
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=itertools.count().__next__))


def test_calls_are_timed_in_turns_that_alternate_after_one_untimed_call_each():
    order = []
    seconds = interleaved([lambda: order.append("a"), lambda: order.append("b")], 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert seconds.shape == (3, 2)
    assert (seconds > 0).all()


def test_a_ratio_is_taken_within_each_turn():
    drift = np.array([1.0, 4.0, 2.0])
    assert median_ratio(3 * drift, drift) == 3


def test_the_exponent_of_a_power_is_found():
    sizes = np.array([24, 32, 96])
    assert exponent(sizes, 0.1 * sizes**2.5) == pytest.approx(2.5)


@pytest.mark.skipif(platform.system() != "Linux", reason="needs /proc")
def test_peak_memory_rises_by_what_is_used_and_does_not_fall():
    program = (
        "import numpy as np\n"
        "from gradalign.benchmarks.timing import peak_memory_mb\n"
        "before = peak_memory_mb()\n"
        "used = np.ones(12_500_000)\n"
        "del used\n"
        "print(peak_memory_mb() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 80 < float(done.stdout) < 120


def test_the_machine_is_described_without_its_name_or_paths():
    text = json.dumps(describe_machine())
    machine = json.loads(text)
    assert machine["cores"] >= 1
    assert machine["packages"]["numpy"] == np.__version__
    assert platform.node() not in re.findall(r"[\w.-]+", text)
    assert "/" not in text


def test_the_pairs_are_those_of_the_study(workload, pairs):
    (f, g), box = pairs[0], workload.config["subtomograms"]["box"]
    assert f.shape == g.shape == (box,) * 3
    assert not np.array_equal(f, g)
    assert np.array_equal(workload.pairs(1)[0], pairs[0])


def test_the_direct_sum_is_the_discrete_transform_with_its_derivative():
    volume = np.random.default_rng(1).normal(size=(9, 9, 9))
    frequency = np.array([[2.0, -3.0, 1.0]])
    # scipy counts from the first voxel, the sum from the centre
    expected = np.fft.fftn(np.fft.ifftshift(volume))[1, -3, 2]
    assert direct_sum(volume, frequency)[0] == pytest.approx(expected)
    width = 1e-4 * np.array([[0.0, 1.0, 0.0]])
    slope = (direct_sum(volume, frequency + width) - direct_sum(volume, frequency - width)) / 2e-4
    assert direct_sum(volume, frequency, 1)[0] == pytest.approx(slope[0], rel=1e-6)


def test_sampling_errors_are_small_and_not_zero():
    rng = np.random.default_rng(1)
    volume = rng.standard_normal((24, 24, 24), dtype=np.float32)
    value, gradient = sampling_errors(volume, 60.0, 5.3, 1.0, random_rotations(rng, 1)[0])
    assert 1e-6 < value < 1e-3
    assert 1e-6 < gradient < 1e-2


def test_accuracy_is_told_for_each_kind_of_volume_and_band(workload, pairs):
    table = measure_accuracy(workload, pairs)
    assert set(table.volumes) == {"noisy subtomograms", "white noise"}
    assert {4.0, 5.3, workload.settings.low_pass} == set(table.low_pass_nm)
    assert (table.value_error < 1e-3).all()
    assert (table.gradient_error < 1e-2).all()


def test_an_alignment_is_timed_beside_its_parts_and_the_transforms(workload, pairs, clock):
    table = measure_alignments(workload, pairs, 1)
    assert set(table.score) == {"rcs", "fcs"}
    assert table.study.sum() == 2
    timed = table[["alignment_ms", "preparation_ms", "seeds_ms", "in_set_ms", "transforms_ms"]]
    assert (timed == 1000).all(axis=None)
    assert (table.search_ms == 0).all()
    assert (table.over_transforms == 1).all()
    assert (table.steps >= 1).all()


def test_a_step_is_timed_as_one_of_many_and_the_slow_one_alone(workload, pairs, clock):
    table = measure_steps(workload, pairs[0], 1)
    assert (table.slow_step_ms == 1000).all()
    # at least one step of each of 108 seeds
    assert (table.step_us <= 1e6 / 108).all()
    assert np.allclose(table.speedup, 1e3 * table.slow_step_ms / table.step_us)


def test_each_stage_of_a_step_stays_below_the_cores_peak(workload, pairs):
    table = measure_roofline(workload, pairs[0], 2)
    assert list(table.stage.unique()) == list(STAGES)
    assert np.allclose(table.operations_per_point, table.ns_per_point * table.gflops)
    assert (table.share_of_peak > 0).all()


def test_a_core_multiplies_and_reads():
    assert all(0 < limit < np.inf for limit in core_limits(500_000, 2))


def test_a_search_ends_at_the_limit_that_is_asked_for(workload):
    rounds = ending_at(workload.settings, 2.1).rounds
    assert [one.low_pass for one in rounds] == [*(one.low_pass for one in workload.settings.rounds[:-1]), 2.1]
    assert {one.low_pass for one in ending_at(workload.settings, 10.0).rounds} == {10.0}


def test_larger_simulation_boxes_are_measured_beside_the_studys(workload):
    table = measure_simulation(workload, 1)
    assert list(table[table.tilt_deg == 90].simulation_box_voxel) == list(SIMULATION_BOXES)
    assert set(table[table.tilt_deg == 90].projections) == {180}
    assert (table.simulation_ms > 0).all()


def test_import_and_first_alignment_are_parts_of_the_process():
    times = measure_startup(1).iloc[0]
    assert 0 < times.import_s + times.first_alignment_s < times.process_s


def test_noisy_phantoms_hold_ten_times_as_much_noise():
    volume, other = noisy_phantoms(24, 2, 1)
    assert volume.shape == (24, 24, 24)
    assert not np.array_equal(volume, other)
    corner = volume[:6, :6, :6].var()
    assert 0.7 < corner / (volume.var() / 1.1) < 1.3


def test_growth_is_measured_along_box_band_and_pairs(workload, monkeypatch):
    monkeypatch.setattr(growing, "BOXES", (16, 32))
    monkeypatch.setattr(growing, "BANDS", (8.0, 4.0))
    monkeypatch.setattr(growing, "SETS", (2, 3))
    monkeypatch.setattr(growing, "_fresh_process_peak", lambda volumes, settings, score: 100.0)
    table = measure_growth(workload, 1)
    assert list(table.score.unique()) == ["rcs", "fcs", "likelihood"]
    assert list(table[table.score == "likelihood"].along) == ["box", "box", "band", "band", "pairs", "pairs"]
    assert list(table[table.score == "likelihood"]["size"]) == [16, 32, 4, 8, 1, 3]
    assert table.coefficients[1] > 4 * table.coefficients[0]
    exponents = growth_exponents(table).set_index(["along", "score", "quantity"]).exponent
    assert 1.5 < exponents["box", "rcs", "spectra_mb"] < 3.5
    # three volumes for three pairs, two for one
    assert exponents["pairs", "fcs", "spectra_mb"] == pytest.approx(np.log(1.5) / np.log(3))


@pytest.mark.skipif(platform.system() != "Linux", reason="needs /proc")
def test_a_process_of_its_own_tells_its_peak_memory(workload):
    peak = growing._fresh_process_peak(noisy_phantoms(16, 2, 1), workload.settings, "rcs")
    assert 50 < peak < 1000


def test_two_processes_are_compared_with_one(workload, pairs):
    table = measure_processes(workload, pairs, 1)
    assert list(table.processes) == [1, 2]
    assert table.speedup[0] == 1
    assert 0 < table.speedup[1] < np.inf
    assert table.processes_mb[1] > 1.5 * table.processes_mb[0]


HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_benchmark(path, seconds, memory):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{memory}\t-\t-\t-\t-\t-\t0.00\t0\n")


def test_jobs_of_a_kind_share_a_line_and_the_largest_comes_first(tmp_path):
    jobs = tmp_path / "paper" / "benchmarks"
    write_benchmark(jobs / "alignments" / "phantom" / "tilt~60" / "pairs~0-99.tsv", 9.0, 250.0)
    write_benchmark(jobs / "alignments" / "phantom" / "tilt~50" / "pairs~0-99.tsv", 8.0, 350.0)
    write_benchmark(jobs / "alignments" / "phantom.tsv", 1.0, 100.0)
    # ended before Snakemake looked
    write_benchmark(jobs / "tables" / "table1.tsv", 0.2, "-")
    table = job_memory(tmp_path / "paper").set_index("job")
    assert list(table.index) == ["alignments, parts", "alignments", "tables"]
    parts = table.loc["alignments, parts"]
    assert (parts.jobs, parts.longest_s) == (2, 9.0)
    # Snakemake's MB are of 2^20 bytes
    assert parts.largest_mb == pytest.approx(350 * 1.048576)
    assert parts.median_mb == pytest.approx(300 * 1.048576)
    assert np.isnan(table.loc["tables"].largest_mb)


def test_studies_are_gathered_and_what_is_no_study_is_left_out(tmp_path):
    for name in ("paper", "quick", "reference"):
        write_benchmark(tmp_path / name / "benchmarks" / "poses" / "phantom.tsv", 1.0, 100.0)
    assert list(memory_of_studies(tmp_path).study) == ["paper", "quick"]


def test_without_benchmark_files_the_user_is_told_to_run_the_study(tmp_path):
    with pytest.raises(InputError, match="run the study"):
        job_memory(tmp_path / "paper")
    with pytest.raises(InputError, match="make quick"):
        memory_of_studies(tmp_path)


@pytest.fixture
def tables():
    """Invented results of all measurements."""
    alignments = [
        dict(low_pass_nm=5.3, study=False, score="rcs", alignment_ms=8.0, over_transforms=0.25),
        dict(low_pass_nm=5.3, study=False, score="fcs", alignment_ms=9.0, over_transforms=0.28),
        dict(low_pass_nm=4.8, study=True, score="rcs", alignment_ms=11.0, over_transforms=0.35),
        dict(low_pass_nm=4.8, study=True, score="fcs", alignment_ms=12.0, over_transforms=0.38),
    ]
    likelihood = [
        dict(kind=kind, box=box, alignment_ms=float(box), memory_mb=2.0 * box)
        for kind, box in (("pair", 32), ("pair", 48), ("pair", 64), ("pair", 96), ("set", 32))
    ]
    steps = [
        dict(low_pass_nm=5.3, score="rcs", step_us=15.0, speedup=3000.0),
        dict(low_pass_nm=5.3, score="fcs", step_us=16.0, speedup=2000.0),
        dict(low_pass_nm=4.8, score="rcs", step_us=20.0, speedup=2500.0),
        dict(low_pass_nm=4.8, score="fcs", step_us=21.0, speedup=1500.0),
    ]
    accuracy = [
        dict(volumes="noisy subtomograms", low_pass_nm=5.3, value_error=5e-4, gradient_error=6e-4),
        dict(volumes="noisy subtomograms", low_pass_nm=4.8, value_error=7e-4, gradient_error=4e-4),
        dict(volumes="white noise", low_pass_nm=5.3, value_error=8e-4, gradient_error=9e-4),
    ]
    roofline = [
        dict(low_pass_nm=5.3, stage="sample", ns_per_point=40.0, share_of_peak=0.2, distance=2.5),
        dict(low_pass_nm=5.3, stage="products", ns_per_point=10.0, share_of_peak=0.1, distance=4.0),
    ]
    sizes = {"box": [24, 32], "band": [4.0, 6.0], "pairs": [1, 6]}
    growth = [
        dict(
            along=along,
            score=score,
            size=size,
            time_ms=size**2.0,
            ms_per_alignment=size**2.0,
            spectra_mb=size**1.5,
            process_mb=200,
        )
        for along, each in sizes.items()
        for score in ("rcs", "likelihood")
        for size in each
    ]
    growth = pd.DataFrame(growth)
    simulation = dict(tilt_deg=[90, 90, 60], simulation_box_voxel=[32, 64, 32], simulation_ms=[25.0, 60.0, 17.0])
    processes = dict(processes=[1, 2], ms_per_alignment=[8.0, 4.2], speedup=[1.0, 1.9], processes_mb=[300.0, 600.0])
    return {
        "alignments": pd.DataFrame(alignments),
        "likelihood": pd.DataFrame(likelihood),
        "steps": pd.DataFrame(steps),
        "accuracy": pd.DataFrame(accuracy),
        "roofline": pd.DataFrame(roofline),
        "growth": growth,
        "exponents": growth_exponents(growth),
        "processes": pd.DataFrame(processes | dict(load_before=0.5, load_after=1.5)),
        "simulation": pd.DataFrame(simulation),
        "startup": pd.DataFrame([dict(import_s=0.5, first_alignment_s=0.3, process_s=1.0)]),
        "memory": pd.DataFrame(dict(study="quick", job=["tables", "poses"], largest_mb=[200.0, np.nan])),
    }


def test_the_summary_takes_each_quantity_from_its_place(tables):
    summary = summarise_benchmarks(tables)
    assert list(summary.columns) == ["quantity", "value", "unit"]
    assert summary.quantity.is_unique
    values = summary.set_index("quantity").value
    expected = {
        "alignment_ms_rcs": 8.0,
        "alignment_ms_fcs": 9.0,
        "alignment_ms_fcs_study": 12.0,
        "alignment_over_108_ffts": 0.28,
        "alignment_over_108_ffts_study": 0.38,
        "step_speedup_over_scipy": 3000.0,
        "step_speedup_over_scipy_fcs": 2000.0,
        "likelihood_ms_box_48": 48.0,
        "likelihood_mb_box_96": 192.0,
        "likelihood_ms_in_a_set": 32.0,
        "distance_to_the_nearer_roof": 2.5,
        "spectrum_error": 7e-4,
        "gradient_error_white_noise": 9e-4,
        "sampling_ns_per_point": 40.0,
        "time_exponent_box_likelihood": 2.0,
        "spectra_exponent_pairs_rcs": 1.5,
        "two_process_speedup": 1.9,
        "simulation_ms": 25.0,
        "simulation_ms_box_64": 60.0,
        "import_s": 0.5,
        "largest_job_mb": 200.0,
    }
    assert {name: pytest.approx(values[name]) for name in expected} == expected


def test_every_goal_is_that_of_a_quantity(tables):
    assert set(GOALS) <= set(summarise_benchmarks(tables).quantity)


@pytest.mark.parametrize(
    ("quantity", "value", "met"),
    [
        ("step_speedup_over_scipy_fcs", 995.7, "MISSED"),
        ("step_speedup_over_scipy_fcs", 1000.0, "yes"),
        ("largest_job_mb", 500.0, "yes"),
        ("largest_job_mb", 500.1, "MISSED"),
        ("import_s", 1.0, "MISSED"),
        ("step_us", 1.0, ""),
    ],
)
def test_a_goal_that_is_missed_is_marked(quantity, value, met):
    summary = judged(pd.DataFrame([(quantity, value, "")], columns=["quantity", "value", "unit"]))
    assert summary.met.tolist() == [met]
    assert f" {met} |" in goals_table(summary[["quantity", "value", "unit"]])


def test_the_report_holds_summary_tables_figure_and_machine(tmp_path, tables):
    summary = write_report(tmp_path / "benchmark", tables, {"processor": "invented"})
    written = {path.name for path in (tmp_path / "benchmark").iterdir()}
    assert written == {f"{name}.csv" for name in TITLES} | {
        "summary.csv",
        "benchmarks.md",
        "growth.svg",
        "growth.png",
        "machine.json",
    }
    told = summary.set_index("quantity").loc["alignment_ms_rcs"]
    assert (told.goal, told.met) == ("≤ 10", "yes")
    text = (tmp_path / "benchmark" / "benchmarks.md").read_text(encoding="utf-8")
    assert "| alignment_ms_rcs | 8 | ms | ≤ 10 | yes |" in text
    assert "| likelihood_ms_box_32 | 32 | ms | ≤ 25 | MISSED |" in text
    assert all(title in text for title in TITLES.values())
    assert (tmp_path / "benchmark" / "summary.csv").read_text().startswith("quantity,value,unit\n")
    assert (tmp_path / "benchmark" / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_all_measurements_go_into_the_report_in_order(tmp_path, tables, monkeypatch):
    given = {}

    def take(name):
        def measurement(*arguments):
            given[name] = arguments
            return tables[name]

        return measurement

    for name, function in {
        "alignments": "measure_alignments",
        "likelihood": "measure_likelihood",
        "steps": "measure_steps",
        "accuracy": "measure_accuracy",
        "roofline": "measure_roofline",
        "growth": "measure_growth",
        "processes": "measure_processes",
        "simulation": "measure_simulation",
        "startup": "measure_startup",
        "memory": "memory_of_studies",
    }.items():
        monkeypatch.setattr(report, function, take(name))
    said = []
    summary = report.run_benchmarks(SimpleNamespace(pairs=lambda count: list(range(count))), tmp_path, 6, said.append)
    assert list(summary.quantity) == list(summarise_benchmarks(tables).quantity)
    assert [line for line in said if line in TITLES.values()] == [
        title for name, title in TITLES.items() if name != "exponents"
    ]
    assert given["memory"] == (tmp_path,)
    assert given["steps"][1:] == (0, 6)
    machine = json.loads((tmp_path / "benchmark" / "machine.json").read_text(encoding="utf-8"))
    assert len(machine["load_average_before"]) == len(machine["load_average_after"]) == 3
    assert machine["repeats"] == 6


def test_the_script_insists_on_one_core(tmp_path):
    script = PROJECT / "workflow" / "scripts" / "benchmark.py"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "OMP_NUM_THREADS" in done.stderr
    assert "Traceback" not in done.stderr
