#!/usr/bin/env python3
"""The picture of docs/video.md: a film of a lemur that moves over a panned beach, every eighth frame of it, what
`peel video --mask` makes of it, and the subject on another background.

usage: bench/video/contact_sheet.py PEEL LEMUR_FOLDER OUT.jpg

LEMUR_FOLDER holds lemur_foreground.png, lemur_alpha.png and beach.png (PyMatting's test pictures, MIT).
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw

FRAMES, EVERY, WIDTH, HEIGHT = 33, 8, 640, 400


def film(folder):
    """RGB frames: the lemur goes to and fro and nods, the beach goes by."""
    lemur = Image.open(folder / "lemur_foreground.png").convert("RGB")
    lemur.putalpha(Image.open(folder / "lemur_alpha.png").convert("L"))
    beach = Image.open(folder / "beach.png").convert("RGB").resize((1000, 647), Image.Resampling.LANCZOS)
    for i in range(FRAMES):
        phase = 2 * np.pi * i / FRAMES
        frame = beach.crop((4 * i, 100, 4 * i + WIDTH, 100 + HEIGHT)).convert("RGBA")
        turned = lemur.rotate(3 * np.sin(phase), Image.Resampling.BICUBIC)
        frame.alpha_composite(turned.crop((20, 20, 660, 420)), (0, 0),
                              (max(0, round(-40 * np.sin(phase))), 0))
        yield np.asarray(frame.convert("RGB"))


def run(*command, feed=None):
    subprocess.run([str(word) for word in command], input=feed, check=True)


def frames_of(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                         capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def main():
    peel, lemur, out = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as scratch:
        here = pathlib.Path(scratch)
        run("ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-",
            "-c:v", "libx264", "-crf", "14", "-pix_fmt", "yuv420p", here / "film.mp4",
            feed=b"".join(frame.tobytes() for frame in film(lemur)))
        run(peel, "video", here / "film.mp4", "-q", "--mask", "-o", here / "mask.mkv", "--codec", "ffv1")
        run(peel, "video", here / "film.mp4", "-q", "--background", "#3a6ea5", "-o", here / "over.mp4", "--quality", "14")
        rows = [("the film", frames_of(here / "film.mp4")), ("--mask", frames_of(here / "mask.mkv")),
                ("--background", frames_of(here / "over.mp4"))]
    tile = 232, 145
    sheet = Image.new("RGB", (5 * (tile[0] + 4) + 4, 3 * (tile[1] + 22) + 4), "white")
    draw = ImageDraw.Draw(sheet)
    for y, (label, frames) in enumerate(rows):
        top = y * (tile[1] + 22)
        draw.text((6, top + 5), label, fill="black")
        for x, frame in enumerate(frames[::EVERY][:5]):
            shown = Image.fromarray(frame).resize(tile, Image.Resampling.LANCZOS)
            sheet.paste(shown, (4 + x * (tile[0] + 4), top + 20))
    sheet.save(out, quality=86)


if __name__ == "__main__":
    main()
