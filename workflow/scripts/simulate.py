"""Simulate the subtomograms of a data set: for each noise level a stack, poses, and an example in standard pose."""

import numpy as np

from gradalign.io.mrc import write_stack, write_volume
from gradalign.io.star import write_particles
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen

wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    voxel_size = params.subtomograms["voxel_size"]
    specimen = Specimen.read(
        wildcards.dataset,
        snakemake.input.density,
        params.seed,
        params.microscope,
        params.subtomograms,
        [snakemake.input.scale],
    )
    count = 2 * params.pairs
    of = f"subtomograms of {wildcards.dataset}, ±{wildcards.tilt}°, SNR"
    for level, *paths in zip(params.levels, output.volumes, output.poses, output.examples, strict=True):
        data_set = specimen.data_set(float(wildcards.tilt), float(level))
        volumes = np.empty((count, *3 * [params.subtomograms["box"]]), dtype=np.float32)
        poses = []
        for index in progress(range(count), count, f"{of} {level}", say):
            volumes[index], *pose = data_set.subtomogram(index)
            poses.append(pose)
        write_stack(paths[0], volumes, voxel_size)
        write_particles(paths[1], data_set.particles(poses, paths[0]))
        write_volume(paths[2], data_set.example(), voxel_size)
    say(f"{len(params.levels) * count} {of} {', '.join(params.levels)}")
