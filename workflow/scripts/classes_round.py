"""Average the classes of a round, look for new ones while they may come and go, and say whether a round is needed."""

import shutil

from gradalign.classes.jobs import merged_sums
from gradalign.classes.opening import observed_entries
from gradalign.classes.rounds import Outcome, finish_round, renumbered
from gradalign.classes.standing import read_standings
from gradalign.classes.state import SETTLED, is_settled, load_state, save_state
from gradalign.particles.entries import read_entries
from gradalign.run.jobs import NOTHING_TO_DO, job
from gradalign.search.settings import alignment_settings

with job(snakemake.log[0]) as say:
    params, inputs = snakemake.params, snakemake.input
    if is_settled(inputs.state):
        say(NOTHING_TO_DO)
        shutil.copyfile(inputs.state, snakemake.output[0])
    else:
        state = load_state(inputs.state)
        entries = [entry for path in inputs.entries for entry in read_entries(path)]
        before, standings = (
            [standing for path in paths for standing in read_standings(path)]
            for paths in (inputs.before, inputs.standings)
        )
        observed = observed_entries(entries, state.box, params.section, state.voxel_size)
        settings = alignment_settings(params.alignment)
        outcome = Outcome(standings, renumbered(before, state.names), merged_sums(inputs.sums, state))
        state = finish_round(outcome, observed, state, settings, params.section, params.seed)
        save_state(snakemake.output[0], state)
        number, _, inside, outside, changed, *_ = state.history[-1]
        say(
            f"round {number:.0f}: {inside:.0f} particles in classes, {outside:.0f} in none, {changed:.1%} changed; "
            f"{state.classes} classes go on"
        )
        if state.stage == SETTLED:
            say("no further round is needed")
