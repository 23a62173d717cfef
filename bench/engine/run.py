#!/usr/bin/env python3
"""Peel, ONNX Runtime, OpenVINO and ncnn on the same ONNX files, in turn, in every precision they have.

usage: bench/engine/run.py PEEL OUTPUT_FOLDER [--models u2netp,...] [--threads 1,2] [--rounds 5]
                           [--contenders peel/fp32,...] [--cpu avx2] [--seconds N] [--tries 2]

A run is one process: load, first result, warm-up, timed inferences. A round is one run of every contender,
one after the other, so that a drift of the machine hits all alike; ratios are taken within a round. Every
finished run is kept in OUTPUT_FOLDER/engine-runs.jsonl and not done again; with --seconds the program ends
with code 75 when that time is over and there is more to do (start it again). Runs of another Peel, of other
engines or on another processor are dropped. When all is done it writes engine.json, engine.md and engine.png.

--cpu avx2 holds every engine to what a processor without AVX-512 has (held.py says how), for x86-64 with
AVX-512 alone; the files are called engine-avx2… then.
"""
import argparse
import importlib.metadata
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import contenders  # noqa: E402
import held        # noqa: E402
import ledger      # noqa: E402
import measure     # noqa: E402
import models      # noqa: E402
import report      # noqa: E402

WARMUP = 2
NOISY = 0.1


def versions():
    return {name: importlib.metadata.version(name) for name in ("onnxruntime", "openvino", "ncnn", "pnnx")}


def unavailable(rows, model, contender):
    return any(r["model"] == model and r["contender"] == contender and "unavailable" in r for r in rows)


def difference(target, reference):
    """How far a result is from ONNX Runtime's fp32 one: (max, mean), or None where that is not known yet."""
    if not os.path.exists(reference):
        return None
    distance = np.abs(np.load(target).astype(np.float64).reshape(-1) - np.load(reference).reshape(-1))
    return [float(distance.max()), float(distance.mean())]


def one(book, args, model, threads, turn, contender, scratch):
    source = os.path.join(scratch, model.key + "-in.npy")
    target = os.path.join(scratch, f"{model.key}-{contender.engine}-{contender.precision}.npy")
    if not os.path.exists(source):
        np.save(source, models.picture(model.port()[1]))
    repeat = int(np.clip(round(150 / model.giga), 3, 20))
    row = {"model": model.key, "threads": threads, "round": turn, "contender": contender.key}
    try:
        tries = []
        while len(tries) < args.tries and all(t["others_share"] > NOISY for t in tries):
            tries.append(contenders.run(contender, model, args.peel, threads, WARMUP, repeat, source, target,
                                        args.held))
        row.update(min(tries, key=lambda t: t["others_share"]))
        if contender.precision == "auto" and row.get("precision") == "fp32":
            raise contenders.Unavailable("auto is fp32 here")
        row["output"] = target
        text = f"{measure.median(row['times_ms']):9.1f} ms, others {100 * row['others_share']:.0f} %"
    except contenders.Unavailable as why:
        row["unavailable"] = str(why)
        text = f"not available: {why}"
    book.add(row)
    print(f"{model.key} {threads}t round {turn} {contender.key}: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel")
    parser.add_argument("folder")
    parser.add_argument("--models", default=",".join(m.key for m in models.MODELS))
    parser.add_argument("--contenders", default=",".join(c.key for c in contenders.CONTENDERS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--tries", type=int, default=2)
    parser.add_argument("--cpu", choices=["avx2"], default="")
    args = parser.parse_args()
    args.held = held.Held(args.peel, args.cpu) if args.cpu else None
    name = "engine-" + args.cpu if args.cpu else "engine"
    scratch = os.path.join(args.folder, name + "-scratch")
    os.makedirs(scratch, exist_ok=True)
    book = ledger.Ledger(os.path.join(args.folder, name + "-runs.jsonl"),
                         ledger.stamp(args.peel, versions(), measure.machine()),
                         ("model", "threads", "round", "contender"))
    chosen = [m for m in models.MODELS if m.key in args.models.split(",")]
    field = [c for c in contenders.CONTENDERS if c.key in args.contenders.split(",")]
    threads_list = [int(t) for t in args.threads.split(",")]
    begin, longest = time.perf_counter(), 0.0
    for model in chosen:
        models.locate(model)
        for threads in threads_list:
            for turn in range(args.rounds):
                for contender in field:
                    if (model.key, threads, turn, contender.key) in book.rows:
                        continue
                    if unavailable(book.rows.values(), model.key, contender.key):
                        continue
                    left = args.seconds - (time.perf_counter() - begin)
                    if args.seconds and left < longest:
                        print("more to do", flush=True)
                        return ledger.MORE
                    start = time.perf_counter()
                    one(book, args, model, threads, turn, contender, scratch)
                    longest = max(longest, time.perf_counter() - start)
    for row in book.rows.values():
        reference = os.path.join(scratch, row["model"] + "-onnxruntime-fp32.npy")
        if "output" in row:
            row["difference"] = difference(row["output"], reference)
    record = {"versions": versions(), "rounds": args.rounds, "machine": measure.machine(), "cpu": args.cpu,
              "runs": list(book.rows.values())}
    report.write(args.folder, name, record, chosen, threads_list)
    return 0


if __name__ == "__main__":
    sys.exit(main())
