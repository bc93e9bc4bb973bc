"""Cut the boxes of one tomogram."""

from gradalign.particles.cutting import cut_boxes, read_members
from gradalign.run.jobs import job, progress

with job(snakemake.log[0]) as say:
    members, params = read_members(snakemake.input.members), snakemake.params
    cut = cut_boxes(snakemake.output[0], params.files, params.voxel_size, members, params.edge)
    for _ in progress(cut, len(members), f"boxes of {snakemake.wildcards.tomogram}", say):
        pass
