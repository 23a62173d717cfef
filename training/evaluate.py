"""Measures ONNX models on held-out pictures and prints Markdown tables.

    python -m training.evaluate models/peel.onnx ../shared/models/u2netp-fp32.onnx

Choices are made on `--split select`; `--split report`, which shares no source with it, is for the
card alone. Every table gives 95 % confidence intervals (bootstrap over pictures), and `versus`
the mean difference from the last model named, picture by picture: one whose interval holds zero
is no difference. `a.onnx+b.onnx` is the mean of two models' mattes.

Deterministic: the same files give the same tables. Pictures that cannot be read
are named and left out.
"""

import argparse
import pathlib
import sys

import numpy as np

from training import heldout
from training import matting
from training import metrics
from training import runner as runner_lib
from training import teacher as teacher_lib


def measure(run: runner_lib.Runner, cases: list[heldout.Case]) -> list[dict]:
    """One dict of all measures for each case."""
    results = []
    for case in cases:
        answer = run(case.image)
        values = {"kind": case.kind, "name": case.name, "subject": answer.subject}
        mask, truth = answer.matte.astype(np.float64), case.truth.astype(np.float64)
        if case.kind == "empty":
            values["covered"] = float((mask >= 0.5).mean())
        else:
            values.update({name: f(mask, truth) for name, f in metrics.ALL.items()})
        if case.kind == "matting":
            values.update({name: f(mask, truth) for name, f in matting.ALL.items()})
        results.append(values)
    return results


def interval(values: list[float], draws: int = 2000) -> float:
    """Half the width of the 95 % interval of the mean (bootstrap over pictures, fixed seed)."""
    values = np.asarray(values, np.float64)
    picks = np.random.default_rng(1).integers(0, len(values), (draws, len(values)))
    low, high = np.percentile(values[picks].mean(1), (2.5, 97.5))
    return float(high - low) / 2


def _spread(values: list[float], signed: bool = False) -> str:
    return f"{np.mean(values):{'+' if signed else ''}.4f} ±{interval(values):.4f}"


def versus(results: dict[str, list[dict]], columns: list[str]) -> str:
    """Markdown: paired differences from the last model, by kind and as the mean of the kinds."""
    *others, base = results
    lines = [f"| pictures | n | model minus {base} | " + " | ".join(columns) + " |",
             "|---|---|---|" + "---|" * len(columns)]
    kinds = list(dict.fromkeys(v["kind"] for v in results[base] if v["kind"].startswith("drawn")))
    for model in others:
        by_kind = {}
        for kind in kinds:
            pairs = [(a, b) for a, b in zip(results[model], results[base], strict=True)
                     if a["kind"] == kind]
            by_kind[kind] = {c: [a[c] - b[c] for a, b in pairs] for c in columns}
            lines.append(f"| {kind} | {len(pairs)} | {model} | " + " | ".join(
                _spread(by_kind[kind][c], True) for c in columns) + " |")
        if kinds:
            lines.append(f"| mean of the kinds | {len(kinds)} | {model} | " + " | ".join(
                f"{np.mean([np.mean(by_kind[k][c]) for k in kinds]):+.4f}" for c in columns)
                + " |")
    return "\n".join(lines)


def table(results: dict[str, list[dict]], kinds: list[str], columns: list[str]) -> str:
    """Markdown: one line per kind and model, means over the pictures with their intervals."""
    lines = ["| pictures | n | model | " + " | ".join(columns) + " |",
             "|---|---|---|" + "---|" * len(columns)]
    for kind in kinds:
        for model, values in results.items():
            chosen = [v for v in values if v["kind"] == kind]
            if not chosen:
                continue
            lines.append(f"| {kind} | {len(chosen)} | {model} | " + " | ".join(
                _spread([v[c] for v in chosen]) for c in columns) + " |")
    return "\n".join(lines)


def subject_table(results: dict[str, list[dict]], thresholds: dict[str, float]) -> str:
    """Markdown: how often an empty picture gets a matte and a full one gets none.

    A matte counts as non-empty where at least 0.5 % of its pixels are subject
    and the model's subject probability, if it has one, reaches its threshold.
    """
    lines = ["| model | empty windows | given a matte | photographs with a subject | "
             "called empty |", "|---|---|---|---|---|"]
    for model, values in results.items():
        def called(v):
            return v["subject"] is None or v["subject"] >= thresholds[model]
        empties = [v for v in values if v["kind"] == "empty"]
        full = [v for v in values
                if v["kind"].startswith("drawn") or v["kind"] == "matting"]
        given = sum(called(v) and v["covered"] >= 0.005 for v in empties)
        missed = sum(not called(v) for v in full)
        lines.append(f"| {model} | {len(empties)} | {given} ({given / max(1, len(empties)):.1%})"
                     f" | {len(full)} | {missed} ({missed / max(1, len(full)):.1%}) |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="FILE[+FILE]")
    parser.add_argument("--split", default="select", choices=("select", "report"))
    parser.add_argument("--most", default=60, type=int, metavar="N",
                        help="at most this many photographs of each kind")
    parser.add_argument("--data", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--teacher", default="../shared/models/u2netp-fp32.onnx",
                        type=pathlib.Path, help="gives the reference of the `agreed` kinds")
    parser.add_argument("--cache", default="out/training/agreed", type=pathlib.Path)
    parser.add_argument("--agreed", default=150, type=int, metavar="N",
                        help="at most this many photographs without a drawn mask")
    parser.add_argument("--quick", action="store_true", help="drawn masks and mattes only")
    parser.add_argument("--threads", default=2, type=int)
    args = parser.parse_args()
    if not (args.data / "train" / "index.csv").exists():
        sys.exit(f"error: no data at {args.data} (see its README, or pass --data)")
    cases = drawn = heldout.drawn(args.data, args.split, args.most)
    if args.split == "report":
        cases = cases + heldout.matting(args.data)
    if not args.quick:
        more = [] if args.split == "report" else heldout.agreed(
            args.data, teacher_lib.Teacher(args.teacher, args.threads), args.cache, args.agreed)
        cases = cases + more + heldout.empty(drawn + more)
    results, thresholds = {}, {}
    for name in args.models:
        run = runner_lib.Mean([runner_lib.Runner(pathlib.Path(path), args.threads)
                               for path in name.split("+")])
        label = "+".join(pathlib.Path(path).stem for path in name.split("+"))
        results[label] = measure(run, cases)
        thresholds[label] = run.threshold
    kinds = list(dict.fromkeys(c.kind for c in cases if c.kind != "empty"))
    print(table(results, kinds, list(metrics.ALL)))
    if len(results) > 1:
        print("\n" + versus(results, ["IoU", "boundary IoU", "MAE"]))
    if args.split == "report":
        print("\n" + table(results, ["matting"], list(matting.ALL)))
    if not args.quick:
        print("\n" + subject_table(results, thresholds))


if __name__ == "__main__":
    main()
