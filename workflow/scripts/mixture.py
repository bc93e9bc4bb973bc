"""Simulate the subtomograms of all complexes for their classification: a stack and their poses."""

from gradalign.io.mrc import write_stack
from gradalign.io.star import write_particles
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen
from gradalign.study.data_sets import mixture, mixture_particles

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]) as say:
    section = params.section
    specimens = [
        Specimen.read(name, path, params.seed, params.microscope, params.subtomograms, [scale])
        for name, path, scale in zip(params.objects, snakemake.input.densities, snakemake.input.scales, strict=True)
    ]
    data_sets = [specimen.data_set(section["tilt"], section["snr"]) for specimen in specimens]
    total = len(data_sets) * section["particles"]
    what = "subtomograms for classification"
    members = list(progress(mixture(data_sets, section["particles"]), total, what, say))
    write_stack(output.volumes, [volume for volume, _ in members], params.subtomograms["voxel_size"])
    poses = [pose for _, pose in members]
    write_particles(output.poses, mixture_particles(data_sets, params.objects, poses, output.volumes))
    say(f"{total} {what}")
