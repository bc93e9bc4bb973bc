"""A score that is registered by one line goes wherever the study's own go."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from invented import PAPER
from picked_files import BOX, PIXEL, make_particles, run_rounds, section
from scipy import ndimage
from searched import noisy_pairs

import gradalign
from gradalign import InputError, align_all_pairs, align_pair
from gradalign.particles.images import read_map
from gradalign.particles.results import write_star
from gradalign.particles.star import read_picked
from gradalign.report.statistics import summarise
from gradalign.report.tables.phantom import table_caption, write_markdown
from gradalign.search.registry import (
    Entry,
    paper_scores,
    register,
    score_label,
    score_names,
    score_order,
    unregister,
)
from gradalign.search.score import load_score
from gradalign.search.settings import Settings
from gradalign.study.columns.alignments import ALIGNMENTS
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Subtomograms, align_pairs

# the shift of the centres of mass, whatever the rotation
MODULE = """
import numpy as np
from gradalign import Alignment
from gradalign.search.score import Score


class Balance(Score):
    def prepare(self, volume, tilt_range, settings, voxel_size=1.0, model=None, name="volume", movable=True):
        weights = np.clip(np.asarray(volume, dtype=float), 0.0, None) ** 2
        axis = np.arange(len(weights)) - len(weights) // 2
        sums = [weights.sum(axis=others) @ axis for others in ((0, 1), (0, 2), (1, 2))]
        return np.array(sums) / weights.sum()

    def search(self, fixed, moving, settings, voxel_size=1.0, start=None, rng=0):
        shift = fixed - moving
        path = np.concatenate([np.eye(3).ravel(), shift])[None]
        value = self.value(fixed, moving, np.eye(3), shift)
        return Alignment(np.eye(3), shift, value, 1, np.array([value]), path)

    def value(self, fixed, moving, rotation, translation):
        return float(np.sum((fixed - np.asarray(rotation) @ moving - translation) ** 2))


BALANCE = Balance("balance")
"""


@pytest.fixture
def balance(tmp_path, monkeypatch):
    (tmp_path / "balance_score.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    register(Entry("balance", "Balance", "balance_score:BALANCE"))
    yield "balance"
    unregister("balance")


def test_a_registered_score_aligns_a_pair_and_a_set(balance):
    volumes, _ = noisy_pairs()
    found = align_pair(volumes[0], volumes[1], score=balance)
    assert found.dissimilarity == pytest.approx(0.0)
    again = align_all_pairs(list(volumes[:3]), score=balance)
    assert np.allclose(again[0, 1].translation, found.translation)
    assert len(again) == 3


def test_a_registered_score_has_a_cell_in_the_study_and_in_its_table(balance, tmp_path):
    subtomograms = Subtomograms(*noisy_pairs(), "C1")
    cells = [Cell("phantom", 90.0, 1.0, score, 60.0) for score in ("rcs", balance)]
    lines = pd.DataFrame(align_pairs(subtomograms, range(3), cells, ["full", "axis"], Settings(), 1))
    assert tuple(lines.columns) == ALIGNMENTS
    lines = lines.assign(
        **{name: pd.to_numeric(lines[name]) for name in ALIGNMENTS if name not in ("score", "search", "verdict")}
    )
    rows = summarise(lines, PAPER)
    assert (rows[rows.score == balance].n == 3).all()
    table = rows[rows.table == 1]
    write_markdown(table, tmp_path / "table.md", table_caption(table))
    assert "Balance" in (tmp_path / "table.md").read_text(encoding="utf-8")


def test_a_registered_score_goes_through_the_rounds_of_particles(balance, tmp_path):
    truth, _, _ = make_particles(tmp_path, 6, noise=0.05)
    entries, state = run_rounds(section(tmp_path, score=balance))
    assert not any(entry.failure for entry in entries)
    assert state.history[:, 1].tolist() == [6, 6]
    assert {entry.verdict for entry in entries} == {"unjudged"}
    # what was found puts the centre of mass where it stands
    balanced = centre_of_mass(read_map(section(tmp_path)["reference"], BOX, PIXEL / 10, "reference"))
    for entry, (rotation, shift) in zip(entries, truth, strict=True):
        assert np.allclose(entry.pose[0], np.eye(3))
        assert np.linalg.norm(entry.pose[1] - (rotation.apply(balanced) + shift - balanced)) < 1.5
    write_star(tmp_path / "aligned.star", read_picked(tmp_path / "run.star"), entries, state)
    assert "gradalignProbability" not in (tmp_path / "aligned.star").read_text(encoding="utf-8")


def centre_of_mass(volume):
    weights = np.clip(volume - volume.mean(), 0.0, None) ** 2
    return np.array(ndimage.center_of_mass(weights))[::-1] - BOX // 2


def test_labels_and_order_are_the_registrys(balance):
    assert score_label(balance) == load_score(balance).label == "Balance"
    assert sorted(["theirs", balance, "fcs", "rcs"], key=score_order) == ["rcs", "fcs", balance, "theirs"]
    assert balance not in paper_scores()
    with pytest.raises(InputError, match="'balance' is registered already, as balance_score:BALANCE"):
        register(Entry("balance", "Another", "elsewhere:BALANCE"))


def test_nothing_compares_a_score_with_a_name():
    # the paper's two formulas once more, from SciPy alone, to time the paper's way
    independent = ["study/paper_step.py"]
    package = Path(gradalign.__file__).parent
    compared = re.compile(r"[=!]= ?\"(rcs|fcs|likelihood)\"")
    found = [path for path in sorted(package.rglob("*.py")) if compared.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(package)) for path in found] == independent


def test_an_unknown_score_is_one_sentence_that_names_all():
    volumes, _ = noisy_pairs()
    with pytest.raises(InputError, match="score 'balance' is not known: give one of rcs, fcs, ") as caught:
        align_pair(volumes[0], volumes[1], score="balance")
    assert str(caught.value).endswith(", ".join(score_names()))
