#!/usr/bin/env python3
"""How long `peel scan` takes, phase by phase, and again when nothing has changed; results as JSON.

  library.py unchanged [--files 100000]      a folder of small JPEGs, scanned twice (phase 1)
  library.py phases [--files 96] [DIR]       12-megapixel JPEGs made of DIR's pictures: phase 1, 1+2, 1+2+3

Every figure is the median of the runs; processor time (user and system, children too) stands beside the time by
the clock, which on a busy machine says little."""
import argparse
import io
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEEL = pathlib.Path(os.environ.get("PEEL", ROOT / "build/peel"))


def timed(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run([PEEL, "scan", *map(str, arguments), "-q"], capture_output=True, check=False)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(runs):
    return {"seconds": round(statistics.median(s for s, _ in runs), 3),
            "processor_seconds": round(statistics.median(p for _, p in runs), 3)}


def small_jpegs(folder, count):
    """Each with a comment of its own, so that no two are the same; 500 to a folder."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (24, 32, 3)).astype(np.uint8)).save(file, "JPEG")
    jpeg = file.getvalue()
    for i in range(count):
        if i % 500 == 0:
            (folder / f"{i // 500:05}").mkdir(parents=True)
        text = b"%010d" % i
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
        (folder / f"{i // 500:05}/IMG_{i:06}.jpg").write_bytes(jpeg[:2] + comment + jpeg[2:])


def unchanged(args, scratch):
    small_jpegs(scratch / "in", args.files)
    given = (scratch / "in", "--db", scratch / "l.db", "--phases", "1")
    first = timed(*given)
    again = [timed(*given) for _ in range(args.runs)]
    return {"files": args.files, "first": median([first]), "again": median(again)}


def large_jpegs(folder, count, source):
    """12 megapixels each: pictures at hand enlarged, shifted, with grain, as a camera's file compresses."""
    names = sorted(p for p in source.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    rng = np.random.default_rng(2)
    folder.mkdir()
    for i in range(count):
        picture = Image.open(names[i % len(names)]).convert("RGB").resize((4032, 3024), Image.Resampling.BICUBIC)
        pixels = np.roll(np.asarray(picture, np.int16), int(rng.integers(0, 4032)), axis=1)
        pixels = pixels + rng.integers(-4, 5, pixels.shape, dtype=np.int16)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i:05}.jpg", quality=88)


def phases(args, scratch):
    large_jpegs(scratch / "in", args.files, pathlib.Path(args.source))
    size = sum(p.stat().st_size for p in (scratch / "in").iterdir())
    result = {"files": args.files, "megabytes": round(size / 1e6, 1)}
    for name in ("1", "1,2", "1,2,3"):
        runs = []
        for i in range(args.runs):
            runs.append(timed(scratch / "in", "--db", scratch / f"{name}-{i}.db", "--phases", name))
        result[name] = median(runs)
        for key in ("seconds", "processor_seconds"):
            result[name]["pictures_per_" + key[:-1]] = round(args.files / max(result[name][key], 1e-9), 1)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["unchanged", "phases"])
    parser.add_argument("source", nargs="?", default=ROOT / "samples")
    parser.add_argument("--files", type=int)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    args.files = args.files or {"unchanged": 100_000, "phases": 96}[args.what]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="peel-scan-"))
    try:
        print(json.dumps({"unchanged": unchanged, "phases": phases}[args.what](args, scratch), indent=2))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
