"""Draw the averages of a user's classes, the half maps' agreement and the pairs of the sample; and each class alone."""

from pathlib import Path

import numpy as np

from gradalign.classes.results import filtered_average, surface_level
from gradalign.classes.rounds import THRESHOLD, renumbered
from gradalign.classes.standing import of_class, read_standings
from gradalign.classes.state import load_state
from gradalign.report.figures.average import MASK, DrawnAverage, average_figure
from gradalign.report.figures.classes import DrawnClass, DrawnSample, classes_figure
from gradalign.run.jobs import job
from gradalign.study.partition import centred

with job(snakemake.log[0]):
    output, state = snakemake.output, load_state(snakemake.input.state)
    standings = [standing for path in snakemake.input.standings for standing in read_standings(path)]
    standings = renumbered(standings, state.names)
    with np.load(snakemake.input.matrices, allow_pickle=False) as arrays:
        samples = [DrawnSample(centred(arrays[f"matrix{half}"]), arrays[f"tree{half}"]) for half in (1, 2)]
    maps = [filtered_average(state, label) for label in state.labels]
    frequencies = np.arange(1, state.correlations.shape[1] + 1) / (state.box * state.voxel_size)
    counts = state.counts.sum(axis=1).tolist()
    classes = [
        DrawnClass(volume, surface_level(volume), count, row)
        for volume, count, row in zip(maps, counts, state.correlations, strict=True)
    ]
    classes_figure(classes, frequencies, samples, THRESHOLD, [output.svg, output.png])
    folder = Path(output.each)
    folder.mkdir(parents=True, exist_ok=True)
    for label, volume, row in zip(state.labels, maps, state.correlations, strict=True):
        members, beyond = of_class(standings, label)
        drawn = DrawnAverage(
            rotations=np.array([standing.pose[0] for standing in members]).reshape(-1, 3, 3),
            measure="Residual",
            fits=np.array([standing.residual for standing in members]),
            beyond=np.array([standing.residual for standing in beyond]),
            frequencies=frequencies,
            correlations={MASK: row},
            initial_low_pass=None,
            volume=volume,
            voxel_size=state.voxel_size,
        )
        average_figure(drawn, [folder / f"class_{label}.svg", folder / f"class_{label}.png"])
