"""Write the template of one object: what a perfect average of its subtomograms would be."""

from gradalign.io.mrc import write_volume
from gradalign.run.jobs import job
from gradalign.simulation.dataset import Specimen

params = snakemake.params
with job(snakemake.log[0]):
    specimen = Specimen.read(
        snakemake.wildcards.averaged, snakemake.input.density, params.seed, params.microscope, params.subtomograms
    )
    write_volume(snakemake.output[0], specimen.template(), params.subtomograms["voxel_size"])
