"""What lies on, beside and over sheets: fingers, pens, coins, cups; and what has happened to the paper."""
import numpy as np

from . import noise
from .texture import TO_LINEAR

SKINS = np.array([[232, 190, 172], [224, 172, 140], [198, 134, 100], [141, 85, 56], [92, 56, 40], [240, 205, 190]])


def capsule(box, a, b, ra, rb):
    """(signed distance in pixels, place along 0..1, place across -1..1) in the box (left, top, right, bottom)."""
    left, top, right, bottom = box
    y, x = np.mgrid[top:bottom, left:right] + 0.5
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = b - a
    length = np.hypot(*d)
    t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / length ** 2, 0, 1)
    r = ra + (rb - ra) * t
    across = ((x - a[0]) * d[1] - (y - a[1]) * d[0]) / length
    far = np.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1])
    return far - r, t, across / r


def box_of(points, reach, size):
    p = np.asarray(points, float)
    low = np.maximum(0, np.floor(p.min(0) - reach)).astype(int)
    high = np.minimum(size, np.ceil(p.max(0) + reach)).astype(int)
    return (low[0], low[1], high[0], high[1]) if (low < high).all() else None


def finger(rng, size, tip, away, mm):
    """(box, light times cover, cover) of a finger whose tip is at `tip`, coming from the direction `away` (unit);
    `mm` pixels a millimetre."""
    radius = rng.uniform(7.5, 10.5) * mm
    long = rng.uniform(55, 85) * mm
    knuckle = tip + away * long
    bend = np.array([-away[1], away[0]]) * rng.uniform(-0.25, 0.25) * long
    hand = knuckle + away * 420 * mm + bend * 2
    box = box_of([tip, knuckle, hand], radius * 5.5, size)
    if box is None:
        return None
    skin = TO_LINEAR[np.clip(SKINS[int(rng.integers(len(SKINS)))] + rng.uniform(-12, 12, 3), 0, 255).astype(int)]
    first, along, across = capsule(box, tip + away * radius, knuckle, radius, radius * 1.12)
    palm, _, palm_across = capsule(box, knuckle, hand, radius * 1.15, radius * 5)
    far = np.minimum(first, palm)
    cover = np.clip(0.5 - far, 0, 1).astype(np.float32)
    side = np.where(first <= palm, across, palm_across)
    shade = 0.5 + 0.5 * np.sqrt(np.clip(1 - side ** 2, 0, 1)) + 0.12 * side
    shade = (
        shade
        * (1 + 0.06 * noise.field(rng, cover.shape, 30, 3))
        * (1 - 0.12 * np.exp(-(((along - 0.45) / 0.03) ** 2)))
    )
    light = skin * shade[..., None]
    if rng.random() < 0.7:  # the nail
        nail, _, _ = capsule(box, tip + away * radius * 0.75, tip + away * radius * 1.9, radius * 0.55, radius * 0.62)
        k = np.clip(0.5 - nail, 0, 1)[..., None] * 0.5
        light = light * (1 - k) + np.clip(skin * 1.25 + 0.05, 0, 1) * k
    return box, (light * cover[..., None]).astype(np.float32), cover


def pen(rng, size, middle, direction, mm):
    half, radius = rng.uniform(60, 75) * mm, rng.uniform(3.2, 5.5) * mm
    a, b = middle - direction * half, middle + direction * half
    box = box_of([a, b], radius * 2, size)
    if box is None:
        return None
    far, along, across = capsule(box, a, b, radius, radius * 0.95)
    tip, _, _ = capsule(box, b, b + direction * 10 * mm, radius * 0.9, radius * 0.15)
    far = np.minimum(far, tip)
    cover = np.clip(0.5 - far, 0, 1).astype(np.float32)
    body = rng.uniform(0.01, 0.6, 3)
    cap = body if rng.random() < 0.5 else rng.uniform(0.01, 0.8, 3)
    light = np.where((along < rng.uniform(0.2, 0.45))[..., None], cap, body)
    light = light * (0.45 + 0.6 * np.sqrt(np.clip(1 - across ** 2, 0, 1)))[..., None]
    light = light + (0.4 * np.exp(-((across - rng.uniform(-0.5, 0.5)) / 0.15) ** 2))[..., None]
    return box, (np.clip(light, 0, 1) * cover[..., None]).astype(np.float32), cover


def disc(rng, pixels, rings):
    """(light, cover) of a round thing: rings are (radius share, colour)."""
    y, x = np.mgrid[-1:1:pixels * 1j, -1:1:pixels * 1j]
    r = np.hypot(x, y)
    light = np.zeros((pixels, pixels, 3), np.float32)
    for radius, colour in rings:
        k = np.clip((radius - r) * pixels / 2 + 0.5, 0, 1)[..., None]
        light = light * (1 - k) + np.asarray(colour) * k
    light = light * (1 + 0.15 * (x + y) / 2)[..., None] * (1 + 0.1 * noise.field(rng, r.shape, 12, 3))[..., None]
    return np.clip(light, 0, 1).astype(np.float32), np.clip((0.985 - r) * pixels / 2 + 0.5, 0, 1).astype(np.float32)


