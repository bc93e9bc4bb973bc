"""Cut the slices that Figure 2 shows out of the example subtomograms."""

from gradalign.jobs import job
from gradalign.plotting.figure2 import central_slice, save_slices
from gradalign.volumes import read_volume

with job(snakemake.log[0]):
    slices = {
        (float(scan["tilt"]), float(scan["snr"])): central_slice(read_volume(path)[0])
        for scan, path in zip(snakemake.params.scans, snakemake.input.examples, strict=True)
    }
    save_slices(snakemake.output[0], slices)
