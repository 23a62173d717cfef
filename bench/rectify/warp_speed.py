#!/usr/bin/env python3
"""The warp alone: Peel's benchmark and OpenCV's warpPerspective in turns, and how good both are.

usage: bench/rectify/warp_speed.py BENCH PEEL PHOTO OUT [--rounds 9] [--threads 2]
BENCH is build-bench/rectify_bench (or - : quality alone), PEEL the program (or - : speed alone), PHOTO a photograph of
at least 1200 x 900 pixels. Writes OUT/rectify_warp.json and .md.

Speed: a picture of 4000 x 3000 RGB pixels whose quad is straightened to the sizes below, both with as many threads,
medians of the rounds; CPU time as well, which other work on the machine disturbs less.

Quality: a part of the photograph and a zone plate, straightened likewise, against the truth, PSNR in decibels without
the outermost pixels. The picture's band-limited continuation (zero-padded spectrum) is sampled at 64 places in each
pixel of the result (4 where the result is as large as the sheet). The truth is what of these the result's grid can
carry, by an ideal low-pass: neither aliased nor blurred; in brackets the PSNR against their plain mean, which is both.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import measure  # noqa: E402

PHOTO = (4000, 3000)
# As in src/rectify/warp/warp_bench.cc.
SHEET = [(520, 330), (3480, 210), (3720, 2790), (300, 2640)]
RESULT = (3400, 2400)
ROWS = [  # what, divisor of the sides, benchmark, OpenCV's ways
    ("as large, bilinear", 1, "Bilinear", ["INTER_LINEAR"]),
    ("as large, bicubic", 1, "Bicubic", ["INTER_CUBIC"]),
    ("as large, Lanczos", 1, "Lanczos", ["INTER_LANCZOS4"]),
    ("half, bicubic", 2, "Half", ["INTER_CUBIC", "INTER_AREA, then INTER_CUBIC", "INTER_LINEAR at twice the size, then INTER_AREA"]),
    ("a fourth, bicubic", 4, "Fourth", ["INTER_CUBIC", "INTER_AREA, then INTER_CUBIC", "INTER_LINEAR at four times the size, then INTER_AREA"]),
]
FLAGS = {"INTER_LINEAR": cv2.INTER_LINEAR, "INTER_CUBIC": cv2.INTER_CUBIC, "INTER_LANCZOS4": cv2.INTER_LANCZOS4}


def rectangle(size):
    return np.array([(0, 0), (size[0], 0), size, (0, size[1])], float)


def homography(source, target):
    """From four places to four others, in double precision."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1).reshape(3, 3)


def opencv(picture, quad, size, way, divisor):
    """OpenCV has pixels' centres at whole numbers, the quad at halves."""
    def warp(image, corners, to, flag):
        h = homography(np.array(corners) - .5, rectangle(to) - .5)
        return cv2.warpPerspective(image, h, to, flags=flag, borderMode=cv2.BORDER_REPLICATE)
    if way in FLAGS:
        return warp(picture, quad, size, FLAGS[way])
    if way.startswith("INTER_AREA"):
        to = (round(picture.shape[1] / divisor), round(picture.shape[0] / divisor))
        small = cv2.resize(picture, to, interpolation=cv2.INTER_AREA)
        return warp(small, np.array(quad) * (to[0] / picture.shape[1], to[1] / picture.shape[0]), size, cv2.INTER_CUBIC)
    large = warp(picture, quad, (size[0] * divisor, size[1] * divisor), cv2.INTER_LINEAR)
    return cv2.resize(large, size, interpolation=cv2.INTER_AREA)


def benchmark(bench, name, threads):
    """Real and CPU milliseconds of one of Peel's."""
    text = subprocess.run([bench, f"--benchmark_filter=^{name}/{threads}/", "--benchmark_format=json",
                           "--benchmark_min_time=0.2"], check=True, capture_output=True, text=True).stdout
    row = json.loads(text)["benchmarks"][0]
    return row["real_time"], row["cpu_time"]


