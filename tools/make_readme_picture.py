#!/usr/bin/env python3
"""Makes the pictures of README.md: every sample beside its cut-out over a checkerboard.

usage: tools/make_readme_picture.py PEEL [SAMPLES [OUTPUT.jpg]]     (needs Pillow)
"""
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

CELL = (420, 315)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def checkerboard(size, square=14):
    board = Image.new("RGB", size, (255, 255, 255))
    for y in range(0, size[1], square):
        for x in range(0, size[0], square):
            if (x // square + y // square) % 2:
                board.paste((218, 222, 228), (x, y, x + square, y + square))
    return board


def main():
    peel = sys.argv[1]
    samples = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "samples"
    target = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else ROOT / "docs/images/samples.jpg"
    photos = sorted(samples.glob("*.jpg"))
    sheet = Image.new("RGB", (CELL[0] * 4 + 50, (CELL[1] + 10) * ((len(photos) + 1) // 2) + 10),
                      (255, 255, 255))
    with tempfile.TemporaryDirectory() as scratch:
        for i, photo in enumerate(photos):
            cut = pathlib.Path(scratch) / (photo.stem + ".png")
            subprocess.run([peel, "-q", str(photo), "-o", str(cut)], check=True)
            left = 10 + (i % 2) * (2 * CELL[0] + 20)
            top = 10 + (i // 2) * (CELL[1] + 10)
            sheet.paste(Image.open(photo).convert("RGB").resize(CELL, Image.LANCZOS), (left, top))
            subject = Image.open(cut).convert("RGBA").resize(CELL, Image.LANCZOS)
            board = checkerboard(CELL)
            board.paste(subject, (0, 0), subject)
            sheet.paste(board, (left + CELL[0] + 10, top))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, quality=90)
    print(target)


if __name__ == "__main__":
    main()
