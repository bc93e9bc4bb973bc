"""What a figure draws: its files, the words that it writes and its axes."""

from typing import NamedTuple
from unittest import mock

from gradalign.report.figures.style import BODY, Page


class Drawn(NamedTuple):
    paths: list
    texts: list
    """(words, size, weight) of everything that is written."""
    axes: list
    """In the order in which they are drawn."""


def record(draw, folder):
    """Draw a figure into a folder and note what it draws."""
    texts, axes = [], []
    write, add = Page.text, Page.axes

    def note(page, x, y, words, size=BODY, **properties):
        texts.append((words, size, properties.get("fontweight", "normal")))
        return write(page, x, y, words, size, **properties)

    def keep(*args, **options):
        axes.append(add(*args, **options))
        return axes[-1]

    with mock.patch.object(Page, "text", note), mock.patch.object(Page, "axes", keep):
        return Drawn(draw(folder), texts, axes)
