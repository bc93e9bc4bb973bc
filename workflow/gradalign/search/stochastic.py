"""From seeds to an answer: stochastic parallel refinement, or the refinement of every seed.

Candidates are ordered by d, the largest first; candidate j is drawn with a probability proportional to
p_j = p_{j−1} · max(10^{t/(m−1)}, d_{j−1}/d_j) (Eq. 11) and takes one Levenberg–Marquardt step. Of two candidates whose
distance (Eq. 12) is at most γ the worse is dropped. The search ends when the smallest d, divided by the first smallest
d, no longer falls: |slope of its regression line over the last w steps| · w ≤ t_regress.
"""

import numpy as np

from gradalign.base.jit import jit, jit_part
from gradalign.fourier.overlap import matched, sample_values, work_space
from gradalign.fourier.products import value_products
from gradalign.fourier.translation import best_translation, correlation_space
from gradalign.scores.evaluation import evaluate_values
from gradalign.scores.least_squares import dissimilarity
from gradalign.search.step import LARGEST, record, take_step, unevaluated

# keeps ratios of dissimilarities finite where one is zero
SMALLEST = 1e-12


@jit
def _place_seeds(pair, score, candidates, space, work):
    for seed in range(candidates.rotations.shape[0]):
        count = sample_values(pair, candidates.rotations[seed], work)
        best_translation(count, work, space, candidates.translations[seed])
        value_products(pair.size, candidates.translations[seed], count, work, work.products)
        candidates.dissimilarities[seed] = dissimilarity(score, work.products, count)


def place_seeds(fixed, moving, score, rotations, reach, spacing, damping):
    """Return the seeds as candidates, each at its best translation by correlation.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    rotations : float64 (m, 3, 3)
    reach, spacing : float
        Of the grid of start translations, in voxels.
    damping : gradalign.search.settings.Damping

    Returns
    -------
    gradalign.search.step.Candidates
    """
    candidates = unevaluated(rotations, np.zeros((len(rotations), 3)), damping)
    space = correlation_space(fixed, reach, spacing)
    _place_seeds(matched(fixed, moving), score, candidates, space, work_space(fixed))
    return candidates


def place_candidates(fixed, moving, score, rotations, translations, damping):
    """Return candidates at given transforms.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    rotations : float64 (m, 3, 3)
    translations : float64 (m, 3)
        In voxels.
    damping : gradalign.search.settings.Damping

    Returns
    -------
    gradalign.search.step.Candidates
    """
    candidates = unevaluated(rotations, translations, damping)
    candidates.dissimilarities[:] = evaluate_values(fixed, moving, score, rotations, translations)
    return candidates


@jit_part
def _fill_distance_matrix(candidates, number, entries):
    rotation, shift = candidates.rotations[number], candidates.translations[number]
    for i in range(3):
        along = rotation[0, i] * shift[0] + rotation[1, i] * shift[1] + rotation[2, i] * shift[2]
        for j in range(3):
            entries[number, 3 * i + j] = rotation[j, i] - along


@jit_part
def near(entries, left, right, distance):
    """Return whether two candidates are at most `distance` apart (Eq. 12).

    Parameters
    ----------
    entries : float64 (m, 9)
        D = R⁻¹(I − [a a a]) of each candidate.
    left, right : int
    distance : float

    Returns
    -------
    bool
    """
    total = 0.0
    for n in range(9):
        total += (entries[left, n] - entries[right, n]) ** 2
    return total <= distance * distance


@jit_part
def _draw(values, order, alive, factor, uniform, chances):
    """Return the place in `order` (smallest d first) of the candidate drawn by Eq. 11."""
    total, chance = 0.0, 1.0
    for place in range(alive):
        if place > 0:
            upper, lower = max(values[order[place]], SMALLEST), max(values[order[place - 1]], SMALLEST)
            chance = chance / max(factor, upper / lower) if upper < LARGEST else 0.0
        chances[place] = chance
        total += chance
    target = uniform * total
    for place in range(alive):
        target -= chances[place]
        if target < 0.0:
            return place
    return 0


@jit_part
def _drop_duplicates(entries, order, alive, place, distance):
    """Compare the candidate at `place` with all others; return how many are left."""
    number = order[place]
    kept, dropped = 0, False
    for other in range(alive):
        if other == place:
            # worse than a nearer, better one before it?
            if not dropped:
                order[kept] = number
                kept += 1
        elif dropped or not near(entries, number, order[other], distance):
            order[kept] = order[other]
            kept += 1
        elif other < place:
            dropped = True
            order[kept] = order[other]
            kept += 1
    return kept


