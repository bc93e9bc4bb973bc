"""The letters of figures: they can be searched, their font comes with them, and colours differ in grey too."""

import base64
import io
import re
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont
from matplotlib.colors import to_rgb
from skimage.color import rgb2lab

from gradalign.report.colours import SCORE_COLOURS
from gradalign.report.figures.style import Page, applied, line_height, save, wrapped
from gradalign.report.figures.svg import BODY, CAPTION, SVG

WORDS = "Rotation error ± 0.5° ▼ better, β + Δβ"
SENTENCE = "A caption that says what is drawn, in n = 7 cells, & what <not>."


@applied()
def drawn(path):
    lines = wrapped(SENTENCE, 40.0)
    page = Page(60.0, 20.0 + line_height(6.0) * len(lines))
    page.text(5.0, 5.0, WORDS)
    page.text(5.0, 10.0, "heavy", fontweight="bold")
    page.caption(20.0, lines)
    save(page, [path])
    return ElementTree.parse(path).getroot()


def test_text_stays_text(tmp_path):
    texts = ["".join(text.itertext()) for text in drawn(tmp_path / "a.svg").iter(f"{{{SVG}}}text")]
    assert WORDS in texts


def test_the_caption_is_told_and_stands_apart(tmp_path):
    root = drawn(tmp_path / "a.svg")
    assert root.find(f"{{{SVG}}}desc").text == SENTENCE
    lines = [group for group in root.iter(f"{{{SVG}}}g") if group.get("id", "").startswith(CAPTION)]
    assert " ".join("".join(line.itertext()).strip() for line in lines) == SENTENCE
    height = float(root.get("viewBox").split()[3])
    assert float(root.get(BODY)) * height == pytest.approx(20.0 / 25.4 * 72, abs=0.1)


def test_the_font_has_every_letter_in_both_weights(tmp_path):
    style = drawn(tmp_path / "a.svg").find(f"{{{SVG}}}style").text
    faces = re.findall(r"font-weight:(\d+);src:url\(data:font/woff;base64,([^)]+)\)", style)
    assert [weight for weight, _ in faces] == ["400", "700"]
    for _, data in faces:
        letters = TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
        assert {ord(sign) for sign in WORDS + SENTENCE} - {ord(" ")} <= set(letters)


def test_the_colours_of_the_scores_differ_in_lightness():
    lightness = sorted(rgb2lab(to_rgb(colour))[0] for colour in SCORE_COLOURS.values())
    assert min(after - before for before, after in zip(lightness, lightness[1:], strict=False)) > 15
