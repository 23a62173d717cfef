"""Pictures that no training has seen, with what is known about them.

  drawn     photographs with a drawn mask, by kind
  matting   alphamatting.com's photographs with true soft mattes
  agreed    photographs of `select` without a mask; the reference is the
            mean of three teacher passes, so this is agreement, not truth, and
            only those count on which the three agree among themselves
  empty     windows of held-out photographs in which nothing is marked as subject
"""

import dataclasses
import pathlib

import numpy as np
from PIL import Image

from training import index as index_lib

PASSES = ((288, True), (320, False), (416, True))  # size in pixels, mirrored


@dataclasses.dataclass
class Case:
    """One held-out picture. `truth` is float32 [H,W] in 0..1."""

    name: str
    kind: str
    image: Image.Image
    truth: np.ndarray


def _grey(path: pathlib.Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"), np.float32) / 255


def drawn(data: pathlib.Path, split: str, most: int = 60) -> list[Case]:
    """Of each source and kind at most `most`, evenly taken."""
    groups: dict[str, list[index_lib.Row]] = {}
    for row in index_lib.read_index(data):
        if row.split == split and row.mask:
            kind = f"{index_lib.KINDS.get(row.source, row.category)} ({row.source})"
            groups.setdefault(kind, []).append(row)
    return [Case(row.image.stem, "drawn: " + kind,
                 Image.open(row.image).convert("RGB"), _grey(row.mask))
            for kind, rows in sorted(groups.items()) for row in rows[::-(-len(rows) // most)]]


def matting(data: pathlib.Path) -> list[Case]:
    base = pathlib.Path(data) / "matting"
    return [Case(path.stem, "matting", Image.open(path).convert("RGB"),
                 _grey(base / "alphas" / path.name))
            for path in sorted((base / "images").glob("*.png"))]


def agreed(data: pathlib.Path, teacher, cache: pathlib.Path, most: int = 150) -> list[Case]:
    """At most `most` photographs, evenly taken from the split.

    References are kept in `cache` as PNG files; the first call is slow.
    """
    cache.mkdir(parents=True, exist_ok=True)
    cases = []
    rows = [row for row in index_lib.read_index(data) if row.split == "select" and not row.mask]
    for row in rows[::max(1, -(-len(rows) // most))]:
        image = Image.open(row.image).convert("RGB")
        kept = cache / (row.image.stem + ".png")
        if not kept.exists():
            passes = [np.asarray(Image.fromarray(np.ascontiguousarray(
                teacher.one(image, size, mirror))).resize(image.size, Image.BICUBIC))
                for size, mirror in PASSES]
            mean = np.clip(np.mean(passes, 0), 0, 1)
            Image.fromarray(np.round(mean * 255).astype(np.uint8)).save(kept)
        truth = _grey(kept)
        subject = (truth > 0.5).mean()
        unsure = ((truth > 0.2) & (truth < 0.8)).mean()
        if subject > 0.01 and unsure < 0.2 * subject:
            cases.append(Case(row.image.stem, "agreed: " + row.category, image, truth))
    return cases


def empty(cases: list[Case], smallest: float = 0.4) -> list[Case]:
    """The largest window of each case's photograph that no subject touches."""
    found = []
    for case in cases:
        window = _quiet_window(case.truth, smallest)
        if window is not None:
            image = case.image.crop(window)
            found.append(Case(case.name, "empty", image,
                              np.zeros((image.height, image.width), np.float32)))
    return found


def _quiet_window(truth: np.ndarray, smallest: float):
    """(left, top, right, bottom), sides in the picture's proportions, or None."""
    height, width = truth.shape
    seen = np.pad((truth > 0.03).astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    for share in np.arange(1.0, smallest - 1e-9, -0.05):
        h, w = int(height * share), int(width * share)
        sums = (seen[h:, w:] - seen[:height - h + 1, w:]
                - seen[h:, :width - w + 1] + seen[:height - h + 1, :width - w + 1])
        spots = np.argwhere(sums == 0)
        if len(spots):
            top, left = spots[len(spots) // 2]
            return int(left), int(top), int(left) + w, int(top) + h
    return None
