#!/usr/bin/env python3
"""A folder of mixed photos: `peel DIR -O OUT` against `rembg p` with the same model; memory over time;
time and bytes of every stage beside its bound.

usage: bench/folder.py PEEL REMBG MODEL.onnx OUTPUT_FOLDER COUNT [--rembg-count N] PHOTO...
rembg keeps neither sub-folders nor order, so both get the same flat list. With --rembg-count rembg
is timed on the first N files only and peel on the same ones.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import measure


def run_and_watch(command, env=None, period=0.1):
    """Returns (wall seconds, [(seconds, resident MB)])."""
    start = time.perf_counter()
    child = subprocess.Popen(command, env=dict(os.environ, **(env or {})),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    samples = []
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/statm", encoding="ascii") as statm:
                pages = int(statm.read().split()[1])
            samples.append((round(time.perf_counter() - start, 2), pages * 4096 / 1e6))
        except (OSError, IndexError):
            pass
        time.sleep(period)
    wall = time.perf_counter() - start
    message = child.stderr.read().decode(errors="replace")
    if child.returncode != 0:
        raise RuntimeError(f"{command[0]} failed with {child.returncode}: {message[-2000:]}")
    return wall, samples


def plot(runs, path):
    """Resident memory over time as an SVG, one line a run."""
    width, height, left, bottom = 720, 260, 56, 34
    longest = max(s[-1][0] for s in runs.values())
    most = max(mb for s in runs.values() for _, mb in s) * 1.08
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    x = lambda t: left + t / longest * (width - left - 10)
    y = lambda mb: height - bottom - mb / most * (height - bottom - 12)
    for i in range(5):
        mb, t = most * i / 4, longest * i / 4
        parts.append(f'<path d="M{left} {y(mb):.1f}H{width - 10}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(mb) + 4:.1f}" text-anchor="end">{mb:.0f} MB</text>'
                     f'<text x="{x(t):.1f}" y="{height - 14}" text-anchor="middle">{t:.0f} s</text>')
    for (name, samples), colour in zip(runs.items(), ("#0a7d4f", "#b3401f", "#3558b0")):
        points = " ".join(f"{x(t):.1f},{y(mb):.1f}" for t, mb in samples)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        t, mb = samples[-1]
        parts.append(f'<text x="{min(x(t), width - 90):.1f}" y="{y(mb) - 6:.1f}" fill="{colour}" '
                     f'text-anchor="end">{name}</text>')
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(parts + ["</svg>\n"]))


def thirds(samples):
    """The most resident memory in each third of the run: flat means no growth."""
    n = max(1, len(samples) // 3)
    return [max(mb for _, mb in part) for part in (samples[:n], samples[n:2 * n], samples[2 * n:])]


def memory_bandwidth():
    """GB/s that one thread copies (read and write counted), by NumPy."""
    import numpy as np
    a = np.ones(1 << 26, np.uint8)
    b = np.empty_like(a)
    best = 0
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(b, a)
        best = max(best, 2 * a.nbytes / (time.perf_counter() - start))
    return best / 1e9


def decoder_speed(files):
    """Megapixels a second of Pillow's decoders (libjpeg-turbo, libpng, libwebp) on these files."""
    from PIL import Image
    pixels, start = 0, time.perf_counter()
    for path in files:
        with Image.open(path) as image:
            image.convert("RGB")
            pixels += image.width * image.height
    return pixels / 1e6 / (time.perf_counter() - start)


def stage_table(report, files):
    """Sums of every stage over the folder, and what bounds it."""
    lines = [json.loads(line) for line in open(report, encoding="utf-8")]
    done = [line for line in lines if line["status"] == "done"]
    pixels = sum(line["width"] * line["height"] for line in done)
    bandwidth = memory_bandwidth()
    decode_bound = pixels / 1e6 / decoder_speed(files) * 1e3
    read = sum(line["input_bytes"] for line in done)
    written = sum(line["output_bytes"] for line in done)
    move = lambda count: count / bandwidth / 1e6  # ms to move so many bytes through memory
    bounds = {
        "read": (read, move(read * 2), "memory, from the page cache"),
        "decode": (pixels * 3, decode_bound, "Pillow's decoders, one thread"),
        "matte": (pixels * 4, move(pixels * 4), "memory: picture read, matte written"),
        "compose": (pixels * 8, move(pixels * 8), "memory: picture and matte read, RGBA written"),
        "encode": (pixels * 4, move(pixels * 4 + written), "memory: RGBA read, file written"),
        "write": (written, move(written * 2), "memory; fsync comes on top"),
    }
    rows = {}
    text = [f"| stage | ms an image | MB an image | bound, ms | × bound | bound by |",
            "|---|---|---|---|---|---|"]
    for stage in ("read", "decode", "scale", "model", "network", "matte", "compose", "encode", "write"):
        spent = sum(line["times_ms"].get(stage, 0) for line in done) / len(done)
        if spent == 0:
            continue
        moved, bound, by = bounds.get(stage, (0, None, "arithmetic (see the engine's benchmark)"))
        bound = bound / len(done) if bound is not None else None
        rows[stage] = {"ms": spent, "bytes": moved / len(done), "bound_ms": bound}
        text.append(f"| {stage} | {spent:.2f} | {moved / len(done) / 1e6:.2f} | " +
                    (f"{bound:.2f} | {spent / bound:.1f}" if bound else "– | –") + f" | {by} |")
    text.append(f"\n{len(done)} images, {pixels / len(done) / 1e6:.2f} megapixels on average; one "
                f"thread copies {bandwidth:.1f} GB/s here.")
    return rows, "\n".join(text)


