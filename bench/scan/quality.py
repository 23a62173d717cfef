"""How well blur, exposure and noise are told: real photographs, degraded by known amounts, and labelled ones.

    cmake --preset bench && ninja -C build-bench scan_measure
    python bench/scan/quality.py --out out/bench       (needs numpy and Pillow; cleanvision is measured where it is installed)

Degradations are at the scale of the measures: a sigma of 1 at 500 pixels is one of 8 in a
picture of 12 megapixels.
"""
import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageFilter

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import measure as bench  # noqa: E402
SHARED = ROOT.parent / "shared"
BORDER = 0.5


def measure(program, paths, side=0):
    done = subprocess.run([program, str(side)], input="\n".join(map(str, paths)), capture_output=True, text=True, check=False)
    return {line["path"]: line for line in map(json.loads, done.stdout.splitlines())}


def filtered(image, kernel):
    """The picture's mean under a kernel of any shape."""
    pixels = np.asarray(image, np.float32)
    reach = kernel.shape[0] // 2
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    out = np.zeros_like(pixels)
    for (y, x), weight in np.ndenumerate(kernel / kernel.sum()):
        if weight:
            out += weight * padded[y:y + pixels.shape[0], x:x + pixels.shape[1]]
    return Image.fromarray(np.uint8(np.clip(out + 0.5, 0, 255)))


def disc(radius):
    reach = math.ceil(radius)
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    return np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)


def line(length, angle):
    reach = math.ceil(length / 2)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for t in np.linspace(-length / 2, length / 2, 8 * length):
        kernel[round(reach + t * math.sin(angle)), round(reach + t * math.cos(angle))] += 1
    return kernel


def grain(image, deviation, seed):
    pixels = np.asarray(image, np.float32)
    noise = np.random.default_rng(seed).normal(0, deviation, pixels.shape[:2])[..., None]
    return Image.fromarray(np.uint8(np.clip(pixels + noise + 0.5, 0, 255)))


def stops(image, ev):
    """As if exposed by so many stops more: in linear light, clipped."""
    linear = (np.asarray(image, np.float32) / 255) ** 2.2 * 2 ** ev
    return Image.fromarray(np.uint8(np.clip(linear, 0, 1) ** (1 / 2.2) * 255 + 0.5))


def variants(image, seed):
    rng = random.Random(seed)
    angle = rng.uniform(0, math.pi)
    small = image.filter(ImageFilter.GaussianBlur(2))
    yield "as it is", False, image
    yield "grain 8", False, grain(image, 8, seed)
    for sigma in (0.7, 1, 1.5, 2, 3):
        yield f"gaussian {sigma}", True, image.filter(ImageFilter.GaussianBlur(sigma))
    for radius in (2, 3):
        yield f"out of focus {radius}", True, filtered(image, disc(radius))
    for length in (5, 9):
        yield f"shaken {length}", True, filtered(image, line(length, angle))
    yield "gaussian 2, grain 4", True, grain(small, 4, seed)
    for ev in (-4, -3, 2, 3):
        yield f"exposed {ev:+d} EV", None, stops(image, ev)


