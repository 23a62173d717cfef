"""What is printed: letters, columns, invoices, forms, receipts, books' pages, slides, handwriting."""
import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from . import noise, words
from .texture import linear

A4, LETTER, A5, A6 = (210, 297), (215.9, 279.4), (148, 210), (105, 148)
POINT = 25.4 / 72  # mm


@dataclasses.dataclass
class Sheet:
    """What layouts draw on: millimetres, a Pillow image of `scale` pixels each, and the text that was set."""
    width: float
    height: float
    scale: float
    paper: tuple
    ink: tuple
    english: bool = False  # for character recognition: no other languages

    def __post_init__(self):
        # Sides that are multiples of 16 keep the texture's border between texels at each smaller level.
        self.pixels = tuple(max(64, int(round(v * self.scale / 16)) * 16) for v in (self.width, self.height))
        self.image = Image.new("RGB", self.pixels, self.paper)
        self.draw = ImageDraw.Draw(self.image)
        self.sx, self.sy = self.pixels[0] / self.width, self.pixels[1] / self.height
        self.text = []

    def write(self, x, y, text, family, points, bold=False, fill=None, anchor="la", keep=True):
        """One line; y is its top."""
        face = words.font(family, points * POINT * self.scale, bold)
        self.draw.text((x * self.sx, y * self.sy), text, font=face, fill=fill or self.ink, anchor=anchor)
        if keep:
            self.text.append(text)

    def paragraph(self, x, y, width, bottom, text, family, points, leading=1.35, bold=False, fill=None):
        """Set until `bottom`; returns where the next line would begin."""
        face = words.font(family, points * POINT * self.scale, bold)
        step = points * POINT * leading
        for line in words.wrapped(text, face, width * self.sx):
            if y + step > bottom:
                break
            self.write(x, y, line, family, points, bold, fill)
            y += step
        return y

    def box(self, x0, y0, x1, y1, outline=None, fill=None, mm=0.3):
        if x1 < x0 or y1 < y0:  # a small sheet has no room for it
            return
        self.draw.rectangle([x0 * self.sx, y0 * self.sy, x1 * self.sx, y1 * self.sy], fill=fill, outline=outline,
                            width=max(1, round(mm * self.scale)))

    def prose(self, rng, count):
        return words.prose(rng, count, self.english)

    def line(self, x0, y0, x1, y1, fill=None, mm=0.3):
        self.draw.line([x0 * self.sx, y0 * self.sy, x1 * self.sx, y1 * self.sy], fill=fill or self.ink,
                       width=max(1, round(mm * self.scale)))

    def picture(self, x0, y0, x1, y1, photo):
        size = max(1, round((x1 - x0) * self.sx)), max(1, round((y1 - y0) * self.sy))
        self.image.paste(filling(photo, size), (round(x0 * self.sx), round(y0 * self.sy)))


def filling(photo, size):
    """The middle of the photo, scaled to fill the size."""
    factor = max(size[0] / photo.width, size[1] / photo.height)
    w, h = min(photo.width, size[0] / factor), min(photo.height, size[1] / factor)
    left, top = (photo.width - w) / 2, (photo.height - h) / 2
    return photo.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + w, top + h))


def money(rng, high=90):
    return f"{rng.uniform(0.5, high):.2f}"


def letter(rng, s, photos):
    family, size = words.pick(rng, list(words.FAMILIES)), rng.uniform(9, 12)
    left, right, y = rng.uniform(18, 28), s.width - rng.uniform(16, 26), rng.uniform(14, 25)
    colour = tuple(int(c) for c in rng.integers(0, 160, 3))
    s.write(left, y, words.pick(rng, words.FIRMS), "sans", rng.uniform(14, 24), True, colour)
    if rng.random() < 0.5:
        s.box(right - 24, y, right, y + rng.uniform(8, 18), fill=colour)
    s.line(left, y + 13, right, y + 13, colour, rng.uniform(0.2, 1.2))
    y += 24
    for line in (
        words.pick(rng, words.NAMES),
        words.pick(rng, words.STREETS),
        f"{rng.integers(10000, 99999)} Norton",
    ):
        s.write(left, y, line, family, size)
        y += size * POINT * 1.35
    y += 12
    s.write(left, y, words.pick(rng, words.TITLES), family, size * 1.15, True)
    y += 10
    while y < s.height - 55:
        y = s.paragraph(left, y, right - left, s.height - 45, s.prose(rng, int(rng.integers(2, 5))), family, size) + 4
        if rng.random() < 0.15:
            break
    s.write(left, y + 4, "Yours sincerely,", family, size)
    scribble(rng, s, left, y + 14, 40, 9, (30, 40, 120))
    s.write(left, s.height - 16, f"{words.pick(rng, words.STREETS)} · page 1 of {rng.integers(1, 5)}", family, 7)