def main():
    parser = argparse.ArgumentParser()
    for name in ("peel", "rembg", "model", "folder"):
        parser.add_argument(name)
    parser.add_argument("count", type=int)
    parser.add_argument("--rembg-count", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("photos", nargs="+")
    a = parser.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    made = os.path.join(a.folder, f"photos-{a.count}")
    if not os.path.isdir(made):
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run([sys.executable, os.path.join(here, "make_folder.py"), made + ".part",
                        str(a.count), *a.photos], check=True)
        os.rename(made + ".part", made)
    files = sorted(os.path.join(place, name) for place, _, names in os.walk(made) for name in names)
    with tempfile.TemporaryDirectory() as scratch:
        home = os.path.join(scratch, "models", "u2netp")
        os.makedirs(home)
        shutil.copy(a.model, os.path.join(home, "u2netp.onnx"))
        env = {"REMBG_HOME": scratch, "MODEL_CHECKSUM_DISABLED": "1"}
        flat = os.path.join(scratch, "flat")
        os.makedirs(flat)
        compared = files[:a.rembg_count or len(files)]
        for path in compared:
            os.link(path, os.path.join(flat, os.path.basename(path))) if os.stat(path).st_dev == \
                os.stat(flat).st_dev else shutil.copy(path, flat)
        report = os.path.join(a.folder, "folder-report.jsonl")
        jobs = ["--jobs", str(a.jobs)] if a.jobs else []
        out = os.path.join(scratch, "out")
        whole, whole_rss = run_and_watch([a.peel, made, "-m", a.model, "-O", out, "--recursive",
                                          "--report", report, *jobs])
        shutil.rmtree(out)
        ours, ours_rss = run_and_watch([a.peel, flat, "-m", a.model, "-O", out, *jobs])
        shutil.rmtree(out)
        embedded, embedded_rss = run_and_watch([a.peel, flat, "-O", out, *jobs])
        theirs, theirs_rss = run_and_watch([a.rembg, "p", "-m", "u2netp", flat,
                                            os.path.join(scratch, "rembg")], env)
        if len(os.listdir(os.path.join(scratch, "rembg"))) != len(compared):
            raise RuntimeError("rembg did not write every picture")
        stages, stage_text = stage_table(report, files)
    plot({"peel": whole_rss, "rembg p": theirs_rss}, os.path.join(a.folder, "folder-memory.svg"))
    grown = thirds(whole_rss)
    lines = [f"| {len(compared)} mixed photos | seconds | images/s | × rembg | peak MB |",
             "|---|---|---|---|---|"]
    for name, wall, rss in (("peel DIR -O OUT, U²-Net-p", ours, ours_rss),
                            ("peel DIR -O OUT, embedded model", embedded, embedded_rss),
                            ("rembg p, U²-Net-p", theirs, theirs_rss)):
        lines.append(f"| {name} | {wall:.1f} | {len(compared) / wall:.2f} | {theirs / wall:.1f} | "
                     f"{max(mb for _, mb in rss):.0f} |")
    lines += ["", f"All {len(files)}: {whole:.1f} s, {len(files) / whole:.2f} images/s; most resident "
              "memory in each third of the run: " + ", ".join(f"{mb:.0f}" for mb in grown) + " MB.", "",
              stage_text]
    record = {"files": len(files), "compared": len(compared), "peel_s": ours, "rembg_s": theirs,
              "ratio": theirs / ours, "embedded_s": embedded, "all_s": whole, "thirds_mb": grown, "stages": stages,
              "peel_rss": ours_rss, "rembg_rss": theirs_rss}
    measure.write(a.folder, "folder", record, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
