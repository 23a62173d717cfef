"""Smooth random fields."""
import numpy as np
from PIL import Image


def field(rng, shape, cells, octaves=1, persistence=0.5):
    """[h, w] about -1..1: random grids of `cells` along the longer side, twice as many with each octave."""
    height, width = shape
    total, weight, sum_of = np.zeros(shape, np.float32), 1.0, 0.0
    for _ in range(octaves):
        n = max(2, int(round(cells)))
        grid = (max(2, round(n * height / max(shape))), max(2, round(n * width / max(shape))))
        small = Image.fromarray(rng.uniform(-1, 1, (grid[0] + 2, grid[1] + 2)).astype(np.float32))
        total += weight * np.asarray(small.resize((width, height), Image.Resampling.BICUBIC,
                                                  box=(1, 1, grid[1] + 1, grid[0] + 1)))
        sum_of += weight ** 2
        weight *= persistence
        cells *= 2
        if cells > max(shape):
            break
    return total * np.float32(1.6 / np.sqrt(sum_of))


def line(rng, length, knots):
    """[length] about -1..1."""
    at = np.linspace(0, 1, knots)
    return np.interp(np.linspace(0, 1, length), at, rng.uniform(-1, 1, knots))


def enlarged(small, shape):
    """A small field [h, w], smoothly brought to the shape."""
    return np.asarray(
        Image.fromarray(small.astype(np.float32)).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    )
