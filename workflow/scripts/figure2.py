"""Draw Figure 2: the phantom and slices of its subtomograms."""

from gradalign.jobs import job
from gradalign.plotting.figure2 import central_slice, figure2, figure2_caption
from gradalign.volumes import read_volume

with job(snakemake.log[0]):
    density, voxel_size = read_volume(snakemake.input.density)
    slices = {
        (float(scan["tilt"]), float(scan["snr"])): central_slice(read_volume(path)[0])
        for scan, path in zip(snakemake.params.scans, snakemake.input.examples, strict=True)
    }
    caption = figure2_caption(slices, voxel_size)
    figure2(density, slices, list(snakemake.output), voxel_size, caption)
