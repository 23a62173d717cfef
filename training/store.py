"""The store: photographs decoded once, with their masks and soft targets.

A folder of flat arrays:

    images.npy       uint8 [N,S,S,3]  RGB, squashed to a square (as at inference)
    masks.npy        uint8 [N,S,S]    drawn masks, 0 where there is none
    soft_NAME.npy    uint8 [N,S,S]    what teacher NAME gives, 255 = subject: the mean of its passes
    soft_NAME_done.npy  uint8 [N]     how many passes that mean has; 0: not asked yet
    rows.csv         one line per picture: file, source, split, category, terms, has_mask
"""

import csv
import dataclasses
import os
import pathlib

import numpy as np


class Flat:
    """A uint8 array on disk of which single pictures are read.

    Not a memory map: pages of a map count as the process's own, and a shuffled epoch would touch
    them all.
    """

    def __init__(self, path: pathlib.Path):
        mapped = np.load(path, mmap_mode="r")
        self.shape, self._offset = mapped.shape, mapped.offset
        self._count = int(np.prod(self.shape[1:]))
        self._file = os.open(path, os.O_RDONLY)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int) -> np.ndarray:
        data = os.pread(self._file, self._count, self._offset + int(index) * self._count)
        return np.frombuffer(data, np.uint8).reshape(self.shape[1:])

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)


def open_array(path: pathlib.Path, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Maps a uint8 array; creates it zero-filled when `shape` is given and it is absent."""
    if shape is not None and not path.exists():
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    return np.load(path, mmap_mode="r" if shape is None else "r+")


def agreement(masks: list[np.ndarray]) -> list[float]:
    """How far each of `masks` (uint8 [S,S]) agrees with the others: its mean soft IoU with them."""
    small = [mask[::2, ::2].astype(np.float32) for mask in masks]

    def alike(a: np.ndarray, b: np.ndarray) -> float:
        return float((np.minimum(a, b).sum() + 1) / (np.maximum(a, b).sum() + 1))

    return [float(np.mean([alike(one, other) for j, other in enumerate(small) if j != i]))
            for i, one in enumerate(small)]


@dataclasses.dataclass
class Store:
    """Read-only view of a store."""

    images: Flat
    masks: Flat
    rows: list[dict[str, str]]
    soft_of: dict[str, Flat]  # by teacher
    done: dict[str, np.ndarray]  # memory maps: what a `prepare` that runs beside adds is seen
    trust: dict[str, float]  # weight of each teacher; else 1

    @classmethod
    def open(cls, folder: pathlib.Path, trust: dict[str, float] | None = None) -> "Store":
        folder = pathlib.Path(folder)
        with open(folder / "rows.csv", newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        names = sorted(path.stem.removeprefix("soft_") for path in folder.glob("soft_*.npy")
                       if not path.stem.endswith("_done"))
        return cls(
            images=Flat(folder / "images.npy"),
            masks=Flat(folder / "masks.npy"),
            rows=rows,
            soft_of={name: Flat(folder / f"soft_{name}.npy") for name in names},
            done={name: open_array(folder / f"soft_{name}_done.npy") for name in names},
            trust=trust or {},
        )

    def __len__(self) -> int:
        return len(self.rows)

    def soft_ready(self) -> np.ndarray:
        """bool [N]: at least one teacher was asked about the picture."""
        ready = np.zeros(len(self), bool)
        for done in self.done.values():
            ready |= np.asarray(done) != 0
        return ready

    def ready(self) -> np.ndarray:
        """bool [N]: a teacher was asked about the picture, or a mask was drawn."""
        return self.soft_ready() | np.array([row["has_mask"] == "1" for row in self.rows], bool)

    def drawn(self, index: int) -> np.ndarray | None:
        return self.masks[index] if self.rows[index]["has_mask"] == "1" else None

    def agreed(self, index: int) -> float:
        """0..1: how far the teachers agree; 1 where only one was asked or a mask was drawn."""
        have = [self.soft_of[name][index][::4, ::4]
                for name in self.soft_of if self.done[name][index]]
        if len(have) < 2 or self.rows[index]["has_mask"] == "1":
            return 1.0
        return float(np.mean(agreement(have)))

    def soft(self, index: int) -> np.ndarray:
        """uint8 [S,S]: the teachers' mean, weighted per picture by how far each agrees.

        With a drawn mask, by the square of the agreement with that; without, by `trust` alone for
        two teachers, who agree with each other equally, and by both for more. The drawn mask
        itself where no teacher was asked.
        """
        names = [name for name in self.soft_of if self.done[name][index]]
        have = [self.soft_of[name][index] for name in names]
        drawn = self.drawn(index)
        if len(have) < 2:
            return have[0] if have else drawn
        weights = np.array([self.trust.get(name, 1.0) for name in names])
        if drawn is not None:
            weights = weights * np.array(
                [agreement([mask, drawn])[0] ** 2 + 1e-3 for mask in have])
        elif len(have) > 2:
            weights = weights * np.array(agreement(have))
        mean = np.tensordot(weights / weights.sum(), np.stack(have).astype(np.float32), 1)
        return np.round(mean).astype(np.uint8)
