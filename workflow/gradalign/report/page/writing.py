"""A page as one file: template, styles and scripts inlined, nothing fetched from anywhere."""

import base64
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import itables
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gradalign.base.files import complete_file

_TEMPLATES = "templates"


class Assets(NamedTuple):
    """What is inlined beside the page's own words."""

    style: Markup
    script: Markup
    table_style: Markup
    datatables: Markup
    plotly: Markup


def _inlined(text, element):
    # the element ends at the first such sign, wherever it stands; a comment's start in a script may hide its end
    if f"</{element}" in text.lower() or (element == "script" and "<!--" in text and "<script" in text.lower()):
        raise ValueError(f"a library's text cannot stand in a {element} element")
    return Markup(text)


def _assets(with_maps):
    here, tables = files(__package__) / _TEMPLATES, files(itables) / "html"
    return Assets(
        style=_inlined((here / "style.css").read_text(encoding="utf-8"), "style"),
        script=_inlined((here / "page.js").read_text(encoding="utf-8"), "script"),
        table_style=_inlined((tables / "dt_bundle.css").read_text(encoding="utf-8"), "style"),
        datatables=base64.b64encode((tables / "dt_bundle.js").read_bytes()).decode("ascii"),
        plotly=_inlined(get_plotlyjs(), "script") if with_maps else Markup(""),
    )


def write_page(path, page):
    """Write a page.

    Parameters
    ----------
    path : str or path
        The file; an existing one is replaced once the new one is complete.
    page : gradalign.report.page.parts.Page

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    environment = Environment(
        loader=PackageLoader(__package__, _TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    with_maps = any(part.form == "maps" for section in page.sections for part in section.parts)
    text = environment.get_template("page.html").render(page=page, assets=_assets(with_maps), zip=zip)
    with complete_file(path) as partial:
        # names of files may hold bytes that are no text
        Path(partial).write_text(text, encoding="utf-8", errors="replace")
