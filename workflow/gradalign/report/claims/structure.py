"""Claims on what is made of alignments: averages and classes."""

import numpy as np

from gradalign.report.claims.claim import FAILS, HOLDS, UNDECIDED, Claim, all_of, not_measured
from gradalign.search.registry import score_label

RESOLUTION_NM = 4.0
"""Resolution of the maps that the averages shall recover."""
SOUND_CLASSES = 0.8
"""Adjusted Rand index from which classes are taken to be the complexes."""


def averages_recover(averages):
    """Averages of aligned subtomograms recover the structures.

    Parameters
    ----------
    averages : pandas.DataFrame or None
        From `gradalign.report.tables.averages.summarise_averages`.

    Returns
    -------
    Claim
    """
    claim = "Averages of 1000 subtomograms aligned to an initial template recover the structures."
    criterion = (
        f"shell correlation with the truth of 0.5 at {RESOLUTION_NM:g} nm or finer for every object and score, and "
        "for no average of noise alone"
    )
    if averages is None or averages.empty:
        return not_measured(claim, criterion)
    real, noise = (averages[averages.kind == kind] for kind in ("subtomograms", "noise"))
    reached = real.truth_resolution_nm <= RESOLUTION_NM
    worst = real.truth_resolution_nm.fillna(np.inf).idxmax()
    coarsest = real.truth_resolution_nm[worst]
    reach = "none" if np.isnan(coarsest) else f"{coarsest:.1f} nm"
    fooled = int((noise.truth_resolution_nm <= RESOLUTION_NM).sum())
    measured = (
        f"{int(reached.sum())} of {len(real)} averages reach it; coarsest {reach} ({real.title[worst]}, "
        f"{score_label(real.score[worst])}); of {len(noise)} averages of noise {fooled} do"
    )
    verdict = FAILS if not reached.all() else UNDECIDED if fooled else HOLDS
    return Claim(claim, verdict, measured, criterion, int(real.n.min()))


def block_structure(classes):
    """Once pairs are aligned, the matrix of dissimilarities shows the complexes as blocks.

    Parameters
    ----------
    classes : pandas.DataFrame or None
        From `gradalign.report.tables.classes.summarise_classes`.

    Returns
    -------
    Claim
    """
    claim = "Alignment improves the dissimilarity matrix of the complexes so that blocks, and classes, appear."
    criterion = (
        f"the adjusted Rand index of the classes after alignment is {SOUND_CLASSES:g} or more with every score, and "
        "higher than before (undecided if both are the same)"
    )
    if classes is None or classes.empty:
        return not_measured(claim, criterion)
    index = classes.groupby(["score", "stage"]).adjusted_rand_index.first().unstack().sort_index(ascending=False)
    texts = [f"{score_label(row.Index)}: {row.before:.2f} before, {row.after:.2f} after" for row in index.itertuples()]
    parts = [
        FAILS if after < SOUND_CLASSES or after < before else HOLDS if after > before else UNDECIDED
        for before, after in zip(index.before, index.after, strict=True)
    ]
    total = classes.groupby(["score", "stage"]).n.sum().min()
    return Claim(claim, all_of(*parts), "adjusted Rand index, " + "; ".join(texts), criterion, int(total))
