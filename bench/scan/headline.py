#!/usr/bin/env python3
"""A photo library of 5,372 pictures of 12 megapixels, phase by phase: Peel, a plain Python pipeline with the same
networks (trial.py), exiftool in one batch call, and what the trial that Peel grew from took on its own machine.

usage: bench/scan/headline.py PEEL OUT PICTURES [--files 5372] [--distinct 200] [--sample 40] [--library FOLDER]

PICTURES: a folder with JPEGs of any size, of which the different pictures are made; each stands in the library under
several names (hard links), so that the disk's cache holds it. The peers, which take long, read a part of the library;
their time is the part's, scaled. Run it with a Python that has Pillow, NumPy, OpenCV and ONNX Runtime."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import library  # noqa: E402
import measure  # noqa: E402

# Of the trial: seconds for 5,372 pictures.
TRIAL = {"metadata": 30, "content": 15 * 60, "scenes and objects": 20 * 60}


def make(folder, source, files, distinct):
    if not (folder / "00000.jpg").exists():
        library.large_jpegs(folder, distinct, source)
    for i in range(distinct, files):
        name = folder / f"{i:05}.jpg"
        if not name.exists():
            os.link(folder / f"{i % distinct:05}.jpg", name)


def scan(peel, folder, phases):
    with tempfile.TemporaryDirectory() as scratch:
        start = time.monotonic()
        done = subprocess.run([peel, "scan", folder, "--db", f"{scratch}/l.db", "--phases", phases, "-q"],
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        seconds = time.monotonic() - start
        start = time.monotonic()
        subprocess.run([peel, "scan", folder, "--db", f"{scratch}/l.db", "--phases", phases, "-q"], check=True)
        return seconds, time.monotonic() - start


def exiftool(files):
    start = time.monotonic()
    subprocess.run(["exiftool", "-n", "-json", "-q", *files], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel")
    parser.add_argument("out")
    parser.add_argument("pictures", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=5372)
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "out/scan-library")
    args = parser.parse_args()
    args.library.parent.mkdir(parents=True, exist_ok=True)
    make(args.library, args.pictures, args.files, args.distinct)
    files = sorted(map(str, args.library.glob("*.jpg")))[:args.files]

    sample = files[:args.sample]
    plain = []
    for _ in range(3):
        done = subprocess.run([sys.executable, ROOT / "bench/scan/trial.py", ROOT / "models/scan/objects.onnx",
                               ROOT / "models/scan/scenes.onnx", *sample], capture_output=True, check=True)
        plain.append(json.loads(done.stdout))
    scaled = {name: statistics.median(run[name][0] for run in plain) * args.files / len(sample) for name in plain[0]}
    tags = statistics.median(exiftool(files[:200]) for _ in range(3)) * args.files / min(200, len(files))
    ours = {phases: scan(args.peel, str(args.library), phases) for phases in ("1", "1,2", "1,2,3")}

    def row(name, peel, python, tool, trial):
        return (f"| {name} | {peel:.1f} s, {args.files / peel:.1f}/s | {python:.{1 if python < 10 else 0}f} s | {tool} | {trial} s | "
                f"{python / peel:.1f} | {trial / peel:.1f} |\n")

    text = ("|  | Peel | Python | exiftool | the trial, with a GPU | × Python | × trial |\n"
            "| --- | --- | --- | --- | --- | --- | --- |\n")
    python = trial = 0
    for phases, name, shown in (("1", "metadata", "1: metadata"), ("1,2", "content", "1 and 2: and quality, colours, duplicates"),
                                ("1,2,3", "scenes and objects", "1 to 3: and scenes, objects, faces, subjects")):
        python, trial = python + scaled[name], trial + TRIAL[name]
        text += row(shown, ours[phases][0], python, f"{tags:.0f} s" if phases == "1" else "–", trial)
    text += f"| 1 to 3 again, nothing changed | {ours['1,2,3'][1]:.2f} s | – | – | – | – | – |\n"
    measure.write(args.out, "scan", {"peel": ours, "python": plain, "exiftool": tags, "files": args.files,
                                     "distinct": args.distinct, "sample": len(sample)}, text)


if __name__ == "__main__":
    main()
