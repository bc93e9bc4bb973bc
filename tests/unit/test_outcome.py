"""The last lines of a run: where the page is, what was cut for it, and the one line of result."""

import pytest

from gradalign.run.outcome import outcome, outcome_numbers

SAID = {
    "particles": (
        "8 of 9 particles, 24³ voxels.\nResolution 33.0 Å.\nThat is not beyond 40 Å.\nThe list tells no voltage.\n",
        "Resolution 33.0 Å.",
    ),
    "classes": (
        "2 classes with 28 of 29 particles.\n1 of 29 particles could not be used.\n",
        "2 classes with 28 of 29",
    ),
}


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("cut", ["", "results/run/boxes holds 9 boxes of 24³ voxels."])
def test_the_last_line_is_the_result_whatever_was_cut_and_left_out(tmp_path, kind, cut):
    text, result = SAID[kind]
    folder = tmp_path / "results" / "run" / kind
    folder.mkdir(parents=True)
    (folder / "summary.txt").write_text(text, encoding="utf-8")
    first, *middle, last = outcome(f"results/run/{kind}", tmp_path, cut)
    assert first.startswith(f"results/run/{kind}/report.html shows what came out; beside it lie ")
    assert middle == ([cut] if cut else [])
    assert last.startswith(result)


def test_without_results_nothing_is_said(tmp_path):
    assert outcome("results/run/particles", tmp_path, "results/run/boxes holds 9 boxes.") == []


def test_numbers_for_other_programs_are_in_angstrom_and_nothing_stands_for_no_agreement(tmp_path):
    files = {
        "particles": ("rounds.csv", "round,particles,left_out,resolution_nm\n1,8,1,4.1\n2,7,2,3.3\n"),
        "classes": ("classes.csv", "class,particles,half1,half2,resolution_nm\n1,20,9,11,3.1\n2,8,4,4,\n"),
    }
    found = {}
    for kind, (name, text) in files.items():
        folder = tmp_path / "results" / "run" / kind
        folder.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
        (folder / "summary.txt").write_text(SAID[kind][0], encoding="utf-8")
        found[kind] = outcome_numbers(f"results/run/{kind}", tmp_path)
    assert found["particles"]["page"] == "results/run/particles/report.html"
    assert found["particles"]["result"] == "Resolution 33.0 Å."
    told = [found["particles"][key] for key in ("particles", "left_out", "rounds", "resolution_angstrom")]
    assert told == pytest.approx([7, 2, 2, 33.0])
    assert [each["resolution_angstrom"] for each in found["classes"]["classes"]] == [pytest.approx(31.0), None]
    assert found["classes"]["star"] == "results/run/classes/classified.star"
