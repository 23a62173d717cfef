#!/usr/bin/env python3
"""Writes cut-outs as PNG with Peel and with Pillow's default, and prints time and size of both.

usage: bench/png/compare.py [--bench build-bench/codec_bench] [--images ../shared/images] [--json FILE]
Needs Pillow and NumPy, and the program codec_bench (cmake --preset bench; target codec_bench).
The cut-outs: camera photos under a soft ellipse and the lemur's own matte, colour zero where alpha
is zero; and one photo without alpha. Both work in memory on the same pixels, taking turns. Of
Pillow's runs the fastest counts, of Peel's the mean. With one thread the processor's time is
compared, which other programs on the machine disturb less; with two, the time on the clock.
"""
import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageOps

PHOTOS = ["camera/42_IndexError.jpg", "camera/HMD_Nokia_8.3_5G.jpg", "camera/iphone_hdr_NO.jpg"]


def ellipse_cutout(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    w, h = photo.size
    # Drawn at half size and enlarged: a soft edge of a few pixels.
    mask = Image.new("L", (w // 2, h // 2))
    ImageDraw.Draw(mask).ellipse((w // 12, h // 16, w // 2 - w // 12, h // 2 - h // 16), fill=255)
    mask = mask.resize((w, h), Image.Resampling.BICUBIC)
    pixels = np.dstack([np.array(photo), np.array(mask)])
    pixels[pixels[..., 3] == 0] = 0
    return Image.fromarray(pixels)


def pictures(images):
    for name in PHOTOS:
        if (images / name).exists():
            yield pathlib.Path(name).stem, ellipse_cutout(images / name)
    lemur = images / "objects/lemur/lemur_cutout.png"
    if lemur.exists():
        pixels = np.array(Image.open(lemur).convert("RGBA"))
        pixels[pixels[..., 3] == 0] = 0
        yield "lemur", Image.fromarray(pixels)
    parrot = images / "objects/parrot.jpg"
    if parrot.exists():
        yield "parrot_opaque", Image.open(parrot).convert("RGB")


def pillow(image, repeat):
    """CPU ms, wall ms, bytes"""
    cpu = wall = float("inf")
    for _ in range(repeat):
        out = io.BytesIO()
        start = time.process_time(), time.perf_counter()
        image.save(out, "PNG")
        cpu = min(cpu, time.process_time() - start[0])
        wall = min(wall, time.perf_counter() - start[1])
    return cpu * 1e3, wall * 1e3, len(out.getvalue())


def peel(program, path):
    """{(effort, threads): (CPU ms, wall ms, bytes)}"""
    run = subprocess.run(
        [program, "--benchmark_filter=/encode", "--benchmark_format=json", "--benchmark_min_time=0.5"],
        env={**os.environ, "PEEL_BENCH_IMAGES": str(path)}, capture_output=True, text=True, check=True)
    result = {}
    for entry in json.loads(run.stdout)["benchmarks"]:
        _, effort, threads = entry["name"].split("/")[:3]
        result[effort, int(threads.split(":")[1])] = (
            entry["cpu_time"], entry["real_time"], int(entry["bytes"]))
    return result


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default=root / "build-bench/codec_bench", type=pathlib.Path)
    parser.add_argument("--images", default=root / "../shared/images", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if not options.bench.exists():
        sys.exit(f"{options.bench} is not there: cmake --preset bench && cmake --build --preset bench "
                 "--target codec_bench")
    found = list(pictures(options.images))
    if not found:
        sys.exit(f"no pictures in {options.images}")
    print(f"Pillow {PIL.__version__}; x is Pillow's time over Peel's\n")
    print("| cut-out | pixels | Pillow CPU ms | Peel CPU ms | x | Pillow ms | Peel ms, 2 threads | x "
          "| Pillow bytes | Peel bytes | of Pillow's | small CPU ms | small bytes |")
    print("|---" * 13 + "|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, image in found:
            path = pathlib.Path(folder) / f"{name}.png"
            image.save(path, compress_level=1)
            before = pillow(image, 2)
            ours = peel(options.bench, path)
            theirs = tuple(map(min, before, pillow(image, 2)))
            one, two, small = ours["encode", 1], ours["encode", 2], ours["encode_small", 1]
            assert one[2] == two[2], "the bytes depend on the threads"
            rows.append({"name": name, "width": image.width, "height": image.height,
                         "channels": len(image.getbands()), "pillow": theirs, "peel_1": one,
                         "peel_2": two, "peel_small_1": small})
            print(f"| {name} | {image.width}x{image.height}x{len(image.getbands())} | {theirs[0]:.0f} "
                  f"| {one[0]:.0f} | {theirs[0] / one[0]:.1f} | {theirs[1]:.0f} | {two[1]:.0f} "
                  f"| {theirs[1] / two[1]:.1f} | {theirs[2]} | {one[2]} | {one[2] / theirs[2]:.1%} "
                  f"| {small[0]:.0f} | {small[2]} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"pillow_version": PIL.__version__, "rows": rows}, indent=1))


main()