def speed(bench, rounds, threads):
    cv2.setNumThreads(threads)
    picture = np.random.default_rng(1).integers(0, 256, (PHOTO[1], PHOTO[0], 3), np.uint8)
    rows = []
    for what, divisor, name, ways in ROWS:
        size = (RESULT[0] // divisor, RESULT[1] // divisor)

        def timed(way):
            wall, cpu = time.perf_counter(), time.process_time()
            opencv(picture, SHEET, size, way, divisor)
            return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3

        contenders = {"Peel": lambda: benchmark(bench, name, threads)}
        contenders.update({way: (lambda way=way: timed(way)) for way in ways})
        for way, values in measure.take_turns(contenders, rounds).items():
            rows.append({"what": what, "way": way, "size": size, "ms": measure.median([v[0] for v in values]),
                         "cpu_ms": measure.median([v[1] for v in values]), "rounds": values})
    return rows


def continued(picture, factor=4):
    """The picture with `factor` times as many samples, band-limited; its borders wrap round."""
    h, w = picture.shape
    spectrum = np.fft.rfft2(picture)
    large = np.zeros((h * factor, w * factor // 2 + 1), complex)
    large[:h // 2, :w // 2] = spectrum[:h // 2, :w // 2]
    large[-(h // 2) + 1:, :w // 2] = spectrum[-(h // 2) + 1:, :w // 2]
    return np.fft.irfft2(large, (h * factor, w * factor)) * factor * factor


def catmull_rom(image, x, y):
    """At places x, y, a sample's centre at its number."""
    def weights(t):
        return [((-.5 * t + 1) * t - .5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + .5) * t, (.5 * t - .5) * t * t]
    fx, fy = np.floor(x), np.floor(y)
    wx, wy = weights(x - fx), weights(y - fy)
    columns = [np.clip(fx.astype(int) + i, 0, image.shape[1] - 1) for i in range(-1, 3)]
    total = 0
    for j in range(4):
        row = np.clip(fy.astype(int) + j - 1, 0, image.shape[0] - 1)
        total = total + wy[j] * sum(w * image[row, column] for w, column in zip(wx, columns))
    return total


def reference(picture, quad, size, samples, factor=4):
    """What the result's grid can carry of the scene, and the mean over each pixel."""
    large = continued(picture.astype(float), factor)
    h = homography(rectangle(size), quad)
    fine = np.empty((size[1] * samples, size[0] * samples))
    for j in range(samples):
        for i in range(samples):
            u, v = np.meshgrid(np.arange(size[0]) + (i + .5) / samples, np.arange(size[1]) + (j + .5) / samples)
            w = h[2, 0] * u + h[2, 1] * v + h[2, 2]
            x, y = (h[0, 0] * u + h[0, 1] * v + h[0, 2]) / w, (h[1, 0] * u + h[1, 1] * v + h[1, 2]) / w
            # Sample k of the continuation lies at k / factor of the centres' numbers.
            fine[j::samples, i::samples] = catmull_rom(large, (x - .5) * factor, (y - .5) * factor)
    mean = fine.reshape(size[1], samples, size[0], samples).mean((1, 3))
    spectrum = np.fft.rfft2(fine)
    rows, columns = (size[1] - 1) // 2, (size[0] - 1) // 2
    low = np.zeros((size[1], size[0] // 2 + 1), complex)
    low[:rows + 1, :columns + 1] = spectrum[:rows + 1, :columns + 1]
    low[-rows:, :columns + 1] = spectrum[-rows:, :columns + 1]
    # The first sample of a pixel is not at its centre, where the result's is.
    shift = (.5 / samples - .5)
    low *= np.exp(-2j * np.pi * shift * np.fft.fftfreq(size[1]))[:, None]
    low *= np.exp(-2j * np.pi * shift * np.fft.rfftfreq(size[0]))[None, :]
    return np.fft.irfft2(low, (size[1], size[0])) / samples ** 2, mean


def psnr(image, truth, border=8):
    inside = slice(border, -border)
    error = image[inside, inside].astype(float) - truth[inside, inside]
    return float(10 * np.log10(255 ** 2 / np.mean(error ** 2)))


def peel_warp(peel, picture, quad, size):
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in.png"), os.path.join(folder, "out.png")
        cv2.imwrite(source, picture)
        subprocess.run([peel, "rectify", source, "-o", result, "--corners", ",".join(f"{v:.10g}" for p in quad for v in p),
                        "--size", f"{size[0]}x{size[1]}", "--turn", "0", "--enhance", "none", "--quiet"], check=True)
        return cv2.imread(result, cv2.IMREAD_GRAYSCALE)


def quality(peel, photo):
    picture = cv2.imread(photo, cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape[0] < 900 or picture.shape[1] < 1200:
        raise SystemExit(f"{photo}: not a photograph of at least 1200 x 900 pixels")
    top, left = (picture.shape[0] - 900) // 2, (picture.shape[1] - 1200) // 2
    picture = np.ascontiguousarray(picture[top:top + 900, left:left + 1200])
    y, x = np.mgrid[0:900, 0:1200] + .5
    rings = np.cos(np.pi * .49 * ((x - 600) ** 2 + (y - 450) ** 2) / 750)
    scenes = {"photograph": picture, "zone plate": np.round(127.5 + 120 * rings).astype(np.uint8)}
    quad = [(x * .3, y * .3) for x, y in SHEET]
    rows = []
    for what, divisor, name, ways in ROWS:
        if name in ("Bilinear", "Lanczos"):
            continue  # Peel's program warps with its default
        size = (int(RESULT[0] * .3 / divisor), int(RESULT[1] * .3 / divisor))
        for scene, image in scenes.items():
            truth, mean = reference(image, quad, size, 2 if divisor == 1 else 8)
            results = {"Peel": peel_warp(peel, image, quad, size)}
            results.update({way: opencv(image, quad, size, way, divisor) for way in ways})
            rows += [{"what": what, "scene": scene, "way": way, "psnr": psnr(result, truth), "psnr_mean": psnr(result, mean)}
                     for way, result in results.items()]
    return rows


def table(speeds, qualities):
    out = "| result | way | ms | CPU ms | Peel is faster by | photograph, dB | zone plate, dB |\n" + "|---" * 7 + "|\n"
    db = {(r["what"], r["way"], r["scene"]): f"{r['psnr']:.1f} ({r['psnr_mean']:.1f})" for r in qualities}
    own = {r["what"]: r for r in speeds if r["way"] == "Peel"}
    ways = [(what, way) for what, _, _, others in ROWS for way in ["Peel"] + others]
    times = {(r["what"], r["way"]): r for r in speeds}
    for what, way in ways:
        time_of = times.get((what, way))
        ms = f"{time_of['ms']:.1f} | {time_of['cpu_ms']:.1f}" if time_of else " | "
        faster = f"{time_of['ms'] / own[what]['ms']:.1f} × ({time_of['cpu_ms'] / own[what]['cpu_ms']:.1f} × CPU)" if time_of and way != "Peel" else ""
        out += f"| {what} | {way} | {ms} | {faster} | {db.get((what, way, 'photograph'), '')} | {db.get((what, way, 'zone plate'), '')} |\n"
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bench", "peel", "photo", "out"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    speeds = speed(args.bench, args.rounds, args.threads) if args.bench != "-" else []
    qualities = quality(args.peel, args.photo) if args.peel != "-" else []
    record = {"photo": PHOTO, "sheet": SHEET, "result": RESULT, "threads": args.threads, "rounds": args.rounds,
              "opencv": cv2.__version__, "speed": speeds, "quality": qualities}
    measure.write(args.out, "rectify_warp", record, table(speeds, qualities))


if __name__ == "__main__":
    main()
