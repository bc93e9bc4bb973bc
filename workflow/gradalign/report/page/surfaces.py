"""Surfaces of maps for a page, at levels that enclose equal volumes, in few bytes."""

import base64
import gzip
import json
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from skimage.measure import marching_cubes

from gradalign.io.chimerax import LEVEL, enclosed_voxels
from gradalign.report.finer import finer
from gradalign.report.page.parts import Maps

LEVELS = (0.5, 0.7, 1.0, 1.4, 2.0)
"""Enclosed volumes between which one chooses, as multiples of the reference's."""
MIDDLE = 2
DRAGGED = "turning together: drag one with mouse or finger, or use the arrow keys, + and − on it."
TURNING = f"Surfaces at levels that enclose the same volume, {DRAGGED}"
"""What is said over maps that turn."""
_FINE, _LARGEST = 40, 64
# reach of a reference surface from the middle of its frame, of the frame's width, with room for those that enclose
# more, and how much larger it may be drawn for it
_FILLED, _NEARER = 0.36, (0.8, 2.5)


class Solid(NamedTuple):
    """A map of an object."""

    title: str
    colour: str
    volume: np.ndarray
    """Density [z, y, x] (N, N, N)."""
    share: float | None = None
    """Part of the box that its reference surface encloses, if it shows another object than the maps beside it."""


def _fitted(volume):
    """Return a map on a grid that gives smooth surfaces of few triangles."""
    edge = volume.shape[0]
    if edge > _LARGEST:
        # loaded where it is needed, in a tenth of a second
        from skimage.transform import resize

        return resize(volume, (_LARGEST,) * 3, order=1, anti_aliasing=True, preserve_range=True)
    return finer(volume, _FINE) if edge < _FINE else volume


def surface(volume, share):
    """Return the surface that encloses a share of a box.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    share : float
        Enclosed part of the box, from 0 to 1.

    Returns
    -------
    vertices : numpy.ndarray of shape (v, 3), uint16
        (x, y, z), 0 and 65535 being the box's edges.
    faces : numpy.ndarray of shape (f, 3)
        Vertices of each triangle, counterclockwise seen from outside.
    """
    return next(_surfaces(volume, [share]))


def _surfaces(volume, shares):
    volume = np.asarray(volume, dtype=float)
    fine = volume if volume.min() == volume.max() else _fitted(volume)
    return (_enclosing(fine, share) for share in shares)


def _enclosing(fine, share):
    nothing = np.zeros((0, 3), np.uint16), np.zeros((0, 3), np.uint16)
    count = int(np.clip(round(share * fine.size), 1, fine.size - 1))
    # halfway between the last voxel inside and the first outside
    level = np.partition(fine.ravel(), [fine.size - count - 1, fine.size - count])[fine.size - count - 1 :][:2].mean()
    # closed where the density reaches the edge of its box
    padded = np.pad(fine, 1, constant_values=fine.min())
    if not padded.min() < level < padded.max():
        return nothing
    points, faces, _, _ = marching_cubes(padded, level)
    places = np.clip((points[:, ::-1] - 1.0) / (fine.shape[0] - 1), 0.0, 1.0)
    kind = np.uint16 if len(points) < 2**16 else np.uint32
    return np.rint(65535 * places).astype(np.uint16), faces.astype(kind)


def maps_part(key, title, caption, objects, links=()):
    """Return maps that turn together as a part of a page.

    Parameters
    ----------
    key, title : str
    caption : str
    objects : dict of str to (float, list of Solid)
        Of each object, by its title, the share of its box that the reference surface encloses, and its maps.
    links : sequence of (str, str)

    Returns
    -------
    gradalign.report.page.parts.Maps
    """
    blob, listed = bytearray(), []
    for name, (share, solids) in objects.items():
        maps = [_packed(solid, share, blob) for solid in solids]
        listed.append({"title": name, "nearer": _nearer(solids, share), "maps": maps})
    index = {"levels": list(LEVELS), "middle": MIDDLE, "objects": listed}
    packed = base64.b64encode(gzip.compress(bytes(blob), 9, mtime=0)).decode("ascii")
    # no text may end the element that it stands in
    text = Markup(json.dumps(index).replace("<", "\\u003c"))
    return Maps(key, title, caption, listed, list(LEVELS), MIDDLE, text, packed, list(links))


def _nearer(solids, share):
    """Return by how much maps are drawn larger than in their box, so that all objects that they show fit the frame."""
    reach = 0.0
    # what has no share of its own shows the first one's object, or noise that reaches everywhere
    for number, solid in enumerate(solids):
        if number == 0 or solid.share is not None:
            points, _ = surface(solid.volume, _enclosed(solid, share, LEVELS[MIDDLE]))
            reach = max(reach, np.abs(points / 65535 - 0.5).max(initial=0.0))
    return round(float(np.clip(_FILLED / max(reach, 1e-3), *_NEARER)), 2)


def _enclosed(solid, share, times):
    return min(times * (share if solid.share is None else solid.share), 0.9)


def _packed(solid, share, blob):
    levels = []
    for vertices, faces in _surfaces(solid.volume, [_enclosed(solid, share, times) for times in LEVELS]):
        start = len(blob)
        for array in (vertices, faces):
            blob += array.astype(array.dtype.newbyteorder("<")).tobytes()
            # arrays start at multiples of four bytes
            blob += bytes(-len(blob) % 4)
        wide = faces.dtype == np.uint32
        levels.append({"start": start, "vertices": len(vertices), "faces": len(faces), "wide": bool(wide)})
    return {"title": solid.title, "colour": solid.colour, "levels": levels}


def enclosed_share(volume):
    """Return the part of its box in which a density is above `gradalign.io.chimerax.LEVEL` of its largest value.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)

    Returns
    -------
    float
    """
    volume = np.asarray(volume)
    return enclosed_voxels(volume, LEVEL * volume.max()) / volume.size
