"""Rounds of sorting all particles, the half sets kept apart, until they stay where they are.

In each round every particle is held against every class of its half set's maps and added to the class that it fits. At
first classes come and go (`SORTING`): once few particles change, those that fit none are looked through for classes of
their own, and each class is looked through for parts. When nothing new is found the band limit follows the half maps'
agreement (`REFINING`) until it grows no more and the particles stay.
"""

from typing import NamedTuple

import numpy as np

from gradalign.averaging.fsc import fourier_shell_correlation, resolution
from gradalign.averaging.wedge_average import sampler
from gradalign.base.randomness import generator
from gradalign.classes.candidates import all_pairs_of, grouped_poses, split_poses
from gradalign.classes.finding import find_classes
from gradalign.classes.maps import class_map, empty_average, prepare_particle
from gradalign.classes.placing import band_correlation, moved_back, place_map
from gradalign.classes.sorting import NO_CLASS, limits_of, prepare_maps, sort_particle
from gradalign.classes.state import REFINING, SETTLED, SORTING
from gradalign.errors import InputError
from gradalign.search.settings import Settings

HALVES = (1, 2)
THRESHOLD = 0.143
"""Shell correlation of half maps at which their resolution is read."""
FEW = 0.02
"""Share of the particles that may change class while classes are looked for anew."""
STEADY, STILL = 0.01, 1.0
"""Share of the particles that may change class, and median rotation in degrees, of a last round."""
MOST_REVISIONS = 3
# largest numbers of particles looked through: of a class and half set, and of those that fit no class
_OF_CLASS, _OF_NONE = 40, 60
# a half map is rotated onto the other only where the correlation rises by more than noise would let it
_BETTER = 0.01


def empty_sums(labels, box):
    """Return the averages of the half sets of each class before any particle is added.

    Parameters
    ----------
    labels : iterable of int
    box : int

    Returns
    -------
    dict of str to gradalign.averaging.wedge_average.WedgeAverage
        By class and half set, such as ``"3/1"``.
    """
    return {f"{label}/{half}": empty_average(box) for label in labels for half in HALVES}


def sort_round(standings, observed, state, settings, sums):
    """Sort particles and add them to the averages of their classes, one after the other.

    A particle that cannot be used is named and left out; the others go on.

    Parameters
    ----------
    standings : list of gradalign.classes.standing.Standing
        As the round before left them.
    observed : gradalign.classes.observed.Observed
    state : gradalign.classes.state.State
    settings : gradalign.Settings
    sums : dict of str to gradalign.averaging.wedge_average.WedgeAverage
        From `empty_sums`; changed in place.

    Yields
    ------
    gradalign.classes.standing.Standing
        Half set by half set, so that the maps of one at a time are held.
    """
    plan, limits = state.plan(settings), state.known_limits()
    included = dict(state.members.tolist())
    for half in HALVES:
        members = [standing for standing in standings if standing.half == half]
        references = prepare_maps(state.half_maps(half), plan) if members else {}
        for standing in members:
            if not standing.failure:
                previous = included.get(standing.particle, NO_CLASS) if included else standing.label
                try:
                    volume, wedge = observed.volumes[standing.particle], observed.wedges[standing.particle]
                    spectra = prepare_particle(volume, wedge, plan, f"particle {standing.particle}")
                    found = sort_particle(spectra, references, plan, previous, limits)
                    if found.label != NO_CLASS:
                        average = sums[f"{found.label}/{half}"]
                        average.add(sampler(volume), found.match.rotation, found.match.translation, wedge)
                    standing = standing.sorted_as(found)
                except Exception as error:
                    # whatever is wrong with one particle, the others are not to suffer
                    known = isinstance(error, InputError)
                    reason = str(error) if known else f"{type(error).__name__}: {error}"
                    standing = standing._replace(failure=" ".join(reason.split()), label=NO_CLASS)
            yield standing


