"""Align pairs of one complex with every alternative of the band limit."""

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.io.mrc import read_volume
from gradalign.io.provenance import read_provenance
from gradalign.run.jobs import job
from gradalign.study.calibration import measure_complex

with job(snakemake.log[0]) as say:
    density, _ = read_volume(snakemake.input.density)
    about = read_provenance(snakemake.input.about)
    name = snakemake.wildcards.complex
    rows = pd.DataFrame(measure_complex(snakemake.params.config, name, density, about["point_group"]))
    with complete_file(snakemake.output[0]) as partial:
        rows.to_csv(partial, index=False, lineterminator="\n", float_format="%.4g")
    say(f"{len(rows)} medians of {name}")
