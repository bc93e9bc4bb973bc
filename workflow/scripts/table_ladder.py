"""Write the table of the ladder."""

import pandas as pd

from gradalign.report.csv_tables import read_csv, read_frame, write_csv
from gradalign.report.tables.ladder import first_break, summarise_ladder, write_ladder_page
from gradalign.run.jobs import job

with job(snakemake.log[0]) as say:
    lines = pd.concat(map(read_frame, snakemake.input.lines), ignore_index=True)
    bounds = pd.concat(map(read_csv, snakemake.input.bounds), ignore_index=True)
    rows = summarise_ladder(lines, bounds)
    write_csv(rows, snakemake.output.csv)
    write_ladder_page(rows, snakemake.output.html)
    for broken in first_break(rows).to_dict("records"):
        where = f"{broken['object']}, {broken['condition']}, {broken['task']}, ±{broken['tilt_deg']:g}°"
        say(f"{where}: breaks at SNR {broken['snr']:g} ({broken['ratio']:.2f} x bound, {broken['lost']:.0%} lost)")
    say(f"{len(rows)} rows: {snakemake.output.csv}")
