"""Write the density map of the phantom and what it is."""

from gradalign.io.mrc import write_volume
from gradalign.io.provenance import write_provenance
from gradalign.run.jobs import job
from gradalign.simulation.phantom import phantom

with job(snakemake.log[0]):
    size, box = snakemake.params.phantom["size"], snakemake.params.phantom["box"]
    write_volume(snakemake.output.map, phantom(size, box), snakemake.params.voxel_size)
    about = {"object": "phantom", "title": "Phantom", "point_group": "C1", "stand_in_for": None}
    about |= {"size_voxels": size, "box_voxels": box, "voxel_size_nm": snakemake.params.voxel_size}
    write_provenance(snakemake.output.about, about)
