"""The pages in a real browser: nothing fetched, nothing complained of, nothing cut off, by mouse, keys and fingers."""

import io
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest
from browser import PATH, Tab

from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.style import Page as Sheet
from gradalign.report.figures.style import applied, save
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.particles import scores_part
from gradalign.report.page.parts import Chapter, Drawing, Facts, Page, Verdict, Verdicts, Words
from gradalign.report.page.study import table_parts
from gradalign.report.page.surfaces import Solid, maps_part
from gradalign.report.page.tables import Look, table_part
from gradalign.report.page.writing import write_page
from gradalign.simulation.phantom import phantom

pytestmark = pytest.mark.skipif(PATH is None, reason="no chromium on this machine")

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "tables"
WIDTHS = (400, 768, 1366, 1600)
# the ground that an element stands on, and its ink
COLOURS = """(place) => { let e = document.querySelector(place); const ink = getComputedStyle(e).color;
  while (getComputedStyle(e).backgroundColor === "rgba(0, 0, 0, 0)" && e.parentElement) e = e.parentElement;
  return [getComputedStyle(e).backgroundColor, ink]; }"""
MARKUP = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>& </script>"
ROWS = 120


@applied()
def drawn(path):
    sheet = Sheet(175.0, 60.0)
    axes = sheet.axes(15.0, 5.0, 150.0, 40.0, xlabel="Resolution (Å)", ylabel="FSC")
    axes.plot([0, 1, 2], [1, 0.5, 0])
    sheet.caption(50.0, ["What the figure shows."])
    save(sheet, [path])


def invented_page(folder):
    """Return a page with a part of each kind, and markup in each text that may come from a user."""
    drawn(folder / "a.svg")
    figure = inlined_svg(folder / "a.svg", "figure-a", "Figure A")
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "image": [f"row {number} {MARKUP if number == 7 else ''}" for number in range(ROWS)],
            "score": np.where(np.arange(ROWS) % 2, "rcs", "fcs"),
            "snr": np.where(np.arange(ROWS) % 3, 0.5, np.inf),
            "median": rng.permutation(ROWS) / 7.0,
            "mad": rng.uniform(0, 1, ROWS),
            "paper_median": rng.uniform(0, 1, ROWS),
            "bound": rng.uniform(0, 1, ROWS),
            "x_voxel": np.arange(ROWS) / 8 - 9,
            "verdict": np.where(np.arange(ROWS) % 2, "better", "worse"),
        }
    )
    table = table_part("table-a", Look("Table A", (), ("score",)), MARKUP, rows, ("mad", "bound"), [("CSV", "a.csv")])
    noise = rng.normal(size=(24, 24, 24))
    solids = [Solid("truth", "#b5b5b5", phantom(24)), Solid(f"noise {MARKUP}", "#c9a0c9", noise)]
    maps = maps_part("surfaces", "Maps", "They turn.", {f"phantom {MARKUP}": (0.03, solids), "again": (0.03, solids)})
    chapters = [
        Chapter("result", "The result", [Verdicts([Verdict("42", MARKUP, "table-a")])], look="first"),
        Chapter(
            "figures", "Figures", [Drawing("figure-a", "Figure A", figure.svg, figure.caption, [("SVG", "a.svg")])]
        ),
        Chapter("maps", "Maps", [maps]),
        Chapter("tables", "Tables", [table]),
        Chapter(
            "run", "Run", [Facts("facts", "Facts", [("Processor", MARKUP)]), Words("w", "Words", [MARKUP], MARKUP)]
        ),
    ]
    return Page(f"Particles of {MARKUP}", MARKUP, chapters, MARKUP)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_page(folder / "report.html", invented_page(folder))
    return folder / "report.html"


# one for each test: what another has opened, sorted or turned stays with it
@pytest.fixture
def tab(page):
    tab = Tab(page)
    yield tab
    tab.close()


# for tests that only look
@pytest.fixture(scope="module")
def seen(page):
    tab = Tab(page)
    yield tab
    tab.close()


def test_the_page_asks_for_nothing_and_complains_of_nothing(tab, page):
    assert tab.requests == [page.resolve().as_uri()]
    assert tab.complaints == []


