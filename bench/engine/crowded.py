#!/usr/bin/env python3
"""What a crowded machine costs: Peel and ONNX Runtime at 2 threads alone, and beside processes that never rest.

usage: bench/engine/crowded.py PEEL OUTPUT_FOLDER [--busy 4] [--rounds 3] [--model u2netp]
With N busy processes on P processors a fair scheduler leaves 2 threads 2·P / (N + 2) processors; a pool that
waits badly gets less done than that. Writes crowded.json and crowded.md.
"""
import argparse
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import contenders  # noqa: E402
import measure     # noqa: E402
import models      # noqa: E402

FIELD = [contenders.Contender("peel", "fp32"), contenders.Contender("onnxruntime", "fp32")]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel")
    parser.add_argument("folder")
    parser.add_argument("--busy", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="u2netp")
    args = parser.parse_args()
    scratch = os.path.join(args.folder, "engine-scratch")
    os.makedirs(scratch, exist_ok=True)
    model = models.locate(next(m for m in models.MODELS if m.key == args.model))
    source, target = os.path.join(scratch, "crowded-in.npy"), os.path.join(scratch, "crowded-out.npy")
    np.save(source, models.picture(model.port()[1]))
    times = {(c.key, busy): [] for c in FIELD for busy in (0, args.busy)}
    for _ in range(args.rounds):
        for busy in (0, args.busy):
            crowd = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
            try:
                for contender in FIELD:
                    result = contenders.run(contender, model, args.peel, 2, 1, 6, source, target)
                    times[contender.key, busy].append(measure.median(result["times_ms"]))
            finally:
                for process in crowd:
                    process.kill()
                    process.wait()
    lines = [f"| {model.title}, 2 threads | alone ms | beside {args.busy} busy processes ms | × |",
             "|---|---|---|---|"]
    for contender in FIELD:
        alone, crowded = (measure.median(times[contender.key, busy]) for busy in (0, args.busy))
        lines.append(f"| {contenders.TITLES[contender.engine]} | {alone:.1f} | {crowded:.1f} | {crowded / alone:.2f} |")
    fair = max(1.0, (args.busy + 2) / os.cpu_count())
    text = "\n".join(lines) + f"\n\nA fair share of the processors is {fair:.2f} times slower than alone.\n"
    record = {"busy": args.busy, "runs": {f"{key} beside {busy}": v for (key, busy), v in times.items()}}
    measure.write(args.folder, "crowded", record, text)


if __name__ == "__main__":
    main()
