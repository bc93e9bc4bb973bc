"""The study's page: what came out of it on the first screen, then figures, maps, tables, claims and the run."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from markupsafe import Markup

from gradalign.io.mrc import read_volume
from gradalign.io.provenance import read_provenance
from gradalign.report.colours import MAP_COLOURS, light_text
from gradalign.report.comparison import AGREES, BETTER, MARKS, WORSE
from gradalign.report.csv_tables import read_csv
from gradalign.report.likelihood_aims import NEAR_BOUND, against_paper
from gradalign.report.page.drawings import inlined_svg
from gradalign.report.page.parts import FILES_BESIDE, Chapter, Drawing, Facts, Page, Verdict, Verdicts, Words
from gradalign.report.page.surfaces import TURNING, Solid, enclosed_share, maps_part
from gradalign.report.page.tables import Look, table_part
from gradalign.report.tables.ladder import aligner_label
from gradalign.search.registry import paper_scores, score_label, score_names

FIGURES = {
    "overview": "The study at a glance",
    "figure1": "Figure 1: the search, and the study",
    "figure2": "Figure 2: the phantom and its subtomograms",
    "figure3": "Figure 3: convergence",
    "figure4": "Figure 4: steps saved",
    "figure5": "Figure 5: averages",
    "figure6": "Figure 6: classes",
    "scanning": "Scans against refinement",
    "comparison": "Paper against here",
    "certainty": "Errors against what the alignment itself expects",
    "ladder": "The ladder: beyond the paper",
}
"""Titles of the figures, in the paper's order."""
_CONDITIONS = ("tilt_deg", "snr", "interval_deg", "score")
_ERRORS = (*_CONDITIONS, "median", "mad", "paper_median", "paper_mad", "bound", "n", "missing")
_MINOR = ("mad", "paper_mad", "bound", "n", "missing", "ratio_low", "ratio_high", "cpu_ms")
TABLES = {
    "table1": Look("Table 1: rotation error (°), full search", _ERRORS, _CONDITIONS),
    "table2": Look("Table 2: translation error (voxels), full search", _ERRORS, _CONDITIONS),
    "table3": Look("Table 3: rotation error (°), about one axis", _ERRORS, _CONDITIONS),
    "table4": Look("Table 4: translation error (voxels), about one axis", _ERRORS, _CONDITIONS),
    "complexes": Look(
        "The complexes",
        (
            *("title", "score", "rotation_median_deg", "random_azimuth_deg", "axis_median_deg"),
            *("translation_median_voxel", "rotation_mad_deg", "axis_mad_deg", "translation_mad_voxel", "n"),
        ),
        ("title", *_CONDITIONS),
        left_out=("object", "stand_in_for"),
    ),
    "comparison": Look(
        "Paper against here, cell by cell",
        ("table", *_CONDITIONS, "verdict", "median", "paper_median", "ratio"),
        ("table", *_CONDITIONS, "verdict"),
        left_out=("quantity", "search", "agrees"),
    ),
    "scanning": Look(
        "Scans against refinement",
        (
            *("tilt_deg", "score", "scan_interval_deg", "rotation_median_deg", "refined_rotation_median_deg"),
            *("translation_median_voxel", "refined_translation_median_voxel", "rotations", "n", "seeds"),
            "refined_steps_median",
        ),
        ("tilt_deg", "score", "scan_interval_deg"),
    ),
    "averages": Look(
        "The averages",
        (
            *("title", "kind", "score", "truth_resolution_nm", "halves_resolution_nm", "rotation_error_deg"),
            *("axis_error_deg", "translation_error_voxel", "n"),
        ),
        ("title", "kind", "score"),
        left_out=("object", "stand_in_for"),
    ),
    "classification": Look(
        "The classes",
        ("score", "stage", "stands_for", "adjusted_rand_index", "right", "truth_resolution_nm", "holds", "class"),
        ("score", "stage", "stands_for"),
    ),
    "certainty": Look(
        "How well the alignments judge themselves",
        (
            *("object", "search", *_CONDITIONS, "rotation_68", "rotation_95", "lost", "determined_lost", "roc_area"),
            *("determined", "n"),
        ),
        ("object", "search", *_CONDITIONS),
    ),
    "regret": Look(
        "What the searches missed",
        ("object", "search", *_CONDITIONS, "regret", "lost", "lost_by_search", "n"),
        ("object", "search", *_CONDITIONS),
    ),
    "ladder": Look("The ladder", (), ("object", "condition", "task", "aligner")),
}
"""How the tables look, in their order."""
_PHANTOM = (
    "Median and median absolute deviation (MAD) of the errors of n alignments of the phantom, beside the paper's of "
    "100. Bound: the Cramér–Rao bound of these pairs for a signal of which the spectrum alone is known, as the "
    "median error of an aligner that attains it. The likelihood has seeds and rounds of its own and ends in the same "
    "optimum from either interval."
)
_WORDS = {
    **dict.fromkeys(("table1", "table2", "table3", "table4"), _PHANTOM),
    "scanning": "An exhaustive scan, which tries every rotation of a grid with the best translation of each among "
    "whole voxels, and the refinement of the same n pairs of the phantom: median errors, and how many rotations and "
    "steps they take.",
    "certainty": "68 and 95: part of the pairs that are not lost (over 20°) whose error is within the interval of that "
    "level, by the answer's own covariance. Determined lost: lost pairs whose answer was called determined. ROC area: "
    "chance that a found pair has a larger probability than a lost one, in cells with 5 to 50 % lost.",
    "regret": "Regret is the part of the pairs for which a refinement that starts at the truth ends elsewhere and at a "
    "smaller dissimilarity than the search. The truth is used after the search, for this table alone.",
    "averages": "Median errors of the alignments behind each average of Figure 5, and the resolutions at which its "
    "Fourier shell correlation falls below 0.5 with the truth and below 0.143 between the half sets; the latter is "
    "biased by the common template, as the averages of noise alone show.",
    "classification": "The classes of Figure 6 before and after alignment: which subtomograms each holds, the adjusted "
    "Rand index of the partition, and the resolution of the class's average with the truth.",
    "ladder": "Errors beyond the paper's grid, a line for each rung and aligner. docs/ladder.md describes the "
    "conditions.",
}
_CLAIMS = (
    "The paper's claims, each with what was measured here, what decided it and the verdict. A verdict is undecided "
    "where the 95 % interval of the measured number reaches both sides of the limit. What the paper only calls "
    "“nearly” or “significantly” was given a number beforehand."
)
_MAPS = (
    f"{TURNING} The average of noise alone, aligned to the same template, stands beside the averages: "
    "what it shows is the template's own."
)
# columns with names of objects
_OBJECTS = ("object", "stands_for")
_KINDS = {"average": "average", "class": "class average", "noise": "average of noise"}
_PACKAGES = ("gradalign", "snakemake", "numpy", "scipy", "numba", "scikit-image", "matplotlib", "plotly", "itables")


