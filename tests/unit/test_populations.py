import numpy as np
import pandas as pd
import pytest

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import save_averages
from gradalign.errors import InputError
from gradalign.io.mrc import write_volume
from gradalign.report.tables.averages import (
    averages_caption,
    nanometres,
    resolution_of,
    summarise_averages,
    write_averages_markdown,
)
from gradalign.search.settings import Settings
from gradalign.simulation.dataset import Specimen
from gradalign.simulation.phantom import phantom
from gradalign.study.average_shells import empty_averages, finish_averages, shell_rows
from gradalign.study.columns.averages import AVERAGES, KINDS
from gradalign.study.columns.classification import OBJECT_COLUMN
from gradalign.study.data_sets import mixture, mixture_particles
from gradalign.study.templates import TemplateAligner, align_to_template

MICROSCOPE = {"voltage": 300, "defocus": -4.0, "spherical_aberration": 2.0, "tilt_step": 3.0}
SUBTOMOGRAMS = {"box": 24, "voxel_size": 1.0, "simulation_box": 24, "max_shift": 0.05, "keep": False}
CELL = {"object": "phantom", "tilt": 60.0, "snr": 0.5, "interval": 60.0, "score": ["rcs", "fcs"]}
COUNT = 6


@pytest.fixture(scope="module")
def density(tmp_path_factory):
    path = tmp_path_factory.mktemp("density") / "phantom.mrc"
    write_volume(path, phantom(20, 32), 1.0)
    return path


@pytest.fixture(scope="module")
def reference(density):
    return Specimen.read("phantom", density, 7, MICROSCOPE, SUBTOMOGRAMS).template()


@pytest.fixture(scope="module")
def run(density, reference, tmp_path_factory):
    """Return a function that aligns some subtomograms and saves their sums; the lines and the file."""
    folder = tmp_path_factory.mktemp("sums")

    def align(kind, indices):
        data_set = Specimen.read("phantom", density, 7, MICROSCOPE, SUBTOMOGRAMS).data_set(60.0, 0.5)
        averages = empty_averages(reference, CELL["score"])
        aligner = TemplateAligner(reference, "C1", CELL, 1.0, Settings(low_pass=5.0), 7)
        lines = align_to_template(aligner, data_set, kind, indices, averages)
        rows = [row for part in lines for row in part]
        path = folder / f"{kind}{min(indices)}-{max(indices)}.npz"
        save_averages(path, averages)
        return rows, path

    return align


@pytest.fixture(scope="module")
def whole(run):
    return {kind: run(kind, range(COUNT)) for kind in KINDS}


def test_the_template_is_the_object_in_standard_pose_as_the_microscope_shows_it(reference):
    _, correlations = fourier_shell_correlation(reference, phantom(20, 24))
    # within the contrast transfer's first zero, 2.8 nm
    assert correlations[:6].min() > 0.9
    assert correlations[2:5].min() > 0.99
    assert reference.max() < 0.5 * phantom(20, 24).max()


def test_chunks_change_no_bit_of_an_average_and_no_line(run, whole, reference):
    rows, path = whole["subtomograms"]
    parts = [run("subtomograms", indices) for indices in (range(0, 1), range(1, 4), range(4, 6))]
    assert [row for lines, _ in parts for row in lines] == rows
    (expected, shells), (found, other) = (
        finish_averages(paths, reference, CELL["score"], COUNT, 1.0, object="phantom", kind="subtomograms")
        for paths in ([path], [path for _, path in reversed(parts)])
    )
    assert [volume.tobytes() for volume in found] == [volume.tobytes() for volume in expected]
    assert shells == other


def test_aligned_subtomograms_average_to_the_truth_and_noise_does_not(whole, reference):
    rows = pd.DataFrame(whole["subtomograms"][0])
    assert tuple(rows.columns) == AVERAGES
    assert rows.rotation_error_deg.astype(float).median() < 6
    found = {kind: finish_averages([whole[kind][1]], reference, CELL["score"], COUNT, 1.0)[1] for kind in KINDS}
    truth = {
        kind: np.mean([row["correlation"] for row in shells if row["comparison"] == "truth"])
        for kind, shells in found.items()
    }
    assert truth["subtomograms"] > truth["noise"] + 0.2


