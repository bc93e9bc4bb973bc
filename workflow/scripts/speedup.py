"""Join the comparisons of the searches and write what they say of each cell."""

import pandas as pd

from gradalign.csv_files import read_csv, write_csv
from gradalign.jobs import job
from gradalign.records import join_records
from gradalign.speedup import COLUMNS
from gradalign.speedup_table import summarise_seconds, summarise_speedup

output = snakemake.output
with job(snakemake.log[0]):
    join_records(snakemake.input.parts, output.pairs, COLUMNS, snakemake.params.total)
    write_csv(summarise_speedup(read_csv(output.pairs)), output.cells)
    write_csv(summarise_seconds(pd.concat(map(read_csv, snakemake.input.seconds))), output.seconds)
