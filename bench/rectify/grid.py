#!/usr/bin/env python3
"""The grid of docs/images/rectify-grid.jpg: photographs with the quad that Peel found, its result beside each.

usage: bench/rectify/grid.py PEEL OUT.jpg [--count 40] [--columns 5] [--keep FOLDER]
The first are the real photographs of ../shared/data/documents (Apache-2.0); the others are made from fixed seeds with
generated grounds and the photographs of samples/ alone, every kind at every difficulty. Where Peel abstains the result
stays empty and says why.
"""

import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from generate import scene, sensor, subjects, words  # noqa: E402
from generate.photos import Pool  # noqa: E402

ROOT = HERE.parent.parent
REAL = ROOT.parent / "shared/data/documents"
SEED = 40
TILE, GAP, LABEL = 190, 6, 16
GROUND, FOUND, WARN = (244, 244, 242), (255, 60, 40), (150, 60, 30)


def pictures(folder, count):
    """[(label, path)]"""
    chosen = [("photograph", p) for p in sorted(REAL.glob("*.jpg"))]
    photos = Pool([ROOT / "samples"], [])
    kinds = list(subjects.SUBJECTS)
    for index in range(count - len(chosen)):
        what, difficulty = kinds[index % len(kinds)], [0, 2, 1, 3][(index // len(kinds) * 2 + index) % 4]
        shot = scene.make([SEED, index], difficulty, photos, what, 1280)
        path = folder / f"{index:02}-{what}.jpg"
        sensor.save(path, shot.pixels, shot.quality, shot.focal_35mm)
        chosen.append((f"{what}, difficulty {difficulty}", path))
    return chosen[:count]


def fitted(image, size):
    image = image.convert("RGB")
    image.thumbnail(size, Image.Resampling.LANCZOS)
    return image


def drawn(path, corners):
    """The photograph, small, with the quad on it."""
    with Image.open(path) as photo:
        whole = photo.size
        small = fitted(photo, (TILE, TILE))
    if corners:
        factor = small.width / whole[0]
        big = small.resize((small.width * 3, small.height * 3), Image.Resampling.BICUBIC)
        points = [(x * factor * 3, y * factor * 3) for x, y in corners]
        draw = ImageDraw.Draw(big)
        draw.line([*points, points[0], points[1]], fill=FOUND, width=6, joint="curve")
        x, y = points[0]
        draw.ellipse([x - 11, y - 11, x + 11, y + 11], fill=FOUND)
        small = big.resize(small.size, Image.Resampling.BOX)
    return small


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peel")
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--keep", help="leave photographs and results here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(options.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        chosen = pictures(folder, options.count)
        results, report = folder / "results", folder / "report.jsonl"
        report.unlink(missing_ok=True)
        subprocess.run(
            [
                options.peel,
                "rectify",
                *[str(p) for _, p in chosen],
                "-O",
                str(results),
                "--report",
                str(report),
                "-q",
            ],
            check=False,
        )
        entries = {}
        for line in report.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if "input" in entry:
                entries[pathlib.Path(entry["input"]).name] = entry
        cell_w, cell_h = 2 * TILE + 3 * GAP, TILE + LABEL + 2 * GAP
        rows = -(-len(chosen) // options.columns)
        sheet = Image.new("RGB", (cell_w * options.columns, cell_h * rows), GROUND)
        draw = ImageDraw.Draw(sheet)
        face = words.font("sans", 11)
        for k, (label, path) in enumerate(chosen):
            x, y = k % options.columns * cell_w + GAP, k // options.columns * cell_h + GAP
            entry = entries[path.name]
            ok = entry["status"] == "ok"
            draw.text((x, y), label, font=face, fill=(70, 70, 70))
            photo = drawn(path, entry["corners"] if ok else None)
            sheet.paste(photo, (x + (TILE - photo.width) // 2, y + LABEL + (TILE - photo.height) // 2))
            right = x + TILE + GAP
            if ok:
                with Image.open(entry["output"]) as image:
                    result = fitted(image, (TILE, TILE))
                sheet.paste(result, (right + (TILE - result.width) // 2, y + LABEL + (TILE - result.height) // 2))
            else:
                for n, line in enumerate(words.wrapped(f"left alone: {entry.get('reason', '')}", face, TILE - 8)):
                    draw.text((right + 4, y + LABEL + 60 + 14 * n), line, font=face, fill=WARN)
    for quality in (88, 84, 80, 75, 70, 60):
        data = io.BytesIO()
        sheet.save(data, "JPEG", quality=quality, optimize=True)
        if data.tell() <= 1_500_000:
            break
    pathlib.Path(options.out).write_bytes(data.getvalue())


if __name__ == "__main__":
    main()
