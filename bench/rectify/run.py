#!/usr/bin/env python3
"""`peel rectify` against OpenCV's usual ways on photographs with known corners.

usage: bench/rectify/run.py PEEL OUT [--sets FOLDER] [--only clean,cluttered,none,several,real] [--peel-options "…"]
FOLDER holds clean/, cluttered/, none/ and several/, each with truth.jsonl; by default they are made in OUT/rectify-sets, from
seeds other than those that Peel was tuned on. OUT/rectify.json has every picture's figures, OUT/rectify.md the tables.
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys

import cv2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import measure  # noqa: E402

import measures  # noqa: E402
import peel_rectify  # noqa: E402
import peers  # noqa: E402
import real  # noqa: E402
import sources  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SHARED = sources.SHARED
SEED = 2015  # of the sets that are reported
COUNTS = {"clean": 200, "cluttered": 300, "none": 300, "several": 60}
GOOD = 0.95


def make_sets(folder, names):
    for name, count in COUNTS.items():
        if name not in names or (folder / name / "done").exists():
            continue
        subprocess.run([sys.executable, "-m", "generate", str(folder / name), "--set", name, "--count", str(count),
                        "--seed", str(SEED), *sources.arguments()], cwd=HERE, check=True)
        (folder / name / "done").write_text("")


def truths(folder):
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def judge(records, found):
    rows = []
    for record in records:
        corners, ratio, ms, reason = found[record["file"]]
        row = {"file": record["file"], "what": record["what"], "difficulty": record["difficulty"],
               "found": corners is not None, "ms": ms, "reason": reason, "corners": corners}
        if record["corners"] and corners:
            row.update(measures.judged(record, corners, ratio))
        rows.append(row)
    return rows


def figures(rows):
    """Of one contender on pictures with a quad; an abstention has no overlap."""
    overlap = np.array([r.get("jaccard", 0.0) for r in rows])
    hit = [r for r in rows if r.get("jaccard", 0) >= 0.5]
    ratio = [r["ratio_error"] for r in hit if r["ratio_error"] is not None]
    percentile = lambda values, q: float(np.percentile(values, q)) if len(values) else float("nan")  # noqa: E731
    return {
        "pictures": len(rows), "jaccard": float(overlap.mean()), "jaccard_interval": measures.interval(overlap),
        "good": float((overlap >= GOOD).mean()), "good_interval": measures.interval(overlap >= GOOD),
        "abstained": float(np.mean([not r["found"] for r in rows])),
        "jaccard_found": float(np.mean([r["jaccard"] for r in rows if r["found"]] or [float("nan")])),
        "corner": percentile([r["corner"] for r in hit], 50), "corner_95": percentile([r["corner"] for r in hit], 95),
        "ratio": percentile(ratio, 50), "ratio_95": percentile(ratio, 95),
        "turned": float(np.mean([r["turn"] != 0 for r in hit])) if hit else float("nan"),
        "ms": percentile([sum(r["ms"].get(k, 0) for k in ("find", "warp")) for r in rows], 50),
    }


def span(f, key, digits=3):
    low, high = f[key + "_interval"]
    return f"{f[key]:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def share(f, key):
    low, high = f[key + "_interval"]
    return f"{f[key]:.1%} ({low:.1%}–{high:.1%})"


def main_table(results):
    out = (
        "| pictures | way | Jaccard, mean | within .95 | missed | abstained | corner error, median / 95 % | "
        "ratio error, median / 95 % | numbered from another corner | find + warp without decoding and matte, ms |\n"
        + "|---" * 10
        + "|\n"
    )
    for name, ways in results.items():
        ours = None
        for way, rows in ways.items():
            f = figures(rows)
            missed = sum(r.get("jaccard", 0) < GOOD for r in rows)
            times = "" if ours is None else f", {missed / max(ours, 1):.1f} times Peel's"
            ours = missed if way == "Peel" else ours
            out += (
                f"| {name} | {way} | {span(f, 'jaccard')} | {share(f, 'good')} | {missed} of {len(rows)}{times} | "
                f"{f['abstained']:.1%} | "
                f"{f['corner']:.2%} / {f['corner_95']:.2%} | {f['ratio']:.1%} / {f['ratio_95']:.1%} | "
                f"{f['turned']:.1%} | {f['ms']:.0f} |\n"
            )
    return out


def none_table(results):
    out = "| way | pictures without a quad | warped all the same |\n|---|---|---|\n"
    for way, rows in results["none"].items():
        warped = [r["found"] for r in rows]
        low, high = measures.interval(warped)
        out += f"| {way} | {len(rows)} | {np.mean(warped):.1%} ({low:.1%}–{high:.1%}) |\n"
    return out


def real_table(results):
    """Each photograph for itself."""
    ways = results["real"]
    out = (
        "| photograph | "
        + " | ".join(f"{w}: Jaccard, corner error" for w in ways)
        + " |\n"
        + "|---" * (1 + len(ways))
        + "|\n"
    )
    for k, row in enumerate(next(iter(ways.values()))):
        cells = []
        for rows in ways.values():
            r = rows[k]
            cells.append(
                f"{r['jaccard']:.3f}, {r['corner']:.2%}"
                if r["found"]
                else f"left alone: {r['reason'] or 'nothing found'}"
            )
        out += f"| {row['what']} | " + " | ".join(cells) + " |\n"
    return out


def several_table(records, found):
    """All sheets of each table by `--all`."""
    counts = [measures.matched(r, [e[0] for e in found[r["file"]] if e[0]]) for r in records]
    sheets, hits, wrong = sum(len(r["sheets"]) for r in records), sum(c[0] for c in counts), sum(c[1] for c in counts)
    return (
        "| tables | sheets | found within .9 | quads that are no sheet | in reading order |\n" + "|---" * 5 + "|\n"
        f"| {len(records)} | {sheets} | {hits / sheets:.1%} | {wrong} | {np.mean([c[2] for c in counts]):.0%} of the tables |\n"
    )


def by_group(results, key, title):
    """Within .95, for each kind or difficulty."""
    ways = list(next(iter(results.values())))
    rows = {way: [r for name in results for r in results[name][way]] for way in ways}
    groups = sorted({r[key] for r in rows[ways[0]]})
    out = f"| {title} | pictures | " + " | ".join(f"{w}: mean Jaccard / within .95" for w in ways) + " |\n"
    out += "|---" * (2 + len(ways)) + "|\n"
    for group in groups:
        cells = []
        for way in ways:
            f = figures([r for r in rows[way] if r[key] == group])
            cells.append(f"{f['jaccard']:.3f} / {f['good']:.0%}")
        out += f"| {group} | {sum(r[key] == group for r in rows[ways[0]])} | " + " | ".join(cells) + " |\n"
    return out


def words_around(captions):
    """What the page says around the tables."""
    return {
        "title": "Straightening",
        "about": "`peel rectify` on photographs whose corners are known, made by "
                 "[a generator](../../bench/rectify/README.md) with a known camera: clean (difficulty 0 and 1), cluttered (2 and 3), "
                 "without any quad, tables with several sheets; and four real photographs, corners read off by hand. Peel has "
                 "not been tuned on the pictures of these seeds. Jaccard index as in SmartDoc 2015, in the document's own "
                 "frame; 95 % bootstrap intervals; an abstention counts as 0. Corner and ratio errors are over quads with an "
                 "index of .5 or more.",
        "command": "bench/run.sh rectify",
        "peers": f"OpenCV {cv2.__version__} from PyPI, two threads: the recipe of tutorials (Canny, findContours, approxPolyDP) and "
                 "the search of its samples/cpp/squares.cpp",
        "notes": [],
        "tables": [{"caption": caption} for caption in captions],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel", help="the program; '-' leaves it out")
    parser.add_argument("out")
    parser.add_argument("--sets")
    parser.add_argument("--only", default="clean,cluttered,none,several,real")
    parser.add_argument("--peel-options", default="--format jpg --jobs 1 --threads 2")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    folder = pathlib.Path(options.sets) if options.sets else out / "rectify-sets"
    if not options.sets:
        make_sets(folder, options.only.split(","))
    cv2.setNumThreads(2)
    results, several = {}, []
    for name in options.only.split(","):
        records = real.records(SHARED) if name == "real" else truths(folder / name)
        if not records:
            continue
        if name == "several":
            if options.peel != "-":
                found = peel_rectify.run_all(
                    options.peel,
                    folder / name,
                    [r["file"] for r in records],
                    out / "rectify-out" / name,
                    ("--all", *shlex.split(options.peel_options)),
                )
                several.append(several_table(records, found))
            continue
        place = SHARED if name == "real" else folder / name
        files = [r["file"] for r in records]
        ways = {}
        if options.peel != "-":
            ways["Peel"] = peel_rectify.run(options.peel, place, files, out / "rectify-out" / name,
                                         shlex.split(options.peel_options))
        ways["OpenCV, usual recipe"] = peers.by_opencv(peers.recipe, place, files)
        ways["OpenCV, squares.cpp"] = peers.by_opencv(peers.squares, place, files)
        results[name] = {way: judge(records, found) for way, found in ways.items()}
    quads = {name: ways for name, ways in results.items() if name not in ("none", "real")}
    parts, captions = [], []
    if quads:
        parts.append(main_table(quads))
        captions.append("Quads found, and how well")
    if "none" in results:
        parts.append(none_table(results))
        captions.append("Pictures without a quad")
    parts += several
    captions += ["Several sheets"] * len(several)
    if "real" in results:
        parts.append(real_table(results))
        captions.append("Real photographs")
    if quads:
        parts += [by_group(quads, "what", "what"), by_group(quads, "difficulty", "difficulty")]
        captions += ["By what is photographed, clean and cluttered together", "By difficulty"]
    summary = {name: {way: figures(rows) for way, rows in ways.items()} for name, ways in quads.items()}
    measure.write(str(out), "rectify", {"summary": summary, "rows": results, "text": words_around(captions)},
                  "\n".join(part + ("" if part.endswith("\n") else "\n") for part in parts if part))


if __name__ == "__main__":
    main()
