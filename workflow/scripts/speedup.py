"""Join the comparisons of the searches and write what they say of each cell."""

import pandas as pd

from gradalign.io.csv_lines import join_records
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.tables.speedup import summarise_seconds, summarise_speedup
from gradalign.run.jobs import job
from gradalign.study.columns.speedup import SPEEDUP

output = snakemake.output
with job(snakemake.log[0]):
    join_records(snakemake.input.parts, output.pairs, SPEEDUP, snakemake.params.total)
    write_csv(summarise_speedup(read_csv(output.pairs)), output.cells)
    write_csv(summarise_seconds(pd.concat(map(read_csv, snakemake.input.seconds))), output.seconds)
