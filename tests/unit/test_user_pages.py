"""The pages of a user's particles and classes, from files as the workflow writes them."""

import numpy as np
import pandas as pd
import pytest

from gradalign.io.mrc import write_volume
from gradalign.report.figures.style import Page as Sheet
from gradalign.report.figures.style import applied, save
from gradalign.report.page.classes import classes_page
from gradalign.report.page.commands import Place
from gradalign.report.page.particles import particles_page
from gradalign.report.page.writing import write_page
from gradalign.simulation.phantom import phantom

MARKUP = "<b onclick='x'>run</b>"
PLACE = Place("results/x", "bin/gradalign")


@applied()
def drawn(path):
    sheet = Sheet(100.0, 60.0)
    sheet.axes(15.0, 5.0, 70.0, 40.0).plot([0, 1], [0, 1])
    sheet.caption(50.0, ["What is drawn."])
    save(sheet, [path])
    return path


def table(folder, name, **columns):
    pd.DataFrame(columns).to_csv(folder / name, index=False)
    return folder / name


def parts(page):
    return {part.key: part for section in page.sections for part in section.parts if hasattr(part, "key")}


@pytest.fixture
def particles(tmp_path):
    files = {"figure": drawn(tmp_path / "particles.svg"), "summary": tmp_path / "summary.txt"}
    files["summary"].write_text(f"3 of 3 particles of {MARKUP}.\nResolution 25.0 Å.\n", encoding="utf-8")
    files["rounds"] = table(
        tmp_path, "rounds.csv", round=[1, 2], particles=[3, 3], resolution_nm=[3.0, 2.5],
        median_rotation_change_deg=[np.nan, 0.734],
    )  # fmt: skip
    files["shells"] = table(tmp_path, "fsc.csv", frequency_per_nm=[0.1, 0.4, 0.5], correlation_masked=[1.0, 0.143, 0.0])
    names = [f"{MARKUP}{k}.mrc" for k in range(3)]
    files["scores"] = table(
        tmp_path, "scores.csv", particle=[1, 2, 3], image=names, half=[1, 2, 1], dissimilarity=[0.1, 0.3, 0.2]
    )
    files["star"] = tmp_path / "aligned.star"
    files["star"].write_text("data_particles\n\nloop_\n_rlnImageName #1\n1.mrc\n", encoding="utf-8")
    files["left_out"] = table(tmp_path, "left_out.csv", particle=[4], image=[MARKUP], failure=["holds NaN"])
    for name in ("filtered", "half1", "half2", "reference"):
        files[name] = tmp_path / f"{name}.mrc"
        write_volume(files[name], phantom(16), 1.0)
    return files


def test_the_page_of_particles_gives_resolution_maps_scores_and_what_was_left_out(particles, tmp_path):
    page = particles_page(particles, MARKUP, PLACE)
    first = page.sections[0].parts[0].verdicts
    assert first[0].number == "25.0 Å"
    assert first[2][:2] == ("2", "rounds; the last one rotated the particles by 0.73° (median)")
    found = parts(page)
    assert [column.title for column in found["table-rounds"].columns][:3] == ["Round", "Particles", "Resolution (Å)"]
    assert [row[2].text for row in found["table-rounds"].rows] == ["30", "25"]
    assert [row[3].text for row in found["table-rounds"].rows] == ["–", "0.734"]
    # the worst first
    assert [row[0].text for row in found["table-scores"].rows] == ["2", "3", "1"]
    assert found["table-left-out"].rows[0][2].text == "holds NaN"
    assert len(found["surfaces"].objects[0]["maps"]) == 4
    write_page(tmp_path / "page.html", page)
    assert "<b onclick" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_commands_are_typed_where_the_run_was_started(particles):
    told = parts(particles_page(particles, "run", PLACE))["commands"].code.splitlines()
    assert told[1] == "bin/gradalign particles results/x/aligned.star --reference results/x/average_filtered.mrc"
    assert "--mask results/x/mask.mrc" in told[3]
    assert not told[4].endswith("--ctf")
    particles["star"].write_text("data_particles\n\nloop_\n_rlnCtfImage #1\n1.mrc\n", encoding="utf-8")
    told = parts(particles_page(particles, "run", Place("results/a b", "gradalign")))["commands"].code.splitlines()
    assert told[0] == "chimerax 'results/a b/average.cxc'"
    assert told[4].endswith(" --ctf")


def test_verdicts_of_particles_stand_on_the_page_where_they_are_known(particles, tmp_path):
    page = particles_page(particles, "run", PLACE)
    assert "Verdict" not in [column.title for column in parts(page)["table-scores"].columns]
    assert page.sections[0].parts[0].verdicts[1].words == "particles aligned and averaged"
    scores = pd.read_csv(particles["scores"])
    scores = scores.assign(verdict=["determined", "undetermined", "determined"], reason=["", "two candidates", ""])
    scores.to_csv(particles["scores"], index=False)
    page = particles_page(particles, "run", PLACE)
    assert page.sections[0].parts[0].verdicts[1].words.endswith("; 2 answers are determined")
    found = parts(page)["table-scores"]
    titles = [column.title for column in found.columns]
    assert titles[1:4] == ["Dissimilarity", "Verdict", "Reason"]
    assert titles.index("Verdict") in found.filters


