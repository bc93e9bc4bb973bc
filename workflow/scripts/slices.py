"""Cut the slices that Figure 2 shows out of the example subtomograms."""

from gradalign.io.mrc import read_volume
from gradalign.report.slices import central_slice, save_slices
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    slices = {
        (float(scan["tilt"]), float(scan["snr"])): central_slice(read_volume(path)[0])
        for scan, path in zip(snakemake.params.scans, snakemake.input.examples, strict=True)
    }
    save_slices(snakemake.output[0], slices)