def study_page(files, config):
    """Return the page of a study.

    Parameters
    ----------
    files : dict
        ``"figures"`` and ``"tables"`` (lists of paths), ``"maps"`` (MRC files ``<object>_<kind>.mrc``), ``"about"``
        (JSON files of the objects), ``"claims"``, ``"speedup"``, ``"seconds"``, ``"times"`` (CSV files): as in the
        study's folder.
    config : dict
        The study's configuration.

    Returns
    -------
    gradalign.report.page.parts.Page

    Raises
    ------
    InputError
        If a file is damaged.
    """
    figures = {Path(path).stem: path for path in files["figures"]}
    drawn = {name: inlined_svg(figures[name], name, title) for name, title in FIGURES.items() if name in figures}
    captions = {Path(path).stem: inlined_svg(path, "", "").caption for path in files["figures"]}
    tables = {Path(path).stem: read_csv(path) for path in files["tables"]}
    titles = {Path(path).stem: read_provenance(path)["title"] for path in files["about"]}
    named = {name: _named(rows, titles) for name, rows in tables.items()}
    first = [Verdicts(_verdicts(tables, read_csv(files["speedup"]), read_csv(files["seconds"])))]
    chapters = [
        Chapter("result", "The result", first + _drawings(drawn, ["overview"]), look="first"),
        Chapter("figures", "Figures", _drawings(drawn, [name for name in FIGURES if name != "overview"])),
        Chapter("maps", "Maps that turn", [_maps(files, titles)]),
        Chapter("tables", "Tables", table_parts(named, captions | _WORDS)),
        Chapter("claims", "The paper's claims", [_claims(read_csv(files["claims"]))]),
        Chapter("run", "This run", _run(read_csv(files["times"]), config)),
    ]
    return Page("Gradient-guided alignment of cryo-electron subtomograms", _lead(config), chapters, _foot())


