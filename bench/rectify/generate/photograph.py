"""A scene photographed: its layers under the light, then lens, sensor and the camera's own processing."""
import numpy as np

from . import grounds, light, noise, sensor
from .render import render


def shoot(it):
    """A scene's picture and truth."""
    rng, d = it.rng, it.difficulty
    width, height = it.size
    shape = height, width
    field, notes = light.irradiance(rng, it.size, d)
    it.applied += notes
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = it.room
    if it.room_photo:
        small = grounds.photograph(rng, (64, 64 * width // height + 1), it.photos)
        picture[:] = np.stack([noise.enlarged(small[..., k], shape) for k in range(3)], 2).clip(0, 1)
    picture *= field[..., None] * np.float32(rng.uniform(0.4, 1))
    lamp = rng.uniform(-1, 1, 2)
    mask = np.zeros(shape, np.float32)
    stack = it.layers + (it.sides if it.what == "box" else []) + [it.main]
    for layer in stack:
        got = render(it.camera, layer, it.size, 1 if layer is it.ground else it.samples)
        if got is None:
            continue
        (l, t, r, b), colour, cover = got
        if layer.shadow > 0:
            darken(it, picture, (l, t, r, b), cover, layer, lamp)
        if layer is it.main:
            mask[t:b, l:r] = cover
        if not layer.emits:
            colour *= field[t:b, l:r, None]
        part = picture[t:b, l:r]
        part *= 1 - cover[..., None]
        part += colour
    if it.ground_kind != "plain" and max(it.size) > 1300:
        grain = noise.field(rng, shape, max(shape) / 2.5)
        k = np.float32(rng.uniform(0.01, 0.05))
        picture *= 1 + k * grain[..., None] * (1 - mask[..., None])
    for (l, t, r, b), colour, cover in it.over:
        soft = light.blurred(cover, 2.5 * it.mm)
        shift = (lamp * 2 * it.mm).astype(int)
        soft = np.roll(soft, tuple(shift[::-1]), (0, 1))
        part = picture[t:b, l:r]
        part *= 1 - 0.45 * soft[..., None]
        part *= 1 - cover[..., None]
        part += colour * field[t:b, l:r, None]
    glossy = it.what in ("card", "print", "phone", "monitor", "whiteboard", "painting")
    if glossy and rng.random() < [0.05, 0.2, 0.35, 0.5][d]:
        glare(it, picture, mask)
    return expose(it, picture, mask)


def darken(it, picture, box, cover, layer, lamp):
    """The soft shadow of a layer on what lies below: close to it and away from the lamp."""
    l, t, r, b = box
    reach = max(1.0, layer.shadow_reach * it.mm)
    grow = int(reach * 3)
    width, height = it.size
    L, T, R, B = max(0, l - grow), max(0, t - grow), min(width, r + grow), min(height, b + grow)
    wide = np.zeros((B - T, R - L), np.float32)
    wide[t - T:b - T, l - L:r - L] = cover
    shift = lamp * reach * 0.8
    soft = light.blurred(wide, reach)
    soft = np.roll(soft, (int(shift[1]), int(shift[0])), (0, 1))
    near = light.blurred(wide, max(0.7, reach * 0.25))
    picture[T:B, L:R] *= (1 - layer.shadow * (0.65 * soft + 0.35 * near))[..., None]


def glare(it, picture, mask):
    rng = it.rng
    height, width = mask.shape
    y, x = np.mgrid[-1:1:48j, -1:1:48j]
    cx, cy = rng.uniform(-0.8, 0.8, 2)
    spot = np.exp(-(((x - cx) / rng.uniform(0.1, 0.4)) ** 2 + ((y - cy) / rng.uniform(0.1, 0.4)) ** 2))
    picture += np.float32(rng.uniform(0.2, 1.2)) * (noise.enlarged(spot, mask.shape).clip(0) * mask)[..., None]
    it.applied.append("glare")


def expose(it, picture, mask):
    rng, d = it.rng, it.difficulty
    size = max(it.size)
    sigma = rng.uniform(0.45, 0.75) * (1 if size <= 2100 else rng.uniform(1, 1.7))
    picture = sensor.separable(picture, sensor.gaussian(sigma))
    unit = size / 1500
    if rng.random() < [0.05, 0.12, 0.2, 0.3][d]:
        radius = min(rng.uniform(0.7, [1.2, 1.6, 2.4, 3.2][d]) * unit, 6)
        if radius > 0.6:
            picture = sensor.defocus(picture, radius)
            it.applied.append(f"defocus {radius:.1f}")
    if rng.random() < [0, 0.08, 0.15, 0.3][d]:
        length = min(rng.uniform(1.5, [2, 3, 5, 8][d]) * unit, 16)
        picture = sensor.motion(picture, length, rng.uniform(0, np.pi))
        it.applied.append(f"motion {length:.1f}")
    bright = np.quantile(picture[::8, ::8].mean(2), 0.97)
    gain = rng.uniform([.7, .6, .5, .4][d], [.95, 1.0, 1.1, 1.15][d]) / max(bright, 1e-3)
    level = rng.uniform(0.003, [0.01, 0.016, 0.028, 0.045][d]) * min(1.0, (1600 / size) ** 0.5 + 0.2)
    picture = sensor.noisy(rng, picture * np.float32(gain), level)
    warm = rng.normal(0, [.03, .06, .1, .13][d])
    pixels = sensor.developed(
        rng,
        picture,
        1.0,
        (1 + warm, 1 + rng.normal(0, 0.015), 1 - warm),
        rng.uniform(-0.05, 0.25),
        rng.choice([0, 0.3, 0.6, 0.9]),
    )
    quality = int(rng.integers([80, 65, 45, 32][d], 97))
    it.applied += [f"noise {level:.3f}", f"jpeg {quality}"]
    return it.made(pixels, mask, quality)