def columns(rng, s, photos):
    family, size = words.pick(rng, ["serif", "serif-condensed", "condensed"]), rng.uniform(7.5, 10)
    left, count = rng.uniform(14, 20), int(rng.choice([2, 2, 3]))
    y = s.paragraph(
        left,
        rng.uniform(14, 22),
        s.width - 2 * left,
        60,
        s.prose(rng, 1)[:70],
        family,
        rng.uniform(16, 24),
        bold=True,
    )
    s.write(left, y + 1, words.pick(rng, words.NAMES), family, size)
    y += 9
    gap = 6
    width = (s.width - 2 * left - gap * (count - 1)) / count
    for k in range(count):
        x, at = left + k * (width + gap), y
        if rng.random() < 0.5:
            high = rng.uniform(25, 60)
            if photos and rng.random() < 0.7:
                s.picture(x, at, x + width, at + high, photos(rng))
            else:
                chart(rng, s, x, at, x + width, at + high)
            at += high + 3
        while at < s.height - 28:
            if rng.random() < 0.4:
                s.write(x, at + 1, words.pick(rng, words.TITLES), family, size * 1.15, True)
                at += size * 0.62
            at = (
                s.paragraph(x, at, width, s.height - 20, s.prose(rng, int(rng.integers(2, 6))), family, size, 1.25)
                + 2
            )


def invoice(rng, s, photos):
    family, size = words.pick(rng, ["sans", "condensed", "mono"]), rng.uniform(8, 10.5)
    left, right = rng.uniform(15, 22), s.width - rng.uniform(15, 22)
    s.write(left, 18, words.pick(rng, words.FIRMS), "sans", 18, True)
    s.write(right, 18, "INVOICE", "sans", rng.uniform(14, 26), True, (90, 90, 90), "ra")
    y = 36
    for line in (words.pick(rng, words.NAMES), words.pick(rng, words.STREETS), f"No. {rng.integers(1000, 99999)}"):
        s.write(left, y, line, family, size)
        y += size * POINT * 1.4
    y += 14
    stops = np.array([0, 0.55, 0.7, 0.85, 1]) * (right - left) + left
    step = size * POINT * rng.uniform(1.9, 2.4)
    rows = max(0, int(min(rng.integers(5, 18), (s.height - y - 50) / step)))  # none on a small sheet
    shade = tuple(int(c) for c in rng.integers(170, 235, 3))
    s.box(left, y, right, y + step, fill=shade)
    frame = rng.random() < 0.6
    for row in range(rows + 1):
        top = y + row * step
        cells = ("Item", "Qty", "Price", "Total") if row == 0 else (
            words.pick(rng, words.ITEMS), str(rng.integers(1, 12)), money(rng), money(rng, 900))
        for k, cell in enumerate(cells):
            if k == 0:
                s.write(stops[0] + 1.5, top + step * 0.25, cell, family, size, row == 0)
            else:
                s.write(stops[k + 1] - 1.5, top + step * 0.25, cell, family, size, row == 0, anchor="ra")
        s.line(left, top, right, top, (120, 120, 120), 0.2)
    bottom = y + (rows + 1) * step
    s.line(left, bottom, right, bottom, mm=0.5)
    if frame:
        for x in stops:
            s.line(x, y, x, bottom, (120, 120, 120), 0.2)
        s.box(left, y, right, bottom, outline=s.ink, mm=rng.uniform(0.3, 1))
    s.write(right - 1.5, bottom + 5, f"Amount due  {money(rng, 4000)}", family, size * 1.2, True, anchor="ra")
    s.paragraph(left, bottom + 18, right - left, s.height - 15, s.prose(rng, 2), family, size * 0.85)


