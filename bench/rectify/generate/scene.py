"""A scene from a seed: what is photographed, where, how, and how hard that is to find again."""
import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from . import camera as cameras
from . import grounds, noise, pages, photograph, photos as pools, subjects, surfaces, texture, things
from .render import Layer
from .subjects import choose

RIGHT, DOWN, UP = np.array([1.0, 0, 0]), np.array([0, -1.0, 0]), np.array([0, 0, 1.0])
SIZES, SIZE_WEIGHTS = [800, 1024, 1280, 1600, 2048, 3000, 4000], [.2, .22, .2, .2, .12, .04, .02]
SHAPES, SHAPE_WEIGHTS = [4 / 3, 16 / 9, 3 / 2, 1.0], [.66, .16, .14, .04]

@dataclasses.dataclass
class Made:
    pixels: np.ndarray
    truth: dict
    mask: np.ndarray
    quality: int
    focal_35mm: float


def picture_size(rng, longest=None):
    long = longest or choose(rng, SIZES, SIZE_WEIGHTS)
    short = int(round(long / choose(rng, SHAPES, SHAPE_WEIGHTS) / 2) * 2)
    return (short, long) if rng.random() < 0.62 else (long, short)


def pose(rng, what, difficulty):
    """Tilt, azimuth and roll of the camera, and the turn of the sheet on the table, in radians."""
    most = np.radians([18, 30, 42, 52][difficulty])
    tilt = most * rng.uniform(0.1, 1) ** 0.8
    if what in subjects.UPRIGHT:
        azimuth = rng.uniform(0, 2 * np.pi) if what != "box" else np.radians(rng.uniform(35, 145))
        if what == "box":
            tilt = np.radians(rng.uniform(12, 42))
        return tilt, azimuth, np.radians(rng.normal(0, 2.5)), 0.0
    azimuth = np.radians(rng.normal(-90, 35))
    turn = np.radians(rng.normal(0, [5, 10, 16, 22][difficulty]))
    if rng.random() < [0.03, 0.08, 0.15, 0.2][difficulty]:
        turn += np.pi / 2 * rng.integers(1, 4)
    return tilt, azimuth, np.radians(rng.normal(0, 3)), turn


