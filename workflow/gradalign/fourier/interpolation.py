"""Kaiser–Bessel interpolation of a volume's transform between the points of an oversampled grid.

The volume is divided by the kernel's own transform (roll-off) before its transform is taken on a grid of spacing
1/(σN); four taps a dimension at σ = 2 then give the transform anywhere to better than 1e-3 (relative L2). The gradient
comes from the same 64 values by the derivative of the kernel, so that it is that of the interpolated function itself.

The two functions at the end are written in LLVM's vector types: 16 lanes hold two points, 8 lanes each, since the
compiler does not find these vectors by itself. A processor with narrower registers takes two of them for one of these.
"""

from functools import lru_cache

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.polynomial import polynomial

from gradalign.fourier.band import OVERSAMPLING, TAPS

DEGREE = 5


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


def kernel(offset, taps, oversampling=OVERSAMPLING):
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


def continuous_kernel(offset):
    """Return the Kaiser–Bessel kernel of four taps less its value at the ends, so that it begins and ends at 0.

    With the step of a thousandth that it has there a sample would jump where one tap follows another.

    Parameters
    ----------
    offset : array_like
        Distance from the sampled point, in grid points.

    Returns
    -------
    numpy.ndarray
    """
    # a little narrower than Beatty's: without its ends the error is least there, as small as theirs
    beta = 1.02 * kernel_shape(TAPS, OVERSAMPLING)
    inside = np.maximum(1.0 - (2.0 * np.asarray(offset, dtype=float) / TAPS) ** 2, 0.0)
    return (np.i0(beta * np.sqrt(inside)) - 1.0) / (np.i0(beta) - 1.0)


