"""Tables with several sheets, none over another: for finding all of them."""
import numpy as np

from . import photograph, scene, subjects


class Several(scene.Scene):
    """The first sheet is laid as ever; the others take the remaining places of a loose grid around it."""

    def __init__(self, seed, difficulty, photos, longest=None):
        rng = np.random.default_rng([*np.atleast_1d(seed), 99])
        self.places = subjects.choose(rng, [(2, 1), (1, 2), (3, 1), (2, 2), (3, 2)], [3, 2, 2, 3, 1])
        self.layout_rng = rng
        what = subjects.pick(rng, ["letter", "receipt", "card", "invoice", "print", "handwritten"])
        super().__init__(seed, difficulty, photos, what, longest)

    def framed(self, flat):
        """The corners that the camera has to show: of the whole grid, whose first place is that of the first sheet."""
        columns, rows = self.places
        size = np.ptp(flat[:, :2], axis=0).max() * 1.12
        self.cell = size
        middle = flat.mean(0)
        left, top = middle[0] - size / 2, middle[1] + size / 2
        right, bottom = left + size * columns, top - size * rows
        return np.array([[left, top, 0], [right, top, 0], [right, bottom, 0], [left, bottom, 0]])

    def beside(self, size_mm):
        rng = self.layout_rng
        columns, rows = self.places
        first = self.main.corners().mean(0)[:2]
        for k in range(1, columns * rows):
            where = first + self.cell * np.array([k % columns, -(k // columns)])
            what = subjects.pick(rng, ["letter", "receipt", "handwritten", "invoice"])
            size = subjects.size_of(rng, what)
            # As large as its place lets it be turned, or a little smaller.
            factor = self.cell / 1.12 / np.hypot(*size) * rng.uniform(0.8, 1.0)
            if what == "receipt":
                factor = max(factor, 0.5 * self.cell / max(size))
            self.sheet((size[0] * factor, size[1] * factor), where, rng.normal(0, 0.12), what, pile=True)

    def above(self, size_mm):
        """Nothing lies over them."""

    def made(self, pixels, mask, quality):
        shot = super().made(pixels, mask, quality)
        sheets = [{"corners": shot.truth["corners"], "ratio": shot.truth["ratio"], "also": shot.truth["also"]}]
        for layer in self.others:
            sheets.append({"corners": self.camera.project(layer.corners()).round(3).tolist(),
                           "ratio": round(layer.width / layer.height, 5), "also": []})
        shot.truth.update(sheets=sheets, others=[], what="several", homography=None, text=[])
        return shot


def make(seed, difficulty, photos, longest=None):
    return photograph.shoot(Several(seed, difficulty, photos, longest))
