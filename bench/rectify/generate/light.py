"""How bright the scene is from place to place: lamps, vignetting, shadows cast from outside."""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from . import noise


def smooth(small, shape):
    return noise.enlarged(small, shape)


def gradient(rng, strength):
    """A small field around 1: light that falls off to one side, or a lamp."""
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    angle = rng.uniform(0, 2 * np.pi)
    ramp = 1 + strength * 0.5 * (x * np.cos(angle) + y * np.sin(angle))
    if rng.random() < 0.4:
        cx, cy = rng.uniform(-1.2, 1.2, 2)
        ramp *= 1 / (1 + strength * ((x - cx) ** 2 + (y - cy) ** 2) * 0.5)
    return ramp / ramp.mean()


def vignette(strength):
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    return 1 - strength * (x ** 2 + y ** 2) / 2


def cast(rng, size, strength):
    """Shadows of things outside of the picture: a window's bars, a hand with a phone, something straight."""
    factor = max(1, max(size) // 400)
    width, height = max(8, size[0] // factor), max(8, size[1] // factor)
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    kind = rng.random()
    if kind < 0.45:  # a half plane or a band
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5) * max(width, height)
        wide = max(width, height) * (3 if rng.random() < 0.6 else rng.uniform(0.1, 0.4))
        c, s = np.cos(angle), np.sin(angle)
        px, py = width / 2 - s * offset, height / 2 + c * offset
        far = 3 * max(width, height)
        draw.polygon(
            [
                (px - c * far, py - s * far),
                (px + c * far, py + s * far),
                (px + c * far - s * wide, py + s * far + c * wide),
                (px - c * far - s * wide, py - s * far + c * wide),
            ],
            fill=255,
        )
    elif kind < 0.85:  # head, arm and phone: blobs that come from the lower border
        cx = rng.uniform(0.1, 0.9) * width
        top = rng.uniform(0.2, 0.8) * height
        w = rng.uniform(0.15, 0.4) * width
        draw.rounded_rectangle([cx - w, top, cx + w, height * 2], radius=w * rng.uniform(0.1, 0.9), fill=255)
        draw.ellipse([cx - w * 2, height * 0.8, cx + w * 3, height * 2.5], fill=255)
    else:  # bars of a window
        step = rng.uniform(0.15, 0.4) * width
        lean = rng.uniform(-0.5, 0.5)
        x = -width
        while x < 2 * width:
            draw.polygon(
                [
                    (x, 0),
                    (x + step * 0.25, 0),
                    (x + step * 0.25 + lean * height, height),
                    (x + lean * height, height),
                ],
                fill=255,
            )
            x += step
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 14)))
    dark = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    return 1 - np.float32(strength) * dark


def irradiance(rng, size, difficulty):
    """([h, w] linear factor, what it is made of)."""
    shape = size[1], size[0]
    strength = rng.uniform(0.05, [0.35, 0.6, 1.0, 1.2][difficulty])
    field = smooth(gradient(rng, strength) * vignette(rng.uniform(0, 0.35)), shape)
    applied = [f"gradient {strength:.2f}"]
    for _ in range(2):
        if rng.random() < [0.08, 0.3, 0.45, 0.6][difficulty]:
            depth = rng.uniform(0.15, [0.4, 0.5, 0.65, 0.75][difficulty])
            field = field * cast(rng, size, depth)
            applied.append(f"cast shadow {depth:.2f}")
    return np.clip(field, 0.05, 3).astype(np.float32), applied


def blurred(a, radius):
    """A Gaussian blur of [h, w] in 0..1, at a reduced size where the radius allows it."""
    factor = max(1, int(radius / 2))
    small = Image.fromarray((np.clip(a, 0, 1) * 255).astype(np.uint8))
    size = small.size
    if factor > 1:
        small = small.resize((max(1, size[0] // factor), max(1, size[1] // factor)), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(radius / factor))
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32) / 255
