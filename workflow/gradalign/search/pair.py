"""The public face: align two subtomograms. Sets of them are aligned in `gradalign.search.sets`."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from gradalign.base.jit import say_if_compiling
from gradalign.base.threads import on_one_thread
from gradalign.fourier.transfer import read_transfers
from gradalign.geometry.wedge import TiltRange
from gradalign.search.request import asked, check_surfaces, checked_settings, within_box
from gradalign.search.score import Start, load_score
from gradalign.search.settings import Alignment, Settings

if TYPE_CHECKING:
    from gradalign.scores.signal_model import SignalModel


@on_one_thread
def align_pair(
    f: ArrayLike,
    g: ArrayLike,
    *,
    tilt_f: TiltRange = 60.0,
    tilt_g: TiltRange = 60.0,
    score: str = "rcs",
    interval: float = 60.0,
    low_pass: float | None = None,
    reach: float | None = None,
    voxel_size: float = 1.0,
    seed: int | np.random.Generator = 0,
    settings: Settings | None = None,
    surface_f: ArrayLike | None = None,
    surface_g: ArrayLike | None = None,
    model: "SignalModel | None" = None,
    mask: str | float | tuple | ArrayLike | None = None,
    ctf_f: ArrayLike | None = None,
    ctf_g: ArrayLike | None = None,
    ctf_data: str | None = None,
) -> Alignment:
    """Find the rotation and translation that move subtomogram g onto subtomogram f.

    Parameters
    ----------
    f, g : array_like of shape (N, N, N)
        Densities [z, y, x], of one box size.
    tilt_f, tilt_g : float, (float, float) or (float, float, float)
        Half range, (min, max) or (min, max, axis) of each tilt series in degrees; beam z, tilt axis at the angle
        `axis` from x towards y, or y.
    score : str
        ``"rcs"`` (real-space constrained), ``"fcs"`` (Fourier-space constrained) or ``"likelihood"``, which takes
        its band limits from the rounds of `settings`.
    interval : float
        Interval of the seed angles in degrees; divides 180. The likelihood has
        `gradalign.search.seeds.SPREAD_FACTOR` times as many seeds.
    low_pass : float, optional
        Resolution limit of the aligner in nm; that of `settings` if left out. The likelihood ends there, and begins
        as much coarser as the rounds of `settings` do.
    reach : float, optional
        Largest start translation along each axis in nm; that of `settings`, 6 nm, if left out.
    voxel_size : float
        In nm.
    seed : int or numpy.random.Generator
        Of the stochastic choice of candidates; the same seed gives the same answer.
    settings : Settings, optional
    surface_f, surface_g : array_like of shape (3, 3), optional
        Rotations that take the two membrane surface normals to z; with them only the rotation about the normal and
        the translation are searched (Eq. 22).
    model : gradalign.scores.signal_model.SignalModel, optional
        Signal and noise of a data set of alike volumes for the likelihood; estimated of each of the two if left out.
    mask : str, float, (float, (float, float, float)) or array_like of shape (N, N, N), optional
        What both volumes are multiplied by: ``"none"``, ``"automatic"``, a soft sphere of a radius, or of a radius
        about a centre (x, y, z), in voxels, or a volume from 0 to 1. If left out it is automatic for the likelihood,
        and none for the other two.
    ctf_f, ctf_g : array_like, optional
        CTF or weight volume of each, with heights and signs: (N, N, N) with frequency 0 at voxel N//2, its half
        (N, N, N//2 + 1) with frequency 0 in the corner, or CTF² and multiplicity, (2N, N, N//2 + 1), as files have
        them. What the tilt range leaves out they do not add. A reference has none.
    ctf_data : str, optional
        What the volumes with a CTF are: ``"unflipped"``, ``"flipped"`` or ``"premultiplied"``; if left out
        premultiplied for CTF² with multiplicity, else unflipped.

    Returns
    -------
    Alignment
        With ``rotation``, ``translation`` (voxels), ``euler_zyz`` (degrees), ``dissimilarity``, ``iterations`` and
        ``trace``: f(x) ≈ g(R⁻¹(x − a)); ``covariance``, ``rotation_sd`` (degrees), ``translation_sd`` (voxels) and
        ``probability``; and ``verdict``, ``"determined"`` or ``"undetermined"``, with its ``reason``.

    Raises
    ------
    InputError
        If a volume, CTF volume, tilt range, score, interval or low-pass is unusable; it says which and why.

    Examples
    --------
    A phantom, and the same phantom turned and shifted:

    >>> from gradalign import align_pair
    >>> from gradalign.geometry.rotations import rotation_angle, rotation_from_euler
    >>> from gradalign.simulation.phantom import phantom
    >>> R = rotation_from_euler(40, 70, -20)
    >>> g = phantom(32)
    >>> f = phantom(32, rotation=R, translation=[1.0, -0.5, 0.25])
    >>> found = align_pair(f, g, tilt_f=90, tilt_g=90, voxel_size=1.0)
    >>> bool(rotation_angle(found.rotation.T @ R) < 0.5)
    True
    >>> found.translation.round(1).tolist()
    [1.0, -0.5, 0.2]
    """
    settings = checked_settings(settings, low_pass, voxel_size, seed)
    score = load_score(score)
    settings = asked(score, settings, low_pass, reach, voxel_size, f, "f")
    settings = within_box(settings, voxel_size, f=f, g=g)
    check_surfaces(surface_f=surface_f, surface_g=surface_g)
    say_if_compiling()
    tilts, transfers = [tilt_f, tilt_g], None
    if ctf_f is not None or ctf_g is not None:
        (f, g), transfers = read_transfers([f, g], [ctf_f, ctf_g], ctf_data, ["ctf_f", "ctf_g"])
    if model is None:
        models = score.estimate([f, g], tilts, settings.alike, mask, transfers)
    else:
        models = [model.seen_through(*each) for each in zip(transfers or [None] * 2, tilts, strict=True)]
    fixed = score.prepare(f, tilt_f, settings, voxel_size, models[0], "f", movable=False)
    moving = score.prepare(g, tilt_g, settings, voxel_size, models[1], "g")
    return score.search(fixed, moving, settings, voxel_size, Start(interval, surface_f, surface_g), seed)
