"""Whether alpha matting can be, as rembg finds out."""

from __future__ import annotations

from typing import Any


def check(pixels: Any, mask: Any, foreground: int, background: int, erode: int) -> None:
    """Raises what PyMatting raises, in its order: ValueError for a mask without certain subject or
    background and for pixels of one channel, AssertionError for others than three, ValueError where
    nothing is uncertain and for pictures too small for its 3x3 windows."""
    subject = _eroded(mask > foreground, erode, False)
    ground = _eroded(mask < background, erode, True)
    subject &= ~ground
    if not subject.any():
        raise ValueError("Trimap did not contain foreground values: no certain subject is left")
    if not ground.any():
        raise ValueError("Trimap did not contain background values: no certain background is left")
    if pixels.ndim != 3:
        raise ValueError("alpha matting needs three channels, and the image has one")
    if pixels.shape[2] != 3:
        raise AssertionError(f"alpha matting needs three channels, not {pixels.shape[2]}")
    if (subject | ground).all() or min(mask.shape) < 3:
        raise ValueError("nothing is uncertain, or the picture is less than 3 pixels wide or high")


def _eroded(region: Any, side: int, outside: bool) -> Any:
    """SciPy's binary_erosion by a square of ones (of a cross for a side of 0 or less), beyond whose
    border everything is `outside`. Even squares reach one pixel further to the left and up."""
    import numpy

    if side <= 0:
        padded = numpy.pad(region, 1, constant_values=outside)
        return (region & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2]
                & padded[1:-1, 2:])
    low, high = side // 2, side - 1 - side // 2
    for axis in (0, 1):
        widths = [(0, 0), (0, 0)]
        widths[axis] = (low, high)
        gaps = numpy.pad(~region, widths, constant_values=not outside)
        count = numpy.cumsum(gaps, axis=axis, dtype=numpy.int32)
        first = numpy.zeros_like(numpy.take(count, [0], axis=axis))
        count = numpy.concatenate([first, count], axis=axis)
        length = region.shape[axis]
        region = (numpy.take(count, range(side, side + length), axis=axis)
                  == numpy.take(count, range(length), axis=axis))
    return region
