"""Simulate the subtomograms of one data set: a stack, their poses, and an example in standard pose."""

import numpy as np

from gradalign.io.mrc import write_stack, write_volume
from gradalign.io.star import write_particles
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen

wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    voxel_size = params.subtomograms["voxel_size"]
    specimen = Specimen.read(
        wildcards.dataset, snakemake.input.density, params.seed, params.microscope, params.subtomograms
    )
    data_set = specimen.data_set(float(wildcards.tilt), float(wildcards.snr))
    write_volume(output.example, data_set.example(), voxel_size)
    count = 2 * params.pairs
    volumes = np.empty((count, *3 * [params.subtomograms["box"]]), dtype=np.float32)
    poses = []
    what = f"subtomograms of {wildcards.dataset}, ±{wildcards.tilt}°, SNR {wildcards.snr}"
    for index in progress(range(count), count, what, say):
        volumes[index], *pose = data_set.subtomogram(index)
        poses.append(pose)
    write_stack(output.volumes, volumes, voxel_size)
    write_particles(output.poses, data_set.particles(poses, output.volumes))
    say(f"{count} {what}")