def _maps_of_class(averages, plan):
    """Return average and half maps of a class in one frame, and their shells' correlation."""
    maps = [class_map(average) for average in averages]
    volumes = [found.volume for found in maps]
    place = place_map(maps[1], maps[0], plan)
    turned = moved_back(volumes[1], place.rotation, place.translation)
    here, there = (band_correlation(volumes[0], volume, plan) for volume in (volumes[1], turned))
    if there > here + _BETTER:
        counts = [average.count for average in averages]
        whole = ((counts[0] * volumes[0] + counts[1] * turned) / sum(counts)).astype(np.float32)
        volumes[1] = turned
    else:
        averages[0].merge(averages[1])
        whole = averages[0].volume()
    mask = plan.model.mask
    return np.stack([whole, *volumes]), fourier_shell_correlation(*(volume * mask for volume in volumes))[1]


def _joined(state, sums, plan, least):
    """Return the state with the maps of a round."""
    left = [label for label in state.labels if min(sums[f"{label}/{half}"].count for half in HALVES) >= least]
    maps, correlations, measured, counts = [], [], [], []
    for label in left:
        averages = [sums[f"{label}/{half}"] for half in HALVES]
        measured.append([average.measured() for average in averages])
        counts.append([average.count for average in averages])
        volumes, shells = _maps_of_class(averages, plan)
        maps.append(volumes)
        correlations.append(shells)
    shape = (len(left), 3, state.box, state.box, state.box)
    rows = [label - 1 for label in left]
    joined = state._replace(
        maps=np.reshape(maps, shape).astype(np.float32),
        measured=np.reshape(measured, (len(left), 2, -1)) if left else state.measured[:0],
        counts=np.reshape(counts, (len(left), 2)).astype(int),
        correlations=np.reshape(correlations, (len(left), -1)) if left else state.correlations[:0],
        surplus=state.surplus[rows],
        members=np.empty((0, 2), int),
        names=np.reshape([(label, number) for number, label in enumerate(left, start=1)], (len(left), 2)).astype(int),
    )
    return joined


def _limits(standings, labels):
    # from the particles that fit alone, so that the others, however many, do not widen the limits
    limits = [limits_of([standing for standing in standings if standing.label == label]) for label in labels]
    return np.array([found or (np.nan, np.nan) for found in limits], dtype=float).reshape(-1, 2)


def renumbered(standings, names):
    """Return standings after classes have vanished.

    Parameters
    ----------
    standings : list of gradalign.classes.standing.Standing
    names : array_like of int, shape (m, 2)
        Number then and now of each class that is left, as `gradalign.classes.state.State` has them.

    Returns
    -------
    list of gradalign.classes.standing.Standing
    """
    names = dict(np.reshape(names, (-1, 2)).astype(int).tolist())
    return [
        standing._replace(label=names.get(standing.label, NO_CLASS), best=names.get(standing.best, NO_CLASS))
        for standing in standings
    ]


def _chosen(standings, most, seed, *keys):
    """Return some of the particles, at random, in their order."""
    numbers = [standing.particle for standing in standings]
    if len(numbers) > most:
        rng = generator(seed, "particles looked through", *keys)
        numbers = rng.choice(numbers, most, replace=False).tolist()
    return sorted(numbers)


def _revised(standings, observed, state, plan, seed):
    """Return the classes that are found when those of the round and what fits none are looked through anew."""
    by_number = {standing.particle: standing for standing in standings}
    numbers, proposed = ([], []), ([], [])
    for place, half in enumerate(HALVES):
        own = [standing for standing in standings if standing.half == half and not standing.failure]
        for label in state.labels:
            members = [standing for standing in own if standing.label == label]
            chosen = _chosen(members, _OF_CLASS, seed, half, label, state.revisions)
            poses = {number: by_number[number].pose for number in chosen}
            proposed[place].extend(split_poses(observed, poses, plan))
            numbers[place].extend(chosen)
        left = [standing for standing in own if standing.label == NO_CLASS]
        chosen = _chosen(left, _OF_NONE, seed, half, 0, state.revisions)
        proposed[place].extend(grouped_poses(all_pairs_of(observed, chosen, plan), chosen)[0])
        numbers[place].extend(chosen)
    if all(len(groups) == state.classes for groups in proposed):
        return None
    return find_classes(observed, numbers, proposed, plan, seed)