def test_markup_in_texts_stays_text(seen):
    assert "<img src=x" in seen.ask("document.title")
    assert seen.ask("document.querySelectorAll('img[src=\"x\"]').length") == 0
    assert seen.ask("document.querySelector('h1').textContent").endswith(MARKUP)
    assert MARKUP in seen.ask("document.querySelector('#table-a tbody').textContent")
    assert MARKUP in seen.ask("document.querySelectorAll('.scenes figcaption')[1].textContent")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_sideways(seen, width, dark):
    seen.look(width, dark=dark)
    try:
        assert seen.ask("document.documentElement.scrollWidth") <= width
        assert seen.complaints == []
        # light letters on dark ground or dark ones on light, in the tables too
        for place in ("body", "#table-a thead th", "#table-a tbody td.number", "#table-a td.good", "#table-a .dt-info"):
            ground, ink = (sum(map(int, colour[4:-1].split(",")[:3])) for colour in seen.ask(f"({COLOURS})({place!r})"))
            assert (ground < ink) == dark, place
            assert abs(ground - ink) > 250, place
    finally:
        seen.look()


@pytest.fixture(scope="module")
def scores_page(tmp_path_factory):
    """Return a page with the scores of particles, all their columns filled."""
    numbers = ["dissimilarity", "dissimilarity_change", "rotation_change_deg", "shift_change_voxel"]
    numbers += ["start_rotation_deg", "probability", "rotation_sd_deg", "translation_sd_voxel", "excess"]
    scores = pd.DataFrame({"particle": range(1, 9), "image": "/a/folder/with/a/long/name/subtomograms/000001.mrc"})
    scores = scores.assign(half=[1, 2] * 4, **dict.fromkeys(numbers, -0.000123456), verdict="undetermined")
    folder = tmp_path_factory.mktemp("scores")
    write_page(folder / "scores.html", Page("Scores", "", [Chapter("tables", "Tables", [scores_part(scores)])]))
    return folder / "scores.html"


ROOM = "document.querySelector('.wide').getBoundingClientRect().right + 1"
HEADS = "[...document.querySelectorAll('thead th')].filter((e) => e.offsetWidth)"


@pytest.fixture(scope="module")
def study_tables(tmp_path_factory):
    """Return a page with the tables of the reference run, shortened."""
    tables = {path.stem: read_csv(path).head(30) for path in REFERENCE.glob("*.csv")}
    folder = tmp_path_factory.mktemp("tables")
    parts = table_parts(tables, {})
    assert {part.key for part in parts} >= {"table-table1", "table-complexes", "table-scanning", "table-certainty"}
    write_page(folder / "tables.html", Page("Tables", "", [Chapter("tables", "Tables", parts)]))
    return folder / "tables.html"


def test_no_column_of_the_studys_tables_is_cut(study_tables):
    tab = Tab(study_tables, 1600)
    try:
        cut = f"{HEADS}.filter((e) => e.getBoundingClientRect().right > {ROOM})"
        for width in (768, 1366, 1600):
            tab.look(width)
            tab.ask("window.dispatchEvent(new Event('resize'))")
            assert tab.ask(f"{cut}.map((e) => e.closest('section').id + ' ' + e.textContent)") == []
        # too narrow for the conditions and the result: within the table one moves sideways, not on the page
        tab.look(400)
        tab.ask("window.dispatchEvent(new Event('resize'))")
        assert "Median" in tab.ask("document.querySelector('#table-table1 thead').innerText")
        assert tab.ask("document.documentElement.scrollWidth") <= 400
        # and is told so, beside the search, which stays in its place
        told = "getComputedStyle(document.querySelector('#table-table1 .dt-info'), '::after').content"
        assert "to the right" in tab.ask(told)
        assert tab.ask("document.querySelectorAll('.wide .dt-search, .wide .dt-info').length") == 0
        tab.look(1600)
        tab.ask("window.dispatchEvent(new Event('resize'))")
        assert tab.ask(told) == "none"
    finally:
        tab.close()


def test_nothing_scrolls_on_paper(study_tables):
    tab = Tab(study_tables)
    try:
        tab.send("Emulation.setEmulatedMedia", media="print")
        boxes = "[...document.querySelectorAll('.wide, .wide div')].map((e) => getComputedStyle(e).overflowX)"
        assert set(tab.ask(boxes)) == {"visible"}
    finally:
        tab.close()


