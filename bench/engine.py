#!/usr/bin/env python3
"""Warm engine: the same ONNX files through Peel and ONNX Runtime, in turn, at 1 and 2 threads.

usage: bench/engine.py PEEL OUTPUT_FOLDER MODEL.onnx... [--rounds N] [--repeat N]
Every round runs each contender afresh: load, warm up, then REPEAT inferences; a round's figure is the
median inference, the table's the median over rounds, the ratio is taken round by round.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import measure

ORT = r"""
import json, sys, time
import numpy as np, onnxruntime as ort
path, threads, repeat = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
options = ort.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
start = time.perf_counter()
session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
entry = session.get_inputs()[0]
shape = [d if isinstance(d, int) else 1 for d in entry.shape]
x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
first = session.get_outputs()[0].name
load = time.perf_counter() - start
session.run([first], {entry.name: x})
ready = time.perf_counter() - start
for _ in range(2): session.run([first], {entry.name: x})
times = []
for _ in range(repeat):
    start = time.perf_counter()
    session.run([first], {entry.name: x})
    times.append((time.perf_counter() - start) * 1e3)
import resource
print(json.dumps({"median_ms": float(np.median(times)), "min_ms": min(times), "load_ms": load * 1e3,
                  "first_ms": ready * 1e3, "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def peel_once(peel, model, output, threads, repeat):
    with tempfile.TemporaryDirectory() as scratch:
        command = [peel, "model", "run", model, "--threads", str(threads), "--repeat", str(repeat),
                   "--warmup", "3", "--json", "--output", f"{output}={scratch}/y.npy"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def ort_once(model, threads, repeat):
    done = subprocess.run([sys.executable, "-c", ORT, model, str(threads), str(repeat)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def first_output(model):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).get_outputs()[0].name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peel")
    parser.add_argument("folder")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=10)
    args = parser.parse_args()
    lines = ["| model | threads | Peel ms | ONNX Runtime ms | × faster | Peel load + first ms | "
             "ORT load + first ms | Peel peak MB | ORT peak MB |", "|---|---|---|---|---|---|---|---|---|"]
    record = {"rounds": args.rounds, "repeat": args.repeat, "rows": []}
    for model in args.models:
        name = first_output(model)
        for threads in (1, 2):
            ours, theirs = [], []
            for _ in range(args.rounds):
                ours.append(peel_once(args.peel, model, name, threads, args.repeat))
                theirs.append(ort_once(model, threads, args.repeat))
                time.sleep(0.2)
            pick = lambda rows, key: measure.median([r[key] for r in rows])
            ratio = measure.median([b["median_ms"] / a["median_ms"] for a, b in zip(ours, theirs)])
            row = {"model": os.path.basename(model), "threads": threads, "ratio": ratio,
                   "peel": ours, "onnxruntime": theirs}
            record["rows"].append(row)
            lines.append(
                f"| {row['model']} | {threads} | {pick(ours, 'median_ms'):.1f} | "
                f"{pick(theirs, 'median_ms'):.1f} | {ratio:.2f} | "
                f"{pick(ours, 'load_ms') + pick(ours, 'first_ms'):.0f} | {pick(theirs, 'first_ms'):.0f} | "
                f"{pick(ours, 'peak_bytes') / 1e6:.0f} | {pick(theirs, 'peak_bytes') / 1e6:.0f} |")
    measure.write(args.folder, "engine", record, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
