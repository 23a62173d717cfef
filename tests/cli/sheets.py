"""Pictures of sheets as a camera sees them, with corners that are known."""
import numpy as np
from PIL import Image

# An A4 sheet before a camera of 1000 pixels' focal length that looks down on it.
CORNERS = ((295.3, 124.2), (586.8, 139.1), (539.0, 569.7), (184.1, 519.7))

TWO = (((40, 30), (300, 40), (296, 250), (36, 240)), ((480, 330), (760, 345), (750, 570), (470, 560)))


def homography(points, onto):
    """The map of four points onto four others, 3 x 3."""
    rows = []
    for (x, y), (u, v) in zip(points, onto):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    rows = np.asarray(rows, float)
    return np.append(np.linalg.solve(rows[:, :8], rows[:, 8]), 1).reshape(3, 3)


def apply(matrix, points):
    p = np.concatenate([np.asarray(points, float), np.ones((len(points), 1))], 1) @ np.asarray(matrix).T
    return p[:, :2] / p[:, 2:]


def page(width, height, seed=0):
    """White paper with lines of ink in words; a black square marks its top left."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 245, np.uint8)
    margin, line = width // 10, max(6, height // 30)
    for top in range(margin + 3 * line, height - margin, 2 * line):
        left = margin
        while left < width - margin:
            word = int(rng.integers(2, 7)) * line // 2
            pixels[top:top + line // 2, left:min(left + word, width - margin)] = 40
            left += word + line // 2
    pixels[margin // 2:margin // 2 + 2 * line, margin // 2:margin // 2 + 2 * line] = 10
    return pixels


def onto(ground, sheet, corners, factor=3):
    """The sheet put there on the ground, which is changed."""
    height, width = ground.shape[:2]
    h, w = sheet.shape[:2]
    back = homography(np.asarray(corners) * factor, ((0, 0), (w, 0), (w, h), (0, h)))
    seen = Image.fromarray(sheet).convert("RGBA").transform(
        (width * factor, height * factor), Image.PERSPECTIVE, (back / back[2, 2]).ravel()[:8], Image.NEAREST)
    seen = np.asarray(seen.convert("RGBa").reduce(factor), float)
    ground[:] = (ground * (1 - seen[..., 3:] / 255) + seen[..., :3]).round().astype(np.uint8)


def ground(width=800, height=600, seed=1):
    """A dark table with grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    grain = 8 * np.sin(y / 5 + 2 * np.sin(x / 90)) + rng.normal(0, 2, (height, width))
    return np.clip(np.array([70, 52, 40]) + grain[..., None], 0, 255).astype(np.uint8)


def photo_of(*sheets, size=(800, 600)):
    """A photograph of sheets: each (corners), or (corners, sheet)."""
    pixels = ground(*size)
    for number, given in enumerate(sheets):
        corners, sheet = given if isinstance(given[0][0], (tuple, list)) else (given, None)
        onto(pixels, page(420, 594, number) if sheet is None else sheet, corners)
    return Image.fromarray(pixels)
