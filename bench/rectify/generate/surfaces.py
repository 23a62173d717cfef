"""What is flat and not a printed sheet: cards, photographs, paintings, screens, boards, boxes.

Each returns (light [h, w, 3], cover [h, w] or None, inner): inner is the rectangle (left, top, right, bottom in shares
of the whole) that may just as well be meant, such as the display within its rim; None: there is none.
"""

import numpy as np
from PIL import Image, ImageDraw

from . import noise, pages, words
from .texture import linear

ID1 = (85.6, 53.98)


def sized(size_mm, scale):
    return tuple(max(64, int(round(v * scale / 16)) * 16) for v in size_mm)


def rounded(size, radius):
    """[h, w] coverage of a rectangle with round corners, radius in pixels."""
    width, height = size
    x = np.abs(np.arange(width) + 0.5 - width / 2) - width / 2 + radius
    y = np.abs(np.arange(height) + 0.5 - height / 2) - height / 2 + radius
    far = np.hypot(np.maximum(x, 0)[None, :], np.maximum(y, 0)[:, None])
    return np.clip(radius - far + 0.5, 0, 1).astype(np.float32)


def picture(rng, photos, size):
    """A photograph, or where there are none an abstract picture."""
    photo = photos(rng) if photos else None
    if photo is not None:
        return linear(pages.filling(photo, size))
    return abstract(rng, size)


def abstract(rng, size):
    """A landscape of smooth colours."""
    width, height = size
    out = np.zeros((height, width, 3), np.float32)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    colours = rng.uniform(0.02, 0.8, (5, 3)).astype(np.float32)
    out[:] = colours[0] * (1 - y[..., None]) + colours[1] * y[..., None]
    for k in range(3):
        line = 0.3 + 0.2 * k + 0.12 * noise.line(rng, width, int(rng.integers(4, 12)))
        out = np.where(
            (y > line[None, :])[..., None],
            colours[2 + k] * (1 + 0.2 * noise.field(rng, (height, width), 12, 4))[..., None],
            out,
        )
    return np.clip(out, 0, 1).astype(np.float32)


def card(rng, scale, photos):
    s = pages.Sheet(*ID1, scale, tuple(int(v) for v in rng.integers(60, 256, 3)), (20, 20, 30))
    accent = tuple(int(v) for v in rng.integers(0, 255, 3))
    kind = rng.random()
    light = linear(s.image)
    if kind < 0.4:  # a bank's card
        light = abstract(rng, s.pixels) if rng.random() < 0.6 else light
        s.image = Image.fromarray((np.sqrt(light) * 255).astype(np.uint8))
        s.draw = ImageDraw.Draw(s.image)
        s.box(9, 19, 21, 28, fill=(214, 180, 90), outline=(120, 95, 40))
        ink = (250, 250, 250) if light.mean() < 0.4 else (20, 20, 20)
        s.write(9, 32, " ".join(f"{rng.integers(1000, 9999)}" for _ in range(4)), "mono", 13, fill=ink)
        s.write(9, 43, words.pick(rng, words.NAMES).upper(), "mono", 8, fill=ink)
        s.write(76, 6, words.pick(rng, words.FIRMS), "sans", 10, True, ink, "ra")
    else:  # an identity card or a visiting card
        s.box(0, 0, s.width, rng.uniform(6, 14), fill=accent, mm=0)
        if kind < 0.75:
            s.picture(
                6, 17, 29, 46, Image.fromarray((np.sqrt(picture(rng, photos, (150, 190))) * 255).astype(np.uint8))
            )
        s.write(34, 3, words.pick(rng, words.FIRMS), "sans", 9, True, (250, 250, 250))
        for k in range(4):
            s.write(34, 17 + k * 7, words.pick(rng, words.NAMES + words.STREETS), "sans", 7.5)
    light = linear(s.image)
    return light, rounded(s.pixels, 3.18 * s.sx), None


