"""What benchmarks measure."""

import itertools
import json
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradalign.benchmarks import growth as growing
from gradalign.benchmarks import timing
from gradalign.benchmarks.accuracy import direct_sum, measure_accuracy, sampling_errors
from gradalign.benchmarks.alignments import measure_alignments
from gradalign.benchmarks.growth import (
    ending_at,
    growth_exponents,
    measure_growth,
    measure_processes,
    noisy_phantoms,
)
from gradalign.benchmarks.machine import describe_machine
from gradalign.benchmarks.roofline import STAGES, core_limits, measure_roofline
from gradalign.benchmarks.simulations import SIMULATION_BOXES, measure_simulation
from gradalign.benchmarks.startup import measure_startup
from gradalign.benchmarks.steps import measure_steps
from gradalign.benchmarks.timing import exponent, interleaved, median_ratio
from gradalign.benchmarks.workload import Workload
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
