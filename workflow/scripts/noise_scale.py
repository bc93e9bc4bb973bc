"""Find what fixes the scale of the noise of one object at some tilt ranges."""

from gradalign.run.jobs import job
from gradalign.simulation.dataset import Specimen
from gradalign.simulation.noise_scale import write_variances

wildcards, params = snakemake.wildcards, snakemake.params
with job(snakemake.log[0]) as say:
    specimen = Specimen.read(
        wildcards.dataset, snakemake.input.density, params.seed, params.microscope, params.subtomograms
    )
    for tilt, path in zip(params.tilts, snakemake.output, strict=True):
        data_set = specimen.data_set(float(tilt), 1.0)
        write_variances(path, data_set.tilt_range, data_set.variances)
    say(f"scale of the noise of {wildcards.dataset}, ±{', '.join(params.tilts)}°")
