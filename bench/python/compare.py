#!/usr/bin/env python3
"""The Python module against rembg, in turn, in one process: run by an interpreter that has both
(.venv-rembg of `make compat`).

usage: compare.py import|warm|batch|memory [--json FILE]
Prints a Markdown table. Times are medians; in `warm` each pair is measured back to back.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
MODEL = SHARED / "models" / "u2netp-fp32.onnx"
PHOTOS = [("rembg/fixtures/car-1.jpg", 5), ("rembg/fixtures/anime-girl-1.jpg", 5),
          ("camera/HMD_Nokia_8.3_5G.jpg", 3)]


def seconds(code, times):
    """Wall seconds of fresh interpreters."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def imports():
    photo = str(SHARED / "images" / PHOTOS[0][0])
    inside = ("import time; t = time.perf_counter(); import {0}; "
              "print(time.perf_counter() - t)")

    def import_ms(module, times):
        return 1000 * statistics.median(
            float(subprocess.run([sys.executable, "-c", inside.format(module)], check=True,
                                 capture_output=True, text=True).stdout.split()[-1])
            for _ in range(times))

    nothing = seconds("pass", 5)
    rows = [
        ("import peel, ms", import_ms("peel", 9)),
        ("import peel.rembg, ms", import_ms("peel.rembg", 9)),
        ("import rembg, ms", import_ms("rembg", 3)),
        ("python -c pass, ms", 1000 * nothing),
        ("process: import peel and cut a photo with the embedded model, ms",
         1000 * seconds(f"import peel; peel.cut({photo!r})", 5)),
    ]
    return [{"what": name, "value": round(value, 1)} for name, value in rows]


def warm():
    import rembg

    from peel import rembg as ours

    theirs, mine = rembg.new_session("u2netp"), ours.new_session("u2netp")
    rows = []
    for name, times in PHOTOS:
        data = (SHARED / "images" / name).read_bytes()
        pairs = []
        for i in range(times + 1):
            pair = []
            for remove, session in ((rembg.remove, theirs), (ours.remove, mine)):
                time.sleep(0.1)  # threads of the other one that wait in a loop give up meanwhile
                start = time.perf_counter()
                remove(data, session=session)
                pair.append(time.perf_counter() - start)
            if i > 0:  # the first of each warms up
                pairs.append(pair)
        a, b = (statistics.median(p[k] for p in pairs) for k in (0, 1))
        ratio = statistics.median(p[0] / p[1] for p in pairs)
        rows.append({"photo": pathlib.Path(name).name, "rembg ms": round(1000 * a, 1),
                     "peel.rembg ms": round(1000 * b, 1), "× faster": round(ratio, 1)})
    return rows


def batch():
    import numpy

    import peel

    photos = [numpy.random.default_rng(i).integers(0, 256, (240, 320, 3), numpy.uint8)
              for i in range(40)]
    several, single = peel.BackgroundRemover(), peel.BackgroundRemover(threads=1)
    ways = {"one at a time, 1 thread": lambda: [single(p) for p in photos],
            "one at a time, 2 threads": lambda: [several(p) for p in photos],
            "process_batch": lambda: list(several.process_batch(photos))}
    taken = {name: [] for name in ways}
    for _ in range(4):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - start)
    best = {name: statistics.median(t[1:]) for name, t in taken.items()}
    return [{"way": name, "40 pictures of 320 x 240, s": round(v, 2),
             "× faster": round(v / best["process_batch"], 2)} for name, v in best.items()]


def memory():
    import numpy

    import peel

    session = peel.Session()
    picture = numpy.random.default_rng(0).integers(0, 256, (120, 160, 3), numpy.uint8)

    def resident():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    rows = []
    calls = 0
    for until in (100, 1000, 5000, 10000):
        while calls < until:
            session.cut(picture)
            calls += 1
        rows.append({"calls": calls, "resident MB": round(resident(), 1)})
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["import", "warm", "batch", "memory"])
    parser.add_argument("--json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = pathlib.Path(home) / "models" / "u2netp"
        folder.mkdir(parents=True)
        (folder / "u2netp.onnx").symlink_to(MODEL)
        for variable in ("U2NET_HOME", "XDG_DATA_HOME"):
            os.environ.pop(variable, None)
        os.environ["REMBG_HOME"] = home
        rows = {"import": imports, "warm": warm, "batch": batch, "memory": memory}[given.part]()
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(str(v) for v in row.values()) + " |")
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
