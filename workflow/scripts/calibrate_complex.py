"""Align pairs of one complex with every alternative of the band limit."""

import pandas as pd

from gradalign.calibration import measure_complex
from gradalign.jobs import job
from gradalign.provenance import read_provenance
from gradalign.volumes import complete_file, read_volume

with job(snakemake.log[0]) as say:
    density, _ = read_volume(snakemake.input.density)
    about = read_provenance(snakemake.input.about)
    name = snakemake.wildcards.complex
    rows = pd.DataFrame(measure_complex(snakemake.params.config, name, density, about["point_group"]))
    with complete_file(snakemake.output[0]) as partial:
        rows.to_csv(partial, index=False, lineterminator="\n", float_format="%.4g")
    say(f"{len(rows)} medians of {name}")