def study_result(files):
    """Return in one sentence what came out of a study: the numbers of its page's first screen.

    Parameters
    ----------
    files : dict
        As `study_page` takes it.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If a file is damaged.
    """
    tables = {Path(path).stem: read_csv(path) for path in files["tables"]}
    cells = tables["comparison"]
    counts = {name: int((cells.verdict == name).sum()) for name in (BETTER, AGREES, WORSE)}
    words = f"{counts[BETTER]} of the paper's {len(cells)} cells better, {counts[AGREES]} agree, {counts[WORSE]} worse"
    others = _verdicts(tables, read_csv(files["speedup"]), read_csv(files["seconds"]))[1 if len(cells) else 0 :]
    return "; ".join([*([words] if len(cells) else []), *(f"{number} {told}" for number, told, _ in others)]) + "."


def _lead(config):
    return Markup(
        "Two noisy subtomograms of the same complex, each blurred by its missing wedge: by which rotation and "
        "translation does one lie on the other? The study <strong>{}</strong> repeats, from atoms to tables, the paper "
        "that proposed gradient-guided refinement: M. Xu and F. Alber, BMC Systems Biology 2012, 6(Suppl 1):S18, "
        '<a href="https://doi.org/10.1186/1752-0509-6-S1-S18">doi 10.1186/1752-0509-6-S1-S18</a>. Each cell of a '
        "table holds n = {} simulated pairs."
    ).format(config["name"], config["pairs"])


def _foot():
    words = FILES_BESIDE + " Snakemake's own report is the {}."
    return Markup(words).format(Markup('<a href="appendix.html">technical appendix</a>'))


def _verdicts(tables, speedup, seconds):
    """Return the numbers of the first screen."""
    found = []
    cells = tables["comparison"]
    if len(cells):
        counts = {name: int((cells.verdict == name).sum()) for name in (BETTER, AGREES, WORSE)}
        words = f"of the paper's {len(cells)} cells: RCS and FCS better here, in agreement, worse"
        # a number and its mark are not torn
        number = " · ".join(f"{count}\u00a0{MARKS[name]}" for name, count in counts.items())
        found.append(Verdict(number, words, "table-comparison"))
    phantom = [rows for name, rows in tables.items() if name in ("table1", "table2", "table3", "table4")]
    aims = against_paper(pd.concat(phantom))
    noisy = aims[aims.aimed.astype(bool) & np.isfinite(aims.snr)]
    if len(noisy):
        words = f"cells with noise: the likelihood's error is at most {NEAR_BOUND:g} times the Cramér–Rao bound"
        found.append(Verdict(f"{int(noisy.reached.sum())} of {len(noisy)}", words, "overview"))
    printed = seconds[seconds.score.isin(paper_scores())]
    milliseconds = 1000 * (printed.seeding_s + printed.stochastic_s).median()
    # of the scores that the paper tells, for each interval by itself, as the paper does
    folds = speedup[speedup.score.isin(paper_scores())].groupby("interval_deg", sort=False).ratio_median.median()
    if len(folds):
        words = (
            f"fewer steps than refining every seed by itself, RCS and FCS from seeds every "
            f"{' · '.join(f'{interval:g}°' for interval in folds.index)} (medians); "
            f"{milliseconds:.0f} ms of processor time a pair"
        )
        found.append(Verdict(f"{' · '.join(f'{fold:.0f}' for fold in folds)} ×", words, "figure4"))
    return found


