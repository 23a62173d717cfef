#!/usr/bin/env python3
"""A photo's bytes to a cut-out's bytes with the model loaded: Peel against rembg, with the same model.

usage: bench/warm.py PEEL REMBG MODEL.onnx PHOTO.jpg OUT [--rounds N]
REMBG is the program of a virtual environment; its `remove()` is called in one process that stays. Peel's
figures are the stages from decoding to encoding in its report of a folder of copies, the first left out.
Both write PNG with their own defaults. Each kind takes turns with its counterpart.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile

import measure

WORKER = """
import json, sys, time
from rembg import new_session, remove
session = new_session("u2netp")
data = open(sys.argv[1], "rb").read()
remove(data, session=session)
for line in sys.stdin:
    start = time.perf_counter()
    cut = remove(data, session=session, **json.loads(line))
    print("took", time.perf_counter() - start, len(cut), flush=True)
"""

# What Peel is asked, what rembg is asked, and how the row is called.
KINDS = [
    ("plain: rembg's own pixels", ["--compat", "rembg"], {}, 9),
    ("plain: Peel's defaults (refined edges, foreground colours)", [], {}, 9),
    ("foreground colours", [], {"decontaminate": True}, 5),
    ("matting at full size", ["--edges", "matting"], {"alpha_matting": True}, 2),
]


class Rembg:
    """rembg's remove() in a process of its own."""

    def __init__(self, program, model, photo, scratch):
        home = os.path.join(scratch, "models", "u2netp")
        os.makedirs(home)
        shutil.copy(model, os.path.join(home, "u2netp.onnx"))
        env = dict(os.environ, REMBG_HOME=scratch, MODEL_CHECKSUM_DISABLED="1")
        python = os.path.join(os.path.dirname(program), "python")
        self._child = subprocess.Popen([python, "-c", WORKER, photo], env=env, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)

    def __call__(self, options):
        self._child.stdin.write(json.dumps(options) + "\n")
        self._child.stdin.flush()
        for line in self._child.stdout:  # PyMatting prints warnings between.
            if line.startswith("took "):
                return float(line.split()[1]), int(line.split()[2])
        raise RuntimeError(f"rembg's process ended at remove(…, {options})")

    def close(self):
        self._child.stdin.close()
        self._child.wait()


class Peel:
    """The program on a folder of copies of the photo."""

    COPIES = 4

    def __init__(self, program, model, photo, scratch):
        self._command = [program, os.path.join(scratch, "copies"), "-m", model, "--jobs", "1", "-q"]
        self._scratch = scratch
        os.makedirs(self._command[1])
        for i in range(self.COPIES):
            shutil.copy(photo, os.path.join(self._command[1], f"{i}.jpg"))

    def __call__(self, options):
        report = os.path.join(self._scratch, "report.jsonl")
        out = os.path.join(self._scratch, "out")
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([*self._command, "-O", out, "--report", report, *options], check=True)
        with open(report, encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines][1:]
        spent = [sum(ms for stage, ms in entry["times_ms"].items()
                     if stage not in ("read", "write", "model", "total")) / 1e3 for entry in entries]
        return measure.median(spent), entries[0]["output_bytes"]


def main():
    parser = argparse.ArgumentParser()
    for name in ("peel", "rembg", "model", "photo", "out"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=0, help="of each kind; default: its own number")
    a = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        peel = Peel(a.peel, a.model, a.photo, scratch)
        rembg = Rembg(a.rembg, a.model, a.photo, scratch)
        for name, ours, theirs, rounds in KINDS:
            got = measure.take_turns({"peel": lambda: peel(ours), "rembg": lambda: rembg(theirs)},
                                     a.rounds or rounds, warmup=1 if rounds > 2 else 0)
            mine, other = ([t for t, _ in got[who]] for who in ("peel", "rembg"))
            rows.append({"kind": name, "peel_options": ours, "rembg_options": theirs,
                         "peel_s": mine, "rembg_s": other, "peel_bytes": got["peel"][-1][1],
                         "rembg_bytes": got["rembg"][-1][1],
                         "ratio": measure.median(other) / measure.median(mine)})
        rembg.close()
    table = ["| warm, a JPEG's bytes to a PNG's | Peel | rembg | × | MB of PNG: Peel | rembg |",
             "|---|---|---|---|---|---|"]
    for row in rows:
        table.append(f"| {row['kind']} | {measure.median(row['peel_s']):.3f} s | "
                     f"{measure.median(row['rembg_s']):.2f} s | {row['ratio']:.1f} | "
                     f"{row['peel_bytes'] / 1e6:.1f} | {row['rembg_bytes'] / 1e6:.1f} |")
    measure.write(a.out, "warm", {"rows": rows, "photo": os.path.basename(a.photo)},
                  "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