def bokeh(image):
    """A sharp middle, a third of either side, before a blurred ground."""
    ground = image.filter(ImageFilter.GaussianBlur(4))
    w, h = image.size
    box = (w // 3, h // 3, 2 * w // 3, 2 * h // 3)
    ground.paste(image.crop(box), box)
    return ground


def flat(seed):
    """A sky: a slope with a little grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:375, 0:500]
    slope = rng.uniform(100, 180) + y * rng.uniform(-0.1, 0.1) + x * rng.uniform(-0.1, 0.1)
    pixels = slope[..., None] + rng.uniform(-30, 30, 3) + rng.normal(0, rng.uniform(0, 3), (375, 500, 1))
    return Image.fromarray(np.uint8(np.clip(pixels, 0, 255)))


def cleanvision_blurry(paths):
    """What cleanvision calls blurry, by its defaults; None where it is not installed."""
    try:
        from cleanvision import Imagelab
    except ImportError:
        return None
    lab = Imagelab(filepaths=[str(p) for p in paths])
    lab.find_issues({"blurry": {}, "dark": {}, "light": {}}, n_jobs=1)
    return lab.issues


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build-bench" / "bench" / "scan" / "scan_measure")
    parser.add_argument("--count", type=int, default=300, help="photographs to degrade")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out" / "bench")
    options = parser.parse_args()
    photos = sorted((SHARED / "data" / "train" / "images").glob("*.jpg"))
    random.Random(2).shuffle(photos)
    # What its photographer has blurred already is no sharp picture to begin with, and no measure chose these: every one is taken.
    photos = photos[:options.count]
    result = {"pictures": len(photos), "made": {}, "labelled": [], "no_blur": {}}
    with tempfile.TemporaryDirectory() as folder:
        kinds, every = {}, []
        for i, photo in enumerate(photos):
            image = Image.open(photo).convert("RGB")
            for kind, blurred, picture in [*variants(image, i), ("bokeh", False, bokeh(image))]:
                path = pathlib.Path(folder) / f"{i:04d}-{kind.replace(' ', '_')}.png"
                picture.save(path, compress_level=1)
                kinds.setdefault(kind, (blurred, []))[1].append(str(path))
                every.append(path)
        for i in range(100):
            path = pathlib.Path(folder) / f"flat-{i}.png"
            flat(i).save(path, compress_level=1)
            kinds.setdefault("flat", (False, []))[1].append(str(path))
            every.append(path)
        measured = measure(options.program, every)
        theirs = cleanvision_blurry(every)
        for kind, (blurred, paths) in kinds.items():
            sharpness = np.array([measured[p]["sharpness"] for p in paths])
            row = {"blurred": blurred, "called_blurred": float(np.mean(sharpness < BORDER)),
                   "sharpness": [float(v) for v in np.percentile(sharpness, (5, 25, 50, 75, 95))],
                   "noise": float(np.median([measured[p]["noise"] for p in paths])),
                   "exposure_told": float(np.mean([abs(measured[p]["exposure"]) > 0.25 for p in paths])),
                   "quality": float(np.median([measured[p]["quality"] for p in paths]))}
            if theirs is not None:
                row["cleanvision_blurry"] = float(np.mean(theirs.loc[paths, "is_blurry_issue"]))
                row["cleanvision_light"] = float(np.mean(theirs.loc[paths, "is_dark_issue"] | theirs.loc[paths, "is_light_issue"]))
            result["made"][kind] = row
            print(f"{kind:22}", {k: (round(v, 3) if isinstance(v, float) else v) for k, v in row.items() if k != "sharpness"})
        for name, kept in (("all", lambda k: True), ("from gaussian 1 on", lambda k: k not in ("gaussian 0.7",))):
            for key, label in (("called_blurred", "peel"), ("cleanvision_blurry", "cleanvision")):
                rows = {k: r for k, r in result["made"].items() if r["blurred"] is not None and kept(k) and k not in ("flat", "bokeh")}
                if not all(key in r for r in rows.values()):
                    continue
                # As many blurred pictures as sharp ones: kinds are means of their class.
                true = np.mean([r[key] for r in rows.values() if r["blurred"]])
                false = np.mean([r[key] for r in rows.values() if not r["blurred"]])
                result.setdefault("blur", {})[f"{label}, {name}"] = {
                    "recall": float(true), "false_alarms": float(false), "precision": float(true / max(true + false, 1e-9))}
        print(json.dumps(result["blur"], indent=1))
        times = [m["quality_ms"] + m["pdq_ms"] for m in measured.values() if m["width"] == 500]
        result["milliseconds_at_500x375"] = float(np.median(times))
    labelled = sorted((SHARED / "data" / "library" / "blur").glob("images__*"))
    for path, line_ in measure(options.program, labelled, 375).items():
        result["labelled"].append({"name": pathlib.Path(path).name, "blurred": "__blur__" in path, "sharpness": line_["sharpness"]})
        print(result["labelled"][-1])
    bursts = sorted((SHARED / "data" / "library" / "focus-bursts").glob("*.[jJ]*"))
    result["bursts"] = {pathlib.Path(p).name: m["sharpness"] for p, m in measure(options.program, bursts, 375).items()}
    options.out.mkdir(parents=True, exist_ok=True)
    result["text"] = {
        "title": "Blur, light and grain told", "command": "python bench/scan/quality.py",
        "peers": "cleanvision, from PyPI" if theirs is not None else "",
        "about": f"{len(photos)} photographs of at most 352 pixels, degraded by known amounts, and what `peel scan` says of them; "
                 "100 drawn skies for \"flat\". Some of the photographs were blurred to begin with.",
        "tables": [{"caption": "Share of the pictures called blurred, and of those whose exposure is told (beyond 0.25)"},
                   {"caption": "The same in one, each kind of degradation counting alike"},
                   {"caption": "Photographs labelled by hand, and a series through the focus: sharpness, 0.5 is the border"}],
        "notes": []}
    bench.write(str(options.out), "scan-quality", result, tables(result))


def share(row, key):
    return f"{100 * row[key]:.0f}%" if key in row else "–"


def tables(result):
    lines = ["| degradation | is | called blurred | by cleanvision | exposure told | by cleanvision | grain, levels | mark |",
             "|---|---|---|---|---|---|---|---|"]
    for kind, row in result["made"].items():
        word = {True: "blurred", False: "sharp", None: "wrongly exposed"}[row["blurred"]]
        lines.append(f"| {kind} | {word} | {share(row, 'called_blurred')} | {share(row, 'cleanvision_blurry')} | "
                     f"{share(row, 'exposure_told')} | {share(row, 'cleanvision_light')} | {row['noise']:.1f} | {row['quality']:.2f} |")
    lines += ["", "| | recall | precision | false alarms |", "|---|---|---|---|"]
    lines += [f"| {name} | {row['recall']:.3f} | {row['precision']:.3f} | {row['false_alarms']:.3f} |" for name, row in result["blur"].items()]
    lines += ["", "| photograph | sharpness |", "|---|---|"]
    lines += [f"| {row['name']} | {row['sharpness']:.2f} |" for row in result["labelled"]]
    lines += [f"| {name} | {value:.2f} |" for name, value in result["bursts"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