@pytest.mark.parametrize("width", [768, 1366, 1600])
def test_no_column_of_the_scores_is_cut(scores_page, width):
    tab = Tab(scores_page, width)
    try:
        assert tab.ask(f"{HEADS}.every((e) => e.getBoundingClientRect().right <= {ROOM})")
        titles = tab.ask(f"{HEADS}.map((e) => e.textContent.trim())")
        assert {"Particle", "Dissimilarity", "Verdict", "Probability", "Rotation SD (°)"} <= set(titles)
        # the others are a button away
        tab.ask("document.querySelector('.more').click()")
        assert tab.ask(f"{HEADS}.length") == 13
        tab.look(1000)
        assert tab.ask(f"{HEADS}.length") == 13
    finally:
        tab.close()


def test_text_in_figures_is_text(seen):
    assert "Resolution (Å)" in seen.ask("document.querySelector('#figure-a svg').textContent")
    assert seen.ask("document.querySelector('#figure-a figcaption').textContent") == "What the figure shows."
    assert "What the figure shows." not in seen.ask("document.querySelector('#figure-a svg').textContent")


def test_every_part_has_a_heading_a_label_or_words(seen):
    assert seen.ask("[...document.querySelectorAll('svg[role=img]')].every((e) => e.getAttribute('aria-label'))")
    assert seen.ask("[...document.querySelectorAll('img')].every((e) => e.alt)")
    labels = "[...document.querySelectorAll('input, select')].every((e) => e.labels.length || e.ariaLabel)"
    assert seen.ask(labels)
    assert seen.ask("[...document.querySelectorAll('button')].every((e) => e.textContent.trim() || e.ariaLabel)")
    levels = seen.ask("[...document.querySelectorAll('h1,h2,h3')].map((e) => Number(e.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    # but for what the drawing library names inside each of its drawings
    ids = seen.ask("[...document.querySelectorAll('[id]')].filter((e) => !e.closest('.scene')).map((e) => e.id)")
    assert len(ids) == len(set(ids))
    links = seen.ask("[...document.querySelectorAll('a[href^=\"#\"]')].map((e) => e.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)


def column(tab, number):
    return tab.ask(f"[...document.querySelectorAll('#table-a tbody tr')].map((r) => r.cells[{number}].textContent)")


def test_tables_sort_by_number_and_by_key(tab):
    head = tab.ask("[...document.querySelectorAll('#table-a thead th')].map((e) => e.textContent.trim())").index(
        "Median"
    )
    before = column(tab, head)
    tab.ask(f"document.querySelectorAll('#table-a thead th')[{head}].querySelector('[tabindex]').focus()")
    assert tab.ask("document.activeElement.closest('th') !== null")
    tab.press("Enter")
    numbers = f"[...document.querySelectorAll('#table-a tbody tr')].map((r) => Number(r.cells[{head}].textContent))"
    tab.wait(f"{numbers}.every((value, place, all) => !place || all[place - 1] <= value)")
    assert tab.ask(f"document.querySelectorAll('#table-a thead th')[{head}].getAttribute('aria-sort')") == "ascending"
    after = column(tab, head)
    assert sorted(map(float, before)) == list(map(float, after)) != list(map(float, before))


def test_tables_filter_by_words_and_by_choice(tab):
    choose = "(() => {{ const s = document.querySelector('#table-a .filters select'); s.value = {!r}; "
    choose += "s.dispatchEvent(new Event('change')); }})()"
    tab.ask(choose.format("RCS"))
    assert set(column(tab, 1)) == {"RCS"}
    tab.ask(choose.format(""))
    write = "(() => {{ const i = document.querySelector('#table-a .dt-search input'); i.value = {!r}; "
    write += "i.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
    tab.ask(write.format('"row 77"'))
    tab.wait("document.querySelectorAll('#table-a tbody tr').length === 1")
    assert "row 77" in column(tab, 0)[0]
    # a number below zero, as a keyboard has it
    tab.ask(write.format("-8.88"))
    tab.wait("document.querySelectorAll('#table-a tbody tr').length === 1")
    assert "−8.88" in tab.ask("document.querySelector('#table-a tbody').textContent")
    tab.ask(write.format(""))
    tab.wait(f"document.querySelectorAll('#table-a tbody tr').length === {ROWS}")


def eyes(tab):
    """Return the cameras of all scenes."""
    return tab.ask(
        "[...document.querySelectorAll('.scene')].map((s) => "
        "Object.values(s._fullLayout.scene._scene.getCamera().eye).map((v) => Math.round(v * 1000)))"
    )


def shown(tab, number=0):
    """Return the pixels of a scene, drawn to the end."""
    tab.wait("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    return tab.picture(f".scenes figure:nth-child({number + 1}) .scene")


def test_dragging_one_map_turns_all_of_them(tab):
    x, y = tab.centre(".scene")
    before, pixels = eyes(tab), [shown(tab, number) for number in range(2)]
    tab.drag((x, y), (x + 60, y + 25))
    tab.wait(turned_from(before))
    assert all(shown(tab, number) != pixels[number] for number in range(2))


def test_a_finger_turns_them_too(page):
    tab = Tab(page, 400, touch=True)
    try:
        x, y = tab.centre(".scene")
        before = eyes(tab)
        tab.drag((x, y), (x + 60, y + 25), touch=True)
        tab.wait(turned_from(before))
    finally:
        tab.close()


def turned_from(before):
    """Return a script that says whether all scenes have one new camera."""
    old = str(before[0]).replace(" ", "")
    return f"(() => {{ const e = {eyes_script()}; return e[0] !== {old!r} && e[0] === e[1]; }})()"


def eyes_script():
    return (
        "[...document.querySelectorAll('.scene')].map((s) => JSON.stringify("
        "Object.values(s._fullLayout.scene._scene.getCamera().eye).map((v) => Math.round(v * 1000))))"
    )


def test_maps_turn_by_keys_and_their_level_changes(tab):
    tab.ask("document.querySelector('.scene').focus()")
    before, pixels = eyes(tab), shown(tab)
    tab.press("ArrowRight")
    tab.wait(f"({eyes_script()})[1] !== {str(before[1]).replace(' ', '')!r}")
    assert shown(tab) != pixels
    points = "document.querySelector('.scene').data[0].x.length"
    count = tab.ask(points)
    tab.ask(
        "(() => { const l = document.querySelector('.level'); l.value = 4; l.dispatchEvent(new Event('input')); })()"
    )
    tab.wait(f"{points} !== {count}")
    assert tab.ask("document.querySelector('.level-value').textContent") == "× 2"


def test_keys_alone_reach_everything(tab):
    tab.ask("document.activeElement.blur(), window.scrollTo(0, 0), window.getSelection().removeAllRanges()")
    seen = []
    for _ in range(90):
        tab.press("Tab")
        seen.append(tab.ask("((e) => e.className + ' ' + e.tagName + ' ' + (e.id || ''))(document.activeElement)"))
    text = "\n".join(seen)
    for wanted in (
        "skip A",
        "zoom BUTTON",
        "scene js-plotly-plot DIV",
        "level INPUT",
        "object SELECT",
        "wide DIV",
        "A ",
    ):
        assert wanted in text, text


def test_figures_are_enlarged_and_put_away_by_keys(tab):
    tab.ask("document.querySelector('button.zoom').focus()")
    tab.press("Enter")
    tab.wait("document.querySelector('#zoom').open && document.querySelector('#zoom svg') !== null")
    assert tab.ask("document.querySelector('#zoom svg').getBoundingClientRect().width") >= 1500
    for width in WIDTHS:
        tab.look(width)
        # with its border
        left, right = tab.ask(
            "(({left, right}) => [left, right])(document.querySelector('#zoom').getBoundingClientRect())"
        )
        assert 0 <= left < right <= tab.ask("document.documentElement.clientWidth")
    tab.press("Escape")
    tab.wait("!document.querySelector('#zoom').open")


def test_print_has_every_row_and_cuts_nothing(tab):
    # the maps as they are printed, however soon
    assert tab.ask("[...document.querySelectorAll('.scenes img')].every((e) => e.src.startsWith('data:image/png'))")
    document = pypdf.PdfReader(io.BytesIO(tab.print()))
    # ligatures are taken apart
    text = unicodedata.normalize("NFKC", " ".join(" ".join(sheet.extract_text() for sheet in document.pages).split()))
    assert [number for number in range(ROWS) if f"row {number}" not in text] == []
    assert "What the figure shows." in text
    sizes = {tuple(sorted(round(float(side)) for side in sheet.mediabox[2:])) for sheet in document.pages}
    # A4, upright or across
    assert sizes == {(595, 842)}


def test_a_page_with_nothing_to_turn_brings_no_drawing_library(page, tmp_path):
    chapters = [Chapter("a", "A", [Words("w", "Words", ["Nothing."])])]
    write_page(tmp_path / "small.html", Page("Small", "", chapters))
    assert (tmp_path / "small.html").stat().st_size < 2e6 < 4.8e6 < page.stat().st_size < 25e6
