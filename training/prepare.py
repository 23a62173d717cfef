"""Decodes the photographs once and caches the teacher's soft targets.

    python -m training.prepare --config training/config.yaml

Can be stopped and started again at any time: what is done is kept. Training may
begin as soon as the pictures are decoded and some targets exist.

    python -m training.prepare --pack out/training/peel.pack      (write a pack)
    python -m training.prepare --unpack out/training/peel.pack    (store from a pack)
"""

import argparse
import csv
import pathlib
import sys
import time

import numpy as np
from PIL import Image

from training import config as config_lib
from training import index as index_lib
from training import pack as pack_lib
from training import store as store_lib
from training import teacher as teacher_lib


def load_pair(row: index_lib.Row, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns uint8 [size,size,3] and [size,size]; raises on unreadable files."""
    with Image.open(row.image) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.LANCZOS))
    mask = np.zeros((size, size), np.uint8)
    if row.mask is not None:
        with Image.open(row.mask) as drawn:
            mask = np.asarray(drawn.convert("L").resize((size, size), Image.BILINEAR))
    return pixels, mask


def decode(config: config_lib.Config, folder: pathlib.Path) -> int:
    """Writes images.npy, masks.npy and rows.csv; returns how many were skipped."""
    rows = [row for row in index_lib.read_index(config.paths.data)
            if row.terms in config.data.terms]
    size = config.data.size
    images = store_lib.open_array(folder / "images.npy", (len(rows), size, size, 3))
    masks = store_lib.open_array(folder / "masks.npy", (len(rows), size, size))
    kept, skipped = [], 0
    for row in rows:
        try:
            pixels, mask = load_pair(row, size)
        except (OSError, ValueError) as error:
            print(f"skipped {row.image.name}: {error}", file=sys.stderr)
            skipped += 1
            continue
        images[len(kept)] = pixels
        masks[len(kept)] = mask
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


def unsure(soft: np.ndarray) -> float:
    """Area of doubtful pixels relative to the area of the subject; uint8 [S,S]."""
    doubt = float(((soft > 40) & (soft < 215)).mean())
    return doubt / max(float((soft > 127).mean()), 0.01)


def cache_pass(config: config_lib.Config, folder: pathlib.Path, count: int,
               teacher: teacher_lib.Teacher, one: dict) -> None:
    """Fills one pass_*.npy in a fixed shuffled order, skipping what is done.

    With `unsure: X`, only for pictures that the earlier passes leave in doubt:
    there the average helps most, and a pass over everything takes long.
    """
    size, mirror = one["size"], one["mirror"]
    side = config.data.size
    name = store_lib.pass_name(size, mirror)
    images = store_lib.open_array(folder / "images.npy")
    target = store_lib.open_array(folder / f"{name}.npy", (count, side, side))
    done = store_lib.open_array(folder / f"{name}_done.npy", (count,))
    order = np.random.default_rng(config.seed).permutation(count)
    earlier = store_lib.Store.open(folder) if "unsure" in one else None
    started, fresh = time.monotonic(), 0
    for position, i in enumerate(order):
        if done[i]:
            continue
        if earlier is not None and unsure(earlier.soft(i)) < one["unsure"]:
            continue
        mask = teacher.predict(Image.fromarray(images[i]), size, mirror)
        mask = Image.fromarray(mask.astype(np.float32)).resize((side, side), Image.BILINEAR)
        target[i] = np.clip(np.asarray(mask) * 255.0 + 0.5, 0, 255).astype(np.uint8)
        done[i] = 1
        fresh += 1
        if fresh % 200 == 0:
            rate = fresh / (time.monotonic() - started)
            print(f"{name}: {position + 1}/{count}, {rate:.1f} pictures/s", flush=True)


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
    if not (folder / "rows.csv").exists():
        skipped = decode(config, folder)
        print(f"decoded; {skipped} file(s) skipped", flush=True)
    count = len(store_lib.Store.open(folder))
    teacher = teacher_lib.Teacher(config.paths.teacher, args.threads)
    for one in config.data.passes:
        cache_pass(config, folder, count, teacher, one)


if __name__ == "__main__":
    main()
