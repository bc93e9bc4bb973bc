"""Classes that are the same object, and classes that both half sets have.

Two half sets have made their classes without each other. A particle of one half set is new to the maps of the other:
its noise is in none of them. So these particles judge.

Two classes of a half set are the same object if the particles of the other half set that fit either are explained as
well by the average of both. With π for the shares of the classes and L for likelihoods, the *surplus* of two classes is
the mean over these particles of

    log(π_k L_k + π_l L_l) − log((π_k + π_l) L_kl).

Where both are the same object it is about zero or below, since the average of both holds less noise. But a particle is
described a little better by particles that lie as it does in the microscope, because a tilt series does not make of an
object quite what the model takes it to. At enolase two maps explained a thousandth more by that than one explains at
all; at a domain of a fifth of the mass, or one ring of GroEL, it is two hundredths and more. Five thousandths count as
nothing. A class that is another one rotated or shifted is found by placing its map on the other's first.

A class is real if both half sets have it: particles of either half set choose the other's map, and the two maps agree
beyond chance.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from gradalign.classes.maps import averaged, class_map, match, prepare_map, prepare_particle
from gradalign.classes.placing import place_map
from gradalign.classes.sorting import NO_CLASS

MARGIN = 0.5
"""Two classes must explain the particles better than one does by this log-likelihood a particle."""
SHARE = 0.005
"""And by this part of what one explains."""
# two maps of which one holds less than this of the other are not tried
_LEAST_LIKENESS = 0.5
# particles of the other half set that judge two classes
_JUDGES = 24


def moved_poses(poses, place):
    """Return the poses of a class's particles on another class.

    Parameters
    ----------
    poses : dict of int to (rotation, translation)
    place : gradalign.classes.maps.Match or gradalign.classes.placing.Agreement
        Where the map of the class lies on the other's.

    Returns
    -------
    dict of int to (rotation, translation)
    """
    return {
        number: (rotation @ place.rotation, translation + rotation @ place.translation)
        for number, (rotation, translation) in poses.items()
    }


class _Classes:
    """The classes of one half set, the particles of the other by which they are judged, and what was tried."""

    def __init__(self, observed, poses, held, plan):
        self.observed, self.plan = observed, plan
        self.poses, self.held = dict(poses), dict(held)
        self.names = {label: label for label in poses}
        self.maps = {label: self._average(members) for label, members in poses.items()}
        self.tried = {}

    def _average(self, poses):
        return class_map(averaged(self.observed, poses, self.plan.box))

    def nearest(self):
        """Return the two classes with the smallest surplus, and what is known of them."""
        for keep in self.maps:
            for drop in self.maps:
                if keep < drop and (keep, drop) not in self.tried:
                    self.tried[keep, drop] = self._try(keep, drop)
        return min(self.tried.items(), key=lambda item: item[1][0], default=(None, (np.inf, None, None)))

    def _try(self, keep, drop):
        """Return the surplus over what the model's errors explain, where one map lies on the other, and both's map."""
        place = place_map(self.maps[drop], self.maps[keep], self.plan)
        judges = [number for number, item in sorted(self.held.items()) if item.label in (keep, drop)][:_JUDGES]
        if place.amplitude < _LEAST_LIKENESS or not judges:
            return np.inf, place, None
        together = self.poses[keep] | moved_poses(self.poses[drop], place)
        found = self._average(together)
        reference = prepare_map(found, self.plan)
        share = np.log(len(together) / sum(map(len, self.poses.values())))
        surplus, explained = [], []
        for number in judges:
            item = self.held[number]
            rotation = item.match.rotation if item.label == keep else item.match.rotation @ place.rotation
            spectra = prepare_particle(self.observed.volumes[number], self.observed.wedges[number], self.plan)
            one = match(spectra, reference, self.plan, rotations=rotation[None])
            surplus.append(np.logaddexp(item.values[keep], item.values[drop]) - share - one.log_likelihood)
            explained.append(one.explained)
        return float(np.mean(surplus)) - SHARE * max(np.mean(explained), 0.0), place, found

    def merge(self, keep, drop, place, found):
        """Make two classes one."""
        self.poses[keep] = self.poses[keep] | moved_poses(self.poses.pop(drop), place)
        self.maps[keep] = found
        del self.maps[drop]
        self.names = {label: keep if name == drop else name for label, name in self.names.items()}
        self.held = {number: _renamed(item, keep, drop, place) for number, item in self.held.items()}
        self.tried = {pair: known for pair, known in self.tried.items() if keep not in pair and drop not in pair}


def merge_classes(observed, poses, held, plan, count=None):
    """Merge the classes of one half set that are one.

    Parameters
    ----------
    observed : gradalign.classes.observed.Observed
        The particles of both half sets.
    poses : dict of int to dict of int to (rotation, translation)
        By class, the particles that its map is the average of.
    held : dict of int to gradalign.classes.sorting.Sorted
        Particles of the other half set, sorted by these classes.
    plan : gradalign.classes.plan.Plan
    count : int, optional
        How many classes shall be left; as the particles tell if left out.

    Returns
    -------
    poses : dict of int to dict of int to (rotation, translation)
        As given, fewer perhaps.
    names : dict of int to int
        What has become of each class.
    """
    classes = _Classes(observed, poses, held, plan)
    while True:
        pair, (surplus, place, found) = classes.nearest()
        wanted = surplus <= MARGIN if count is None else len(classes.poses) > count
        if not (wanted and np.isfinite(surplus)):
            return classes.poses, classes.names
        classes.merge(*pair, place, found)


def _renamed(item, keep, drop, place):
    """Return a sorted particle after two classes were merged; the likelihood of both is the sum of theirs."""
    values = dict(item.values)
    values[keep] = np.logaddexp(values[keep], values.pop(drop))
    if item.best != drop:
        return item._replace(values=values)
    ((rotation, translation),) = moved_poses({0: (item.match.rotation, item.match.translation)}, place).values()
    moved = item.match._replace(rotation=rotation, translation=translation)
    label = keep if item.label == drop else item.label
    return item._replace(best=keep, label=label, match=moved, values=values)


def partners(both):
    """Pair the classes of two half sets by the particles that belong to both of a pair.

    Parameters
    ----------
    both : sequence of (int, int)
        For each particle the class of the first and that of the second half set that it fits; 0 for none.

    Returns
    -------
    list of (int, int)
        Classes of the first and of the second half set; those with most particles in common first.
    """
    both = [labels for labels in both if NO_CLASS not in labels]
    if not both:
        return []
    rows, columns = (sorted(set(labels)) for labels in zip(*both, strict=True))
    table = np.zeros((len(rows), len(columns)), int)
    for first, second in both:
        table[rows.index(first), columns.index(second)] += 1
    chosen = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    chosen = sorted((-table[i, j], i, j) for i, j in chosen if table[i, j] > 0)
    return [(rows[i], columns[j]) for _, i, j in chosen]
