"""How figures look: journal widths, type of at least 6 points. Their colours are in `gradalign.report.colours`.

Figures are laid out in millimetres of the printed page, x to the right and y down from the top left corner.
"""

from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from gradalign.base.files import complete_file
from gradalign.errors import InputError
from gradalign.report.colours import INK
from gradalign.report.figures.svg import CAPTION, finish_svg

PAGE_WIDTH = 175.0
"""Width of a full-page figure in mm."""
MARGIN = 2.0
"""Free edge of a figure in mm."""

TITLE = 8.0
"""Type sizes in points."""
BODY = 7.0
SMALL = 6.0

_MM_PER_INCH = 25.4
_MM_PER_POINT = _MM_PER_INCH / 72.0
_LINE = 1.3

_STYLE = {
    "font.family": "sans-serif",
    # comes with matplotlib: the same letters on every machine
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": BODY,
    "text.color": INK,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": BODY,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "lines.linewidth": 1.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "savefig.dpi": 300,
    "figure.dpi": 300,
    "svg.hashsalt": "gradalign",
    # letters stay letters, to be searched and copied; `gradalign.report.figures.svg` puts their font into the file
    "svg.fonttype": "none",
    "image.composite_image": False,
}

# no date, no versions: the same data give the same bytes
_METADATA = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}


def applied():
    """Return a context, also usable as a decorator, in which figures are drawn and saved in this style.

    Returns
    -------
    context manager
        It leaves the user's own matplotlib settings aside, and restores them.
    """
    return matplotlib.style.context(["default", _STYLE])


class Page:
    """A figure laid out in millimetres.

    Parameters
    ----------
    width, height : float
        In mm.
    """

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH))
        self.description, self.body = "", height
        FigureCanvasAgg(self.figure)
        self.sheet = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.sheet.set_axis_off()

    def axes(self, left, top, width, height, **properties):
        """Add axes for a plot.

        Parameters
        ----------
        left, top, width, height : float
            Of its frame in mm.
        **properties
            As for matplotlib's ``Figure.add_axes``.

        Returns
        -------
        matplotlib.axes.Axes
        """
        bottom = self.height - top - height
        frame = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(frame, **properties)

    def text(self, x, y, words, size=BODY, **properties):
        """Write words, vertically centred on y unless told otherwise.

        Parameters
        ----------
        x, y : float
            In mm.
        words : str
        size : float
            In points.
        **properties
            As for matplotlib's ``Axes.text``.

        Returns
        -------
        matplotlib.text.Text
        """
        properties = {"verticalalignment": "center_baseline"} | properties
        return self.sheet.text(x, y, words, fontsize=size, **properties)

    def rule(self, left, right, y, colour=INK, width=0.5):
        """Draw a horizontal line.

        Parameters
        ----------
        left, right, y : float
            In mm.
        colour : str
        width : float
            In points.
        """
        self.sheet.plot([left, right], [y, y], color=colour, linewidth=width, solid_capstyle="butt")

    def caption(self, top, lines, size=SMALL):
        """Write the lines of a caption, from `wrapped`.

        Parameters
        ----------
        top : float
            In mm.
        lines : list of str
        size : float
            In points.
        """
        self.description, self.body = " ".join(lines), top
        for place, line in enumerate(lines):
            baseline = top + (place + 0.8) * line_height(size)
            self.text(MARGIN, baseline, line, size, verticalalignment="baseline", gid=f"{CAPTION}{place}")


def plain_ticks(axis):
    """Mark a logarithmic axis at 1, 2 and 5 of each decade, the numbers written out.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    """
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def line_height(size):
    """Return the distance of two lines of text in mm.

    Parameters
    ----------
    size : float
        In points.

    Returns
    -------
    float
    """
    return _LINE * size * _MM_PER_POINT


def text_width(words, size, weight="normal"):
    """Return how wide a text is on the page.

    Parameters
    ----------
    words : str
    size : float
        In points.
    weight : str
        ``"normal"`` or ``"bold"``.

    Returns
    -------
    float
        In mm.
    """
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(words, font, ismath=False)[0] * _MM_PER_POINT


def wrapped(words, width, size=SMALL):
    """Break a text into lines.

    Parameters
    ----------
    words : str
    width : float
        Of the longest line in mm.
    size : float
        In points.

    Returns
    -------
    list of str
    """
    lines = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def save(page, paths):
    """Write a figure to files.

    Parameters
    ----------
    page : Page
    paths : list of str or path
        Their endings, ``.svg`` or ``.png``, choose the format. The same figure gives the same bytes.

    Raises
    ------
    InputError
        If a file has another ending or cannot be written.
    """
    for path in map(Path, paths):
        if path.suffix not in _METADATA:
            raise InputError(f"{path}: is no .svg or .png file, and figures are written as these")
        with complete_file(path) as partial:
            page.figure.savefig(partial, format=path.suffix[1:], metadata=_METADATA[path.suffix])
            if path.suffix == ".svg":
                finish_svg(partial, page.description, page.body / page.height)
