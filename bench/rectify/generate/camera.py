"""A pinhole camera with a little radial distortion, and where it stands.

World: the sheet lies in the plane z = 0, x to the right and y up as its reader sees it; units are millimetres.
Picture: plane coordinates, the centre of the first pixel at 0.5, 0.5.
"""
import dataclasses

import numpy as np


@dataclasses.dataclass
class Camera:
    width: int
    height: int
    focal: float  # pixels
    k1: float  # x_distorted = x (1 + k1 r²), r in half diagonals
    centre: np.ndarray  # the principal point
    rotation: np.ndarray  # world to camera: x right, y down, z forward
    place: np.ndarray  # of the lens, in the world

    @property
    def half_diagonal(self):
        return np.hypot(self.width, self.height) / 2

    def project(self, points):
        """World points [n, 3] to picture points [n, 2]; what lies behind the lens is not a number."""
        p = (np.asarray(points, float) - self.place) @ self.rotation.T
        z = np.where(p[:, 2] > 1e-6, p[:, 2], np.nan)
        flat = p[:, :2] / z[:, None] * self.focal
        r2 = (flat ** 2).sum(1) / self.half_diagonal ** 2
        return self.centre + flat * (1 + self.k1 * r2)[:, None]

    def rays(self, points):
        """Directions in the world [n, 3] in which picture points [n, 2] are seen."""
        seen = np.asarray(points, float) - self.centre
        flat = seen
        for _ in range(6):
            r2 = (flat ** 2).sum(1) / self.half_diagonal ** 2
            flat = seen / (1 + self.k1 * r2)[:, None]
        d = np.column_stack([flat / self.focal, np.ones(len(flat))])
        return d @ self.rotation


def looking(place, target, roll):
    """The rotation of a camera at `place` that looks at `target`; its picture's up is the world's y, turned by roll."""
    forward = np.asarray(target, float) - place
    forward /= np.linalg.norm(forward)
    up = np.array([0.0, 1.0, 0.0])
    if abs(forward @ up) > 0.98:
        up = np.array([0.0, 0.0, 1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    return np.stack([c * right + s * down, -s * right + c * down, forward])


def homography(source, target):
    """The projective map [3, 3], last element 1, that takes four points to four points."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(values, float)), 1).reshape(3, 3)


def apply(h, points):
    p = np.column_stack([points, np.ones(len(points))]) @ np.asarray(h).T
    return p[:, :2] / p[:, 2:]


def place_camera(rng, corners, size, focal_share, tilt, azimuth, roll, share, k1, off_centre=0.0, outside=0.0):
    """A camera from which the flat figure `corners` (world [4, 3], z = 0) takes `share` of the picture's width or
    height, whichever is fuller, at a random place in the picture. `outside` moves it beyond a border by that share
    of the picture."""
    width, height = size
    focal = focal_share * max(size)
    middle = corners.mean(0)
    away = np.array([np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])
    extent = np.ptp(corners, axis=0).max()

    def at(distance, shift=np.zeros(3)):
        place = middle + shift + away * distance
        return Camera(width, height, focal, k1, np.array([width / 2, height / 2]) +
                      off_centre, looking(place, middle + shift, roll), place)

    def distance_for(shift):
        low, high = extent * 0.2, extent * 60
        for _ in range(26):
            distance = np.sqrt(low * high)
            seen = at(distance, shift).project(corners)
            too_near = np.isnan(seen).any() or (np.ptp(seen, axis=0) / [width, height]).max() > share
            low, high = (distance, high) if too_near else (low, distance)
        return high

    def moved(distance, shift, want):
        """The shift by which the middle of the figure's box is seen at `want`, by Newton's steps."""
        for _ in range(8):
            seen = at(distance, shift).project(corners)
            miss = (seen.min(0) + seen.max(0)) / 2 - want
            step = np.zeros((2, 2))
            for k in range(2):
                d = np.zeros(3)
                d[k] = extent * 1e-3
                other = at(distance, shift + d).project(corners)
                step[:, k] = ((other.min(0) + other.max(0)) / 2 - want - miss) / d[k]
            if np.isnan(miss).any() or abs(np.linalg.det(step)) < 1e-12:
                return np.zeros(3)
            shift = shift - np.append(np.linalg.solve(step, miss), 0)
        return shift

    shift = np.zeros(3)
    distance = distance_for(shift)
    box = np.ptp(at(distance, shift).project(corners), axis=0) / [width, height]
    offset = rng.uniform(-1, 1, 2) * np.maximum(0, 0.98 - box) / 2
    if outside > 0:
        axis = rng.integers(2)
        offset[axis] = rng.choice([-1, 1]) * (0.5 - box[axis] / 2 + outside)
    # Far from the middle a tilted plane is seen at another angle: then the figure's size is off, and it moves back in.
    for nearer in (1, 0.6, 0.3):
        trial, far = np.zeros(3), distance
        for _ in range(3):
            trial = moved(far, trial, (0.5 + offset * nearer) * [width, height])
            far = distance_for(trial)
        seen = at(far, trial).project(corners)
        box = np.ptp(seen, axis=0) / [width, height]
        miss = (seen.min(0) + seen.max(0)) / 2 / [width, height] - 0.5 - offset * nearer
        if not np.isnan(seen).any() and abs(box.max() / share - 1) < 0.05 and np.abs(miss).max() < 0.03:
            return at(far, trial)
    return at(distance, shift)