def form(rng, s, photos):
    left, right, y = 15, s.width - 15, 16
    s.write(left, y, f"{words.pick(rng, words.FIRMS)}: application", "sans", 15, True)
    if rng.random() < 0.4:  # a frame round everything: stronger than the sheet's own edge
        s.box(8, 8, s.width - 8, s.height - 8, outline=s.ink, mm=rng.uniform(0.4, 1.5))
    y += 14
    ink = (25, 35, 130)
    while y < s.height - 40:
        label = words.pick(
            rng, ["Name", "Street", "Town", "Date of birth", "Telephone", "Reason", "Account", "Signature"]
        )
        split = int(rng.integers(1, 4))
        width = (right - left) / split
        for k in range(split):
            x = left + k * width
            s.box(x, y, x + width - 3, y + 10, outline=s.ink, mm=0.25)
            s.write(x + 1, y + 0.7, label, "sans", 6)
            if rng.random() < 0.6:
                scribble(rng, s, x + 4, y + 7, width * rng.uniform(0.3, 0.7), 3, ink)
        y += 13
        if rng.random() < 0.2:
            y = s.paragraph(left, y, right - left, y + 20, s.prose(rng, 1), "sans", 7.5) + 3


def receipt(rng, s, photos):
    size = rng.uniform(7, 9)
    family = words.pick(rng, ["mono", "mono", "condensed"])
    step, y, left, right = size * POINT * 1.35, 6, 4, s.width - 4
    s.write(s.width / 2, y, words.pick(rng, words.FIRMS), "sans", size * 1.6, True, anchor="ma")
    y += 9
    s.write(s.width / 2, y, words.pick(rng, words.STREETS), family, size, anchor="ma")
    y += step * 2
    s.write(
        left,
        y,
        f"{rng.integers(1, 28):02}.{rng.integers(1, 13):02}.2024  {rng.integers(8, 21)}:{rng.integers(10, 60)}",
        family,
        size,
    )
    y += step * 1.5
    while y < s.height - 34:
        s.write(left, y, words.pick(rng, words.ITEMS)[:18], family, size)
        s.write(right, y, money(rng), family, size, anchor="ra")
        y += step
    s.line(left, y + 1, right, y + 1, mm=0.3)
    s.write(left, y + 3, "TOTAL", family, size * 1.5, True)
    s.write(right, y + 3, money(rng, 300), family, size * 1.5, True, anchor="ra")
    y += 12
    x = left + 4
    while x < right - 4:  # a bar code
        wide = float(rng.choice([0.4, 0.8, 1.2]))
        s.box(x, y, x + wide, y + 9, fill=s.ink, mm=0)
        x += wide + float(rng.choice([0.4, 0.8]))
    s.write(s.width / 2, y + 11, "Thank you, come again", family, size, anchor="ma")


def book(rng, s, photos):
    family, size = words.pick(rng, ["serif", "serif-condensed"]), rng.uniform(9, 11)
    left, right, y = rng.uniform(14, 22), s.width - rng.uniform(12, 18), 14
    s.write(s.width / 2, y, words.pick(rng, words.TITLES).upper(), family, 7, anchor="ma")
    y += 10
    if rng.random() < 0.3:
        s.write(s.width / 2, y + 12, f"Chapter {rng.integers(1, 30)}", family, 16, anchor="ma")
        y += 32
    while y < s.height - 24:
        y = (
            s.paragraph(
                left, y, right - left, s.height - 18, s.prose(rng, int(rng.integers(3, 8))), family, size, 1.3
            )
            + 1
        )
    s.write(s.width / 2, s.height - 12, str(rng.integers(5, 400)), family, 8, anchor="ma")


def slide(rng, s, photos):
    dark = rng.random() < 0.4
    ground = tuple(int(c) for c in (rng.integers(5, 70, 3) if dark else rng.integers(215, 256, 3)))
    ink = (240, 240, 240) if dark else (30, 30, 40)
    s.box(0, 0, s.width, s.height, fill=ground, mm=0)
    accent = tuple(int(c) for c in rng.integers(30, 230, 3))
    if rng.random() < 0.5:
        s.box(0, 0, s.width, s.height * 0.17, fill=accent, mm=0)
    unit = s.height / 190 * 2.8346  # points of a slide 190 mm high
    s.write(s.width * 0.06, s.height * 0.05, words.pick(rng, words.TITLES), "sans", 26 * unit, True, ink)
    y, split = s.height * 0.25, rng.random() < 0.6
    width = s.width * (0.42 if split else 0.85)
    for _ in range(int(rng.integers(2, 6))):
        s.box(s.width * 0.06, y + 3 * unit * 0.3, s.width * 0.068, y + 7 * unit * 0.3, fill=accent, mm=0)
        y = (
            s.paragraph(s.width * 0.085, y, width, s.height * 0.93, s.prose(rng, 1)[:90], "sans", 13 * unit, fill=ink)
            + 5 * unit * 0.3
        )
    if split:
        area = s.width * 0.55, s.height * 0.25, s.width * 0.95, s.height * 0.88
        if photos and rng.random() < 0.5:
            s.picture(*area, photos(rng))
        else:
            chart(rng, s, *area)


