"""Figures inside a page: their SVG files as elements whose text stays text, without the caption drawn below them."""

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

from markupsafe import Markup

from gradalign.errors import InputError
from gradalign.report.figures.svg import BODY, CAPTION, SVG, read_svg

_REFERENCE = re.compile(r"url\(#([^)]+)\)")


class Inlined(NamedTuple):
    """A figure for a page."""

    svg: Markup
    caption: str
    """What the file says of itself."""


def inlined_svg(path, key, label):
    """Return a figure for a page.

    Parameters
    ----------
    path : str or path
        An SVG file, written by `gradalign.report.figures.style.save`.
    key : str
        Put before the names of its elements: two figures may use one name.
    label : str
        What it is called where it cannot be seen.

    Returns
    -------
    Inlined

    Raises
    ------
    InputError
        If the file is missing or no such SVG file.
    """
    try:
        root = read_svg(path).getroot()
        left, top, width, height = map(float, root.get("viewBox", "").split())
        body = float(root.attrib.pop(BODY))
    except (OSError, ET.ParseError, ValueError, KeyError) as error:
        raise InputError(f"{path}: is no figure of gradalign's; remove it to have it made again ({error})") from error
    description = root.find(f"{{{SVG}}}desc")
    caption = "" if description is None else description.text or ""
    for parent in list(root.iter()):
        for child in list(parent):
            # who made it and when; and the caption, which the page gives itself
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}desc") or child.get("id", "").startswith(CAPTION):
                parent.remove(child)
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{key}-{value}")
            elif name.endswith("href") and value.startswith("#"):
                element.set(name, f"#{key}-{value[1:]}")
            elif "url(#" in value:
                element.set(name, _REFERENCE.sub(rf"url(#{key}-\1)", value))
    root.set("viewBox", f"{left:g} {top:g} {width:g} {height * body:g}")
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label, "aria-describedby": f"{key}-caption"}
    return Inlined(Markup(ET.tostring(root, encoding="unicode")), caption)
