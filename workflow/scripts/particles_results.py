"""Write the aligned particles, the average and what is known of them."""

import pandas as pd

from gradalign.base.files import write_text
from gradalign.io import volume_file
from gradalign.particles.aligned import write_optimisation_set
from gradalign.particles.entries import read_entries
from gradalign.particles.limits import bound_sentence, known_reference_bound
from gradalign.particles.range_check import range_sentences
from gradalign.particles.reference_checks import orientation_sentences
from gradalign.particles.results import (
    filtered_average,
    history_table,
    map_origin,
    scores_table,
    shells_table,
    summary,
    write_chimerax,
    write_maps,
    write_motives,
    write_star,
)
from gradalign.particles.reversal import reversal_sentences
from gradalign.particles.star import read_picked
from gradalign.particles.state import first_reference, load_state
from gradalign.particles.transfer_check import transfer_sentences
from gradalign.report.csv_tables import write_csv
from gradalign.report.html import frame_part, write_page
from gradalign.run.jobs import job

MOST_SHOWN = 100

with job(snakemake.log[0]) as say:
    output, section = snakemake.output, snakemake.params.section
    state = load_state(snakemake.input.state)
    entries = [entry for path in snakemake.input.entries for entry in read_entries(path)]
    picked = read_picked(section["star"], section["class_number"], section["subtomograms"])
    write_star(output.star, picked, entries, state)
    if picked.set_path:
        write_optimisation_set(output.set, picked, output.star)
    if picked.motives:
        write_motives(output.motives, picked, entries)
    reference, header = volume_file.read(section["reference"])
    origin = map_origin(header, state.voxel_size)
    write_maps({name: output[name] for name in ("average", "half1", "half2", "filtered", "mask")}, state, origin)
    files, volumes = (output.filtered, section["reference"]), (filtered_average(state), reference)
    write_chimerax(output.chimerax, files, volumes, state.voxel_size, origin)
    scores, rounds = pd.DataFrame(scores_table(entries)), pd.DataFrame(history_table(state))
    left_out = scores[scores.failure != ""][["particle", "image", "failure"]]
    for path, table in (
        (output.scores, scores.drop(columns="failure")),
        (output.left_out, left_out),
        (output.rounds, rounds),
        (output.shells, pd.DataFrame(shells_table(state))),
    ):
        write_csv(table, path)
    lines = summary(picked, entries, state, section) + reversal_sentences(entries, state, reference, section)
    start = first_reference(reference, state.voxel_size, state.initial_low_pass) * state.mask
    lines += orientation_sentences(start, state.voxel_size, state.initial_low_pass, state.search)
    lines += transfer_sentences(entries, state, section) + range_sentences(entries, state, section)
    lines.append(bound_sentence(known_reference_bound(entries, state, section, snakemake.params.seed)))
    write_text(output.summary, "\n".join(lines) + "\n")
    parts = [frame_part("Rounds", rounds)]
    if len(left_out):
        parts.append(frame_part(f"Left out (the first {MOST_SHOWN} of {len(left_out)})", left_out.head(MOST_SHOWN)))
    write_page(output.page, "Your particles", " ".join(lines), parts)
    for text in lines:
        say(text)
