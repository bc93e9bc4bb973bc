"""Find the classes that both half sets of a sample have."""

from itertools import combinations

import numpy as np

from gradalign.base.files import complete_file
from gradalign.classes.candidates import dissimilarities
from gradalign.classes.jobs import load_pairs
from gradalign.classes.opening import observed_entries
from gradalign.classes.similarity import similarity
from gradalign.classes.start import found_in_sample, no_classes
from gradalign.classes.state import load_state, save_state
from gradalign.particles.entries import read_entries
from gradalign.run.jobs import job
from gradalign.search.settings import alignment_settings

with job(snakemake.log[0]) as say:
    params, section = snakemake.params, snakemake.params.section
    entries, state = read_entries(snakemake.input.sample), load_state(snakemake.input.state)
    observed = observed_entries(entries, state.box, section, state.voxel_size)
    numbers = tuple(sorted(entry.particle for entry in entries if entry.half == half) for half in (1, 2))
    known = load_pairs(snakemake.input.pairs)
    pairs = [{pair: known[pair] for pair in combinations(chosen, 2)} for chosen in numbers]
    say(f"{len(known)} pairs of {len(entries)} particles; looking for classes that both half sets have")
    settings = alignment_settings(params.alignment)
    state = found_in_sample(observed, numbers, pairs, state, settings, params.seed, section["classes"] or None)
    say(no_classes(state, len(entries)) or f"{state.classes} classes in the sample")
    arrays = {}
    for half, (own, chosen) in enumerate(zip(pairs, numbers, strict=True), start=1):
        matrix = dissimilarities(own, chosen)
        arrays |= {f"numbers{half}": np.array(chosen), f"matrix{half}": matrix, f"tree{half}": similarity(matrix).tree}
    with complete_file(snakemake.output.matrices) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)
    save_state(snakemake.output.state, state)
