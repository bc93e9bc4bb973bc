"""docs/results.md: words written by hand in a template, numbers filled in from the reference."""

from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined

from gradalign.report.claims.claim import Claim
from gradalign.report.claims.verdicts import claims_caption, claims_markdown
from gradalign.report.comparison import (
    WORSE,
    comparison_caption,
    comparison_markdown,
    formula_over_bootstrap,
    tally_markdown,
)
from gradalign.report.csv_tables import read_csv
from gradalign.report.likelihood_aims import (
    against_paper,
    counts_markdown,
    far_markdown,
    largest_ratio,
    misses_markdown,
    ratios_markdown,
    read_tables,
)
from gradalign.report.markdown import markdown_table
from gradalign.report.numbers import number, snr_label, tilt_label
from gradalign.report.reference_run import check_reference
from gradalign.search.registry import score_label

_WORSE_HEADER = ["Table", "Score", "Interval", "Tilt", "SNR", "Here", "Paper", "Here/paper (95 % interval)"]


def read_claims(path):
    """Read claims that `gradalign.report.claims.verdicts.write_claims` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of gradalign.report.claims.claim.Claim

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    rows = read_csv(path).fillna({"measured": ""})
    return [Claim(*row) for row in rows[list(Claim._fields)].itertuples(index=False)]


def mean_ratio(rows, **wanted):
    """Return the geometric mean of here/paper over the cells of a kind.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.comparison.compare_cells`.
    **wanted
        Value of each column that says which cells, such as ``search="full"``.

    Returns
    -------
    str
        With two decimals; a dash if there are no such cells.
    """
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    return f"{np.exp(np.log(rows.ratio).mean()):.2f}" if len(rows) else "–"


def worse_markdown(rows):
    """Return the cells whose errors are larger than the paper's beyond both sampling errors, the worst first.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `gradalign.report.comparison.compare_cells`.

    Returns
    -------
    str
        A Markdown table, or a sentence if there are none.
    """
    worse = rows[rows.verdict == WORSE].sort_values("ratio", ascending=False, kind="stable")
    if worse.empty:
        return "No cell is worse than the paper's beyond both sampling errors."
    lines = [
        [
            str(row.table),
            score_label(row.score),
            f"{row.interval_deg:g}°",
            tilt_label(row.tilt_deg),
            snr_label(row.snr),
            number(row.median),
            number(row.paper_median),
            f"{row.ratio:.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})",
        ]
        for row in worse.itertuples(index=False)
    ]
    return markdown_table(_WORSE_HEADER, lines)


def results_document(reference, template):
    """Return the text of docs/results.md.

    Parameters
    ----------
    reference : str or path
        Folder of the reference.
    template : str or path
        Its words, with the names of the numbers in double braces (Jinja).

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the reference is damaged.
    """
    manifest = check_reference(reference)
    rows = read_csv(Path(reference) / "tables" / "comparison.csv")
    claims = read_claims(Path(reference) / "claims.csv")
    beyond = against_paper(read_tables(Path(reference) / "tables", read_csv))
    lower, middle, upper = np.percentile(formula_over_bootstrap(rows), [25, 50, 75])
    values = {
        "manifest": manifest,
        "caption": comparison_caption(rows),
        "tally": tally_markdown(rows),
        "cells": comparison_markdown(rows),
        "worse": worse_markdown(rows),
        "claims_caption": claims_caption(claims),
        "claims": claims_markdown(claims),
        "formula": f"{middle:.2f} (quartiles {lower:.2f} and {upper:.2f})",
        "beyond_counts": counts_markdown(beyond),
        "beyond_ratios": lambda quantity: ratios_markdown(beyond, quantity),
        "beyond_misses": misses_markdown(beyond),
        "beyond_far": far_markdown(beyond),
        "largest_ratio": lambda **wanted: largest_ratio(beyond, **wanted),
        "float": float,
        "ratio": lambda **wanted: mean_ratio(rows, **wanted),
    }
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(Path(template).read_text(encoding="utf-8")).render(values)
