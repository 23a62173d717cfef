#!/usr/bin/env python3
"""Character error rates of Tesseract on synthetic pages: as photographed, as `peel rectify` straightens them, and
straightened with the true corners.

usage: bench/rectify/ocr.py PEEL OUT [--count 40] [--peel-options "…"]
Pages are letters and books' pages in English, difficulty 0 to 2, 2,500 pixels high and more, so that the print is
large enough to be read. The perfect warp is OpenCV's with the true corners at the size that Peel chose (or where Peel abstained,
the size of the longer sides), twice as large bicubically and reduced by INTER_AREA. OUT/rectify-ocr.json and .md.
"""

import argparse
import multiprocessing
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measure  # noqa: E402

import measures  # noqa: E402
import peel_rectify  # noqa: E402
import peers  # noqa: E402
import sources  # noqa: E402
from generate import scene, sensor  # noqa: E402
from generate.photos import Pool  # noqa: E402

SEED = 1985


def distance(a, b):
    """Levenshtein's, a row at a time."""
    if not a or not b:
        return max(len(a), len(b))
    b = np.frombuffer(b.encode("utf-32-le"), np.uint32)
    steps = np.arange(len(b) + 1)
    row = steps.copy()
    for k, c in enumerate(np.frombuffer(a.encode("utf-32-le"), np.uint32), 1):
        replaced = row[:-1] + (b != c)
        row[1:] = np.minimum(replaced, row[1:] + 1)
        row[0] = k
        row = np.minimum.accumulate(row - steps) + steps
    return int(row[-1])


def plain(text):
    return re.sub(r"\s+", " ", text.replace("’", "'").replace("‘", "'")).strip()


def read(path):
    done = subprocess.run(["tesseract", str(path), "-", "-l", "eng", "--psm", "3"], capture_output=True, text=True,
                          env={**os.environ, "OMP_THREAD_LIMIT": "1"}, check=True)
    return plain(done.stdout)


def error_rate(path, text):
    """Wrong characters for each right one; more than all of them counts as all."""
    return min(1.0, distance(read(path), text) / len(text))


def photographs(folder, count):
    """[(file, truth)]: pages whose print is large enough."""
    photos = Pool(sources.large(), [])
    made = []
    for index in range(count):
        shot = scene.make([SEED, index], index % 3, photos, ["letter", "book"][index // 3 % 2], 3000, english=True)
        name = f"page-{index:03}.jpg"
        sensor.save(folder / name, shot.pixels, max(shot.quality, 75), None)
        made.append((name, shot.truth))
    return made


def perfect(picture, truth, size, path):
    """The warp with the true corners, without aliasing."""
    width, height = size
    target = np.array([[0, 0], [2 * width, 0], [2 * width, 2 * height], [0, 2 * height]], float)
    # OpenCV counts from the centres of pixels.
    h = measures.homography(np.array(truth["corners"]) - 0.5, target - 0.5)
    large = cv2.warpPerspective(picture, h, (2 * width, 2 * height), flags=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA))


def one(task):
    name, truth, folder, corrected = task
    folder = pathlib.Path(folder)
    picture = cv2.imread(str(folder / name))
    if corrected is not None:
        with Image.open(corrected) as image:
            size = image.size
    if corrected is None or (size[0] > size[1]) != (truth["ratio"] > 1):
        w, h = peers.size_of(np.array(truth["corners"]))
        size = round(w), round(h)
    best = folder / f"{name}-perfect.png"
    perfect(picture, truth, size, best)
    text = plain(" ".join(truth["text"]))
    raw = error_rate(folder / name, text)
    return {"file": name, "difficulty": truth["difficulty"], "raw": raw, "perfect": error_rate(best, text),
            "peel": error_rate(corrected, text) if corrected else raw, "abstained": corrected is None}


def words_around(version):
    """What the page says around the table."""
    return {
        "title": "Reading straightened pages",
        "about": "Character error rates (Levenshtein distance to the text that was set, over its length, at most 1) of Tesseract on "
                 "synthetic photographs of letters and books' pages in English: as photographed, straightened by "
                 "`peel rectify`, and warped with the true corners.",
        "command": "bench/run.sh rectify",
        "peers": f"{version}, `--psm 3`",
        "notes": [],
        "tables": [{}],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel")
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--peel-options", default="--jobs 1 --threads 2")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if shutil.which("tesseract") is None:
        print("bench: tesseract is not installed (apt-get install tesseract-ocr); character recognition is skipped")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        made = photographs(folder, options.count)
        files = [name for name, _ in made]
        out = folder / "straight"
        found = peel_rectify.run(options.peel, folder, files, out, shlex.split(options.peel_options))
        tasks = []
        for name, truth in made:
            results = sorted(out.glob(pathlib.Path(name).stem + ".*"))
            tasks.append((name, truth, scratch, str(results[0]) if found[name][0] and results else None))
        with multiprocessing.Pool(options.jobs) as pool:
            rows = pool.map(one, tasks, chunksize=1)
    table = (
        "| pages | as photographed | Peel | true corners | Peel / photographed | Peel / true corners | abstained |\n"
    )
    table += "|---" * 7 + "|\n"
    for label, some in [
        ("all", rows),
        *((f"difficulty {d}", [r for r in rows if r["difficulty"] == d]) for d in range(3)),
    ]:
        if not some:
            continue
        raw, ours, best = (np.mean([r[k] for r in some]) for k in ("raw", "peel", "perfect"))
        table += (f"| {label} ({len(some)}) | {raw:.2%} | {ours:.2%} | {best:.2%} | {ours / max(raw, 1e-9):.2f} | "
                  f"{ours / max(best, 1e-9):.2f} | {sum(r['abstained'] for r in some)} |\n")
    version = subprocess.run(["tesseract", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    measure.write(
        options.out, "rectify-ocr", {"rows": rows, "text": words_around(version)}, table + f"\n{version}, `--psm 3`.\n"
    )


if __name__ == "__main__":
    main()
