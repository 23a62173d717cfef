"""Pictures without any sheet, screen or box: photographs as they are, and tables with other things on them."""
import pathlib

import numpy as np

from . import grounds, photograph, photos as pools, scene, sensor, texture, things


def make(seed, photos, none, longest=None):
    rng = np.random.default_rng(seed)
    if none and rng.random() < 0.7:
        path = none.path(rng)
        photo = pools.opened(path)
        long = longest or int(rng.choice([800, 1024, 1280, 1600], p=[.4, .3, .2, .1]))
        factor = long / max(photo.size)
        size = max(64, round(photo.width * factor)), max(64, round(photo.height * factor))
        image = texture.linear(photo.resize(size))
        image = sensor.noisy(rng, image, rng.uniform(0.004, 0.02))
        pixels = sensor.developed(rng, image, rng.uniform(0.8, 1.1), (1, 1, 1), 0, 0)
        return scene.Made(
            pixels, truth(size, [f"photograph {pathlib.Path(path).name}"]), None, int(rng.integers(55, 95)), None
        )
    # Grounds that show a rectangle would be no proof: theirs are of the same photographs.
    return photograph.shoot(Table(seed, none or photos, longest))


def truth(size, applied):
    return {"kind": "none", "what": "none", "width": size[0], "height": size[1], "corners": None, "difficulty": 2,
            "applied": applied}


class Table(scene.Scene):
    """A table or a floor with round and long things, hands and pens, but no sheet."""

    def subject(self, size_mm, origin, u, v, scale, paper):
        rng = self.rng
        kind = int(rng.integers(4))
        if kind == 0:
            image, cover, across = things.cup(rng)
            size_mm = (size_mm[0], size_mm[0])  # a plate
        elif kind == 1:
            image, cover, across = things.coin(rng)
        else:
            image = np.zeros((64, 64, 3), np.float32) + grounds.colour(rng)
            cover = oval(rng, 64) if kind == 2 else triangle(rng, 64)
        self.main = scene.Layer(texture.Texture(image, cover), origin, u, v, *size_mm, shadow=0.4)
        self.ratio, self.inner, self.text = 1.0, None, []
        self.edge_light = image.mean((0, 1))

    def __init__(self, seed, photos, longest=None):
        super().__init__(seed, 2, photos, "letter", longest)

    def sheet(self, *_):
        pass

    def beside(self, size_mm):
        rng = self.rng
        long = max(size_mm)
        for _ in range(int(rng.integers(0, 6))):
            image, cover, across = things.coin(rng) if rng.random() < 0.5 else things.cup(rng)
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.9) * long
            self.flat(image, cover, across, across, np.array([np.cos(angle), np.sin(angle)]) * far, 0.0)

    def below(self, size_mm):
        while True:
            super().below(size_mm)
            if self.ground_kind not in ("newspaper",):
                return
            self.layers.clear()

    def made(self, pixels, mask, quality):
        return scene.Made(pixels, truth(self.size, self.applied), None, quality, None)


def oval(rng, n):
    y, x = np.mgrid[-1:1:n * 1j, -1:1:n * 1j]
    p = rng.uniform(1.6, 2.2)
    r = (np.abs(x) ** p + np.abs(y) ** p) ** (1 / p)
    return np.clip((0.96 - r) * n / 2 + 0.5, 0, 1).astype(np.float32)


def triangle(rng, n):
    y, x = np.mgrid[0:1:n * 1j, 0:1:n * 1j]
    lean = rng.uniform(0.2, 0.8)
    far = np.minimum((x - lean * (1 - y)) * n, ((1 - (1 - lean) * (1 - y)) - x) * n)
    return np.clip(far, 0, 1).astype(np.float32)
