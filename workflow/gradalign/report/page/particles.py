"""The page of a user's particles: resolution, slices, the map that turns, orientations, scores, and how to go on."""

from pathlib import Path

import numpy as np

from gradalign.averaging.fsc import HALF_SETS_THRESHOLD, resolution
from gradalign.io.mrc import ANGSTROM_PER_NM, check_volume, read_volume
from gradalign.io.volume_file import read
from gradalign.report.colours import BLUE, GREEN, light_text
from gradalign.report.csv_tables import read_csv
from gradalign.report.page.commands import TYPED
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.parts import FILES_BESIDE, Chapter, Drawing, Page, Verdict, Verdicts, Words
from gradalign.report.page.surfaces import TURNING, Solid, enclosed_share, maps_part
from gradalign.report.page.tables import MOST_ROWS, Look, in_angstrom, table_part
from gradalign.run.machine import GRADALIGN

_FIGURE = "Half maps, orientations, scores and slices"
_ROUNDS_LEGEND = {
    "low_pass_A": "resolution up to which the particles of the round were compared",
    "resolution_A": f"where the shell correlation of the half maps falls below {HALF_SETS_THRESHOLD}",
    "median_dissimilarity": "of the particles and the references of their half sets; rounds of one low-pass compare",
    "median_rotation_change_deg": "since the round before",
    "median_shift_change_voxel": "since the round before",
}
_SCORES_LEGEND = {
    "particle": "row of the list",
    "verdict": "whether the answer stands out among all orientations and places",
    "half": "half set, averaged apart from the other",
    "dissimilarity_change": "since the round before; so the next two columns",
    "start_rotation_deg": "from the orientation that the list gave",
    "probability": "that the answer is the right one among those found",
    "rotation_sd_deg": "expected error of the rotation, as the noise lets it be",
    "translation_sd_voxel": "expected error of the translation",
    "excess": "standard deviations by which the dissimilarity is above its expectation",
}
_MAPS = f"{TURNING} The half maps were averaged apart: what they do not share is noise."
# what is typed, with the folder of the results in place of @
_COMMANDS = (
    "chimerax @/average.cxc",
    f"{GRADALIGN} particles @/aligned.star --reference @/average_filtered.mrc",
    f"{GRADALIGN} average @/aligned.star @/again.mrc",
    "relion_postprocess --i @/average_half1.mrc --mask @/mask.mrc --o @/postprocess",
    "relion_reconstruct --i @/aligned.star --o @/reconstructed.mrc --3d_rot",
)