def coin(rng):
    metal = np.array([0.5, 0.42, 0.2]) if rng.random() < 0.5 else np.array([0.5, 0.5, 0.48])
    return (*disc(rng, 96, [(1, metal * 0.6), (0.9, metal), (0.55, metal * 0.8), (0.5, metal)]), rng.uniform(18, 26))


def cup(rng):
    china = rng.uniform(0.3, 0.9) * np.array([1, rng.uniform(0.8, 1), rng.uniform(0.7, 1)])
    drink = np.array([0.05, 0.025, 0.01]) * rng.uniform(0.5, 4)
    return (*disc(rng, 256, [(1, china), (0.92, china * 0.5), (0.86, drink)]), rng.uniform(75, 95))


def torn_corner(rng, shape, corner, share):
    """[h, w] cover without one corner: a ragged line cuts `share` of the shorter side off."""
    height, width = shape
    side = share * min(shape)
    x, y = np.arange(width), np.arange(height)
    x = x if corner in (0, 3) else width - 1 - x
    y = y if corner in (0, 1) else height - 1 - y
    a, b = side * rng.uniform(0.6, 1.4, 2)
    along = np.arctan2(y[:, None] + 1.0, x[None, :] + 1.0) / (np.pi / 2)
    rag = np.interp(along, np.linspace(0, 1, 40), 1 + 0.1 * noise.line(rng, 40, 14) + 0.03 * rng.standard_normal(40))
    return np.clip((x[None, :] / a + y[:, None] / b - rag) * side * 0.7 + 0.5, 0, 1).astype(np.float32)


def dog_ear(light, cover, corner, share, back):
    """A corner folded over: what it covered is gone, its back lies on the sheet."""
    height, width = light.shape[:2]
    side = share * min(height, width)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    x = x if corner in (0, 3) else width - 1 - x
    y = y if corner in (0, 1) else height - 1 - y
    line = x[None, :] + y[:, None] - side
    gone = np.clip(line + 0.5, 0, 1)
    flap = (line > 0) & (x[None, :] < side) & (y[:, None] < side)
    dark = np.exp(-np.maximum(line, 0) / (side * 0.6))
    light = light * (1 - 0.35 * dark * ~flap)[..., None]
    light[flap] = back * (0.75 + 0.25 * np.clip(line[flap] / side, 0, 1))[:, None]
    return light.astype(np.float32), (gone if cover is None else cover * gone).astype(np.float32)


def lifted(rng, size_mm, strength):
    """(a height function in millimetres, what it is) for paper that does not lie flat."""
    kind = ["arc", "side", "corner", "folds"][int(rng.integers(4))]
    long = min(size_mm)
    sideways = rng.random() < 0.5
    if kind == "arc":
        amount = strength * rng.uniform(0.015, 0.05) * long

        def lift(x, y):
            t = x if sideways else y
            return amount * 4 * t * (1 - t)
    elif kind == "side":
        amount, flip, start = strength * rng.uniform(0.03, 0.09) * long, rng.random() < 0.5, rng.uniform(0.4, 0.75)

        def lift(x, y):
            t = x if sideways else y
            t = 1 - t if flip else t
            return amount * (np.maximum(0, t - start) / (1 - start)) ** 2
    elif kind == "corner":
        amount, fx, fy, start = (
            strength * rng.uniform(0.04, 0.12) * long,
            rng.random() < 0.5,
            rng.random() < 0.5,
            rng.uniform(0.5, 0.7),
        )

        def lift(x, y):
            t = ((1 - x if fx else x) + (1 - y if fy else y)) / 2
            return amount * (np.maximum(0, t - start) / (1 - start)) ** 2
    else:
        count = int(rng.integers(2, 5))
        heights = np.abs(rng.uniform(0.2, 1, count + 1)) * strength * 0.03 * long
        heights[::2] *= 0.15

        def lift(x, y):
            return np.interp(x if sideways else y, np.linspace(0, 1, count + 1), heights)
    return lift, kind


FACETS = 160  # shading of paper is computed on a grid of this size


def lit(lift, size_mm, lamp):
    """How bright a lamp (a unit vector, z towards the viewer) makes raised paper: [FACETS, FACETS] around 1."""
    t = (np.arange(FACETS) + 0.5) / FACETS
    h = lift(*np.meshgrid(t, t))
    dy, dx = np.gradient(h, size_mm[1] / FACETS, size_mm[0] / FACETS)
    shade = (-dx * lamp[0] + dy * lamp[1] + lamp[2]) / np.sqrt(1 + dx ** 2 + dy ** 2) / lamp[2]
    return 0.45 + 0.55 * np.clip(shade, 0, 1.6)


def crumpled(rng, amount):
    """The same for creases left by a hand: facets lit differently."""
    points = rng.uniform(0, 1, (26, 2))
    y, x = np.mgrid[0:1:FACETS * 1j, 0:1:FACETS * 1j]
    order = np.argmin((x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2, axis=2)
    tone = rng.uniform(-1, 1, (len(points), 3))
    return 1 + amount * (
        tone[order, 0] + tone[order, 1] * (x - points[order, 0]) * 6 + tone[order, 2] * (y - points[order, 1]) * 6
    )


def shaded(light, shade):
    """The texture under a shading, in place."""
    light *= noise.enlarged(shade, light.shape[:2])[..., None]
    return np.clip(light, 0, 1, out=light)
