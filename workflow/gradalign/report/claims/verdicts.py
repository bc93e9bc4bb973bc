"""All claims of the paper together, as a table."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.report.claims import accuracy, search, structure
from gradalign.report.claims.claim import FAILS, HOLDS, NOT_MEASURED, UNDECIDED
from gradalign.report.csv_tables import write_csv
from gradalign.search.registry import paper_scores

_HEADER = ["Claim", "Verdict", "Measured", "Decided by", "n"]


class Evidence(NamedTuple):
    """What the claims are judged by; a claim that rests on a table that is left out is not measured."""

    alignments: pd.DataFrame
    """Of the phantom, from `gradalign.report.statistics.read_alignments`."""
    paper: pd.DataFrame
    """From `gradalign.report.statistics.read_paper`."""
    comparisons: pd.DataFrame | None = None
    """Searches of single pairs, from `gradalign.study.seed_by_seed`."""
    scans: pd.DataFrame | None = None
    """Scans of single pairs, from `gradalign.study.scans`."""
    contrast: pd.DataFrame | None = None
    """Measurements of `gradalign.study.contrast`."""
    averages: pd.DataFrame | None = None
    """The table of the averages."""
    classes: pd.DataFrame | None = None
    """The table of the classes."""


def verdicts(evidence, seed):
    """Return the verdict on each of the paper's claims.

    Parameters
    ----------
    evidence : Evidence
    seed : int
        The study's seed.

    Returns
    -------
    list of gradalign.report.claims.claim.Claim
        In the order in which the paper makes them.
    """
    # the claims are about the paper's two scores
    alignments, paper, comparisons, scans, contrast, averages, classes = evidence
    alignments = alignments[alignments.score.isin(paper_scores())]
    comparisons = comparisons if comparisons is None else comparisons[comparisons.score.isin(paper_scores())]
    return [
        accuracy.nearly_as_good(alignments, paper, seed),
        *(accuracy.printed_value(alignments, paper, seed, *cell) for cell in (("rcs", 60), ("fcs", 60), ("rcs", 45))),
        *(search.more_precise_than_a_scan(scans, seed, interval) for interval in (10, 5)),
        search.whole_voxels(scans, seed),
        search.steps_taken(comparisons, seed),
        search.fewer_steps(comparisons, seed, 60, 20, 40),
        search.fewer_steps(comparisons, seed, 45, 84, 84),
        accuracy.accurate_with_normal(alignments),
        accuracy.inaccurate_without_normal(alignments, paper),
        accuracy.few_seeds_about_an_axis(alignments),
        structure.averages_recover(averages),
        structure.block_structure(classes),
        search.contrast(contrast),
        search.cheaper_step(contrast),
        search.steadier(contrast, seed),
    ]


def claims_caption(claims):
    """Return the caption of the claims.

    Parameters
    ----------
    claims : list of gradalign.report.claims.claim.Claim

    Returns
    -------
    str
    """
    found = [claim.verdict for claim in claims]
    return (
        f"The paper's {len(claims)} claims: {found.count(HOLDS)} hold, {found.count(FAILS)} do not hold, "
        f"{found.count(UNDECIDED)} undecided, {found.count(NOT_MEASURED)} not measured. Numbers in brackets are 95 % "
        "intervals; a verdict is undecided where its interval reaches both sides. n: pairs (or subtomograms) in each "
        "cell that counts."
    )


def _lines(claims):
    return [[claim.claim, claim.verdict, claim.measured, claim.criterion, str(claim.n)] for claim in claims]


def claims_parts(claims):
    """Return the claims as a table for `gradalign.report.html.write_page`.

    Parameters
    ----------
    claims : list of gradalign.report.claims.claim.Claim

    Returns
    -------
    list of (str, list of str, list of list of str)
    """
    return [("", _HEADER, _lines(claims))]


def claims_markdown(claims):
    """Return the claims as a numbered list in Markdown.

    Parameters
    ----------
    claims : list of gradalign.report.claims.claim.Claim

    Returns
    -------
    str
    """
    entries = []
    for place, claim in enumerate(claims, start=1):
        measured = f" Measured: {claim.measured} (n = {claim.n})." if claim.measured else ""
        verdict = f"**{claim.verdict.capitalize()}.**"
        entries.append(f"{place}. {claim.claim} {verdict}{measured} Decided by: {claim.criterion}.")
    return "\n".join(entries)


def write_claims(claims, csv_path, markdown_path):
    """Write the claims as CSV and as Markdown.

    Parameters
    ----------
    claims : list of gradalign.report.claims.claim.Claim
    csv_path, markdown_path : str or path

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    write_csv(pd.DataFrame(claims), csv_path)
    with complete_file(markdown_path) as partial:
        Path(partial).write_text(f"{claims_caption(claims)}\n\n{claims_markdown(claims)}\n", encoding="utf-8")