def with_found(state, found):
    """Return a state whose classes are those that were found in a sample.

    Parameters
    ----------
    state : gradalign.classes.state.State
    found : list of gradalign.classes.finding.Found
        At least one.

    Returns
    -------
    gradalign.classes.state.State
    """
    box, shells = state.box, len(state.model[0])
    mask = state.plan(Settings()).model.mask
    maps, members, correlations = [], [], []
    for label, one in enumerate(found, start=1):
        first, second = one.maps
        whole = (first.count * first.volume + second.count * second.volume) / (first.count + second.count)
        maps.append([whole, first.volume, second.volume])
        correlations.append(fourier_shell_correlation(first.volume * mask, second.volume * mask)[1])
        members += [(number, label) for poses in one.poses for number in sorted(poses)]
    measured = [[found.measured[:shells] for found in one.maps] for one in found]
    return state._replace(
        maps=np.reshape(maps, (len(found), 3, box, box, box)).astype(np.float32),
        measured=np.reshape(measured, (len(found), 2, shells)),
        counts=np.reshape([[found.count for found in one.maps] for one in found], (len(found), 2)).astype(int),
        limits=np.full((len(found), 2), np.nan),
        correlations=np.reshape(correlations, (len(found), -1)),
        surplus=np.array([one.agreement.surplus for one in found]),
        members=np.reshape(members, (len(members), 2)).astype(int),
        names=np.empty((0, 2), int),
    )


def finest_resolution(state):
    """Return the finest resolution that a class's half maps reach, in nm; the box's edge if none does."""
    shells = np.arange(1, state.correlations.shape[1] + 1) / state.box
    reached = [resolution(shells, row, THRESHOLD, state.voxel_size) for row in state.correlations]
    edge = state.box * state.voxel_size
    return min((value for value in reached if np.isfinite(value)), default=edge)


class Outcome(NamedTuple):
    """What a round of sorting came to."""

    standings: list
    """All particles, as `sort_round` left them."""
    before: list
    """All particles, as the round before left them."""
    sums: dict
    """The averages of `sort_round` over all particles."""

    @property
    def changed(self):
        """Share of the particles that are in another class than before."""
        known = {standing.particle: standing.label for standing in self.before}
        return float(np.mean([known[standing.particle] != standing.label for standing in self.standings]))


def finish_round(outcome, observed, state, settings, section, seed):
    """Average a round and say how the next goes on.

    Parameters
    ----------
    outcome : Outcome
    observed : gradalign.classes.observed.Observed
        Some are looked at anew.
    state : gradalign.classes.state.State
        The one that the particles were sorted by.
    settings : gradalign.Settings
    section : dict
        ``classes`` (0 for as many as there are) and ``least``, particles of a half set that a class needs.
    seed : int

    Returns
    -------
    gradalign.classes.state.State
    """
    plan = state.plan(settings)
    changed = outcome.changed
    joined = _joined(state, outcome.sums, plan, section["least"])
    standings = renumbered(outcome.standings, joined.names)
    turns = [standing.rotation_change_deg for standing in standings if np.isfinite(standing.rotation_change_deg)]
    turned = float(np.median(turns)) if turns else np.nan
    inside = sum(standing.label != NO_CLASS for standing in standings)
    row = [len(state.history) + 1, joined.classes, inside, len(standings) - inside, changed, turned, state.low_pass]
    joined = joined._replace(limits=_limits(standings, joined.labels), history=np.concatenate([state.history, [row]]))
    if not joined.classes:
        return joined._replace(stage=SETTLED)
    if state.stage == SORTING:
        return _after_sorting(standings, observed, joined, plan, changed, section, seed)
    reached = max(min(finest_resolution(joined), state.low_pass), 2.0 * state.voxel_size)
    edge = state.box * state.voxel_size
    grown = not section["low_pass"] and int(edge / reached) > int(edge / state.low_pass)
    still = changed <= STEADY and not turned > STILL
    stage = SETTLED if still and not grown else REFINING
    return joined._replace(low_pass=reached if grown else state.low_pass, stage=stage)


def _after_sorting(standings, observed, state, plan, changed, section, seed):
    """Return the state after a round in which classes may still come and go."""
    if changed > FEW and len(state.history) % MOST_REVISIONS:
        return state
    found = None
    if not section["classes"] and state.revisions < MOST_REVISIONS:
        found = _revised(standings, observed, state, plan, seed)
    state = state._replace(revisions=state.revisions + 1)
    if not found or len(found) == state.classes:
        return state._replace(stage=REFINING)
    return with_found(state, found)
