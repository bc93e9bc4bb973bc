"""Align the pairs of one (tilt range, SNR) with every alternative of the protocol."""

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.run.jobs import job, progress
from gradalign.search.registry import paper_scores
from gradalign.study.calibration import measure, variants

with job(snakemake.log[0]) as say:
    config = snakemake.params.config
    tilt, snr = float(snakemake.wildcards.tilt), float(snakemake.wildcards.snr)
    lines = len(variants(config)) * len(paper_scores(config["grid"]["score"])) * len(config["grid"]["interval"]) * 2
    what = f"medians of the calibration at ±{tilt:g}°, SNR {snr:g}"
    rows = pd.DataFrame(progress(measure(config, tilt, snr), lines, what, say))
    with complete_file(snakemake.output[0]) as partial:
        rows.to_csv(partial, index=False, lineterminator="\n", float_format="%.6g")