class Scene:
    """Layers from below to above, and what has been done, by difficulty 0 (easy) to 3."""

    def __init__(self, seed, difficulty, photos, what=None, longest=None, english=False):
        self.rng = rng = np.random.default_rng(seed)
        self.difficulty = difficulty
        self.photos = photos
        self.english = english
        self.applied = []
        self.what = what or choose(rng, list(subjects.SUBJECTS), [w for _, w in subjects.SUBJECTS.values()])
        self.size = picture_size(rng, longest)
        self.layers, self.over, self.others = [], [], []
        self.ground = None
        self.samples = 2 if max(self.size) <= 1700 else 1
        self.build()

    # -- the subject and the camera ------------------------------------------------------------------------------

    def build(self):
        rng, d = self.rng, self.difficulty
        size_mm = subjects.size_of(rng, self.what)
        tilt, azimuth, roll, turn = pose(rng, self.what, d)
        u = np.array([np.cos(turn), np.sin(turn), 0])
        v = np.array([np.sin(turn), -np.cos(turn), 0])
        origin = -(u * size_mm[0] + v * size_mm[1]) / 2
        flat = np.array(
            [origin, origin + u * size_mm[0], origin + u * size_mm[0] + v * size_mm[1], origin + v * size_mm[1]]
        )
        share = rng.uniform([.72, .62, .5, .42][d], [.93, .93, .95, .97][d])
        outside = 0.0
        if d >= 2 and rng.random() < [0, 0, .05, .14][d] and self.what not in ("box", "phone", "card"):
            outside = rng.uniform(0.01, 0.1)
            self.applied.append(f"leaves the picture by {outside:.2f}")
        off_centre = np.zeros(2) if d < 2 else rng.normal(0, 0.004, 2) * max(self.size)
        focal = choose(rng, [.62, .72, .8, .95, 1.45], [1, 3, 3, 2, 1]) * rng.uniform(0.96, 1.04)
        self.shown = self.framed(flat)
        self.camera = cameras.place_camera(rng, self.shown, self.size, focal, tilt, azimuth, roll, share,
                                           rng.uniform(-1, 1) * [0.002, 0.004, 0.008, 0.012][d], off_centre, outside)
        seen = self.camera.project(flat)
        sides = np.linalg.norm(seen - np.roll(seen, -1, 0), axis=1)
        self.mm = float(np.mean(sides / [size_mm[0], size_mm[1], size_mm[0], size_mm[1]]))  # pixels a millimetre
        scale = min(self.samples * 1.15 * max(sides[0] / size_mm[0], sides[2] / size_mm[0], sides[1] / size_mm[1],
                                              sides[3] / size_mm[1]), np.sqrt(6e6 / (size_mm[0] * size_mm[1])))
        paper = None
        self.dark = d >= 1 and rng.random() < 0.12 and self.what in pages.LAYOUTS
        if self.dark:
            paper = tuple(int(c) for c in rng.integers(15, 70, 3))
            self.applied.append("dark paper")
        self.subject(size_mm, origin, u, v, scale, paper)
        self.below(size_mm)
        if self.what != "box":
            self.beside(size_mm)
        self.above(size_mm)

    def framed(self, flat):
        """What the camera is made to show, of the sheet's corners."""
        return flat

    def subject(self, size_mm, origin, u, v, scale, paper):
        rng, d = self.rng, self.difficulty
        if self.what == "box":
            self.box(size_mm, origin, scale)
            return
        image, cover, inner, self.text = subjects.texture_of(
            rng, self.what, size_mm, scale, self.photos, paper, self.english
        )
        lift = None
        shade = 1 + 0.03 * noise.field(rng, (things.FACETS, things.FACETS), 20, 2)
        bendable = self.what in pages.LAYOUTS or self.what == "print"
        if bendable and rng.random() < [0.0, 0.15, 0.35, 0.5][d]:
            strength = [0, 0.3, 0.6, 1.0][d] * rng.uniform(0.3, 1)
            if self.what == "receipt":
                strength *= 1.2
            lift, name = things.lifted(rng, size_mm, strength)
            lamp = rng.uniform(-1, 1, 2)
            lamp = np.append(lamp, 1.0) / np.linalg.norm(np.append(lamp, 1.0))
            shade *= things.lit(lift, size_mm, lamp)
            self.applied.append(f"not flat: {name}")
        if bendable and rng.random() < [0, 0.05, 0.2, 0.3][d]:
            shade *= things.crumpled(rng, rng.uniform(0.03, 0.12))
            self.applied.append("crumpled")
        if bendable:
            image = things.shaded(image, shade)
        if bendable and d >= 1 and rng.random() < [0, 0.05, 0.12, 0.25][d]:
            corner = int(rng.integers(4))
            if rng.random() < 0.5:
                torn = things.torn_corner(rng, image.shape[:2], corner, rng.uniform(0.06, 0.2))
                cover = torn if cover is None else cover * torn
                self.applied.append("torn corner")
            else:
                image, cover = things.dog_ear(image, cover, corner, rng.uniform(0.06, 0.2), image.mean((0, 1)))
                self.applied.append("dog-ear")
        emits = self.what in ("phone", "monitor", "projection")
        hangs = self.what in subjects.UPRIGHT
        self.main = Layer(texture.Texture(image.astype(np.float32), cover), origin, u, v, *size_mm, lift, emits,
                          0.0 if self.what == "projection" else rng.uniform(0.1, 0.6),
                          rng.uniform(0.6, 3) * (0.05 * min(size_mm) if hangs else 1 + (self.what == "phone") * 6))
        self.truth_layers = [self.main]
        self.ratio = size_mm[0] / size_mm[1]
        self.inner = inner
        self.edge_light = np.concatenate([image[:8].reshape(-1, 3), image[:, :8].reshape(-1, 3)]).mean(0)

    def box(self, size_mm, origin, scale):
        rng = self.rng
        w, h = size_mm
        depth = rng.uniform(0.2, 0.9) * w
        front, side, top = surfaces.box_faces(rng, size_mm, depth, scale, self.photos)
        c = origin
        right_seen = self.camera.place[0] > c[0] + w / 2
        lights = rng.uniform(0.35, 1.0, 3)
        faces = []
        back = -UP
        if right_seen:
            faces.append(Layer(texture.Texture(np.clip(side * lights[1], 0, 1)), c + RIGHT * w, back, DOWN, depth, h))
        else:
            faces.append(
                Layer(texture.Texture(np.clip(side * lights[1], 0, 1)), c + back * depth, -back, DOWN, depth, h)
            )
        faces.append(Layer(texture.Texture(np.clip(top * lights[2], 0, 1)), c + back * depth, RIGHT, -back, w, depth))
        self.main = Layer(texture.Texture(np.clip(front * max(lights[0], 0.5), 0, 1)), c, RIGHT, DOWN, w, h)
        self.sides = faces
        self.ratio, self.inner, self.text = w / h, None, []
        self.depth = depth
        self.edge_light = front.reshape(-1, 3).mean(0)

    # -- what lies below, beside and above -----------------------------------------------------------------------

    def below(self, size_mm):
        rng, d, what = self.rng, self.difficulty, self.what
        self.room = grounds.colour(rng)
        self.room_photo = bool(self.photos) and rng.random() < 0.6
        upright = what in subjects.UPRIGHT and what != "box"
        kinds = {"plain": [6, 2, 1, 1], "wood": [3, 4, 3, 2], "stone": [1, 2, 2, 2], "cloth": [1, 3, 3, 3],
                 "carpet": [0, 1, 1, 1], "tiles": [0, 1, 2, 2], "mat": [0, .5, .7, .7], "newspaper": [0, 0, 1, 1.5],
                 "photograph": [0, 1, 3, 5]}
        if upright:
            kinds = {"plain": [8, 6, 3, 2], "bricks": [0, 1, 2, 2], "stone": [1, 1, 1, 1], "wood": [0, 1, 2, 1],
                     "cloth": [0, 1, 1, 1], "photograph": [0, 0, 2, 3]}
        if not self.photos:
            kinds.pop("photograph")
        kind = choose(rng, list(kinds), [w[d] for w in kinds.values()])
        tone = None
        if kind not in ("photograph", "newspaper", "bricks") and rng.random() < [0.02, 0.08, 0.2, 0.3][d]:
            tone = np.clip(self.edge_light * rng.uniform(0.72, 1.12) * rng.uniform(0.97, 1.03, 3), 0.004, 0.95)
            self.applied.append("ground like the sheet")
        elif d == 0:  # light sheets on something darker, dark ones on something light
            tone = None if self.edge_light.mean() > 0.5 else np.array([0.75, 0.74, 0.7]) * rng.uniform(0.7, 1.1)
            if self.edge_light.mean() > 0.5:
                tone = grounds.colour(rng, 15, 140, 25)
        self.ground_kind = kind
        plane = self.ground_plane(size_mm, upright)
        if plane is None:
            return
        origin, u, v, w, h = plane
        longest = int(np.clip(1.15 * max(self.size), 900, 2048))
        shape = (max(64, int(longest * h / max(w, h))), max(64, int(longest * w / max(w, h))))
        image = grounds.ground(rng, kind, shape, self.photos, tone)
        self.ground = Layer(texture.Texture(image), origin, u, v, w, h)
        self.layers.append(self.ground)
        self.applied.append(f"ground: {kind}")

    def ground_plane(self, size_mm, upright):
        """The rectangle of the table or wall that the picture shows."""
        rng, d = self.rng, self.difficulty
        if self.what == "box":
            w, h = size_mm
            bottom = self.main.origin + DOWN * h
            near, far = 2.2 * max(w, h), self.depth + rng.uniform(0.3, 3) * max(w, h)
            wide = 8 * max(w, h)
            return bottom + RIGHT * (w / 2 - wide / 2) - UP * far, RIGHT, UP, wide, near + far
        width, height = self.size
        border = np.array([[x, y] for x in np.linspace(0, width, 5) for y in np.linspace(0, height, 5)
                           if x in (0, width) or y in (0, height)])
        rays = self.camera.rays(border)
        place = self.camera.place
        reach = 7 * max(size_mm)
        with np.errstate(divide="ignore"):
            far = np.where(rays[:, 2] < -1e-3, -place[2] / rays[:, 2], np.inf)
        p = place[:2] + rays[:, :2] * np.minimum(far, 1e6)[:, None]
        p = np.clip(p, -reach, reach)
        low, high = p.min(0) - 2, p.max(0) + 2
        if d >= 1 and not upright and rng.random() < 0.22:  # the table ends within the picture
            corners = self.shown[:, :2]
            side = int(rng.integers(4))
            gap = rng.uniform(0.02, 0.35) * max(size_mm)
            if side % 2:
                high[side // 2] = min(high[side // 2], corners[:, side // 2].max() + gap)
            else:
                low[side // 2] = max(low[side // 2], corners[:, side // 2].min() - gap)
            self.applied.append("the table's edge is seen")
        if (high - low).min() < 5:
            return None
        return np.array([low[0], high[1], -0.01]), RIGHT, DOWN, high[0] - low[0], high[1] - low[1]

    def beside(self, size_mm):
        """Other sheets, prints, coins and cups around and below; the subject stays on top."""
        rng, d = self.rng, self.difficulty
        table = self.what not in subjects.UPRIGHT
        long = max(size_mm)
        if table and d >= 2 and rng.random() < 0.15:  # a pile of sheets
            for _ in range(int(rng.integers(1, 4))):
                self.sheet(
                    size_mm,
                    rng.normal(0, 0.03, 2) * long,
                    rng.normal(0, 0.08),
                    self.what if self.what in pages.LAYOUTS else "letter",
                    True,
                )
            self.applied.append("a pile")
        count = int(rng.integers(0, [1, 2, 5, 7][d]))
        for _ in range(count):
            angle = rng.uniform(0, 2 * np.pi)
            far = rng.uniform(0.55, 1.1) * long
            where = np.array([np.cos(angle), np.sin(angle)]) * far
            kind = choose(
                rng,
                ["sheet", "print", "coin", "cup", "phone"],
                [4, 3, 3, 2 if long > 120 else 0, 1] if table else [0, 1, 0, 0, 0],
            )
            if kind == "sheet":
                other = choose(rng, ["letter", "receipt", "handwritten", "columns"], [3, 2, 2, 2])
                other_size = subjects.size_of(rng, other)
                smaller = min(1.0, 0.9 * long / max(other_size)) if self.what != "card" else 1.0
                self.sheet(tuple(v * smaller for v in other_size), where, rng.uniform(-np.pi, np.pi), other)
            elif kind == "print":
                factor = rng.uniform(0.25, 0.55) * long / 150
                w, h = 150 * factor, 100 * factor
                image, cover, _ = surfaces.print_(rng, (w, h), 250 / w, self.photos)
                self.flat(image, cover, w, h, where, rng.uniform(-np.pi, np.pi) if table else 0.0)
                self.applied.append("another picture")
            elif kind == "phone":
                image, cover, _ = surfaces.display(rng, (72, 150), 2.5, self.photos, 3, 8)
                if rng.random() < 0.7:
                    image = np.full_like(image, 0.01)
                self.flat(image, cover, 72, 150, where * 1.1, rng.uniform(-np.pi, np.pi))
                self.applied.append("a phone beside")
            else:
                image, cover, across = things.coin(rng) if kind == "coin" else things.cup(rng)
                raised = 0 if kind == "coin" else rng.uniform(60, 95)
                place = where * (1 if kind == "coin" else 1.25)
                if kind == "cup":
                    wall = np.full((64, 64, 3), 0.0, np.float32) + image[:, image.shape[1] // 2].max(0) * 0.45
                    for k in range(7):
                        self.flat(
                            wall,
                            surfaces.rounded((64, 64), 32),
                            across * (0.75 + 0.036 * k),
                            across * (0.75 + 0.036 * k),
                            place,
                            0.0,
                            raised * k / 7,
                            0.5 if k == 0 else 0,
                        )
                self.flat(image, cover, across, across, place, 0.0, raised, 0.3 if kind == "coin" else 0)
                self.applied.append(kind)

    def sheet(self, size_mm, where, turn, layout, pile=False):
        rng = self.rng
        scale = min(self.samples * self.mm, np.sqrt(2e6 / (size_mm[0] * size_mm[1])))
        image, _ = pages.page(rng, layout, size_mm, scale, self.photos)
        layer = self.flat(image, None, *size_mm, where, turn)
        # What is photographed must be plain: a sheet that nothing hides has to be the smaller one.
        if not pile and self.visible_area(layer) > 0.5 * self.visible_area(self.main):
            self.layers.pop()
            return
        self.others.append(layer)
        self.applied.append("another sheet")

    def visible_area(self, layer):
        """Pixels of the picture within a layer's outline."""
        p = self.camera.project(layer.corners())
        if np.isnan(p).any():
            return np.inf
        factor = 200 / max(self.size)
        image = Image.new("L", (round(self.size[0] * factor), round(self.size[1] * factor)))
        ImageDraw.Draw(image).polygon([tuple(q) for q in p * factor], fill=1)
        return float(np.asarray(image).sum())

    def flat(self, image, cover, w, h, where, turn, raised=0.0, shadow=0.4):
        u = np.array([np.cos(turn), np.sin(turn), 0])
        v = np.array([np.sin(turn), -np.cos(turn), 0])
        origin = np.array([*where, raised]) - (u * w + v * h) / 2
        layer = Layer(
            texture.Texture(np.ascontiguousarray(image, np.float32), cover),
            origin,
            u,
            v,
            w,
            h,
            shadow=shadow,
            shadow_reach=2.0,
        )
        self.layers.append(layer)
        return layer

    def above(self, size_mm):
        """Fingers and pens over edges and corners, in the picture's own plane."""
        rng, d = self.rng, self.difficulty
        seen = self.camera.project(self.main.corners())
        middle = seen.mean(0)
        graspable = self.what not in ("monitor", "projection", "whiteboard", "painting")
        if graspable and rng.random() < [0, 0.1, 0.3, 0.45][d]:
            hand = 1 if rng.random() < 0.6 else 2
            mm = self.mm if self.what not in ("card", "phone") else self.mm * 0.9
            for _ in range(hand):
                k = int(rng.integers(4))
                t = rng.uniform(0.08, 0.92) if rng.random() < 0.75 else float(rng.choice([0.0, 1.0]))
                edge = seen[k] * (1 - t) + seen[(k + 1) % 4] * t
                outward = edge - middle
                outward = outward / np.linalg.norm(outward)
                angle = rng.normal(0, 0.4)
                c, s = np.cos(angle), np.sin(angle)
                away = np.array([c * outward[0] - s * outward[1], s * outward[0] + c * outward[1]])
                tip = edge - away * rng.uniform(6, 22) * mm
                self.over.append(things.finger(rng, self.size, tip, away, mm))
                self.applied.append("finger")
        if graspable and self.what != "phone" and rng.random() < [0.02, 0.1, 0.25, 0.35][d]:
            k, t = int(rng.integers(4)), rng.uniform(0, 1)
            at = seen[k] * (1 - t) + seen[(k + 1) % 4] * t + rng.normal(0, 12, 2) * self.mm
            angle = rng.uniform(0, 2 * np.pi)
            factor = 1.0 if max(size_mm) > 120 else 0.7
            self.over.append(
                things.pen(rng, self.size, at, np.array([np.cos(angle), np.sin(angle)]), self.mm * factor)
            )
            self.applied.append("pen")
        self.over = [o for o in self.over if o is not None]

    # -- what is true about it -----------------------------------------------------------------------------------

    def made(self, pixels, mask, quality):
        corners = self.camera.project(self.main.corners())
        also = []
        if self.inner is not None:
            l, t, r, b = self.inner
            inside = self.main.at(np.array([l, r, r, l]), np.array([t, t, b, b]))
            also.append({"corners": self.camera.project(inside).round(3).tolist(),
                         "ratio": round((r - l) * self.main.width / ((b - t) * self.main.height), 5)})
        unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float) * [self.ratio, 1]
        others = [self.camera.project(o.corners()) for o in self.others]
        diagonal = np.hypot(*self.size)
        truth = {
            "kind": subjects.SUBJECTS[self.what][0], "what": self.what, "width": self.size[0], "height": self.size[1],
            "corners": corners.round(3).tolist(), "ratio": round(float(self.ratio), 5), "also": also,
            "focal_px": round(float(self.camera.focal), 2),
            "homography": [float(f"{v:.9g}") for v in cameras.homography(corners, unit).ravel()],
            "camera": {"k1": round(float(self.camera.k1), 5), "centre": self.camera.centre.round(2).tolist()},
            "others": [o.round(2).tolist() for o in others if not np.isnan(o).any()],
            "difficulty": self.difficulty, "applied": self.applied,
            "text": self.text,
        }
        focal_35mm = self.camera.focal / diagonal * 43.27 if self.rng.random() < 0.6 else None
        truth["exif_focal"] = focal_35mm is not None
        return Made(pixels, truth, mask, quality, focal_35mm)


def make(seed, difficulty, photos=None, what=None, longest=None, english=False):
    """A photograph and its truth."""
    return photograph.shoot(Scene(seed, difficulty, photos or pools.Pool(), what, longest, english))
