"""Write the pairs of one data set for other aligners."""

from pathlib import Path

from gradalign.aligners.declared import Condition
from gradalign.aligners.export import export_volumes
from gradalign.run.jobs import job, progress
from gradalign.study.data_sets import open_data_set

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    condition = Condition(wildcards.dataset, float(wildcards.tilt), float(wildcards.snr))
    data_set = open_data_set(
        condition.object,
        snakemake.input.density,
        condition.tilt,
        condition.snr,
        params.seed,
        params.microscope,
        params.subtomograms,
    )
    folder = Path(snakemake.output[0])
    folder.mkdir(parents=True, exist_ok=True)
    count, what = 2 * params.pairs, f"subtomograms of {condition.words} exported"
    for _ in progress(export_volumes(folder, data_set, condition, params.pairs), count, what, say):
        pass
    say(f"{count} {what}")