def print_(rng, size_mm, scale, photos):
    """A photograph on paper, with or without its white rim."""
    size = sized(size_mm, scale)
    light = picture(rng, photos, size)
    inner = None
    if rng.random() < 0.5:
        rim = rng.uniform(0.03, 0.06) * min(size)
        x, y = rim / size[0], rim / size[1]
        inner = (x, y, 1 - x, 1 - y)
        framed = np.full_like(light, 0.86)
        l, t, r, b = (int(round(v)) for v in (x * size[0], y * size[1], (1 - x) * size[0], (1 - y) * size[1]))
        framed[t:b, l:r] = light[t:b, l:r]
        light = framed
    return light, None, inner


def framed(light, frame, bevel=1.0):
    """A frame of `frame` pixels with mitred corners, each side lit differently, painted over the border."""
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    side = np.argmin(np.stack([y, width - 1 - x, height - 1 - y, x]), 0)
    return depth < frame, side, depth / max(frame, 1)


def painting(rng, size_mm, scale, photos):
    size = sized(size_mm, scale)
    light = picture(rng, photos, size).copy()
    frame = rng.uniform(0.03, 0.12) * min(size)
    inside, side, depth = framed(light, frame)
    colour = rng.uniform(0.01, 0.6, 3) * np.array([1, rng.uniform(0.7, 1), rng.uniform(0.4, 1)])
    shade = np.array([1.15, 0.9, 0.75, 1.0])[side] * (0.8 + 0.3 * np.sin(depth * np.pi * rng.integers(1, 4)))
    light[inside] = np.clip(colour * shade[inside][:, None], 0, 1)
    x, y = frame / size[0], frame / size[1]
    return light, None, (x, y, 1 - x, 1 - y)


def whiteboard(rng, size_mm, scale, photos):
    s = pages.Sheet(*size_mm, scale, (244, 246, 246), (20, 20, 30))
    inks = [(20, 40, 160), (190, 30, 40), (20, 120, 60), (20, 20, 25)]
    unit = size_mm[1] / 100
    for _ in range(int(rng.integers(3, 12))):
        ink = inks[int(rng.integers(4))]
        x, y = rng.uniform(6, 60) / 100 * s.width, rng.uniform(12, 90) * unit
        kind = rng.random()
        if kind < 0.55:
            pages.scribble(rng, s, x, y, rng.uniform(0.1, 0.35) * s.width, rng.uniform(2, 4) * unit, ink)
        elif kind < 0.75:
            s.box(
                x,
                y - 8 * unit,
                x + rng.uniform(0.08, 0.25) * s.width,
                min(y + 8 * unit, s.height * 0.94),
                outline=ink,
                mm=0.6 * unit,
            )
        elif kind < 0.9:
            s.line(x, y, x + rng.uniform(-0.2, 0.2) * s.width, y + rng.uniform(-20, 20) * unit, ink, 0.6 * unit)
        else:
            s.write(x, y, words.pick(rng, words.TITLES), "sans", rng.uniform(5, 9) * unit * 2.8, False, ink)
    light = linear(s.image)
    light *= (1 - 0.1 * np.clip(noise.field(rng, light.shape[:2], 5, 3), 0, 1))[..., None]  # badly wiped
    frame = rng.uniform(0.01, 0.03) * s.pixels[1]
    inside, side, _ = framed(light, frame)
    light[inside] = (np.array([0.65, 0.4, 0.3, 0.5])[side] * rng.uniform(0.4, 1.2))[inside][:, None]
    x, y = frame / s.pixels[0], frame / s.pixels[1]
    return light, None, (x, y, 1 - x, 1 - y)


