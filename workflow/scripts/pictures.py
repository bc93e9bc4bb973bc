"""Draw the maps of a figure as pictures, and write the command file that shows the same maps in ChimeraX."""

from gradalign.io.chimerax import write_gallery
from gradalign.io.mrc import read_volume
from gradalign.report.colours import map_colour
from gradalign.report.figures.maps import SIDES, gallery, save_gallery
from gradalign.run.jobs import job

params, output = snakemake.params, snakemake.output
with job(snakemake.log[0]):
    paths = iter(snakemake.input.maps)
    files = {name: {kind: next(paths) for kind in params.kinds} for name in params.objects}
    maps = {name: {kind: read_volume(path)[0] for kind, path in row.items()} for name, row in files.items()}
    _, voxel_size = read_volume(snakemake.input.maps[0])
    save_gallery(output.pictures, gallery(maps, SIDES[params.figure], voxel_size))
    colours = {kind: map_colour(kind) for volumes in maps.values() for kind in volumes}
    write_gallery(output.chimerax, files, maps, colours, voxel_size)
