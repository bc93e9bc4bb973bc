"""Draw Figure 2: the phantom and slices of its subtomograms."""

from gradalign.io.mrc import read_volume
from gradalign.report.figures.figure2 import figure2, figure2_caption
from gradalign.report.slices import read_slices
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    density, voxel_size = read_volume(snakemake.input.density)
    slices = read_slices(snakemake.input.slices)
    figure2(density, slices, list(snakemake.output), voxel_size, figure2_caption(slices, voxel_size))
