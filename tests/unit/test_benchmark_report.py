"""What benchmarks tell: memory of jobs, summary, goals and report."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gradalign.benchmarks import report
from gradalign.benchmarks.growth import growth_exponents
from gradalign.benchmarks.job_memory import job_memory, memory_of_studies
from gradalign.benchmarks.report import GOALS, TITLES, goals_table, judged, summarise_benchmarks, write_report
from gradalign.errors import InputError

PROJECT = Path(__file__).parents[2]
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
