"""Kaiser–Bessel interpolation of a volume's transform between the points of an oversampled grid.

The volume is divided by the kernel's own transform (roll-off) before its transform is taken on a grid of spacing
1/(σN); four taps a dimension at σ = 2 then give the transform anywhere to better than 1e-3 (relative L2).
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

OVERSAMPLING = 2
TAPS = 4
TABLE_ROWS = 256


def kernel_shape(taps, oversampling):
    """Return the shape parameter β of the Kaiser–Bessel kernel for a width and an oversampling.

    β = π √((w/σ)²(σ − ½)² − 0.8) (Beatty et al. 2005, eq. 5).

    Parameters
    ----------
    taps : int
        Width w in grid points.
    oversampling : float
        Ratio σ of grid size to volume size.

    Returns
    -------
    float
    """
    return np.pi * np.sqrt((taps / oversampling) ** 2 * (oversampling - 0.5) ** 2 - 0.8)


def kernel(offset, taps=TAPS, oversampling=OVERSAMPLING):
    """Return the Kaiser–Bessel kernel I₀(β√(1 − (2t/w)²)) / I₀(β).

    Parameters
    ----------
    offset : array_like
        Distance t from the sampled point, in grid points; 0 is returned beyond w/2.
    taps : int
    oversampling : float

    Returns
    -------
    numpy.ndarray
    """
    beta = kernel_shape(taps, oversampling)
    inside = np.maximum(1.0 - (2.0 * np.asarray(offset, dtype=float) / taps) ** 2, 0.0)
    values = np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    return np.where(np.abs(offset) < taps / 2, values, 0.0)


def rolloff(size, taps=TAPS, oversampling=OVERSAMPLING):
    """Return the kernel's transform at the voxels of one axis, by which the volume is divided.

    Parameters
    ----------
    size : int
        Number of voxels N; the centre is voxel N//2.
    taps : int
    oversampling : float

    Returns
    -------
    numpy.ndarray of shape (size,)
    """
    position = (np.arange(size) - size // 2) / (oversampling * size)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    offsets, weights = 0.5 * taps * nodes, 0.5 * taps * weights
    return np.cos(2.0 * np.pi * np.outer(position, offsets)) @ (weights * kernel(offsets, taps, oversampling))


def tap_table():
    """Return the weights of the four taps by the fraction of a grid step, with their slopes.

    Returns
    -------
    numpy.ndarray of float32, shape (TABLE_ROWS * 2 * TAPS,)
        Row r holds the weights of grid points i − 1 … i + 2 for a point at i + r/TABLE_ROWS, then the differences
        to the next row.
    """
    fraction = np.arange(TABLE_ROWS + 1) / TABLE_ROWS
    weights = kernel(fraction[:, None] - np.arange(-1, 3)[None])
    return np.hstack([weights[:-1], np.diff(weights, axis=0)]).astype(np.float32).ravel()


class _Taps:
    """LLVM code that both gathers share: weights of the taps, and vectors of grid values."""

    single, index = ir.FloatType(), ir.IntType(64)
    eight, four = ir.VectorType(single, 8), ir.VectorType(single, 4)

    def __init__(self, context, builder, signature, arguments):
        self._context, self.builder = context, builder
        self._signature, self._arguments = signature, arguments

    def pointer(self, number, element, vector):
        array = self._context.make_array(self._signature.args[number])
        data = array(self._context, self.builder, self._arguments[number]).data
        return self.builder.bitcast(self.builder.gep(data, [element]), vector.as_pointer())

    def lanes(self, vector, numbers):
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers)
        return self.builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)

    def multiply(self, left, right):
        return self.builder.fmul(left, right, flags=["fast"])

    def multiply_add(self, total, left, right):
        product = self.multiply(left, right)
        return product if total is None else self.builder.fadd(total, product, flags=["fast"])

    def load(self, address, number):
        return self.builder.load(self.builder.gep(address, [ir.Constant(self.index, number)]), align=4)

    def weights(self, axis):
        knot = self.builder.extract_value(self._arguments[5], axis)
        fraction = self.builder.extract_value(self._arguments[6], axis)
        undefined = ir.Constant(self.four, ir.Undefined)
        fraction = self.builder.insert_element(undefined, fraction, ir.Constant(ir.IntType(32), 0))
        start = self.pointer(4, self.builder.mul(knot, ir.Constant(self.index, 2 * TAPS)), self.four)
        return self.multiply_add(self.load(start, 0), self.lanes(fraction, [0] * 4), self.load(start, 1))

    def rows(self):
        """Yield the address of each row of taps along x and the weight of its place in y and z, in all lanes."""
        _, base, row, plane = self._arguments[:4]
        along_y, along_z = self.weights(1), self.weights(2)
        for z in range(TAPS):
            weights = self.multiply(self.lanes(along_z, [z] * 4), along_y)
            for y in range(TAPS):
                steps = self.builder.add(
                    self.builder.mul(plane, ir.Constant(self.index, z)),
                    self.builder.mul(row, ir.Constant(self.index, y)),
                )
                address = self.pointer(0, self.builder.add(base, steps), self.eight)
                yield address, self.lanes(weights, [y] * 8)

    def store(self, vector):
        self.builder.store(vector, self.pointer(7, self._arguments[8], vector.type), align=4)
        return self._context.get_dummy_value()


@intrinsic
def gather(typingctx, grid, base, row, plane, table, knots, fractions, out, position):
    """Interpolate eight values at one point: 64 fused multiply-adds of eight lanes each.

    Written in LLVM's vector types because the compiler does not find these vectors by itself (three times slower).

    Parameters
    ----------
    grid : 1-D float32 array
        The eight values of each grid point side by side, x fastest.
    base : int
        Index in `grid` of the first of the 4 × 4 × 4 points.
    row, plane : int
        Distance in `grid` of neighbours along y and along z.
    table : 1-D float32 array
        From `tap_table`.
    knots : tuple of 3 int
        Rows of the table for x, y and z.
    fractions : tuple of 3 float32
        Fractions of a table row for x, y and z.
    out : 1-D float32 array
    position : int
        Where in `out` the eight results go.
    """
    signature = types.void(grid, base, row, plane, table, knots, fractions, out, position)

    def codegen(context, builder, signature, arguments):
        taps = _Taps(context, builder, signature, arguments)
        along_x = taps.weights(0)
        columns = [None] * TAPS
        for address, weight in taps.rows():
            for x in range(TAPS):
                columns[x] = taps.multiply_add(columns[x], weight, taps.load(address, x))
        total = None
        for x in range(TAPS):
            total = taps.multiply_add(total, taps.lanes(along_x, [x] * 8), columns[x])
        return taps.store(total)

    return signature, codegen


@intrinsic
def gather_pair(typingctx, grid, base, row, plane, table, knots, fractions, out, position):
    """Interpolate two values at one point: a row of four taps is one vector, sixteen multiply-adds in all.

    Parameters
    ----------
    grid : 1-D float32 array
        The two values of each grid point side by side, x fastest.
    base, row, plane, table, knots, fractions, out, position
        As in `gather`; two results go into `out`.
    """
    signature = types.void(grid, base, row, plane, table, knots, fractions, out, position)

    def codegen(context, builder, signature, arguments):
        taps = _Taps(context, builder, signature, arguments)
        along_x = taps.lanes(taps.weights(0), [0, 0, 1, 1, 2, 2, 3, 3])
        total = None
        for address, weight in taps.rows():
            total = taps.multiply_add(total, weight, taps.load(address, 0))
        total = taps.multiply(total, along_x)
        halves = builder.fadd(taps.lanes(total, [0, 1, 2, 3]), taps.lanes(total, [4, 5, 6, 7]), flags=["fast"])
        return taps.store(builder.fadd(taps.lanes(halves, [0, 1]), taps.lanes(halves, [2, 3]), flags=["fast"]))

    return signature, codegen
