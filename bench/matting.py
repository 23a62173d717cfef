"""Closed-form matting and foreground colours: Peel against PyMatting on the same photo and trimap.

usage: matting.py PEEL DATA OUT [--sizes 2,12] [--photo GT01]
DATA holds images/, trimaps/ and alphas/ of one photo each (PNG of one name). The photo is enlarged
to each size in megapixels. PyMatting's figures are those of its functions, compiled before; Peel's
are the stages of whole processes (`matte`: trimap to matte; `compose`: matte to cut-out), page
faults and all.
"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

import numpy as np
import pymatting
from PIL import Image

import measure


def enlarged(data, name, megapixels):
    """Photo (RGB), trimap and true alpha as PIL images of about that size; 0: as they are."""
    photo = Image.open(os.path.join(data, "images", name + ".png")).convert("RGB")
    trimap = Image.open(os.path.join(data, "trimaps", name + ".png")).convert("L")
    alpha = Image.open(os.path.join(data, "alphas", name + ".png")).convert("L")
    if megapixels:
        factor = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
        size = round(photo.width * factor), round(photo.height * factor)
        photo = photo.resize(size, Image.Resampling.LANCZOS)
        trimap = trimap.resize(size, Image.Resampling.NEAREST)
        alpha = alpha.resize(size, Image.Resampling.LANCZOS)
    return photo, trimap, alpha


def pymatting_once(photo, trimap):
    """(seconds of alpha, of foreground, alpha, foreground)."""
    image = np.asarray(photo) / 255.0
    known = np.asarray(trimap) / 255.0
    start = time.perf_counter()
    alpha = pymatting.estimate_alpha_cf(image, known)
    middle = time.perf_counter()
    foreground = pymatting.estimate_foreground_ml(image, alpha)
    return middle - start, time.perf_counter() - middle, alpha, foreground


def peak_of(command):
    """Runs a command; its peak resident MB, looked at while it runs: what wait4 tells of a child
    begins with the size of this process."""
    child = subprocess.Popen(command)
    peak = 0.0
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status", encoding="utf-8") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        peak = max(peak, int(line.split()[1]) / 1024.0)
        except (OSError, ValueError):
            pass
        time.sleep(0.004)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed with {child.returncode}")
    return peak


def peel_once(peel, folder):
    """(seconds of matte, of compose, peak MB); the cut-out is cut.png."""
    report = os.path.join(folder, "report.json")
    command = [peel, os.path.join(folder, "photo.png"), "--trimap",
               os.path.join(folder, "trimap.png"), "-o", os.path.join(folder, "cut.png"), "-q",
               "--report", report]
    peak = peak_of(command)
    with open(report, encoding="utf-8") as file:
        times = json.load(file)[0]["times_ms"]
    return times["matte"] / 1e3, times["compose"] / 1e3, peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peel")
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--sizes", default="2,12")
    parser.add_argument("--photo", default="GT01")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    small = [image.resize((120, 90)) for image in enlarged(args.data, args.photo, 0)]
    known = np.asarray(small[1]).copy()
    known[:20], known[-20:] = 0, 255
    pymatting_once(small[0], Image.fromarray(known))  # compiles

    rows = []
    for megapixels in (float(s) for s in args.sizes.split(",")):
        photo, trimap, truth = enlarged(args.data, args.photo, megapixels)
        rounds = args.rounds if megapixels < 5 else 1
        with tempfile.TemporaryDirectory() as folder:
            photo.save(os.path.join(folder, "photo.png"), compress_level=1)
            trimap.save(os.path.join(folder, "trimap.png"), compress_level=1)
            theirs, mine = [], []
            for _ in range(rounds):
                mine += [peel_once(args.peel, folder) for _ in range(3)]
                theirs.append(pymatting_once(photo, trimap))
            cut = np.asarray(Image.open(os.path.join(folder, "cut.png"))).astype(np.float32) / 255
        alpha, foreground = theirs[-1][2:]
        soft = (cut[..., 3] > 0) & (cut[..., 3] < 1) & (alpha > 0.02) & (alpha < 0.98)
        unknown = (np.asarray(trimap) > 25) & (np.asarray(trimap) < 230)
        rows.append({
            "photo": args.photo, "width": photo.width, "height": photo.height,
            "unknown_share": float(unknown.mean()),
            "pymatting_alpha_s": measure.median([t[0] for t in theirs]),
            "peel_alpha_s": measure.median([m[0] for m in mine]),
            "pymatting_foreground_s": measure.median([t[1] for t in theirs]),
            "peel_compose_s": measure.median([m[1] for m in mine]),
            "peel_peak_mb": max(m[2] for m in mine),
            "pymatting_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
            "alpha_difference": float(np.abs(cut[..., 3] - alpha).mean()),
            "alpha_difference_unknown": float(np.abs(cut[..., 3] - alpha)[unknown].mean()),
            "foreground_difference": float(np.abs(cut[..., :3] - foreground)[soft].mean()),
            "sad_peel": float(np.abs(cut[..., 3] - np.asarray(truth) / 255.0)[unknown].sum() / 1e3),
            "sad_pymatting": float(np.abs(alpha - np.asarray(truth) / 255.0)[unknown].sum() / 1e3),
        })
    table = ("| picture | unknown | alpha: PyMatting | Peel | times | foreground: PyMatting | Peel | "
             "times | peak MB | alpha differs | foreground differs |\n" + "|---" * 11 + "|\n")
    for r in rows:
        table += (f"| {r['photo']} {r['width']}x{r['height']} | {r['unknown_share']:.0%} "
                  f"| {r['pymatting_alpha_s']:.2f} s | {r['peel_alpha_s']:.3f} s "
                  f"| {r['pymatting_alpha_s'] / r['peel_alpha_s']:.0f} "
                  f"| {r['pymatting_foreground_s']:.2f} s | {r['peel_compose_s']:.3f} s "
                  f"| {r['pymatting_foreground_s'] / r['peel_compose_s']:.0f} "
                  f"| {r['pymatting_peak_mb']:.0f} / {r['peel_peak_mb']:.0f} "
                  f"| {r['alpha_difference']:.4f} | {r['foreground_difference']:.4f} |\n")
    table += ("\nPeel's foreground figure is its whole last stage, the cut-out's pixels included. "
              "Differences are means of absolute differences: alpha over the whole picture, "
              "foreground where it is blended.\n")
    measure.write(args.out, "matting", {"rows": rows, "pymatting": pymatting_version()}, table)


def pymatting_version():
    from importlib.metadata import version
    return version("pymatting")


if __name__ == "__main__":
    main()
