"""Sets of pictures in a folder, by several processes: NAME.jpg and truth.jsonl."""
import argparse
import json
import multiprocessing
import pathlib

import numpy as np
from PIL import Image

from . import nothing, scene, sensor, several, subjects
from .photos import Pool

SETS = {"clean": {0: 1, 1: 1}, "cluttered": {2: 1, 3: 1}}
_state = {}


def start(options):
    _state["options"] = options
    _state["photos"] = Pool(options.large, options.small)
    _state["none"] = _state["photos"].named(options.none) if options.none else Pool()


def one(index):
    options = _state["options"]
    name = f"{options.set}-{index:05}"
    seed = [options.seed, {"clean": 1, "cluttered": 2, "none": 3, "several": 4}[options.set], index]
    folder = pathlib.Path(options.out)
    if options.set == "none":
        made = nothing.make(seed, _state["photos"], _state["none"], options.longest)
    elif options.set == "several":
        made = several.make(seed, index % 3, _state["photos"], options.longest)
    else:
        shares = SETS[options.set]
        difficulty = list(shares)[index % len(shares)]
        made = scene.make(seed, difficulty, _state["photos"], options.what, options.longest)
    sensor.save(folder / f"{name}.jpg", made.pixels, made.quality, made.focal_35mm)
    record = {"file": f"{name}.jpg", **made.truth}
    if options.masks and made.mask is not None:
        Image.fromarray((made.mask * 255 + 0.5).astype(np.uint8)).save(folder / f"{name}-mask.png")
        record["mask"] = f"{name}-mask.png"
    return record


def main():
    parser = argparse.ArgumentParser(prog="python -m generate", description=__doc__)
    parser.add_argument("out", help="folder to write to")
    parser.add_argument("--set", choices=["clean", "cluttered", "none", "several"], default="clean")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="index of the first picture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--what", choices=list(subjects.SUBJECTS), help="this subject alone")
    parser.add_argument(
        "--longest", type=int, help="the longer side of every picture, in pixels, instead of 800 to 4000"
    )
    parser.add_argument(
        "--masks", action="store_true", help="also NAME-mask.png: the sheet's coverage, without what lies over it"
    )
    parser.add_argument(
        "--large", nargs="*", default=[], help="large photographs for grounds and prints: folders or files"
    )
    parser.add_argument("--small", nargs="*", default=[], help="small ones")
    parser.add_argument("--none", help="for --set none: a file of names of photographs in --small that show no quad")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    indices = range(options.first, options.first + options.count)
    with multiprocessing.Pool(options.jobs, start, (options,)) as pool, \
            open(pathlib.Path(options.out) / "truth.jsonl", "w", encoding="utf-8") as out:
        for record in pool.imap(one, indices):
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            out.flush()
    return 0
