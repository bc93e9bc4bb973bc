"""What a page is made of: chapters that hold verdicts, figures, tables, maps that turn, facts and words.

Texts are plain and are escaped where the page is written; what is HTML already is a `markupsafe.Markup`.
"""

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from markupsafe import Markup


class Verdict(NamedTuple):
    """One number of the first screen."""

    number: str
    words: str
    target: str
    """Key of the part that shows how it came about."""


@dataclass
class Verdicts:
    """The numbers of the first screen."""

    form: ClassVar[str] = "verdicts"
    verdicts: list[Verdict]


@dataclass
class Drawing:
    """A figure with its caption."""

    form: ClassVar[str] = "figure"
    key: str
    title: str
    svg: Markup
    caption: Markup | str
    links: list[tuple[str, str]] = field(default_factory=list)
    """(text, target) of its files, targets from the page's folder."""


class Column(NamedTuple):
    """A column of a table."""

    title: str
    kind: str
    """``number``, ``word``, ``file`` or ``prose``, and ``minor`` for what is left out where the table does not fit."""


class Cell(NamedTuple):
    """A cell of a table."""

    text: str
    order: str
    """By which the column is sorted."""
    look: str = ""
    """``good``, ``bad``, ``open`` or nothing."""


@dataclass
class Table:
    """A table that sorts and filters."""

    form: ClassVar[str] = "table"
    key: str
    title: str
    caption: Markup | str
    columns: list[Column]
    rows: list[list[Cell]]
    filters: list[int] = field(default_factory=list)
    """Columns that a list of their values filters."""
    links: list[tuple[str, str]] = field(default_factory=list)
    sortable: bool = True
    legend: list[tuple[str, str]] = field(default_factory=list)
    """(title of a column, what it holds)."""


@dataclass
class Maps:
    """Maps side by side that turn together; see `gradalign.report.page.surfaces`."""

    form: ClassVar[str] = "maps"
    key: str
    title: str
    caption: Markup | str
    objects: list
    levels: list[float]
    middle: int
    index: Markup
    packed: str
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Facts:
    """Terms and what is to be said of each."""

    form: ClassVar[str] = "facts"
    key: str
    title: str
    facts: list[tuple[str, str]]


@dataclass
class Words:
    """Sentences, and lines to be typed."""

    form: ClassVar[str] = "text"
    key: str
    title: str
    lines: list[str]
    code: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Chapter:
    """A chapter of the page."""

    key: str
    title: str
    parts: list
    words: str = ""
    look: str = ""


FILES_BESIDE = "All files lie beside this page."


@dataclass
class Page:
    """A page."""

    title: str
    lead: Markup | str
    sections: list[Chapter]
    foot: str = ""
