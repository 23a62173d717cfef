"""The list of photographs: which exist, which split and kind each belongs to."""

import csv
import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Row:
    """One photograph of `train/index.csv`."""

    image: pathlib.Path
    mask: pathlib.Path | None  # drawn mask, same size, 255 = subject
    source: str  # short name of the collection, e.g. "coco128"
    split: str  # "train" or "val"
    category: str  # a guess: people, animal, product, scene, ...
    terms: str  # "open" or "research"
    licence: str


def read_index(data: pathlib.Path) -> list[Row]:
    """Returns the rows of `data/train/index.csv` in the order of the file."""
    base = pathlib.Path(data) / "train"
    rows = []
    with open(base / "index.csv", newline="", encoding="utf-8") as handle:
        for record in csv.DictReader(handle):
            image = base / record["file"]
            mask = None
            if record["has_mask"] == "1":
                mask = base / "masks" / (image.stem + ".png")
            rows.append(Row(
                image=image,
                mask=mask,
                source=image.stem.split("_")[0],
                split=record["split"],
                category=record["category-guess"],
                terms=record["terms"],
                licence=record["licence"],
            ))
    return rows