def particles_page(files, title, place):
    """Return the page of a user's particles.

    Parameters
    ----------
    files : dict
        ``"figure"`` (SVG), ``"summary"`` (text), ``"star"`` (the aligned particles), ``"rounds"``, ``"shells"``,
        ``"scores"``, ``"left_out"`` (CSV),
        ``"filtered"``, ``"half1"``, ``"half2"`` and ``"reference"`` (MRC): as `make particles` writes them.
    title : str
        What the particles are called.
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
    scores, left_out = read_csv(files["scores"]), read_csv(files["left_out"])
    figure = inlined_svg(files["figure"], "particles", _FIGURE)
    links = [("SVG", "particles.svg"), ("PNG", "particles.png"), ("shell correlation", "fsc.csv")]
    first = [
        Verdicts(_verdicts(read_csv(files["rounds"]), _resolution(files), scores)),
        Drawing("particles", _FIGURE, figure.svg, figure.caption, links),
    ]
    found = [("summary.txt", "summary.txt"), ("aligned.star", "aligned.star")]
    chapters = [
        Chapter("result", "The result", first, look="first"),
        Chapter("maps", "The map", [_maps(files)]),
        Chapter("words", "In words", [Words("summary", "What was done, and what it is worth", lines, links=found)]),
        Chapter("tables", "Tables", _tables(read_csv(files["rounds"]), scores, left_out)),
        Chapter("next", "Going on", [_next(place, files["star"])]),
    ]
    lead = "Subtomograms aligned to a reference and averaged in rounds, the half sets kept apart."
    return Page(f"Particles of {title}", lead, chapters, FILES_BESIDE)


def _resolution(files):
    """Return the resolution in Å, NaN if the half maps nowhere agree."""
    shells = read_csv(files["shells"])
    return ANGSTROM_PER_NM * resolution(shells.frequency_per_nm, shells.correlation_masked, HALF_SETS_THRESHOLD, 1.0)


def _verdicts(rounds, reached, scores):
    last = rounds.iloc[-1]
    words = f"resolution: shell correlation {HALF_SETS_THRESHOLD} of the half maps under the sphere"
    if np.isnan(reached):
        number, words = "none", f"the half maps nowhere agree to {HALF_SETS_THRESHOLD}: no common structure"
    else:
        number = f"{reached:.1f} Å"
    turned = last.get("median_rotation_change_deg", np.nan)
    moved = "" if np.isnan(turned) else f"; the last one rotated the particles by {turned:.2g}° (median)"
    used = "particles aligned and averaged"
    verdicts = scores.verdict.value_counts() if "verdict" in scores else {}
    if {"determined", "undetermined"} & set(verdicts.keys()):
        used += f"; {verdicts.get('determined', 0)} answers are determined"
    return [
        Verdict(number, words, "particles"),
        Verdict(f"{int(last.particles)} of {len(scores)}", used, "table-scores"),
        Verdict(f"{len(rounds)}", f"{'round' if len(rounds) == 1 else 'rounds'}{moved}", "table-rounds"),
    ]


def _maps(files):
    average, _ = read_volume(files["filtered"])
    solids = [Solid("average, filtered", light_text(BLUE), average)]
    halves = [("first half map", "half1", light_text("#888888")), ("second half map", "half2", light_text("#888888"))]
    kinds = [*halves, ("reference at the start", "reference", light_text(GREEN))]
    # the user's own header may tell no voxel size
    solids += [Solid(name, colour, check_volume(read(files[kind])[0], files[kind])) for name, kind, colour in kinds]
    links = [(f"{name}.mrc", f"{name}.mrc") for name in ("average", "average_filtered")]
    objects = {"average": (enclosed_share(average), solids)}
    return maps_part("surfaces", "The average beside its halves and the reference", _MAPS, objects, links)


def _tables(rounds, scores, left_out):
    rounds = in_angstrom(rounds)
    look = Look("Rounds", ("round", "particles", "resolution_A", "low_pass_A"), (), legend=_ROUNDS_LEGEND)
    parts = [table_part("table-rounds", look, "", rounds, (), [("CSV", "rounds.csv")])]
    parts.append(scores_part(scores))
    if len(left_out):
        words = f"What could not be used, and why: {min(len(left_out), MOST_ROWS)} of {len(left_out)}."
        look = Look("Left out", ("particle", "image", "failure"), ())
        links = [("CSV", "left_out.csv")]
        parts.append(table_part("table-left-out", look, words, left_out.head(MOST_ROWS), (), links))
    else:
        parts.append(Words("table-left-out", "Left out", ["No particle was left out."]))
    return parts


def scores_part(scores):
    """Return the table of the scores, the worst first.

    Parameters
    ----------
    scores : pandas.DataFrame
        As ``scores.csv`` has it.

    Returns
    -------
    gradalign.report.page.parts.Table
    """
    ordered = scores.sort_values("dissimilarity", ascending=False, kind="stable").head(MOST_ROWS)
    shown = "all particles" if len(scores) <= MOST_ROWS else f"the {MOST_ROWS} worst of {len(scores)} particles"
    words = f"Dissimilarity of each particle and the reference of its half set, the smaller the better: {shown}."
    # verdicts stand there if the score gives any
    look = Look(
        "Scores", ("particle", "dissimilarity", "verdict", "reason", "image"), ("half", "verdict"), (), _SCORES_LEGEND
    )
    changes = ("dissimilarity_change", "rotation_change_deg", "shift_change_voxel")
    minor = ("half", *changes, "start_rotation_deg", "translation_sd_voxel", "excess")
    return table_part("table-scores", look, words, ordered, minor, [("CSV", "scores.csv")])


def _next(place, star):
    lines = [
        f"{TYPED}: the map in ChimeraX; more rounds from these poses (with particles.search: local in a configuration "
        "file, around them alone); the average once more; and RELION's post-processing, under the mask of the "
        "references, and reconstruction."
    ]
    code = place.commands(_COMMANDS)
    with open(star, encoding="utf-8", errors="replace") as text:
        # without such volumes RELION ends at once
        code += " --ctf" * any(line.startswith("_rlnCtfImage") for line in text)
    return Words("commands", "Commands", lines, code)
