import math

import numpy as np
import pandas as pd

from gradalign.report.likelihood_aims import (
    against_paper,
    counts_markdown,
    far_markdown,
    largest_ratio,
    misses_markdown,
    ratios_markdown,
)


def tables(likelihood, bounds, printed):
    """Return Tables 1 and 2 of two cells, SNR infinite and 0.5: medians of the likelihood, bounds, printed values."""
    rows = []
    for table, quantity in ((1, "rotation_deg"), (2, "translation_voxel")):
        for place, snr in enumerate((math.inf, 0.5)):
            cell = {"table": table, "quantity": quantity, "search": "full", "interval_deg": 60.0, "tilt_deg": 60.0}
            cell |= {"snr": snr, "n": 9, "bound": bounds[place]}
            for score, value in zip(("rcs", "fcs"), printed, strict=True):
                rows.append(cell | {"score": score, "median": 1.0, "paper_median": value})
            rows.append(cell | {"score": "likelihood", "median": likelihood[place], "paper_median": np.nan})
    return pd.DataFrame(rows)


def test_a_cell_with_noise_reaches_its_aim_within_one_and_a_half_times_the_bound():
    for median, reached in ((0.89, True), (0.91, False)):
        rows = against_paper(tables((0.1, median), (0.0, 0.6), (2.0, 3.0)))
        noisy = rows[np.isfinite(rows.snr)]
        assert noisy.aimed.all()
        assert (noisy.reached == reached).all()


def test_a_cell_without_noise_reaches_its_aim_below_both_printed_values():
    for median, below in ((1.9, 2), (2.5, 1), (3.5, 0)):
        rows = against_paper(tables((median, 0.5), (0.0, 0.6), (2.0, 3.0)))
        clean = rows[np.isinf(rows.snr)]
        assert (clean.below == below).all()
        assert (clean.reached == (below == 2)).all()


def test_a_score_that_does_not_aim_at_the_bound_changes_nothing():
    known = tables((0.1, 0.5), (0.0, 0.6), (2.0, 3.0))
    another = known[known.score == "likelihood"].assign(score="balance", median=7.0)
    pd.testing.assert_frame_equal(against_paper(pd.concat([known, another])), against_paper(known))


def test_a_bound_that_helps_nobody_is_no_aim():
    rows = against_paper(tables((0.1, 3.5), (0.0, 3.1), (2.0, 3.0)))
    assert not rows[np.isfinite(rows.snr)].aimed.any()


def test_counts_ratios_and_misses_are_told():
    rows = against_paper(tables((0.1, 2.5), (0.0, 0.5), (2.0, 3.0)))
    # of the two cells of a table all four printed values but RCS's at SNR 0.5 are larger
    assert counts_markdown(rows).splitlines()[-1] == "| all | 8 | 6 | 2 | 0 | 2 | 2 |"
    assert "| ±60° | 5.00 |" in ratios_markdown(rows, "rotation_deg")
    assert "| 1 | 60° | ±60° | 0.5 | 2.5 | 0.5 | 5.00 | 2, 3 |" in misses_markdown(rows)
    good = against_paper(tables((0.1, 0.2), (0.0, 0.5), (2.0, 3.0)))
    assert misses_markdown(good) == "None."


def test_cells_beyond_their_aim_are_listed_and_the_largest_ratio_is_that_of_cells_with_noise():
    rows = against_paper(tables((9.0, 0.8), (0.0, 0.5), (2.0, 3.0)))
    assert "| 1 | 60° | ±60° | 0.5 | 0.8 | 0.5 | 1.60 | 2, 3 |" in far_markdown(rows)
    assert "∞" not in far_markdown(rows)
    assert largest_ratio(rows, "full", [60.0, 50.0]) == "1.60"
    assert largest_ratio(rows, "full", [50.0]) == "–"
    assert far_markdown(against_paper(tables((9.0, 0.7), (0.0, 0.5), (2.0, 3.0)))) == "None."
