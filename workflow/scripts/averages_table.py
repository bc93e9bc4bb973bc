"""Write the resolutions of the averages."""

import pandas as pd

from gradalign.io.provenance import read_provenance
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.tables.averages import summarise_averages, write_averages_markdown
from gradalign.run.jobs import job

with job(snakemake.log[0]):
    about = list(map(read_provenance, snakemake.input.about))
    shells = pd.concat(map(read_csv, snakemake.input.shells), ignore_index=True)
    objects = dict(zip(snakemake.params.objects, about, strict=True))
    rows = summarise_averages(read_csv(snakemake.input.alignments), shells, objects)
    write_csv(rows, snakemake.output.csv)
    write_averages_markdown(rows, snakemake.output.markdown)
