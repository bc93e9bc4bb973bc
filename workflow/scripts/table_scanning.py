"""Write errors and cost of the scans, the refinement of the same pairs beside them."""

import pandas as pd

from gradalign.io.csv_lines import join_records
from gradalign.report.csv_tables import read_csv, write_csv
from gradalign.report.tables.bounds import read_bounds, scans_with_bounds
from gradalign.report.tables.scans import scanning_caption, summarise_scans, summarise_seconds, write_scanning_markdown
from gradalign.run.jobs import job
from gradalign.study.columns.scans import SCANS

output = snakemake.output
with job(snakemake.log[0]):
    join_records(snakemake.input.parts, output.pairs, SCANS, snakemake.params.total)
    rows = scans_with_bounds(summarise_scans(read_csv(output.pairs)), read_bounds(snakemake.input.bounds))
    write_csv(rows, output.csv)
    write_scanning_markdown(rows, output.markdown, scanning_caption(rows))
    write_csv(summarise_seconds(pd.concat(map(read_csv, snakemake.input.seconds))), output.seconds)
