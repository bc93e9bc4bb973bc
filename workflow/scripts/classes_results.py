"""Write the classes of a user's particles, their averages and what is known of them."""

from pathlib import Path

import numpy as np

from gradalign.base.files import write_text
from gradalign.classes.checks import SECTION, input_sentences
from gradalign.classes.opening import CTF_UNUSED, Wedges, check_star
from gradalign.classes.results import (
    CLASS_COLUMNS,
    class_rows,
    history_rows,
    mirror_sentences,
    summary,
    write_maps,
    write_stars,
    write_table,
)
from gradalign.classes.rounds import renumbered
from gradalign.classes.standing import Standing, read_standings
from gradalign.classes.state import HISTORY, load_state
from gradalign.particles.entries import read_entries
from gradalign.particles.listing import wedge_sentence
from gradalign.run.jobs import job
from gradalign.search.settings import alignment_settings

with job(snakemake.log[0]) as say:
    output, section = snakemake.output, snakemake.params.section
    state = load_state(snakemake.input.state)
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    standings = [standing for path in snakemake.input.standings for standing in read_standings(path)]
    standings = renumbered(standings, state.names)
    maps = Path(output.maps)
    maps.mkdir(parents=True, exist_ok=True)
    write_maps(maps, state)
    picked = check_star(section)
    write_stars(maps, output.star, picked, entries, standings, state, Wedges(entries))
    rows_of_classes = class_rows(standings, state, alignment_settings(snakemake.params.alignment))
    write_table(output.classes, CLASS_COLUMNS, rows_of_classes)
    write_table(
        output.particles, (*Standing._fields, "verdict"), [(*standing, standing.verdict) for standing in standings]
    )
    write_table(output.rounds, HISTORY, history_rows(state))
    shells = np.arange(1, state.correlations.shape[1] + 1) / (state.box * state.voxel_size)
    columns = ["frequency_per_nm", *(f"class_{label}" for label in state.labels)]
    write_table(output.shells, columns, np.column_stack([shells, *state.correlations]).tolist())
    with np.load(snakemake.input.matrices, allow_pickle=False) as arrays:
        rows = [
            (half, int(i), int(j), float(arrays[f"matrix{half}"][k, m]))
            for half in (1, 2)
            for k, i in enumerate(arrays[f"numbers{half}"])
            for m, j in enumerate(arrays[f"numbers{half}"])
            if k < m
        ]
    write_table(output.matrix, ("half", "first", "second", "dissimilarity"), rows)
    further = mirror_sentences(rows_of_classes) + [CTF_UNUSED] * any(entry.ctf_file for entry in entries)
    further += [wedge_sentence(picked, section, SECTION), *input_sentences(entries, standings, state, section)]
    lines = summary(standings, state, section["star"], output.maps, further)
    write_text(output.summary, "\n".join(lines) + "\n")
    for text in lines:
        say(text)
