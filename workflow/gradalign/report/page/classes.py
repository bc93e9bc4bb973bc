"""The page of a user's classes: maps that turn, sizes and resolutions, the pairs of the sample, and how to go on."""

from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.io.mrc import ANGSTROM_PER_NM, read_volume
from gradalign.report.csv_tables import read_csv
from gradalign.report.figures.classes import COLOURS
from gradalign.report.page.commands import TYPED
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.parts import FILES_BESIDE, Chapter, Drawing, Page, Verdict, Verdicts, Words
from gradalign.report.page.surfaces import TURNING, Solid, enclosed_share, light, maps_part
from gradalign.report.page.tables import MOST_ROWS, Look, in_angstrom, table_part
from gradalign.run.machine import GRADALIGN

_FIGURE = "Averages, shell correlation, and the pairs of the sample"
_CLASSES_LEGEND = {
    "particles": "that belong to the class, in both half sets",
    "undecided": "particles of the class that fit another one about as well",
    "half1": "particles of the first half set",
    "half2": "particles of the second half set",
    "resolution_A": f"where the shell correlation of the half maps falls below {HALF_SETS_THRESHOLD}",
    "agreement_deviations": "standard deviations by which the half maps agreed beyond chance when the class was found",
    "median_amplitude": "median of the factors by which the map must be multiplied to fit a particle best, near 1",
    "median_residual": "median of the mean squares of what a particle has beyond the map, 1 for noise alone",
    "relative_of": "the class whose map is most like this one's, rotated and shifted as need be",
    "relative_amplitude": "how like it is, 1 for the same object",
    "mirror_of": "the class whose mirror image this one looks like",
}
_PARTICLES_LEGEND = {
    "label": "that the particle belongs to, 0 for none",
    "verdict": "member: fits this class; undecided: fits another about as well; no_fit: fits none; unusable: could not "
    "be read",
    "half": "averaged apart from the other",
    "best": "that explains the particle best, even if it does not fit",
    "probability": "of the nearest class against the others",
    "phi_deg": "with theta and psi the ZYZ angles of the particle on its class's map",
    "x_voxel": "with y and z the translation on that map",
    "amplitude": "by how much the map must be multiplied to fit the particle best, near 1",
    "residual": "mean square of what the particle has beyond the map, 1 for noise alone",
    "rotation_change_deg": "since the round before, if the particle stayed in its class",
    "failure": "why the particle could not be used",
}
_ROUNDS_LEGEND = {
    "classes": "by which the particles were sorted",
    "in_classes": "particles that fit a class",
    "in_none": "particles that fit none",
    "changed_share": "part of the particles that changed their class",
    "median_rotation_change_deg": "of the particles that stayed in their class",
    "low_pass_A": "resolution up to which the particles were compared",
}
_MAPS = f"{TURNING} Each shell of an average is weighted by how far the half maps agree."


def classes_page(files, title, star, place):
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
    place : gradalign.report.page.commands.Place
        Where commands are typed.

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
        Chapter("next", "Going on", [_next(classes, place)]),
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
        look = Look("Classes", ("class", "particles", "resolution_A"), (), (), _CLASSES_LEGEND)
        minor = ("half1", "half2", "median_amplitude", "median_residual", "agreement_deviations")
        parts.append(table_part("table-classes", look, "", in_angstrom(classes), minor, [("CSV", "classes.csv")]))
    look = Look("Particles", ("particle", "label", "verdict"), ("label", "verdict", "half"), (), _PARTICLES_LEGEND)
    words = "The class of each particle, 0 for none, and how well it fits" + _shown(particles)
    links = [("CSV", "particles.csv"), ("STAR", "classified.star")]
    minor = [name for name in particles if name not in ("particle", "label", "verdict", "probability")]
    parts.append(table_part("table-particles", look, words, particles.head(MOST_ROWS), minor, links))
    if len(rounds):
        look = Look("Rounds", (), (), (), _ROUNDS_LEGEND)
        parts.append(table_part("table-rounds", look, "", in_angstrom(rounds), (), [("CSV", "rounds.csv")]))
    return parts


def _shown(particles):
    return "." if len(particles) <= MOST_ROWS else f": the first {MOST_ROWS} of {len(particles)}."


def _next(classes, place):
    if not len(classes):
        return Words(
            "commands",
            "Commands",
            ["Without classes there is nothing to go on with: see docs/classes.md for what to try."],
        )
    code = ["chimerax @/maps/classes.cxc"]
    code += [
        f"{GRADALIGN} particles @/maps/class_{k}.star --reference @/maps/class_{k}_filtered.mrc"
        for k in classes["class"]
    ]
    lines = [f"{TYPED}: the averages side by side in ChimeraX; each class aligned and averaged alone."]
    return Words("commands", "Commands", lines, place.commands(code))
