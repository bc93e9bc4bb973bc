"""Write the density map of one complex and its provenance."""

from gradalign.run.jobs import job
from gradalign.simulation.maps import load_density, save_density

with job(snakemake.log[0]):
    density_map = load_density(snakemake.wildcards.complex, **snakemake.params.source)
    save_density(density_map, snakemake.output.map, snakemake.output.about)
