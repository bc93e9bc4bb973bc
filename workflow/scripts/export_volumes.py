"""Write the pairs of one data set for other aligners."""

from pathlib import Path

from gradalign.aligners.declared import Condition
from gradalign.aligners.export import export_volumes
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    condition = Condition(wildcards.dataset, float(wildcards.tilt), float(wildcards.snr))
    specimen = Specimen.read(
        condition.object, snakemake.input.density, params.seed, params.microscope, params.subtomograms
    )
    data_set = specimen.data_set(condition.tilt, condition.snr)
    folder = Path(snakemake.output[0])
    folder.mkdir(parents=True, exist_ok=True)
    count, what = 2 * params.pairs, f"subtomograms of {condition.words} exported"
    for _ in progress(export_volumes(folder, data_set, condition, params.pairs), count, what, say):
        pass
    say(f"{count} {what}")
