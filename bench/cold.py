#!/usr/bin/env python3
"""Cold start: one photo, one process, `peel` against `rembg i` with the same model.

usage: bench/cold.py PEEL REMBG MODEL.onnx PHOTO OUTPUT_FOLDER [ROUNDS]
Each run starts a new process with a warm page cache; the two take turns.
"""
import os
import shutil
import sys
import tempfile

import measure


def main():
    peel, rembg, model, photo, folder = sys.argv[1:6]
    rounds = int(sys.argv[6]) if len(sys.argv) > 6 else 8
    with tempfile.TemporaryDirectory() as scratch:
        home = os.path.join(scratch, "models", "u2netp")
        os.makedirs(home)
        shutil.copy(model, os.path.join(home, "u2netp.onnx"))
        rembg_env = {"REMBG_HOME": scratch, "MODEL_CHECKSUM_DISABLED": "1"}
        contenders = {
            "peel, u2netp": lambda: measure.run_process(
                [peel, photo, "-m", model, "-o", os.path.join(scratch, "peel.png")]),
            "peel, embedded model": lambda: measure.run_process(
                [peel, photo, "-o", os.path.join(scratch, "embedded.png")]),
            "peel, u2netp, --compat rembg": lambda: measure.run_process(
                [peel, photo, "-m", model, "--compat", "rembg",
                 "-o", os.path.join(scratch, "compat.png")]),
            "rembg i, u2netp": lambda: measure.run_process(
                [rembg, "i", "-m", "u2netp", photo, os.path.join(scratch, "rembg.png")],
                rembg_env),
        }
        results = measure.take_turns(contenders, rounds)
        sizes = {"peel, u2netp": "peel.png", "peel, embedded model": "embedded.png",
                 "peel, u2netp, --compat rembg": "compat.png", "rembg i, u2netp": "rembg.png"}
        sizes = {k: os.path.getsize(os.path.join(scratch, v)) for k, v in sizes.items()}
    base = results["rembg i, u2netp"]
    lines = ["| cold, one photo | wall s (median) | × faster than rembg | peak MB | share of rembg's | PNG KB |",
             "|---|---|---|---|---|---|"]
    record = {"photo": os.path.basename(photo), "rounds": rounds, "rows": {}}
    for name, rows in results.items():
        wall = measure.median([r[0] for r in rows])
        peak = measure.median([r[1] for r in rows])
        ratio = measure.median([b[0] / r[0] for b, r in zip(base, rows)])
        share = measure.median([r[1] / b[1] for b, r in zip(base, rows)])
        record["rows"][name] = {"wall_s": wall, "peak_mb": peak, "ratio": ratio, "runs": rows,
                                "bytes": sizes[name]}
        lines.append(f"| {name} | {wall:.3f} | {ratio:.1f} | {peak:.0f} | {share:.2f} | "
                     f"{sizes[name] / 1000:.0f} |")
    measure.write(folder, "cold", record, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
