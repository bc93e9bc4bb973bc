"""The Cramér–Rao bound: how well a pair of subtomograms can be aligned at all, whatever the aligner.

At the true transform of a pair the information on a rotation vector ω and a translation is

    I = Σ_Ω w(ξ) Re(∂s* ∂sᵀ),

s being the moved noise-free transform, ∂s its derivatives by the kernel's own Jacobian, and Ω all frequencies that
both tilt ranges measure, one of each ±ξ, up to Nyquist's: no band limit and no guard of an aligner enters. With the
noise powers N_f and N_g of the two coefficients and the signal's power S in the shell the weight is

    known signal     w = 2/(N_f + N_g),                           the precision of F − G_β,
    unknown signal   w = 2 S/(S (N_f + N_g) + N_f N_g),           from the covariance [[S + N_f, S], [S, S + N_g]].

The inverse of I is the smallest covariance of an unbiased estimate. docs/method.md derives it.
"""

import numpy as np

from gradalign.base.randomness import generator
from gradalign.fourier.spectrum import prepare
from gradalign.geometry.rotations import point_group, relative_transform, rotation_angle
from gradalign.geometry.wedge import wedge_normals
from gradalign.io.csv_lines import line
from gradalign.scores.evaluation import information
from gradalign.search.seeds import free_directions
from gradalign.simulation.noise import Noise
from gradalign.study.columns.bounds import BOUND_KINDS, BOUNDS, QUANTITIES
from gradalign.study.conditions import Cell
from gradalign.study.pairs import Pair, pair_surfaces

_DRAWS = 200


def signal_power(spectrum, lengths):
    """Return the mean power of a signal's coefficients in their shell.

    Parameters
    ----------
    spectrum : gradalign.fourier.spectrum.Spectrum
        Of the noise-free object, nothing missing.
    lengths : array_like of shape (n,)
        Of the frequencies asked for, in cycles per box.

    Returns
    -------
    numpy.ndarray of shape (n,)
        S, between shells by linear interpolation.
    """
    shells = np.rint(np.linalg.norm(spectrum.lattice, axis=1)).astype(int)
    powers = (spectrum.values.astype(float) ** 2).sum(axis=0)
    mean = np.bincount(shells, powers)[1:] / np.bincount(shells)[1:]
    return np.interp(lengths, np.arange(1, len(mean) + 1), mean)


def weights(noise_f, noise_g, signal=None):
    """Return what a coefficient of the overlap weighs in the information.

    Parameters
    ----------
    noise_f, noise_g : array_like of shape (n,)
        Powers of the noise.
    signal : array_like of shape (n,), optional
        Power of an unknown signal; the signal is known if left out.

    Returns
    -------
    numpy.ndarray of shape (n,)
    """
    total = np.add(noise_f, noise_g)
    if signal is None:
        return 2.0 / total
    return 2.0 * signal / (signal * total + np.multiply(noise_f, noise_g))


class PairBound:
    """What bounds the pairs of one object at given tilt ranges and noise.

    Parameters
    ----------
    signal : array_like of shape (N, N, N)
        The noise-free object in standard pose, nothing missing, [z, y, x].
    tilt_f, tilt_g : float or (float, float)
        Half range or (min, max) of each tilt series in degrees.
    noise_f, noise_g : Noise

    Raises
    ------
    InputError
        If the signal or a tilt range is unusable.
    """

    def __init__(self, signal, tilt_f, tilt_g, noise_f, noise_g):
        self._measured = prepare(signal, tilt_f, name="signal", movable=False)
        self._signal = prepare(signal, name="signal")
        self._normals = wedge_normals(tilt_g)
        self._noise_f = noise_f.power(self._measured.lattice)
        self._noise_g = noise_g
        self._power = signal_power(self._signal, np.linalg.norm(self._measured.lattice, axis=1))

    def information(self, poses):
        """Return the information on the transform of a pair at the truth.

        It is that on where the object stands in f: the rotation R P_g, whose rotation vector is that of R, and the
        translation a + R a_g.

        Parameters
        ----------
        poses : tuple
            P_f, a_f, P_g, a_g.

        Returns
        -------
        dict of str to numpy.ndarray of shape (6, 6)
            By `BOUND_KINDS`.
        """
        pose_f, shift_f, pose_g, _ = poses
        rotation, _ = relative_transform(*poses)
        noise_g = self._noise_g.power(self._measured.lattice @ rotation)
        # the wedge of g in the frame of the object
        moving = self._signal._replace(normals=self._normals @ pose_g)
        found = {}
        for kind, power in zip(BOUND_KINDS, (None, self._power), strict=True):
            weight = np.sqrt(weights(self._noise_f, noise_g, power)).astype(np.float32)
            found[kind] = information(self._measured._replace(weights=weight), moving, pose_f, shift_f)
        return found


