"""The store: photographs decoded once, with their masks and soft targets.

A folder of flat arrays that are memory-mapped by the trainer:

    images.npy    uint8 [N,S,S,3]  RGB, squashed to a square (as at inference)
    masks.npy     uint8 [N,S,S]    drawn masks, 0 where there is none
    pass_*.npy    uint8 [N,S,S]    one file per teacher pass, 255 = subject
    pass_*_done.npy  uint8 [N]      1 where that pass has been computed
    rows.csv      one line per picture: file, source, split, category, terms,
                  has_mask
"""

import csv
import dataclasses
import pathlib

import numpy as np


def pass_name(size: int, mirror: bool) -> str:
    return f"pass_{size}{'m' if mirror else ''}"


def open_array(path: pathlib.Path, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Maps a uint8 array; creates it zero-filled when `shape` is given and it is absent."""
    if shape is not None and not path.exists():
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    return np.load(path, mmap_mode="r" if shape is None else "r+")


@dataclasses.dataclass
class Store:
    """Read-only view of a store; arrays are memory maps."""

    images: np.ndarray
    masks: np.ndarray
    rows: list[dict[str, str]]
    passes: list[np.ndarray]
    done: list[np.ndarray]

    @classmethod
    def open(cls, folder: pathlib.Path) -> "Store":
        folder = pathlib.Path(folder)
        with open(folder / "rows.csv", newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        names = sorted(path.stem for path in folder.glob("pass_*.npy")
                       if not path.stem.endswith("_done"))
        return cls(
            images=open_array(folder / "images.npy"),
            masks=open_array(folder / "masks.npy"),
            rows=rows,
            passes=[open_array(folder / f"{name}.npy") for name in names],
            done=[open_array(folder / f"{name}_done.npy") for name in names],
        )

    def __len__(self) -> int:
        return len(self.rows)

    def passes_done(self) -> np.ndarray:
        """int [N]: how many teacher passes exist for each picture."""
        count = np.zeros(len(self), np.int64)
        for done in self.done:
            count += np.asarray(done) != 0
        return count

    def soft_ready(self) -> np.ndarray:
        """bool [N]: at least one teacher pass exists for the picture."""
        return self.passes_done() > 0

    def soft(self, index: int) -> np.ndarray:
        """uint8 [S,S]: the mean over the teacher passes computed so far."""
        have = [p[index] for p, done in zip(self.passes, self.done) if done[index]]
        if len(have) == 1:
            return np.asarray(have[0])
        return np.round(np.mean(have, axis=0)).astype(np.uint8)
