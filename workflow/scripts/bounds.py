"""Write the Cramér–Rao bounds of one data set."""

from gradalign.io.csv_lines import write_records
from gradalign.io.provenance import read_provenance
from gradalign.run.jobs import job, progress
from gradalign.simulation.dataset import Specimen
from gradalign.study.bounds import data_set_bounds
from gradalign.study.columns.bounds import BOUNDS, QUANTITIES

params, name = snakemake.params, snakemake.wildcards.dataset
with job(snakemake.log[0]) as say:
    about = read_provenance(snakemake.input.about)
    scans = [(float(scan["tilt"]), float(scan["snr"])) for scan in params.scans]
    density, scales = snakemake.input.density, snakemake.input.scales
    specimen = Specimen.read(name, density, params.seed, params.microscope, params.subtomograms, scales)
    lines = data_set_bounds(specimen, about["point_group"], scans, params.pairs, params.searches)
    count = len(scans) * len(params.searches) * len(QUANTITIES)
    write_records(snakemake.output[0], BOUNDS, progress(lines, count, f"bounds of {name}", say))
    say(f"{count} bounds of {name}")
