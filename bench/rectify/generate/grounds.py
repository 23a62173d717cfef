"""What sheets lie on and boards hang on: textures in linear light."""
import numpy as np
from PIL import Image

from . import noise, pages
from .texture import TO_LINEAR, linear


def colour(rng, low=20, high=235, tint=40):
    """A random colour, linear [3]; mostly a muted one."""
    base = rng.uniform(low, high)
    tint *= rng.uniform(0.05, 1) ** 1.5
    return TO_LINEAR[np.clip(base + rng.uniform(-tint, tint, 3), 2, 250).astype(int)]


def mixed(a, b, t):
    t = np.clip(t, 0, 1)[..., None].astype(np.float32)
    return a * (1 - t) + b * t


def plain(rng, shape, tone=None):
    base = colour(rng) if tone is None else tone
    return base * (
        1 + np.float32(rng.uniform(0.01, 0.06)) * noise.field(rng, shape, rng.uniform(3, 200), 3)[..., None]
    )


def wood(rng, shape, tone=None):
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(shape)
    planks = int(rng.integers(1, 9))
    which = np.floor(y * planks).astype(int)
    shift = rng.uniform(-3, 3, planks + 1).astype(np.float32)[which]
    warp = noise.field(rng, shape, rng.uniform(3, 6), 2)
    rings = np.sin((y * rng.uniform(25, 70) + shift * 9 + warp * rng.uniform(0.1, 1.8)) * 2 * np.pi * 0.5)
    grain = np.asarray(Image.fromarray(rng.uniform(-1, 1, (height, max(2, width // 60))).astype(np.float32)).resize(
        (width, height), Image.Resampling.BILINEAR))
    dark = TO_LINEAR[
        np.clip(np.array([120, 80, 48]) * rng.uniform(0.4, 1.5) + rng.uniform(-15, 15, 3), 5, 250).astype(int)
    ]
    light = np.clip(dark * rng.uniform(1.3, 2.2), 0, 0.9)
    if tone is not None:
        dark, light = tone * 0.85, np.clip(tone * 1.1, 0, 0.95)
    out = mixed(dark, light, 0.5 + 0.28 * rings + 0.16 * grain + 0.1 * shift / 3)
    seam = np.abs(y * planks - np.round(y * planks)) / planks
    if planks > 1:
        out *= np.where(seam < rng.uniform(0.0006, 0.0018), rng.uniform(0.2, 0.7), 1).astype(np.float32)[..., None]
    return (
        out
        if rng.random() < 0.5
        else np.ascontiguousarray(np.rot90(out)[:height, :width]) if height == width else out
    )


def stone(rng, shape, tone=None):
    base = colour(rng, 50, 210, 20) if tone is None else tone
    rough = noise.field(rng, shape, rng.uniform(4, 12), 5, 0.7)
    out = base * (1 + 0.18 * rough[..., None])
    if rng.random() < 0.5:  # marble
        vein = np.abs(np.sin(noise.field(rng, shape, 4, 4, 0.6) * rng.uniform(3, 7))) ** rng.uniform(0.2, 0.5)
        out = mixed(base * rng.uniform(0.3, 0.7), out, vein)
    else:  # granite
        speckle = rng.random(shape, dtype=np.float32)
        out = np.where((speckle > 0.93)[..., None], out * rng.uniform(0.3, 0.6), out)
        out = np.where((speckle < 0.05)[..., None], np.clip(out * 1.7, 0, 0.95), out)
    return out


def tiles(rng, shape, tone=None):
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(shape)
    out = stone(rng, shape, tone)
    nx, ny = rng.uniform(2, 9), rng.uniform(2, 9)
    row = np.floor(y * ny)
    x = x + (row % 2) * rng.choice([0, 0.5]) / nx
    seam = np.minimum(np.abs(x * nx - np.round(x * nx)) / nx, np.abs(y * ny - np.round(y * ny)) / ny)
    return mixed(out, colour(rng), (seam < rng.uniform(0.001, 0.006)).astype(np.float32))


def cloth(rng, shape, tone=None):
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period = rng.uniform(3, 9)
    weave = np.sin(x * 2 * np.pi / period) * np.sin(y * 2 * np.pi / period)
    base = colour(rng) if tone is None else tone
    out = np.broadcast_to(base, (*shape, 3)).astype(np.float32)
    pattern = rng.random()
    if pattern < 0.65 and tone is None:
        other = colour(rng)
        step, share = rng.uniform(0.02, 0.16) * max(shape), rng.uniform(0.2, 0.6)
        across = ((x % step) < share * step).astype(np.float32)
        down = ((y % step) < share * step).astype(np.float32)
        out = mixed(out, other, across if pattern < 0.3 else (across + down) * 0.5)
    return out * (1 + 0.12 * weave + 0.1 * noise.field(rng, shape, 7, 3))[..., None]


def carpet(rng, shape, tone=None):
    base = colour(rng, 30, 180) if tone is None else tone
    return (
        base
        * np.clip(
            1 + 0.45 * noise.field(rng, shape, max(shape) / rng.uniform(3, 8)) + 0.15 * noise.field(rng, shape, 8, 2),
            0.1,
            2,
        )[..., None]
    )


def newspaper(rng, shape, photos):
    """Printed matter all over: text whose edges are as strong as the sheet's."""
    scale = rng.uniform(2.5, 5)
    light, _ = pages.page(rng, pages_pick(rng), (shape[1] / scale, shape[0] / scale), scale, photos)
    return light[:shape[0], :shape[1]]


def pages_pick(rng):
    return ["columns", "letter", "invoice", "handwritten"][int(rng.integers(4))]


def mat(rng, shape, tone=None):
    """A cutting mat: a fine bright grid."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    out = plain(rng, shape, colour(rng, 30, 120, 50) if tone is None else tone)
    step = max(shape) / rng.uniform(12, 40)
    line = ((x % step) < 1.6) | ((y % step) < 1.6)
    return mixed(out, np.clip(out * 2.2, 0, 0.9), line.astype(np.float32) * rng.uniform(0.4, 1))


def bricks(rng, shape, tone=None):
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(shape)
    ny = rng.uniform(10, 22)
    row = np.floor(y * ny).astype(int)
    x = x * ny / 3 + (row % 2) * 0.5
    column = np.floor(x).astype(int)
    shade = rng.uniform(0.7, 1.2, (int(row.max()) + 1, int(column.max()) + 2)).astype(np.float32)[row, column]
    base = TO_LINEAR[
        np.clip(np.array([150, 85, 65]) * rng.uniform(0.7, 1.4) + rng.uniform(-20, 20, 3), 5, 240).astype(int)
    ]
    joint = np.minimum(np.abs(y * ny - np.round(y * ny)), np.abs(x - np.round(x)) * 3) < 0.06
    out = base * shade[..., None] * (1 + 0.15 * noise.field(rng, shape, 60, 3))[..., None]
    return mixed(out, colour(rng, 120, 210, 8), joint.astype(np.float32))


def photograph(rng, shape, photos):
    photo = photos(rng, 0.55)
    if rng.random() < 0.5:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    return linear(pages.filling(photo, (shape[1], shape[0]))) * np.float32(rng.uniform(0.6, 1.1))


TEXTURED = {
    "plain": plain,
    "wood": wood,
    "stone": stone,
    "tiles": tiles,
    "cloth": cloth,
    "carpet": carpet,
    "mat": mat,
}
WALLS = {"plain": plain, "bricks": bricks, "stone": stone, "wood": wood, "cloth": cloth}


def ground(rng, kind, shape, photos, tone=None):
    """[h, w, 3] linear, 0..1."""
    if kind == "photograph":
        out = photograph(rng, shape, photos)
    elif kind == "newspaper":
        out = newspaper(rng, shape, photos)
    else:
        out = {**TEXTURED, **WALLS}[kind](rng, shape, tone)
    return np.clip(out, 0, 1).astype(np.float32)
