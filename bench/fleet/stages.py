#!/usr/bin/env python3
"""What a picture of 12 megapixels costs, stage by stage: the figures that simulate.py starts from.

usage: bench/fleet/stages.py PEEL PHOTO... > stages.json

Each photo is enlarged to 4000 x 3000 and cut out alone on one thread, ROUNDS times; of each stage the fastest
round counts (a machine that does something else beside only makes it slower), of the photos the median.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from PIL import Image

ROUNDS = 5
STAGES = ("read", "decode", "network", "matte", "compose", "encode", "write")


def main(peel, *photos):
    if not photos:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as name:
        here = pathlib.Path(name)
        (here / "in").mkdir()
        for number, photo in enumerate(photos):
            with Image.open(photo) as image:
                size = (4000, 3000) if image.width >= image.height else (3000, 4000)
                image.convert("RGB").resize(size, Image.LANCZOS).save(here / f"in/{number}.jpg", quality=92)
        best, sizes = {}, {}
        for _ in range(ROUNDS):
            subprocess.run([peel, here / "in", "-O", here / "out", "--threads", "1", "--jobs", "1", "--quiet",
                            "--report", here / "report.json"], check=True)
            for row in json.loads((here / "report.json").read_text()):
                sizes[row["input"]] = (pathlib.Path(row["input"]).stat().st_size, row["output_bytes"])
                for stage in STAGES:
                    key = stage, row["input"]
                    best[key] = min(best.get(key, 1e9), row["times_ms"].get(stage, 0))
        stages = {stage: round(statistics.median(value for (one, _), value in best.items() if one == stage), 1)
                  for stage in STAGES}
        print(json.dumps({"photos": len(photos), "megapixels": 12, "milliseconds": stages,
                          "in_bytes": round(statistics.median(a for a, _ in sizes.values())),
                          "out_bytes": round(statistics.median(b for _, b in sizes.values()))}, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