def drawn_errors(matrix, basis, poses, symmetry, rng, draws=_DRAWS):
    """Draw the errors of an aligner that attains the bound.

    Parameters
    ----------
    matrix : array_like of shape (6, 6)
        One of `PairBound.information`.
    basis : array_like of shape (6, k)
        The free directions, from `gradalign.search.seeds.free_directions`.
    poses : tuple
        P_f, a_f, P_g, a_g.
    symmetry : str
        Point group of the object.
    rng : numpy.random.Generator
    draws : int

    Returns
    -------
    numpy.ndarray of shape (draws, 3)
        Rotation error in degrees, translation error in voxels and axis error in degrees, to the nearest transform
        that the symmetry makes equivalent, as `gradalign.geometry.rotations.alignment_error` takes them.
    """
    # half of a small job's start would go into loading SciPy, which most jobs never need
    from scipy.spatial.transform import Rotation

    pose_f, _, pose_g, shift_g = (np.asarray(part) for part in poses)
    values, vectors = np.linalg.eigh(basis.T @ matrix @ basis)
    # along a direction that the data do not determine the error has no bound
    spread = 1.0 / np.sqrt(np.maximum(values, 1e-12 * values[-1]))
    changes = rng.standard_normal((draws, len(values))) * spread @ vectors.T @ basis.T
    # in the frame of the object, where the truth is an element of its group
    rotations = Rotation.from_rotvec(changes[:, :3] @ pose_f).as_matrix()
    group = point_group(symmetry)
    truths = group[np.einsum("nij,sij->ns", rotations, group).argmax(axis=1)]
    angles = rotation_angle(rotations.transpose(0, 2, 1) @ truths)
    shifts = changes[:, 3:] - (rotations - truths) @ (pose_g.T @ shift_g) @ pose_f.T
    cosines = np.clip((rotations[:, :, 2] * truths[:, :, 2]).sum(axis=1), -1.0, 1.0)
    return np.stack([angles, np.linalg.norm(shifts, axis=1), np.degrees(np.arccos(cosines))], axis=1)


def cell_errors(cell, poses, searches, bound, symmetry, seed):
    """Draw the errors that the bounds leave the pairs of a cell.

    Parameters
    ----------
    cell : gradalign.study.conditions.Cell
        Score and interval are not looked at: no bound depends on them.
    poses : list of tuple
        P_f, a_f, P_g, a_g of each pair.
    searches : sequence of str
        ``"full"``, ``"axis"`` or both.
    bound : PairBound
    symmetry : str
        Point group of the object.
    seed : int
        The study's seed.

    Returns
    -------
    dict of (str, str) to numpy.ndarray of shape (n, 3)
        From `drawn_errors`, of all pairs, by search and `BOUND_KINDS`.
    """
    errors = {(search, kind): [] for search in searches for kind in BOUND_KINDS}
    for number, pair in enumerate(poses):
        surface_f, _ = pair_surfaces(Pair(number, pair, {}), cell, seed)
        for kind, matrix in bound.information(pair).items():
            for search in searches:
                basis = free_directions(surface_f if search == "axis" else None)
                # the same numbers for both kinds
                rng = generator(seed, "bound", cell.data_set, cell.tilt, cell.snr, search, number)
                errors[search, kind].append(drawn_errors(matrix, basis, pair, symmetry, rng))
    return {key: np.concatenate(parts) for key, parts in errors.items()}


def data_set_bounds(specimen, symmetry, scans, pairs, searches):
    """Return the bounds of a data set: medians of the errors drawn for all pairs of a cell.

    Parameters
    ----------
    specimen : gradalign.simulation.dataset.Specimen
    symmetry : str
        Its point group.
    scans : sequence of (float, float)
        Tilt range and signal-to-noise ratio of each cell.
    pairs : int
        In each cell.
    searches : sequence of str
        ``"full"``, ``"axis"`` or both.

    Yields
    ------
    dict
        A text for each of `BOUNDS`; a line for each cell, search and quantity.

    Raises
    ------
    InputError
        If the map or a setting is unusable.
    """
    signal = specimen.template()
    unit_scales = {}
    for tilt, snr in scans:
        errors = {}
        if np.isfinite(snr):
            data_set = specimen.data_set(tilt, snr)
            poses = [(*data_set.pose(2 * number), *data_set.pose(2 * number + 1)) for number in range(pairs)]
            if tilt not in unit_scales:
                # they go with 1/√SNR, and cost as much as all pairs of a cell
                unit = specimen.data_set(tilt, 1.0)
                unit_scales[tilt] = np.array(unit.noise_scales)
            noise = Noise(unit_scales[tilt] / np.sqrt(snr), data_set.protocol, data_set.voxel_size)
            bound = PairBound(signal, tilt, tilt, noise, noise)
            cell = Cell(specimen.name, tilt, snr, "", 0.0)
            errors = cell_errors(cell, poses, searches, bound, symmetry, specimen.seed)
        for search in searches:
            for place, quantity in enumerate(QUANTITIES):
                # without noise nothing limits an aligner
                medians = (np.median(errors[search, kind][:, place]) if errors else 0.0 for kind in BOUND_KINDS)
                yield line(BOUNDS, [tilt, snr, search, quantity, pairs, *(f"{median:.5g}" for median in medians)])
