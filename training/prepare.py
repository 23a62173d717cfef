"""Decodes the photographs once and caches the teachers' soft targets.

    python -m training.prepare --config training/config.yaml

Can be stopped and started again at any time: what is done is kept. Training may
begin as soon as the pictures are decoded and some targets exist.

    python -m training.prepare --pack out/training/peel.pack      (write a pack)
    python -m training.prepare --unpack out/training/peel.pack    (store from a pack)
"""

import argparse
import concurrent.futures
import csv
import pathlib
import sys
import time

import numpy as np
from PIL import Image

from training import config as config_lib
from training import index as index_lib
from training import pack as pack_lib
from training import samples as samples_lib
from training import store as store_lib
from training import teacher as teacher_lib
from training import u2netp

_CHUNK = 200  # pictures between two lines of progress


def load_pair(row: index_lib.Row, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns uint8 [size,size,3] and [size,size]; raises on unreadable files."""
    with Image.open(row.image) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.LANCZOS))
    mask = np.zeros((size, size), np.uint8)
    if row.mask is not None:
        with Image.open(row.mask) as drawn:
            mask = np.asarray(drawn.convert("L").resize((size, size), Image.BILINEAR))
    return pixels, mask


def decode(config: config_lib.Config, folder: pathlib.Path, threads: int = 1) -> int:
    """Writes images.npy, masks.npy and rows.csv; returns how many were skipped."""
    def load(row: index_lib.Row):
        try:
            return load_pair(row, size)
        except (OSError, ValueError) as error:
            return error

    rows = [row for row in index_lib.read_index(config.paths.data)
            if row.terms in config.data.terms]
    size = config.data.size
    images = store_lib.open_array(folder / "images.npy", (len(rows), size, size, 3))
    masks = store_lib.open_array(folder / "masks.npy", (len(rows), size, size))
    kept, skipped = [], 0
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for row, pair in zip(rows, pool.map(load, rows)):
            if isinstance(pair, Exception):
                print(f"skipped {row.image.name}: {pair}", file=sys.stderr)
                skipped += 1
                continue
            images[len(kept)], masks[len(kept)] = pair
            kept.append(row)
    images.flush()
    masks.flush()
    partial = folder / "rows.csv.part"
    with open(partial, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["file", "source", "split", "category", "terms", "has_mask"])
        for row in kept:
            writer.writerow([row.image.name, row.source, row.split, row.category,
                             row.terms, int(row.mask is not None)])
    partial.rename(folder / "rows.csv")  # Its presence says decoding is complete.
    return skipped


def wanted(one: dict, earlier: np.ndarray | None) -> bool:
    """Whether a pass is worth its time, from what earlier passes gave, uint8 [S,S].

    `area: [low, high]` asks for a subject of that share of the picture.
    """
    if "area" not in one:
        return True
    if earlier is None:
        return False
    low, high = one["area"]
    return low <= float((earlier > 127).mean()) <= high


def ask(name: str, passes: list[dict], folder: pathlib.Path, which: np.ndarray, teacher) -> int:
    """Fills soft_NAME.npy with the mean of `passes` for the pictures `which` that lack it.

    Returns how many pictures were asked about. A picture counts as done once all is written.
    """
    store = store_lib.Store.open(folder)
    images, count, side = store.images, len(store), store.images.shape[1]
    target = store_lib.open_array(folder / f"soft_{name}.npy", (count, side, side))
    done = store_lib.open_array(folder / f"soft_{name}_done.npy", (count,))
    left = [i for i in which if not done[i]]
    for at in range(0, len(left), teacher.batch):
        some = left[at:at + teacher.batch]
        pictures = np.stack([images[i] for i in some])
        total, made = np.zeros((len(some), side, side), np.float32), np.zeros(len(some), np.uint8)
        for one in passes:
            mean = [t / n if n else None for t, n in zip(total, made)]
            mine = [k for k in range(len(some)) if wanted(one, mean[k])]
            if mine:
                total[mine] += teacher.predict(pictures[mine], one["size"], one["mirror"], side)
                made[mine] += 1
        target[some] = np.round(total / made[:, None, None]).astype(np.uint8)
        done[some] = made
    return len(left)


def make_teacher(entry: dict, threads: int, bf16: bool):
    """The teacher of an entry of the configuration's `teachers`; None where it is not at hand."""
    if not pathlib.Path(entry["path"]).exists():
        return None
    if entry["family"] == "u2net":
        return u2netp.BatchTeacher(entry["path"], threads, bf16)
    return teacher_lib.Teacher(entry["path"], threads, entry["family"])


def ask_all(config: config_lib.Config, folder: pathlib.Path, teachers: dict) -> None:
    """All teachers, a few hundred pictures at a time, so that training can begin early.

    Pictures with drawn masks, which can be learnt from without, come last, those that training
    draws most often first; equals in a fixed shuffled order. The first teacher is quick and goes
    through all before the next.
    """
    rows = store_lib.Store.open(folder).rows
    order = np.random.default_rng(config.seed).permutation(len(rows))
    often = [samples_lib.draw_weight(row, vars(config.samples.weights)) for row in rows]
    order = np.array(sorted(order, key=lambda i: (rows[i]["has_mask"] == "1", -often[i])))
    started = time.monotonic()
    for name, teacher in teachers.items():
        fresh = 0
        for at in range(0, len(order), _CHUNK):
            fresh += ask(name, config.teachers[name]["passes"], folder, order[at:at + _CHUNK],
                         teacher)
            print(f"{name}: {min(at + _CHUNK, len(order))}/{len(order)} pictures, {fresh} new, "
                  f"{time.monotonic() - started:.0f} s", flush=True)


def prepare(config: config_lib.Config, threads: int) -> None:
    """Makes the store, or what it still lacks."""
    folder = pathlib.Path(config.paths.store)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.csv").exists():
        print(f"decoded; {decode(config, folder, threads)} file(s) skipped", flush=True)
    teachers = {}
    for name, entry in config.teachers.items():
        teachers[name] = make_teacher(entry, threads, config.train.bf16)
        if teachers[name] is None:
            print(f"teacher {name} is not at {entry['path']}: going on without it", flush=True)
            del teachers[name]
            continue
        count = len(store_lib.Store.open(folder))  # So that a trainer that is running sees them.
        store_lib.open_array(folder / f"soft_{name}.npy", (count, config.data.size, config.data.size))
        store_lib.open_array(folder / f"soft_{name}_done.npy", (count,))
    ask_all(config, folder, teachers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default="training/config.yaml", type=pathlib.Path)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="override a value of the configuration, e.g. paths.store=/tmp/s")
    parser.add_argument("--pack", type=pathlib.Path, metavar="FILE",
                        help="write what is prepared into one file of under 50 MB")
    parser.add_argument("--pack-size", default=256, type=int, help="side in the pack, pixels")
    parser.add_argument("--unpack", type=pathlib.Path, metavar="FILE",
                        help="make the store from a pack; needs neither data nor teacher")
    args = parser.parse_args()
    config = config_lib.load(args.config, args.set)
    folder = pathlib.Path(config.paths.store)
    folder.mkdir(parents=True, exist_ok=True)
    if args.unpack is not None:
        print(f"unpacked {pack_lib.unpack(args.unpack, folder, config.data.size)} pictures")
        return
    if args.pack is not None:
        quality = pack_lib.pack(store_lib.Store.open(folder), args.pack, args.pack_size)
        print(f"{args.pack}: {args.pack.stat().st_size / 1e6:.1f} MB, quality {quality}")
        return
    prepare(config, args.threads)


if __name__ == "__main__":
    main()
