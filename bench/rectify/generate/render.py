"""Flat and slightly curved textures as a camera sees them.

Every layer is sampled straight from its texture, several samples a pixel, from the level whose texels are about as
large as the samples, in linear light. The texture's coverage fades over one texel around its border, so that a border
pixel gets the share of it that is covered.
"""
import dataclasses

import numpy as np
from PIL import Image

from .texture import PAD, Texture

LEVELS = 4  # the smallest version of a texture is 1 / 16 of it
CELL = 96  # samples; within a cell the way from picture to texture is taken as a homography


@dataclasses.dataclass
class Layer:
    texture: Texture
    origin: np.ndarray  # world place of the texture's top left corner
    u: np.ndarray  # unit vectors to its right and down
    v: np.ndarray
    width: float  # millimetres
    height: float
    lift: object = None  # a function (x, y in 0..1) -> millimetres towards u x v's other side, the viewer
    emits: bool = False  # a screen: the room's light does not count
    shadow: float = 0.0  # strength of its soft shadow on what lies below
    shadow_reach: float = 3.0  # millimetres

    @property
    def normal(self):
        return -np.cross(self.u, self.v)

    def at(self, x, y):
        """World places of texture places in 0..1."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        p = self.origin + x[..., None] * self.width * self.u + y[..., None] * self.height * self.v
        return p if self.lift is None else p + self.lift(x, y)[..., None] * self.normal

    def corners(self):
        return self.at(np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1]))


def seen_at(camera, layer, points):
    """Picture points [n, 2] to texture places in 0..1 [n, 2]; not a number where the layer is not seen."""
    rays = camera.rays(points)
    normal = layer.normal
    facing = rays @ normal
    above = (camera.place - layer.origin) @ normal
    height = np.zeros(len(rays))
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(1 if layer.lift is None else 14):
            far = (above - height) / -facing
            far = np.where((facing < -1e-3) & (far > 0), far, np.nan)
            p = camera.place + rays * far[:, None] - layer.origin
            place = np.column_stack([p @ layer.u / layer.width, p @ layer.v / layer.height])
            if layer.lift is not None:
                inside = np.clip(np.nan_to_num(place), -0.2, 1.2)
                height = 0.5 * height + 0.5 * layer.lift(inside[:, 0], inside[:, 1])
    return place


def cell_maps(corners_out, corners_in):
    """Homographies of many cells at once: [n, 4, 2] to [n, 4, 2]; eight numbers each."""
    n = len(corners_out)
    rows = np.zeros((n, 8, 8))
    values = np.zeros((n, 8))
    for k in range(4):
        x, y = corners_out[:, k, 0], corners_out[:, k, 1]
        u, v = corners_in[:, k, 0], corners_in[:, k, 1]
        one = np.ones(n)
        rows[:, 2 * k, :3] = np.stack([x, y, one], 1)
        rows[:, 2 * k, 6:] = np.stack([-u * x, -u * y], 1)
        rows[:, 2 * k + 1, 3:6] = np.stack([x, y, one], 1)
        rows[:, 2 * k + 1, 6:] = np.stack([-v * x, -v * y], 1)
        values[:, 2 * k], values[:, 2 * k + 1] = u, v
    return np.linalg.solve(rows, values[..., None])[..., 0]


def seen_box(camera, layer, size):
    """The part of the picture in which a bordered layer can be seen: left, top, right, bottom; None: nowhere."""
    t = np.linspace(0, 1, 9)
    x, y = np.meshgrid(t, t)
    p = camera.project(layer.at(x.ravel(), y.ravel()))
    if np.isnan(p).any():
        return 0, 0, size[0], size[1]
    low = np.floor(p.min(0)) - 3
    high = np.ceil(p.max(0)) + 3
    box = max(0, int(low[0])), max(0, int(low[1])), min(size[0], int(high[0])), min(size[1], int(high[1]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def render(camera, layer, size, samples):
    """(box, light [h, w, 3] times coverage, coverage [h, w]) of a layer, `samples` x `samples` a pixel."""
    box = seen_box(camera, layer, size)
    if box is None:
        return None
    texture = layer.texture
    left, top, right, bottom = box
    width, height = (right - left) * samples, (bottom - top) * samples
    xs = np.append(np.arange(0, width, CELL), width)
    ys = np.append(np.arange(0, height, CELL), height)
    gx, gy = np.meshgrid(xs, ys)
    nodes = np.column_stack([gx.ravel() / samples + left, gy.ravel() / samples + top])
    place = seen_at(camera, layer, nodes) * [texture.width, texture.height] + PAD
    place = place.reshape(len(ys), len(xs), 2)
    quads_in = np.stack([place[:-1, :-1], place[:-1, 1:], place[1:, 1:], place[1:, :-1]], 2).reshape(-1, 4, 2)
    w, h = np.meshgrid(np.diff(xs), np.diff(ys))
    w, h = w.ravel(), h.ravel()
    zero = np.zeros(len(w))
    quads_out = np.stack([np.stack([zero, zero], 1), np.stack([w, zero], 1), np.stack([w, h], 1),
                          np.stack([zero, h], 1)], 1)
    full = texture.size
    touched = (~np.isnan(quads_in).any((1, 2)) & (quads_in[..., 0].max(1) > 0) & (quads_in[..., 0].min(1) < full[0]) &
               (quads_in[..., 1].max(1) > 0) & (quads_in[..., 1].min(1) < full[1]))
    spans = np.linalg.norm(quads_in - np.roll(quads_in, 1, 1), axis=2).max(1) / np.maximum(w, h)
    levels = np.clip(np.floor(np.log2(np.maximum(np.nan_to_num(spans, nan=1.0), 1e-3)) + 0.4), 0,
                     LEVELS).astype(int)
    maps = np.zeros((len(w), 8))
    if touched.any():
        scale = 0.5 ** levels[touched]
        maps[touched] = cell_maps(quads_out[touched], quads_in[touched] * scale[:, None, None])
    light = np.zeros((bottom - top, right - left, 3), np.float32)
    cover = np.zeros((bottom - top, right - left), np.float32)
    columns = len(xs) - 1
    whole = np.float32(1 / (255 * 255 * samples ** 2))
    for cell in np.flatnonzero(touched):
        row, column = divmod(cell, columns)
        part = np.asarray(
            texture.level(levels[cell]).transform(
                (int(w[cell]), int(h[cell])), Image.Transform.PERSPECTIVE, maps[cell], Image.Resampling.BILINEAR
            )
        )
        rows = slice(ys[row] // samples, ys[row + 1] // samples)
        cols = slice(xs[column] // samples, xs[column + 1] // samples)
        values = part.astype(np.float32)
        colour, alpha = values[..., :3], values[..., 3:]
        colour *= colour
        if part[..., 3].min() == 255:
            cover[rows, cols] = 1
        else:
            alpha *= np.float32(1 / 255)
            colour *= alpha
            cover[rows, cols] = summed(alpha, samples)[..., 0] * np.float32(1 / samples ** 2)
        light[rows, cols] = summed(colour, samples) * whole
    return box, light, cover


def summed(a, samples):
    """The sum of samples x samples."""
    if samples == 1:
        return a
    down = a[0::samples]
    for k in range(1, samples):
        down = down + a[k::samples]
    across = down[:, 0::samples]
    for k in range(1, samples):
        across = across + down[:, k::samples]
    return across