def handwritten(rng, s, photos):
    ink = [(25, 35, 120), (20, 20, 25), (120, 30, 40)][int(rng.integers(3))]
    step = rng.uniform(7, 10)
    ruled = rng.random()
    y = 22
    while y < s.height - 10:
        if ruled < 0.6:
            s.line(0, y, s.width, y, (150, 180, 215), 0.2)
        y += step
    if 0.4 < ruled < 0.8:
        x = 0.0
        while x < s.width:
            s.line(x, 0, x, s.height, (170, 195, 220), 0.15)
            x += 5
    y, left = 22, rng.uniform(10, 25)
    while y < s.height * rng.uniform(0.6, 0.95):
        scribble(rng, s, left, y - 1, rng.uniform(0.4, 1) * (s.width - left - 12), step * 0.38, ink)
        y += step


LAYOUTS = {"letter": letter, "columns": columns, "invoice": invoice, "form": form, "receipt": receipt, "book": book,
           "slide": slide, "handwritten": handwritten}


def scribble(rng, s, x, y, width, height, ink):
    """A line of handwriting: loops of no meaning in words of random lengths."""
    at = x
    while at < x + width:
        long = min(rng.uniform(5, 22), x + width - at)
        t = np.linspace(0, 1, max(8, int(long * 5)))
        turns = t * long / height * rng.uniform(1.6, 2.6) * np.pi
        tall = 1 + 0.8 * (noise.line(rng, len(t), 9) > 0.6)
        px = at + t * long + 0.35 * height * np.cos(turns)
        py = y - height * 0.5 * (1 + np.sin(turns) * tall * 0.8) + noise.line(rng, len(t), 5) * 0.3
        s.draw.line([(a * s.sx, b * s.sy) for a, b in zip(px, py)], fill=ink, width=max(1, round(0.35 * s.scale)),
                    joint="curve")
        at += long + 3


def chart(rng, s, x0, y0, x1, y1):
    """Bars or curves with axes."""
    s.line(x0 + 3, y0, x0 + 3, y1 - 3, mm=0.4)
    s.line(x0 + 3, y1 - 3, x1, y1 - 3, mm=0.4)
    count = int(rng.integers(4, 9))
    values = rng.uniform(0.15, 0.95, count) * (y1 - y0 - 5)
    step = (x1 - x0 - 5) / count
    colour = tuple(int(c) for c in rng.integers(20, 220, 3))
    if rng.random() < 0.6:
        for k, v in enumerate(values):
            s.box(x0 + 5 + k * step, y1 - 3 - v, x0 + 5 + (k + 0.7) * step, y1 - 3, fill=colour, mm=0)
    else:
        points = [((x0 + 5 + k * step) * s.sx, (y1 - 3 - v) * s.sy) for k, v in enumerate(values)]
        s.draw.line(points, fill=colour, width=max(1, round(0.8 * s.scale)))


def page(rng, layout, size_mm, scale, photos=None, paper=None, ink=None, english=False):
    """(light [h, w, 3], the lines of text) of a printed sheet."""
    if paper is None:
        tone = rng.uniform(225, 255)
        paper = tuple(int(v) for v in np.clip(tone + rng.uniform([-6, -6, -22], [4, 3, 4]), 0, 255))
    if ink is None:
        ink = rng.integers(0, 60, 3) if sum(paper) > 380 else rng.integers(190, 255, 3)
    s = Sheet(*size_mm, scale, paper, tuple(int(v) for v in ink), english)
    LAYOUTS[layout](rng, s, photos)
    return linear(s.image), s.text