@jit_part
def _slope(values, last, window):
    """Return the slope of the regression line through the last `window` values up to `last`."""
    middle = 0.5 * (window - 1)
    total = 0.0
    for n in range(window):
        total += (n - middle) * values[last - window + 1 + n]
    return total * 12.0 / (window * (window * window - 1.0))


@jit
def _refine_in_parallel(pair, score, basis, damping, rule, candidates, uniforms, order, trace, path, scratch):
    """Refine as `stochastic_refinement` does; return how many steps it took.

    The order of the candidates, their numbers by d, is kept up to date.
    """
    ratios, chances, entries, work = scratch
    values, alive = candidates.dissimilarities, len(order)
    for number in range(alive):
        _fill_distance_matrix(candidates, number, entries)
    place = alive - 1
    while place > 0:
        place = min(place, alive - 1)
        alive = _drop_duplicates(entries, order, alive, place, rule.duplicate_distance)
        place -= 1
    first = max(values[order[0]], SMALLEST)
    taken = 0
    while taken < rule.max_steps:
        factor = 10.0 ** (rule.threshold / max(alive - 1, 1))
        place = _draw(values, order, alive, factor, uniforms[taken], chances)
        number = order[place]
        if take_step(pair, score, basis, damping, candidates, number, work):
            while place > 0 and values[order[place - 1]] > values[number]:
                order[place] = order[place - 1]
                place -= 1
            order[place] = number
            _fill_distance_matrix(candidates, number, entries)
            alive = _drop_duplicates(entries, order, alive, place, rule.duplicate_distance)
        best = order[0]
        trace[taken] = values[best]
        record(candidates.rotations[best], candidates.translations[best], path[taken])
        ratios[taken] = values[best] / first
        taken += 1
        if taken >= rule.window:
            if abs(_slope(ratios, taken - 1, rule.window)) * rule.window <= rule.tolerance:
                break
    return taken


def stochastic_refinement(fixed, moving, score, basis, damping, rule, candidates, uniforms):
    """Refine candidates in parallel, the better the more often, until the best no longer improves.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    basis : float64 (6, k)
        The free directions, see `gradalign.search.step.step`.
    damping : gradalign.search.settings.Damping
    rule : StochasticRule
    candidates : gradalign.search.step.Candidates
        Evaluated at their seeds; changed in place.
    uniforms : float64 (rule.max_steps,)
        Random numbers in [0, 1), one a step.

    Returns
    -------
    best : int
        The candidate with the smallest d.
    trace : float64 (steps,)
        Smallest d after each step.
    path : float64 (steps, 12)
        The transform with the smallest d after each step: R row by row, then a.
    """
    # in the kernel np.argsort would add a second to the compilation
    order = np.argsort(candidates.dissimilarities, kind="stable")
    trace, path = np.empty(rule.max_steps), np.empty((rule.max_steps, 12))
    scratch = np.empty(rule.max_steps), np.empty(len(order)), np.empty((len(order), 9)), work_space(fixed)
    pair = matched(fixed, moving)
    taken = _refine_in_parallel(pair, score, basis, damping, rule, candidates, uniforms, order, trace, path, scratch)
    return order[0], trace[:taken], path[:taken]


@jit
def _refine_each(pair, score, basis, damping, tolerance, max_steps, candidates, work, steps):
    """Refine as `independent_refinement` does; fill the steps of each candidate, accepted or not."""
    for number in range(len(steps)):
        steps[number] = max_steps
        for taken in range(max_steps):
            before = candidates.dissimilarities[number]
            if before > LARGEST:
                # there is nothing to compare
                steps[number] = taken
                break
            accepted = take_step(pair, score, basis, damping, candidates, number, work)
            if accepted and before - candidates.dissimilarities[number] < tolerance * before:
                steps[number] = taken + 1
                break


def independent_refinement(fixed, moving, score, basis, damping, tolerance, max_steps, candidates):
    """Refine every candidate by itself until a step lowers d by less than `tolerance` of it, or `max_steps`.

    Parameters
    ----------
    fixed, moving : gradalign.fourier.spectrum.Spectrum
    score : int
    basis : float64 (6, k)
    damping : gradalign.search.settings.Damping
    tolerance : float
        Relative fall of d in an accepted step.
    max_steps : int
        Most steps of one candidate.
    candidates : gradalign.search.step.Candidates
        Evaluated at their seeds; changed in place.

    Returns
    -------
    int64 (m,)
        Steps of each candidate, accepted or not.
    """
    steps = np.empty(len(candidates.damping), np.int64)
    pair = matched(fixed, moving)
    _refine_each(pair, score, basis, damping, tolerance, max_steps, candidates, work_space(fixed), steps)
    return steps
