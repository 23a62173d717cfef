"""What is photographed: kinds, how often they come, their sizes and what is on them."""
import numpy as np

from . import pages, surfaces

# name: kind, how often
SUBJECTS = {
    "letter": ("document", 9), "columns": ("document", 7), "invoice": ("document", 8), "form": ("document", 6),
    "handwritten": ("document", 5), "receipt": ("document", 8), "book": ("document", 6), "card": ("document", 7),
    "print": ("document", 4), "painting": ("screen", 5), "phone": ("screen", 5), "monitor": ("screen", 6),
    "projection": ("screen", 3), "whiteboard": ("screen", 6), "box": ("product", 8),
}
UPRIGHT = {"painting", "monitor", "projection", "whiteboard", "box"}  # hangs or stands; the others lie


def choose(rng, values, weights):
    w = np.asarray(weights, float)
    return values[int(rng.choice(len(values), p=w / w.sum()))]


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


def size_of(rng, what):
    """Millimetres."""
    paper = pages.LETTER if rng.random() < 0.25 else pages.A4
    if what == "receipt":
        width = rng.choice([58.0, 80.0])
        return width, width * rng.uniform(1.6, 4.5)
    if what == "book":
        return (pages.A5 if rng.random() < 0.5 else (rng.uniform(105, 170), rng.uniform(170, 240)))
    if what == "handwritten":
        return pages.A5 if rng.random() < 0.4 else paper
    if what == "columns" and rng.random() < 0.15:
        return paper[1], paper[0]
    if what == "card":
        return surfaces.ID1
    if what == "print":
        return choose(rng, [(150, 100), (100, 150), (130, 130), (178, 127)], [3, 2, 1, 2])
    if what == "painting":
        long = rng.uniform(300, 1200)
        ratio = rng.uniform(0.6, 1.0)
        return (long, long * ratio) if rng.random() < 0.5 else (long * ratio, long)
    if what == "phone":
        w, h = rng.uniform(66, 78), rng.uniform(140, 165)
        return (w, h) if rng.random() < 0.8 else (h, w)
    if what == "monitor":
        w = rng.uniform(480, 1200)
        return w, w / choose(rng, [16 / 9, 16 / 10, 21 / 9, 4 / 3], [6, 2, 1, 1])
    if what == "projection":
        w = rng.uniform(1500, 2600)
        return w, w / choose(rng, [16 / 9, 4 / 3], [2, 1])
    if what == "whiteboard":
        w = rng.uniform(900, 2400)
        return w, w / rng.uniform(1.2, 2.1)
    if what == "box":
        return rng.uniform(60, 250), rng.uniform(80, 320)
    return paper


def texture_of(rng, what, size_mm, scale, photos, paper, english=False):
    """(light, cover, inner, text)."""
    if what in pages.LAYOUTS:
        light_, text = pages.page(rng, what, size_mm, scale, photos, paper, english=english)
        return light_, None, None, text
    if what == "card":
        return (*surfaces.card(rng, scale, photos), [])
    if what == "print":
        return (*surfaces.print_(rng, size_mm, scale, photos), [])
    if what == "painting":
        return (*surfaces.painting(rng, size_mm, scale, photos), [])
    if what == "whiteboard":
        return (*surfaces.whiteboard(rng, size_mm, scale, photos), [])
    if what == "phone":
        return (*surfaces.display(rng, size_mm, scale, photos, rng.uniform(2, 5), rng.uniform(6, 11)), [])
    if what == "monitor":
        return (*surfaces.display(rng, size_mm, scale, photos, rng.uniform(6, 28), 0, rng.choice([0, 0, 25])), [])
    if what == "projection":
        return surfaces.contents(rng, surfaces.sized(size_mm, scale), photos), None, None, []
    raise ValueError(what)