def _drawings(drawn, names):
    return [
        Drawing(name, FIGURES[name], drawn[name].svg, drawn[name].caption, _links("figures", name, ("svg", "png")))
        for name in names
        if name in drawn
    ]


def _links(folder, name, kinds):
    return [(kind.upper() if kind != "md" else "Markdown", f"{folder}/{name}.{kind}") for kind in kinds]


def table_parts(tables, words):
    """Return the tables of a study as parts of its page.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        By the names of their files.
    words : dict of str to str
        What is said of a table.

    Returns
    -------
    list of gradalign.report.page.parts.Table
        Those that have rows, in the order of `TABLES`; one that has no look there comes last and is called as its file.
    """
    parts = []
    for name in sorted(tables, key=lambda name: list(TABLES).index(name) if name in TABLES else len(TABLES)):
        if len(tables[name]):
            look = TABLES.get(name) or Look(name.replace("_", " ").capitalize(), (), ("object", "search", *_CONDITIONS))
            rows, links = tables[name], _links("tables", name, ("csv", "md"))
            # where a table says which columns come first, the others matter less
            minor = {*_MINOR, *(set(rows) - set(look.first) if look.first else ())}
            parts.append(table_part(f"table-{name}", look, words.get(name, ""), rows, minor, links))
    return parts


def _claims(claims):
    look = Look("Claims and verdicts", ("claim", "verdict", "measured", "criterion", "n"), ("verdict",))
    return table_part("table-claims", look, _CLAIMS, claims, ("criterion", "n"), [("Markdown", "claims.md")])


def _named(rows, titles):
    """Return a table with objects and aligners as they are called elsewhere on the page.

    Parameters
    ----------
    rows : pandas.DataFrame
    titles : dict of str to str
        Of the objects.

    Returns
    -------
    pandas.DataFrame
    """
    names = {name: rows[name].map(lambda key: titles.get(key, key)) for name in _OBJECTS if name in rows}
    if "aligner" in rows:
        names["aligner"] = rows.aligner.map(aligner_label)
    if "holds" in rows:
        names["holds"] = rows.holds.replace({rf"\b{re.escape(key)}\b": titles[key] for key in titles}, regex=True)
    return rows.assign(**names)


def _maps(files, titles):
    """Return the maps of each object: its truth, averages, class averages and the averages of noise."""
    volumes = {Path(path).stem: path for path in files["maps"]}
    objects = {}
    for name, title in titles.items():
        if f"{name}_truth" not in volumes:
            continue
        truth, _ = read_volume(volumes[f"{name}_truth"])
        solids = [Solid("truth", light_text(MAP_COLOURS["truth"]), truth)]
        for kind, words in _KINDS.items():
            for score in score_names():
                path = volumes.get(f"{name}_{kind}_{score}")
                if path:
                    colour = light_text(
                        MAP_COLOURS["noise"] if kind == "noise" else MAP_COLOURS.get(score, MAP_COLOURS["single"])
                    )
                    solids.append(Solid(f"{score_label(score)}: {words}", colour, read_volume(path)[0]))
        objects[title] = (enclosed_share(truth), solids)
    links = [("averages in ChimeraX", "maps/averages.cxc")]
    links += [("classes in ChimeraX", "maps/classes.cxc")] if any("_class_" in name for name in volumes) else []
    return maps_part("surfaces", "Averages, classes and truths", _MAPS, objects, links)


def _processor():
    """Return what the machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def _run(times, config):
    facts = [("Processor", _processor()), ("System", platform.platform()), ("Python", platform.python_version())]
    facts += [(name, version(name)) for name in _PACKAGES]
    words = (
        "Times of this run on this machine, from Snakemake's benchmark files; jobs run side by side, so that the "
        "seconds of all jobs add up to more than the whole run took. Short jobs are not measured exactly."
    )
    look = Look("Times and memory by rule", (), ())
    links = [("CSV", "benchmarks/run_times.csv"), ("searches and steps in seconds", "benchmarks/run_times.html")]
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    return [
        Facts("versions", "Machine and versions", facts),
        table_part("table-times", look, words, times, ("longest_s",), links),
        Words("configuration", "Configuration", ["As it was used."], text, [("YAML", "config.yaml")]),
    ]
