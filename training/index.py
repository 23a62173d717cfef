"""The list of photographs: which exist, which split and kind each belongs to.

Three splits. `train` is learnt from; `select` is what every choice is made on (a stage's end, a
threshold, a recipe); `report` is looked at once, for the card. The last two share no source:

  report  sources held whole: wildlife, cartruck, smallthings, mixed, coco128's held-out pictures
          (and the mattes of heldout.py)
  select  sources held whole: dogcat, domino, plates; the held-out pictures of every other
          collection; and each fifteenth picture of the sources with drawn masks that are trained
          on, which tell the kinds apart but are easier than a source never seen
"""

import csv
import dataclasses
import pathlib

REPORT = {"wildlife", "cartruck", "smallthings", "mixed"}
SELECT = {"dogcat", "domino", "plates"}
_EVERY = 15  # of a source that is trained on, this picture in so many is in `select`

# What the photographs of a source with drawn masks show; else its own name.
KINDS = {"feralcat": "cats", "msrccow": "cows", "coco128": "everyday", "wildlife": "wild animals",
         "endangered": "wild animals", "dogcat": "dogs and cats", "pug": "dogs",
         "butterfly": "insects", "fish": "fish", "horses": "horses", "cars": "vehicles",
         "cartruck": "vehicles", "smallthings": "small things", "domino": "small things",
         "plates": "plates", "mixed": "mixed"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One photograph."""

    image: pathlib.Path
    mask: pathlib.Path | None  # drawn mask, same size, 255 = subject
    source: str  # short name of the collection, e.g. "coco128"
    split: str  # "train", "select" or "report"
    category: str  # a guess: people, animal, product, scene, ...
    terms: str  # "open" or "research"
    licence: str


def _photographs(base: pathlib.Path) -> list[Row]:
    """`train/`: some have drawn masks."""
    rows = []
    with open(base / "index.csv", newline="", encoding="utf-8") as handle:
        for record in csv.DictReader(handle):
            image = base / record["file"]
            source = image.stem.split("_")[0]
            held = "report" if source == "coco128" else "select"
            rows.append(Row(
                image=image,
                mask=base / "masks" / (image.stem + ".png") if record["has_mask"] == "1" else None,
                source=source,
                split="train" if record["split"] == "train" else held,
                category=record["category-guess"],
                terms=record["terms"],
                licence=record["licence"],
            ))
    return rows


def _drawn(base: pathlib.Path) -> list[Row]:
    """`train-masks/`: all have drawn masks."""
    rows, seen = [], {}
    with open(base / "index.csv", newline="", encoding="utf-8") as handle:
        for record in csv.DictReader(handle):
            source = record["kind"]
            number = seen[source] = seen.get(source, -1) + 1
            split = ("report" if source in REPORT else
                     "select" if source in SELECT or number % _EVERY == 0 else "train")
            rows.append(Row(
                image=base / "images" / (record["file"] + ".webp"),
                mask=base / "masks" / (record["file"] + ".png"),
                source=source,
                split=split,
                category=KINDS.get(source, source),
                terms=record["terms"],
                licence=record["licence"],
            ))
    return rows


def read_index(data: pathlib.Path) -> list[Row]:
    """The rows of `data/train/index.csv`, then those of `data/train-masks/index.csv` if there."""
    data = pathlib.Path(data)
    rows = _photographs(data / "train")
    if (data / "train-masks" / "index.csv").exists():
        rows += _drawn(data / "train-masks")
    return rows