def test_noise_has_no_truth_to_be_compared_with_and_draws_of_its_own(whole):
    rows = pd.DataFrame(whole["noise"][0])
    assert set(rows.rotation_error_deg) == set(rows.true_phi_deg) == {""}
    assert rows.dissimilarity.nunique() == len(rows)
    assert (rows.kind == "noise").all()


def test_missing_subtomograms_are_noticed(whole, reference):
    with pytest.raises(InputError, match=f"average would be of {COUNT} subtomograms, where 100"):
        finish_averages([whole["noise"][1]], reference, CELL["score"], 100, 1.0)


def test_shell_rows_compare_with_the_truth_and_between_halves(reference):
    rng = np.random.default_rng(0)
    halves = [reference + 0.1 * rng.normal(size=reference.shape) for _ in range(2)]
    mean = (halves[0] + halves[1]) / 2
    rows = pd.DataFrame(shell_rows(mean, halves, reference, 2.0, object="phantom"))
    assert (rows.object == "phantom").all()
    for comparison, pair, threshold in (("truth", (mean, reference), 0.5), ("halves", halves, 0.143)):
        frequencies, correlations = fourier_shell_correlation(*pair)
        part = rows[rows.comparison == comparison]
        assert part.correlation.tolist() == correlations.tolist()
        assert part.frequency_per_nm.to_numpy() == pytest.approx(frequencies / 2)
        assert resolution_of(part) == pytest.approx(resolution(frequencies, correlations, threshold, 2.0))


def test_the_table_gives_resolutions_and_median_errors(whole, reference, tmp_path):
    rows = pd.DataFrame([row for kind in KINDS for row in whole[kind][0]]).replace("", np.nan)
    rows = rows.assign(
        **{name: pd.to_numeric(rows[name]) for name in AVERAGES if name not in ("object", "kind", "score")}
    )
    parts = (
        finish_averages([whole[kind][1]], reference, CELL["score"], COUNT, 1.0, object="phantom", kind=kind)[1]
        for kind in KINDS
    )
    shells = pd.DataFrame([row for part in parts for row in part])
    about = {"phantom": {"title": "Phantom", "point_group": "C1", "stand_in_for": None}}
    table = summarise_averages(rows, shells, about)
    assert list(zip(table.kind, table.score, strict=True)) == [
        (kind, score) for kind in KINDS for score in ("rcs", "fcs")
    ]
    assert (table.n == COUNT).all()
    first = rows[(rows.kind == "subtomograms") & (rows.score == "rcs")]
    assert table.rotation_error_deg[0] == pytest.approx(first.rotation_error_deg.median())
    assert table.rotation_error_deg[2:].isna().all()
    assert f"n = {COUNT} subtomograms" in averages_caption(table)
    write_averages_markdown(table, tmp_path / "averages.md")
    lines = (tmp_path / "averages.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 + 2 + 4
    assert lines[-1].startswith("| Phantom | noise | FCS | 6 |")
    # the phantom has no axis
    assert lines[4].split("|")[-3].strip() == "–"


def test_no_resolution_is_said_in_words():
    assert nanometres(float("nan")) == "none"
    assert nanometres(3.14) == "3.1 nm"


def test_a_mixture_is_one_data_set_after_the_other_each_with_its_poses(density):
    specimens = [Specimen.read(name, density, 7, MICROSCOPE, SUBTOMOGRAMS) for name in ("a", "b")]
    data_sets = [specimen.data_set(60.0, 0.5) for specimen in specimens]
    members = list(mixture(data_sets, 2))
    assert [volume.tobytes() for volume, _ in members] == [
        data_set.subtomogram(index)[0].tobytes() for data_set in data_sets for index in range(2)
    ]
    particles = mixture_particles(data_sets, ["a", "b"], [pose for _, pose in members], "stack.mrcs")
    assert list(particles.columns[OBJECT_COLUMN]) == ["a", "a", "b", "b"]
    assert particles.images == [f"{number:06d}@stack.mrcs" for number in (1, 2, 3, 4)]
    assert particles.rotations[3] == pytest.approx(data_sets[1].pose(1)[0])
    assert "gradalignPair" not in particles.columns
