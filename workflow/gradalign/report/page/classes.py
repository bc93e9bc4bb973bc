"""The page of a user's classes: maps that turn, sizes and resolutions, the pairs of the sample, and how to go on."""

from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.io.mrc import ANGSTROM_PER_NM, read_volume
from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.classes import COLOURS
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.parts import FILES_BESIDE, Chapter, Drawing, Page, Verdict, Verdicts, Words
from gradalign.report.page.surfaces import TURNING, Solid, enclosed_share, light, maps_part
from gradalign.report.page.tables import MOST_ROWS, Look, in_angstrom, table_part

_FIGURE = "Averages, shell correlation, and the pairs of the sample"
_MAPS = f"{TURNING} Each shell of an average is weighted by how far the half maps agree."


def classes_page(files, title, star):
    """Return the page of a user's classes.

    Parameters
    ----------
    files : dict
        ``"figure"`` (SVG), ``"summary"`` (text), ``"classes"``, ``"rounds"``, ``"particles"`` (CSV) and ``"maps"``
        (folder with ``class_<number>_filtered.mrc``): as `make classes` writes them.
    title : str
        What the particles are called.
    star : str
        The user's file.

    Returns
    -------
    gradalign.report.page.parts.Page

    Raises
    ------
    InputError
        If a file is damaged.
    """
    lines = Path(files["summary"]).read_text(encoding="utf-8", errors="replace").splitlines()
    classes, particles = read_csv(files["classes"]), read_csv(files["particles"])
    figure = inlined_svg(files["figure"], "classes", _FIGURE)
    links = [("SVG", "classes.svg"), ("PNG", "classes.png"), ("shell correlations", "fsc.csv")]
    links += [("dissimilarities of the sample", "sample.csv")]
    first = [
        Verdicts(_verdicts(classes, particles)),
        Drawing("classes", _FIGURE, figure.svg, figure.caption, links),
    ]
    words = Words("summary", "What was found", lines, links=[("summary.txt", "summary.txt")])
    chapters = [
        Chapter("result", "The result", first, look="first"),
        *([Chapter("maps", "The maps", [_maps(Path(files["maps"]), classes)])] if len(classes) else []),
        Chapter("words", "In words", [words]),
        Chapter("tables", "Tables", _tables(classes, read_csv(files["rounds"]), particles)),
        Chapter("next", "Going on", [_next(classes)]),
    ]
    lead = f"The subtomograms of {star} sorted into classes without a reference, the half sets kept apart."
    return Page(f"Classes of {title}", lead, chapters, FILES_BESIDE)


def _verdicts(classes, particles):
    """Return the numbers of the first screen."""
    if not len(classes):
        return [Verdict("none", "no class was found that both half sets have", "summary")]
    reached = [
        f"{ANGSTROM_PER_NM * value:.1f}" if np.isfinite(value) else "–" for value in classes.resolution_nm.astype(float)
    ]
    inside = int(classes.particles.sum())
    return [
        Verdict(f"{len(classes)}", "classes that both half sets have", "table-classes"),
        Verdict(
            f"{inside} of {len(particles)}",
            "particles in a class" + ("; the others fit none" if inside < len(particles) else ""),
            "table-particles",
        ),
        Verdict(
            f"{' · '.join(reached)} Å",
            f"resolution of each class: shell correlation {HALF_SETS_THRESHOLD} of the half maps under the mask",
            "classes",
        ),
    ]


def _maps(folder, classes):
    solids = []
    for number in classes["class"]:
        volume, _ = read_volume(folder / f"class_{number}_filtered.mrc")
        solids.append(Solid(f"class {number}", light(COLOURS[(number - 1) % len(COLOURS)]), volume))
    links = [("side by side in ChimeraX", "maps/classes.cxc")]
    links += [(f"class_{number}.mrc", f"maps/class_{number}.mrc") for number in classes["class"]]
    share = float(np.median([enclosed_share(solid.volume) for solid in solids]))
    return maps_part("surfaces", "The averages of the classes", _MAPS, {"classes": (share, solids)}, links)


def _tables(classes, rounds, particles):
    parts = []
    if len(classes):
        look = Look("Classes", ("class", "particles", "resolution_A"), ())
        minor = ("half1", "half2", "median_amplitude", "median_residual", "agreement_deviations")
        parts.append(table_part("table-classes", look, "", in_angstrom(classes), minor, [("CSV", "classes.csv")]))
    look = Look("Particles", ("particle", "label", "verdict"), ("label", "verdict", "half"))
    words = "The class of each particle, 0 for none, and how well it fits" + _shown(particles)
    links = [("CSV", "particles.csv"), ("STAR", "classified.star")]
    minor = [name for name in particles if name not in ("particle", "label", "verdict", "probability")]
    parts.append(table_part("table-particles", look, words, particles.head(MOST_ROWS), minor, links))
    if len(rounds):
        parts.append(
            table_part("table-rounds", Look("Rounds", (), ()), "", in_angstrom(rounds), (), [("CSV", "rounds.csv")])
        )
    return parts


def _shown(particles):
    return "." if len(particles) <= MOST_ROWS else f": the first {MOST_ROWS} of {len(particles)}."


def _next(classes):
    if not len(classes):
        return Words(
            "commands",
            "Commands",
            ["Without classes there is nothing to go on with: see docs/classes.md for what to try."],
        )
    code = ["chimerax maps/classes.cxc"]
    code += [
        f"gradalign particles maps/class_{k}.star --reference maps/class_{k}_filtered.mrc" for k in classes["class"]
    ]
    lines = [
        "Typed in this page's folder: the averages side by side in ChimeraX; each class aligned and averaged alone."
    ]
    return Words("commands", "Commands", lines, "\n".join(code))
