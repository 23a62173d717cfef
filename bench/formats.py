#!/usr/bin/env python3
"""What reading and writing each format costs: one photo in every format, one process a file, medians.

usage: bench/formats.py PEEL PHOTO OUTPUT_FOLDER [ROUNDS]
"""
import json
import multiprocessing
import pathlib
import sys
import tempfile

import imagecodecs
import numpy as np
import pillow_heif
from PIL import Image
import tifffile

import measure


def make_inputs(photo, folder):
    """The photo in every format that is read; those of 16 bits have low bytes of their own."""
    image = Image.open(photo).convert("RGB")
    pixels = np.asarray(image)
    low = np.random.default_rng(1).integers(0, 16, pixels.shape, dtype=np.uint16) * 16
    deep = pixels.astype(np.uint16) * 256 + low
    image.save(folder / "photo.jpg", quality=92)
    image.save(folder / "photo.png", compress_level=6)
    image.save(folder / "photo.webp", quality=90)
    image.save(folder / "photo.avif", quality=80, speed=8)
    pillow_heif.from_pillow(image).save(folder / "photo.heic", quality=80)
    (folder / "photo.jxl").write_bytes(imagecodecs.jpegxl_encode(pixels, level=90, effort=3))
    options = {"photometric": "rgb", "predictor": True, "rowsperstrip": 64}
    tifffile.imwrite(folder / "photo-lzw.tif", pixels, compression="lzw", **options)
    tifffile.imwrite(folder / "photo-16.tif", deep, compression="zlib", **options)
    (folder / "photo-16.png").write_bytes(imagecodecs.png_encode(deep, level=6))


def run(peel, source, target, rounds):
    """Median decode and encode ms, and the peak of a process."""
    report = target.parent / "report.json"
    times, peaks = [], []
    for _ in range(rounds):
        _, memory = measure.run_process([str(peel), str(source), "-o", str(target), "--report", str(report)])
        times.append(json.loads(report.read_text())[0]["times_ms"])
        peaks.append(memory)
    return (measure.median(t["decode"] for t in times), measure.median(t["encode"] for t in times),
            measure.median(peaks))


def main():
    peel, photo, out = (pathlib.Path(a) for a in sys.argv[1:4])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    record = {"read": [], "written": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # In a process of its own: a child's peak begins with what its parent holds when it is born.
        maker = multiprocessing.Process(target=make_inputs, args=(photo, folder))
        maker.start()
        maker.join()
        inputs = sorted(p for p in folder.iterdir() if p.name.startswith("photo"))
        text = "| read | KB | decode ms | peak MB, to PNG |\n|---|---|---|---|\n"
        for source in inputs:
            decode, _, memory = run(peel, source, folder / "out.png", rounds)
            record["read"].append([source.name, source.stat().st_size, decode, memory])
            text += f"| {source.name} | {source.stat().st_size / 1000:.0f} | {decode:.0f} | {memory:.0f} |\n"
        text += "\n| written | KB | encode ms | peak MB |\n|---|---|---|---|\n"
        for source, target in ([("photo.jpg", t) for t in ("png", "tif", "webp", "avif", "jpg")] +
                               [("photo-16.png", t) for t in ("png", "tif", "avif")]):
            result = folder / f"out.{target}"
            _, encode, memory = run(peel, folder / source, result, rounds)
            label = target + (", from 16 bits" if "16" in source else "")
            record["written"].append([label, result.stat().st_size, encode, memory])
            text += f"| {label} | {result.stat().st_size / 1000:.0f} | {encode:.0f} | {memory:.0f} |\n"
    measure.write(out, "formats", record, text)


if __name__ == "__main__":
    main()