def rolloff(size, shape=continuous_kernel, taps=TAPS):
    """Return a kernel's transform at the voxels of one axis, by which the volume is divided.

    Parameters
    ----------
    size : int
        Number of voxels N; the centre is voxel N//2.
    shape : callable
        The kernel, of distances in grid points.
    taps : int
        Its width.

    Returns
    -------
    numpy.ndarray of shape (size,)
    """
    position = (np.arange(size) - size // 2) / (OVERSAMPLING * size)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    offsets, weights = 0.5 * taps * nodes, 0.5 * taps * weights
    return np.cos(2.0 * np.pi * np.outer(position, offsets)) @ (weights * shape(offsets))


@lru_cache(maxsize=1)
def tap_polynomials():
    """Return polynomials for the weights of the four taps and of their derivatives within one grid step.

    Returns
    -------
    numpy.ndarray of shape (DEGREE + 1, 2 * TAPS)
        Coefficients, the constant first, in the distance of a point from the middle of its grid step: of the weights
        of grid points i − 1 … i + 2 for a point between i and i + 1, and of their derivatives by the frequency in
        cycles per box.
    """
    # at Chebyshev's nodes, where the fit's error is about even
    middle = 0.5 * np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    weights = polynomial.polyfit(middle, continuous_kernel(middle[:, None] + 0.5 - np.arange(-1, TAPS - 1)), DEGREE)
    slopes = np.zeros_like(weights)
    slopes[:-1] = OVERSAMPLING * polynomial.polyder(weights)
    return np.hstack([weights, slopes])


_SINGLE, _SHORT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_LANES = 2 * TAPS
_SIGN = -(2**31)


def _vector(count, element=_SINGLE):
    return ir.VectorType(element, count)


def _both(numbers, width=_LANES):
    """Return lane numbers of one point, those from `width` on of a second operand, for two points side by side."""
    return [number % width + 2 * width * (number // width) + shift for shift in (0, width) for number in numbers]


class _TwoPoints:
    """LLVM code for two points side by side: where they lie in the grid, and the weights of their taps."""

    def __init__(self, context, builder, signature, arguments):
        self._context, self.builder = context, builder
        self._signature, self._arguments = signature, arguments
        self._row, self._plane = arguments[5:7]
        self.sign, cells, distances = self._place()
        self._corners = self._grid_corners(cells)
        self.weights = [self._tap_weights(axis, distances) for axis in range(3)]

    def _data(self, number):
        array = self._context.make_array(self._signature.args[number])
        return array(self._context, self.builder, self._arguments[number]).data

    def _load(self, pointer, count):
        return self.builder.load(self.builder.bitcast(pointer, _vector(count).as_pointer()), align=4)

    @staticmethod
    def _number(number):
        return ir.Constant(_INDEX, number)

    def _steps(self, distance, count):
        return self.builder.mul(distance, self._number(count))

    def _index(self, vector, lane):
        return self.builder.zext(self.builder.extract_element(vector, ir.Constant(_SHORT, lane)), _INDEX)

    def lanes(self, vector, numbers, other=None):
        mask = ir.Constant(_vector(len(numbers), _SHORT), numbers)
        other = ir.Constant(vector.type, ir.Undefined) if other is None else other
        return self.builder.shuffle_vector(vector, other, mask)

    def multiply(self, left, right):
        return self.builder.fmul(left, right, flags=["fast"])

    def add(self, left, right):
        return self.builder.fadd(left, right, flags=["fast"])

    def multiply_add(self, total, left, right):
        product = self.multiply(left, right)
        return product if total is None else self.add(total, product)

    def _side_by_side(self, left, right):
        return self.lanes(left, list(range(2 * left.type.count)), right)

    def _place(self):
        """Return the signs of ηz, the grid cells and the distances from their middles: x, y, z, – of each point."""
        points, rotation, builder = self._data(1), self._data(4), self.builder
        place = None
        for axis in range(3):
            numbers = builder.gep(points, [builder.add(self._arguments[2], self._steps(self._arguments[3], axis))])
            number = self.lanes(self._load(numbers, 2), [0] * TAPS + [1] * TAPS)
            place = self.multiply_add(
                place, self._load(builder.gep(rotation, [self._number(_LANES * axis)]), _LANES), number
            )
        integers = _vector(_LANES, _SHORT)
        # the grid holds the half z ≥ 0: the other one is taken at −η
        bits = builder.bitcast(place, integers)
        sign = builder.and_(self.lanes(bits, _both([2] * TAPS, TAPS)), ir.Constant(integers, [_SIGN] * _LANES))
        place = builder.bitcast(builder.xor(bits, sign), _vector(_LANES))
        place = builder.fadd(place, self._load(builder.gep(rotation, [self._number(3 * _LANES)]), _LANES))
        cells = builder.fptosi(place, integers)
        middles = builder.fadd(builder.sitofp(cells, place.type), ir.Constant(place.type, [0.5] * _LANES))
        return sign, cells, builder.fsub(place, middles)

    def _grid_corners(self, cells):
        """Return the addresses of the first of the taps of both points."""
        builder, distances = self.builder, ir.Constant(cells.type, ir.Undefined)
        units = [ir.Constant(_SHORT, 2), *(builder.trunc(part, _SHORT) for part in (self._row, self._plane))]
        for lane, unit in enumerate([*units, ir.Constant(_SHORT, 0)] * 2):
            distances = builder.insert_element(distances, unit, ir.Constant(_SHORT, lane))
        parts = builder.mul(cells, distances)
        parts = builder.add(parts, self.lanes(parts, _both([2, 3, 0, 1], TAPS)))
        parts = builder.add(parts, self.lanes(parts, _both([1, 0, 3, 2], TAPS)))
        return [builder.gep(self._data(0), [self._index(parts, lane)]) for lane in (0, TAPS)]

    def _tap_weights(self, axis, distances):
        """Return for each point the weights of its four taps and their derivatives along one axis, by Horner's rule."""
        distance = self.lanes(distances, [axis] * _LANES + [TAPS + axis] * _LANES)
        coefficients = [ir.Constant(distance.type, list(row) * 2) for row in tap_polynomials().astype(np.float32)]
        total = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            total = self.multiply_add(coefficient, total, distance)
        return total

    def tap(self, axis, number):
        """Return the weight of a tap (its derivative: number + 4) in all lanes of its point."""
        return self.lanes(self.weights[axis], _both([number] * _LANES))

    def along_x(self, derivative=False):
        """Return the weights along x (their derivatives) for real and imaginary part of the four taps."""
        start = TAPS if derivative else 0
        return self.lanes(self.weights[0], _both([start + number // 2 for number in range(_LANES)]))

    def planes(self):
        """Yield for each plane of taps its four rows: four complex values of each point."""
        builder, corners = self.builder, self._corners
        for _ in range(TAPS):
            rows, places = [], corners
            for _ in range(TAPS):
                rows.append(self._side_by_side(*(self._load(place, _LANES) for place in places)))
                places = [builder.gep(place, [self._row]) for place in places]
            yield rows
            corners = [builder.gep(corner, [self._plane]) for corner in corners]

    def halves(self, left, right):
        """Add the halves of two quantities: four lanes of each, for both points."""
        low = self.lanes(left, _both([0, 1, 2, 3, 8, 9, 10, 11]), right)
        return self.add(low, self.lanes(left, _both([4, 5, 6, 7, 12, 13, 14, 15]), right))

    def mirrored(self, vector, odd):
        """Change the sign of the lanes that are odd in η where −η was taken; `odd` is 1 for these."""
        builder, wide = self.builder, _vector(len(odd), _SHORT)
        count = len(odd) // 2
        sign = self.lanes(self.sign, [0] * count + [TAPS] * count)
        sign = builder.and_(sign, ir.Constant(wide, [-part for part in odd]))
        return builder.bitcast(builder.xor(builder.bitcast(vector, wide), sign), vector.type)

    def store(self, vector, place):
        address = self.builder.gep(self._data(7), [place])
        self.builder.store(vector, self.builder.bitcast(address, vector.type.as_pointer()), align=4)


@intrinsic
def gather(typingctx, grid, points, first, stride, rotation, row, plane, out, place):
    """Interpolate a transform and its gradient at two points: 44 multiply-adds of sixteen lanes.

    Parameters
    ----------
    grid : 1-D float32 array
        Real and imaginary part of each grid point side by side, x fastest, planes z ≥ −1.
    points : float32 array
    first : int
        Where in `points`, as it lies in memory, the ξx of the two frequencies stand, side by side.
    stride : int
        How much further their ξy stand, and their ξz than that.
    rotation : float32 (4, 8)
        The columns of σR⁻¹ with a zero, each twice, then what takes η to the grid's first tap: x, y, z, 0, twice.
    row, plane : int
        Distance in `grid` of neighbours along y and along z.
    out : 1-D float32 array
    place : int
        Where in `out` the results go: for each point real and imaginary part of G, ∂G/∂ηx, ∂G/∂ηy, ∂G/∂ηz.
    """
    signature = types.void(grid, points, first, stride, rotation, row, plane, out, place)

    def codegen(context, builder, signature, arguments):
        two = _TwoPoints(context, builder, signature, arguments)
        value = by_y = by_z = None
        along_y = [two.tap(1, number) for number in range(2 * TAPS)]
        for z, rows in enumerate(two.planes()):
            plane_value = plane_slope = None
            for y, values in enumerate(rows):
                plane_value = two.multiply_add(plane_value, along_y[y], values)
                plane_slope = two.multiply_add(plane_slope, along_y[TAPS + y], values)
            value = two.multiply_add(value, two.tap(2, z), plane_value)
            by_y = two.multiply_add(by_y, two.tap(2, z), plane_slope)
            by_z = two.multiply_add(by_z, two.tap(2, TAPS + z), plane_value)
        weights, slopes = two.along_x(), two.along_x(derivative=True)
        first = two.halves(two.multiply(value, weights), two.multiply(by_y, weights))
        second = two.halves(two.multiply(value, slopes), two.multiply(by_z, weights))
        even = two.lanes(first, _both([0, 1, 8, 9, 4, 5, 12, 13]), second)
        total = two.add(even, two.lanes(first, _both([2, 3, 10, 11, 6, 7, 14, 15]), second))
        # G(−η) is the conjugate of G(η), and its gradient minus that
        two.store(two.mirrored(total, [0, 1, 1, 0, 1, 0, 1, 0] * 2), arguments[8])
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def gather_values(typingctx, grid, points, first, stride, rotation, row, plane, out, place):
    """Interpolate a transform at two points, without its gradient: 20 multiply-adds of sixteen lanes.

    Parameters
    ----------
    grid, points, first, stride, rotation, row, plane
        As in `gather`.
    out : 1-D float32 array
    place : int
        Where in `out` the results go: for each point real and imaginary part.
    """
    signature = types.void(grid, points, first, stride, rotation, row, plane, out, place)

    def codegen(context, builder, signature, arguments):
        two = _TwoPoints(context, builder, signature, arguments)
        value = None
        along_y = [two.tap(1, number) for number in range(TAPS)]
        for z, rows in enumerate(two.planes()):
            plane_value = None
            for y, values in enumerate(rows):
                plane_value = two.multiply_add(plane_value, along_y[y], values)
            value = two.multiply_add(value, two.tap(2, z), plane_value)
        value = two.multiply(value, two.along_x())
        total = two.add(two.lanes(value, _both([0, 1, 2, 3])), two.lanes(value, _both([4, 5, 6, 7])))
        total = two.add(two.lanes(total, _both([0, 1], TAPS)), two.lanes(total, _both([2, 3], TAPS)))
        two.store(two.mirrored(total, [0, 1] * 2), arguments[8])
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def transpose(typingctx, samples, place, out, column, stride):
    """Turn eight points of eight values into eight lines of eight points.

    Parameters
    ----------
    samples : 1-D float32 array
    place : int
        Where in `samples` the first of the 64 values is.
    out : float32 array
    column : int
        Where in `out`, as it lies in memory, the first value of the first point goes.
    stride : int
        Distance in `out` of the lines.
    """
    signature = types.void(samples, place, out, column, stride)

    def codegen(context, builder, signature, arguments):
        def address(number, place):
            data = context.make_array(signature.args[number])(context, builder, arguments[number]).data
            return builder.bitcast(builder.gep(data, [place]), _vector(_LANES).as_pointer())

        def merged(left, right, low):
            mask = ir.Constant(_vector(_LANES, _SHORT), low)
            return builder.shuffle_vector(left, right, mask)

        lines = []
        for point in range(_LANES):
            start = builder.add(arguments[1], ir.Constant(_INDEX, _LANES * point))
            lines.append(builder.load(address(0, start), align=4))
        # exchange pairs of lines at distance 4, 2 and 1, and the same distances in the lanes
        for distance in (4, 2, 1):
            first = [lane if not lane & distance else lane - distance + _LANES for lane in range(_LANES)]
            second = [lane + distance if not lane & distance else lane + _LANES for lane in range(_LANES)]
            for number in range(_LANES):
                if not number & distance:
                    left, right = lines[number], lines[number + distance]
                    lines[number], lines[number + distance] = merged(left, right, first), merged(left, right, second)
        for number, line in enumerate(lines):
            start = builder.mul(arguments[4], ir.Constant(_INDEX, number))
            builder.store(line, address(2, builder.add(arguments[3], start)), align=4)
        return context.get_dummy_value()

    return signature, codegen