@pytest.fixture
def classes(tmp_path):
    files = {"figure": drawn(tmp_path / "classes.svg"), "summary": tmp_path / "summary.txt", "maps": tmp_path}
    summary = ["2 classes with 4 of 5 particles.", "A class goes on with:", "bin/gradalign particles a.star -j b.mrc"]
    files["summary"].write_text("\n".join(summary), encoding="utf-8")
    files["classes"] = table(
        tmp_path, "classes.csv", **{"class": [1, 2], "particles": [3, 1], "resolution_nm": [2.5, np.nan]},
        least_amplitude=[0.6, 0.5], largest_residual=[1.4, np.nan],
    )  # fmt: skip
    files["rounds"] = table(tmp_path, "rounds.csv", round=[1], classes=[2], low_pass_nm=[4.0])
    files["particles"] = table(
        tmp_path, "particles.csv", particle=[1, 2, 3, 4, 5], half=[1, 2, 1, 2, 1], label=[1, 1, 1, 2, 0],
        best=[1, 1, 1, 2, 1], amplitude=[1.0, 1.0, 1.0, 1.0, 0.4], residual=1.1, failure="",
        verdict=["member"] * 4 + ["no_fit"],
    )  # fmt: skip
    files["each"] = tmp_path
    for number in (1, 2):
        drawn(tmp_path / f"class_{number}.svg")
        write_volume(tmp_path / f"class_{number}_filtered.mrc", phantom(16), 1.0)
    return files


def test_the_page_of_classes_gives_sizes_resolutions_maps_and_commands(classes, tmp_path):
    page = classes_page(classes, "mix", MARKUP, PLACE)
    assert [verdict.number for verdict in page.sections[0].parts[0].verdicts] == ["2", "4 of 5", "25.0 · – Å"]
    found = parts(page)
    assert [one["title"] for one in found["surfaces"].objects[0]["maps"]] == ["class 1", "class 2"]
    command = "bin/gradalign particles results/x/maps/class_2.star --reference results/x/maps/class_2_filtered.mrc"
    assert command in found["commands"].code
    # a command is no sentence
    assert found["summary"].lines == ["2 classes with 4 of 5 particles.", "A class goes on with:"]
    assert found["summary"].code == "bin/gradalign particles a.star -j b.mrc"
    assert [row[2].text for row in found["table-classes"].rows] == ["25", "–"]
    # what the titles do not say stands below
    assert dict(found["table-classes"].legend)["Particles"].startswith("that belong to the class")
    titles = [column.title for column in found["table-particles"].columns]
    assert titles == ["Particle", "Class", "Verdict", "Amplitude", "Residual", "Nearest class", "Half set"]
    assert {"Class", "Verdict", "Half set"} <= {title for title, _ in found["table-particles"].legend}
    write_page(tmp_path / "page.html", page)
    assert "<b onclick" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_each_class_has_its_own_figure_with_links_to_its_files(classes):
    chapter = next(
        section for section in classes_page(classes, "mix", "run.star", PLACE).sections if section.key == "each"
    )
    assert [part.title.split(":")[0] for part in chapter.parts] == ["Class 1", "Class 2"]
    assert chapter.parts[1].links == [("SVG", "figures/class_2.svg"), ("PNG", "figures/class_2.png")]
    assert "<svg" in chapter.parts[1].svg


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "Like class 1, but shows too little of it (amplitude 0.40, at least 0.60)"),
        ({"residual": 2.0}, "amplitude 0.40, at least 0.60) and has too much beyond it (residual 2.00, at most 1.40)"),
        ({"best": 2, "residual": 9.0}, "Like class 2, but shows too little of it (amplitude 0.40, at least 0.50)"),
        ({"amplitude": 0.8}, "Like class 1, but beyond its limits in the last round"),
        ({"verdict": "unusable", "failure": MARKUP}, MARKUP),
        ({"best": 0}, "no class was found"),
    ],
)
def test_a_particle_that_is_left_out_has_its_reason_on_the_page(classes, changes, reason):
    rows = pd.read_csv(classes["particles"]).astype({"failure": object})
    for name, value in changes.items():
        rows.loc[4, name] = value
    rows.to_csv(classes["particles"], index=False)
    (row,) = parts(classes_page(classes, "mix", "run.star", PLACE))["table-left-out"].rows
    assert row[0].text == "5"
    assert reason in row[2].text


def test_a_page_says_that_no_particle_was_left_out(classes):
    rows = pd.read_csv(classes["particles"])
    rows.head(4).to_csv(classes["particles"], index=False)
    assert parts(classes_page(classes, "mix", "run.star", PLACE))["table-left-out"].lines == [
        "No particle was left out."
    ]


def test_a_page_without_classes_says_so(classes):
    pd.read_csv(classes["classes"]).head(0).to_csv(classes["classes"], index=False)
    page = classes_page(classes, "noise", "run.star", PLACE)
    assert page.sections[0].parts[0].verdicts[0].number == "none"
    assert "surfaces" not in parts(page)
    assert parts(page)["commands"].code == ""
