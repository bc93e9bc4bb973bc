"""The page of a user's classes: maps that turn, sizes and resolutions, the pairs of the sample, and how to go on."""

from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD
from gradalign.io.chimerax import LEVEL
from gradalign.io.mrc import ANGSTROM_PER_NM, read_volume
from gradalign.report.colours import CLASS_COLOURS, light_text
from gradalign.report.csv_tables import read_csv
from gradalign.report.page.commands import TYPED
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.parts import FILES_BESIDE, Chapter, Drawing, Page, Verdict, Verdicts, Words
from gradalign.report.page.surfaces import DRAGGED, Solid, enclosed_share, maps_part
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
    "least_amplitude": "smallest amplitude with which a particle fits the class",
    "largest_residual": "largest residual with which a particle fits the class",
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
_MAPS = (
    f"Surfaces at {LEVEL:g} of the largest density of each map, {DRAGGED} Each shell of an average is weighted by how "
    "far the half maps agree."
)


def classes_page(files, title, star, place):
    """Return the page of a user's classes.

    Parameters
    ----------
    files : dict
        ``"figure"`` (SVG), ``"each"`` (folder with ``class_<number>.svg``), ``"summary"`` (text), ``"classes"``,
        ``"rounds"``, ``"particles"`` (CSV) and ``"maps"`` (folder with ``class_<number>_filtered.mrc``): as `make
        classes` writes them.
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
    # sentences, and the command that they end with
    typed = [line for line in lines if line.startswith(f"{place.program} ")]
    told = [line for line in lines if line not in typed]
    words = Words("summary", "What was found", told, "\n".join(typed), [("summary.txt", "summary.txt")])
    chapters = [
        Chapter("result", "The result", first, look="first"),
        *(_chapters_of_classes(files, classes) if len(classes) else []),
        Chapter("words", "In words", [words]),
        Chapter("tables", "Tables", _tables(classes, read_csv(files["rounds"]), particles)),
        Chapter("next", "Going on", [_next(classes, place)]),
    ]
    lead = f"The subtomograms of {star} sorted into classes without a reference, the half sets kept apart."
    return Page(f"Classes of {title}", lead, chapters, FILES_BESIDE)


def _chapters_of_classes(files, classes):
    each = []
    for number in classes["class"]:
        key, title = f"class-{number}", f"Class {number}: half maps, orientations, residuals and slices"
        figure = inlined_svg(Path(files["each"]) / f"class_{number}.svg", key, title)
        links = [(ending.upper(), f"figures/class_{number}.{ending}") for ending in ("svg", "png")]
        each.append(Drawing(key, title, figure.svg, figure.caption, links))
    maps = Chapter("maps", "The maps", [_maps(Path(files["maps"]), classes)])
    return [maps, Chapter("each", "Each class", each)]


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
            "table-left-out" if inside < len(particles) else "table-particles",
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
        colour = light_text(CLASS_COLOURS[(number - 1) % len(CLASS_COLOURS)])
        solids.append(Solid(f"class {number}", colour, volume, enclosed_share(volume)))
    links = [("side by side in ChimeraX", "maps/classes.cxc")]
    links += [(f"class_{number}.mrc", f"maps/class_{number}.mrc") for number in classes["class"]]
    objects = {"classes": (solids[0].share, solids)}
    return maps_part("surfaces", "The averages of the classes", _MAPS, objects, links)


def _tables(classes, rounds, particles):
    parts = []
    if len(classes):
        look = Look("Classes", ("class", "particles", "resolution_A"), (), (), _CLASSES_LEGEND)
        minor = ("half1", "half2", "median_amplitude", "median_residual", "agreement_deviations")
        parts.append(table_part("table-classes", look, "", in_angstrom(classes), minor, [("CSV", "classes.csv")]))
    first = ("particle", "label", "verdict", "probability", "amplitude", "residual", "best")
    look = Look("Particles", first, ("label", "verdict", "half"), (), _PARTICLES_LEGEND)
    words = "The class of each particle, 0 for none, and how well it fits" + _shown(particles)
    links = [("CSV", "particles.csv"), ("STAR", "classified.star")]
    minor = [name for name in particles if name not in first[:4]]
    parts.append(table_part("table-particles", look, words, particles.head(MOST_ROWS), minor, links))
    if len(rounds):
        look = Look("Rounds", (), (), (), _ROUNDS_LEGEND)
        parts.append(table_part("table-rounds", look, "", in_angstrom(rounds), (), [("CSV", "rounds.csv")]))
    parts.append(left_out_part(classes, particles))
    return parts


def left_out_part(classes, particles):
    """Return the table of the particles that are in no class, and why.

    Parameters
    ----------
    classes, particles : pandas.DataFrame
        As ``classes.csv`` and ``particles.csv`` have them.

    Returns
    -------
    gradalign.report.page.parts.Table or gradalign.report.page.parts.Words
    """
    rows = particles[particles.label == 0]
    if not len(rows):
        return Words("table-left-out", "Left out", ["No particle was left out."])
    limits = classes.set_index("class")
    rows, count = rows.head(MOST_ROWS), len(rows)
    told = rows[["particle", "verdict"]].assign(why=[_why(row, limits) for row in rows.to_dict("records")])
    words = f"What is in no class, and why: {len(told)} of {count}."
    return table_part("table-left-out", Look("Left out", (), ("verdict",)), words, told, (), [("CSV", "particles.csv")])


def _why(row, limits):
    """Return why a particle is in no class."""
    if row["verdict"] == "unusable":
        return row.get("failure") or "could not be used"
    if row.get("best") not in limits.index:
        return "no class was found"
    limit, why = limits.loc[row["best"]], []
    nearest = f"Like class {row['best']}, but"
    if row["amplitude"] < limit.least_amplitude:
        why.append(f"shows too little of it (amplitude {row['amplitude']:.2f}, at least {limit.least_amplitude:.2f})")
    if row["residual"] > limit.largest_residual:
        why.append(f"has too much beyond it (residual {row['residual']:.2f}, at most {limit.largest_residual:.2f})")
    # the limits are those of the class as it is at the end
    return f"{nearest} {' and '.join(why)}" if why else f"{nearest} beyond its limits in the last round"


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
