"""SVG files whose text stays text: the letters that a figure uses come with it, as does its caption."""

import base64
import io
import xml.etree.ElementTree as ET

CAPTION = "caption-"
"""How the names of a caption's lines begin."""
BODY = "data-body"
"""Attribute of the file's root: the part of its height above the caption."""
SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
_FAMILY = "DejaVu Sans"
_WEIGHTS = {"normal": 400, "bold": 700}


def finish_svg(path, description, body):
    """Put the font and the caption into a file that matplotlib wrote.

    Parameters
    ----------
    path : str or path
        Changed in place.
    description : str
        The caption, for programs and for readers who hear it.
    body : float
        Part of the height above the caption, from 0 to 1.
    """
    tree = read_svg(path)
    root = tree.getroot()
    # in the order of the signs, so that the same figure gives the same bytes
    letters = "".join(sorted({sign for text in root.iter(f"{{{SVG}}}text") for sign in "".join(text.itertext())}))
    style = ET.Element(f"{{{SVG}}}style")
    style.text = "".join(_font_face(name, weight, letters) for name, weight in _WEIGHTS.items())
    root.insert(0, style)
    if description:
        words = ET.Element(f"{{{SVG}}}desc")
        words.text = description
        root.insert(0, words)
    root.set(BODY, f"{body:.6f}")
    tree.write(path, encoding="utf-8", xml_declaration=True)


def read_svg(path):
    """Read an SVG file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    xml.etree.ElementTree.ElementTree

    Raises
    ------
    OSError, xml.etree.ElementTree.ParseError
        If it cannot be read.
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", _LINK)
    return ET.parse(path)


def _font_face(name, weight, letters):
    """Return the style that brings some letters of the font."""
    # a page that shows the file needs none of them
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from matplotlib.font_manager import FontProperties, findfont

    with TTFont(findfont(FontProperties(family=_FAMILY, weight=name)), recalcTimestamp=False) as font:
        options = subset.Options(notdef_outline=True, hinting=False, layout_features=[])
        # FontForge's own, of which the subsetter would warn
        options.drop_tables = [*options.drop_tables, "FFTM"]
        # no feature of the layout is kept, and to read what is not takes longer than all that follows
        for table in {"GDEF", "GPOS", "GSUB", "kern"} & set(font.keys()):
            del font[table]
        chosen = subset.Subsetter(options)
        chosen.populate(text=letters)
        chosen.subset(font)
        font.flavor = "woff"
        file = io.BytesIO()
        font.save(file)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return (
        f"@font-face{{font-family:'{_FAMILY}';font-weight:{weight};"
        f"src:url(data:font/woff;base64,{data}) format('woff')}}"
    )
