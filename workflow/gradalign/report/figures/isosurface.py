"""Shaded pictures of isosurfaces, as arrays: marching cubes, then a depth buffer.

The camera looks along −z of its own frame, x to the right and y up; there is no perspective, so that a scale
bar holds everywhere in the picture.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from gradalign.base.jit import jit
from gradalign.errors import InputError
from gradalign.report.finer import finer

_SUPERSAMPLING = 2
_FINENESS = 3
_LIGHT = np.array([-0.45, 0.55, 0.7]) / np.linalg.norm([-0.45, 0.55, 0.7])
_AMBIENT, _DIFFUSE, _SPECULAR, _SHININESS = 0.32, 0.68, 0.22, 24


class Mesh(NamedTuple):
    """Triangles of a surface."""

    vertices: np.ndarray
    """(x, y, z) in voxels from the centre voxel N//2: float64 (v, 3)."""
    faces: np.ndarray
    """The three vertices of each triangle: int64 (t, 3)."""
    normals: np.ndarray
    """Unit vectors (x, y, z) at the vertices, out of the dense side: float64 (v, 3)."""

    @property
    def radius(self):
        """Distance of the farthest vertex from the centre voxel, in voxels."""
        return float(np.linalg.norm(self.vertices, axis=1).max())


def camera(azimuth, elevation):
    """Return the rotation that takes the object's frame to the camera's, the object's z axis upright.

    Parameters
    ----------
    azimuth : float
        Degrees from the x axis towards y under which the camera stands.
    elevation : float
        Degrees of the camera above the xy plane; 90 looks down the z axis.

    Returns
    -------
    numpy.ndarray of shape (3, 3)
    """
    azimuth, elevation = np.radians([azimuth, elevation])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    return np.stack([right, np.cross(towards, right), towards])


def surface(volume, level):
    """Return the isosurface of a density.

    Parameters
    ----------
    volume : array_like of shape (N, N, N)
        Density [z, y, x].
    level : float
        Density at the surface.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        If the density nowhere crosses the level.
    """
    volume = np.asarray(volume, dtype=float)
    if not volume.min() < level < volume.max():
        raise InputError(
            f"isosurface level {level:g} is outside the density's range {volume.min():g} to {volume.max():g}"
        )
    fine = finer(volume, _FINENESS * (volume.shape[0] - 1) + 1)
    # closed where the density reaches the edge of its box
    fine = np.pad(fine, 1, constant_values=fine.min())
    points, faces, _, _ = marching_cubes(fine, level)
    slopes = [ndimage.map_coordinates(slope, points.T, order=1) for slope in np.gradient(fine)]
    normals = -np.stack(slopes[::-1], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    vertices = (points[:, ::-1] - 1) / _FINENESS - volume.shape[0] // 2
    return Mesh(vertices, faces.astype(np.int64), normals)


@jit
def _draw(corners, faces, normals, depth, normal):
    """Keep depth and normal of the nearest surface in each pixel.

    Corners hold column, row (in pixels, from the top left) and depth (towards the camera) of each vertex.
    """
    rows, columns = depth.shape
    for face in range(faces.shape[0]):
        a, b, c = corners[faces[face, 0]], corners[faces[face, 1]], corners[faces[face, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if area == 0.0:
            continue
        first, last = int(min(a[0], b[0], c[0])), int(max(a[0], b[0], c[0])) + 1
        top, bottom = int(min(a[1], b[1], c[1])), int(max(a[1], b[1], c[1])) + 1
        for row in range(max(top, 0), min(bottom, rows)):
            for column in range(max(first, 0), min(last, columns)):
                x, y = column + 0.5, row + 0.5
                # barycentric coordinates of the pixel's centre
                p = ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x)) / area
                q = ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x)) / area
                r = 1.0 - p - q
                if p < 0.0 or q < 0.0 or r < 0.0:
                    continue
                near = p * a[2] + q * b[2] + r * c[2]
                if near > depth[row, column]:
                    depth[row, column] = near
                    for axis in range(3):
                        normal[row, column, axis] = (
                            p * normals[faces[face, 0], axis]
                            + q * normals[faces[face, 1], axis]
                            + r * normals[faces[face, 2], axis]
                        )


def _shaded(normal, colour):
    """Return the colours of a surface lit from the upper left, from its normals in the camera's frame."""
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    # where interpolation points a normal away from the camera, the surface is seen edge-on
    normal[:, 2] = np.abs(normal[:, 2])
    half = _LIGHT + [0.0, 0.0, 1.0]
    half /= np.linalg.norm(half)
    diffuse = np.clip(normal @ _LIGHT, 0.0, 1.0)
    specular = np.clip(normal @ half, 0.0, 1.0) ** _SHININESS
    shade = (_AMBIENT + _DIFFUSE * diffuse)[:, None] * np.asarray(colour) + _SPECULAR * specular[:, None]
    return np.clip(shade, 0.0, 1.0)


def render(mesh, rotation, extent, pixels, colour):
    """Draw a shaded surface.

    Parameters
    ----------
    mesh : Mesh
    rotation : array_like of shape (3, 3)
        From the object's frame to the camera's, see `camera`.
    extent : float
        Width and height of the picture in voxels.
    pixels : int
        Width and height of the picture in pixels.
    colour : sequence of 3 float
        Red, green and blue from 0 to 1.

    Returns
    -------
    numpy.ndarray of shape (pixels, pixels, 4)
        Red, green, blue and opacity from 0 to 1, the first row on top; transparent where there is no surface.
    """
    rotation = np.asarray(rotation, dtype=float)
    size = _SUPERSAMPLING * pixels
    corners = mesh.vertices @ rotation.T * [1.0, -1.0, 1.0] * (size / extent) + [size / 2, size / 2, 0.0]
    depth, normal = np.full((size, size), -np.inf), np.zeros((size, size, 3))
    _draw(corners, mesh.faces, mesh.normals @ rotation.T, depth, normal)
    covered = depth > -np.inf
    picture = np.zeros((size, size, 4))
    picture[covered, :3] = _shaded(normal[covered], colour)
    picture[covered, 3] = 1.0
    picture = picture.reshape(pixels, _SUPERSAMPLING, pixels, _SUPERSAMPLING, 4).mean(axis=(1, 3))
    picture[..., :3] /= np.maximum(picture[..., 3:], 1e-12)
    return np.clip(picture, 0.0, 1.0)