def contents(rng, size, photos):
    """What a display shows: a slide, a photograph, a page of text, a list."""
    kind = rng.random()
    scale = 3.0
    size_mm = size[0] / scale, size[1] / scale
    if kind < 0.35 and photos:
        light = picture(rng, photos, size)
    elif kind < 0.6:
        light, _ = pages.page(rng, "slide", size_mm, scale, photos)
    else:
        dark = rng.random() < 0.35
        s = pages.Sheet(
            *size_mm, scale, (20, 22, 26) if dark else (250, 250, 250), (225, 225, 225) if dark else (30, 30, 30)
        )
        s.box(0, 0, s.width, s.height * 0.06, fill=tuple(int(v) for v in rng.integers(20, 220, 3)), mm=0)
        y, step = s.height * 0.08, max(s.width, s.height) * rng.uniform(0.03, 0.08)
        while y < s.height:
            if rng.random() < 0.5:
                s.box(
                    s.width * 0.03,
                    y,
                    s.width * 0.03 + step * 0.7,
                    y + step * 0.7,
                    fill=tuple(int(v) for v in rng.integers(20, 240, 3)),
                    mm=0,
                )
            s.write(
                s.width * 0.06 + step * 0.8, y, words.prose(rng, 1)[: int(rng.integers(15, 60))], "sans", step * 0.9
            )
            y += step
        light = linear(s.image)
    height, width = light.shape[:2]
    if (width, height) != tuple(size):
        light = np.stack([noise.enlarged(light[..., k], (size[1], size[0])) for k in range(3)], 2)
    return np.clip(light, 0, 1)


def display(rng, size_mm, scale, photos, rim_mm, radius_mm=0.0, chin_mm=0.0):
    size = sized(size_mm, scale)
    light = np.full((size[1], size[0], 3), rng.uniform(0.002, 0.02), np.float32)
    sx, sy = size[0] / size_mm[0], size[1] / size_mm[1]
    l, t, r, b = (
        round(rim_mm * sx),
        round(rim_mm * sy),
        size[0] - round(rim_mm * sx),
        size[1] - round((rim_mm + chin_mm) * sy),
    )
    light[t:b, l:r] = contents(rng, (r - l, b - t), photos)
    cover = rounded(size, radius_mm * sx) if radius_mm else None
    return light, cover, (l / size[0], t / size[1], r / size[0], b / size[1])


def box_faces(rng, size_mm, depth, scale, photos):
    """Front, side and top of a product's box, in this order: light of each."""
    base = rng.uniform(0.02, 0.8, 3)
    paper = tuple(int(v) for v in np.sqrt(base) * 255)
    s = pages.Sheet(*size_mm, scale, paper, (250, 250, 250) if base.mean() < 0.35 else (20, 20, 20))
    w, h = size_mm
    unit = min(w, h) / 100
    if rng.random() < 0.7:
        top = rng.uniform(0.25, 0.5) * h
        s.picture(0.08 * w, top, 0.92 * w, min(h * 0.92, top + 0.5 * h),
                  Image.fromarray((np.sqrt(picture(rng, photos, (400, 300))) * 255).astype(np.uint8)))
    s.box(0, 0, w, rng.uniform(0.04, 0.12) * h, fill=tuple(int(v) for v in rng.integers(0, 255, 3)), mm=0)
    s.write(w / 2, 0.13 * h, words.pick(rng, words.FIRMS), "sans", 9 * unit * 2.8, True, anchor="ma")
    s.write(w / 2, 0.94 * h, f"{rng.integers(100, 900)} g", "sans", 4 * unit * 2.8, anchor="ma")
    front = linear(s.image)
    side = pages.Sheet(depth, h, scale, paper, s.ink)
    side.paragraph(2 * unit, 8 * unit, depth - 4 * unit, h, words.prose(rng, 6), "sans", 4 * unit * 2.2)
    top = pages.Sheet(w, depth, scale, paper, s.ink)
    top.write(w / 2, depth * 0.4, words.pick(rng, words.FIRMS), "sans", 6 * unit * 2.8, True, anchor="ma")
    return front, linear(side.image), linear(top.image)
