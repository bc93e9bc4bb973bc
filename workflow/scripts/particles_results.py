"""Write the aligned particles, the average and what is known of them."""

from pathlib import Path

import pandas as pd

from gradalign.base.files import complete_file
from gradalign.io.mrc import read_volume
from gradalign.particles.entries import read_entries
from gradalign.particles.results import (
    filtered_average,
    history_table,
    scores_table,
    shells_table,
    summary,
    write_chimerax,
    write_maps,
    write_star,
)
from gradalign.particles.star import read_picked
from gradalign.particles.state import load_state
from gradalign.report.csv_tables import write_csv
from gradalign.report.html import frame_part, write_page
from gradalign.run.jobs import job

MOST_SHOWN = 100

with job(snakemake.log[0]) as say:
    output, section = snakemake.output, snakemake.params.section
    state = load_state(snakemake.input.state)
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    write_star(output.star, read_picked(section["star"]), entries, state)
    write_maps({name: output[name] for name in ("average", "half1", "half2", "filtered")}, state)
    reference, _ = read_volume(section["reference"])
    write_chimerax(output.chimerax, output.filtered, section["reference"], filtered_average(state), reference)
    scores, rounds = pd.DataFrame(scores_table(entries)), pd.DataFrame(history_table(state))
    left_out = scores[scores.failure != ""][["particle", "image", "failure"]]
    for path, table in (
        (output.scores, scores.drop(columns="failure")),
        (output.left_out, left_out),
        (output.rounds, rounds),
        (output.shells, pd.DataFrame(shells_table(state))),
    ):
        write_csv(table, path)
    lines = summary(entries, state, section)
    with complete_file(output.summary) as partial:
        Path(partial).write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = [frame_part("Rounds", rounds)]
    if len(left_out):
        parts.append(frame_part(f"Left out (the first {MOST_SHOWN} of {len(left_out)})", left_out.head(MOST_SHOWN)))
    write_page(output.page, "Your particles", " ".join(lines), parts)
    for text in lines:
        say(text)
