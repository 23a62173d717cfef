#!/usr/bin/env python3
"""The picture of docs/cut.md's hints: from left to right the strokes over the photo, the cut-out without and
with them.

usage: bench/hint_pictures.py PEEL SHARED_IMAGES OUT.jpg
"""
import os
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

COLOUR = (40, 160, 160, 255)
KEEP, REMOVE = (0, 255, 0, 255), (255, 0, 0, 255)
HEIGHT = 240  # pixels of a tile
ROWS = [  # file (below samples/ or SHARED_IMAGES), strokes: colour, width, points
    ("samples/mug.jpg", [(REMOVE, 10, [(715, 650), (760, 600), (830, 590), (860, 640)]),
                         (REMOVE, 8, [(740, 690), (850, 690)])]),
    ("rembg/fixtures/plants-1.jpg", [(KEEP, 10, [(230, 1040), (340, 1050)]), (KEEP, 14, [(230, 940), (380, 950)])]),
]


def main():
    peel, shared, out = sys.argv[1:4]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        photo, hints, cut = (os.path.join(scratch, name) for name in ("photo.png", "hints.png", "cut.png"))
        for name, strokes in ROWS:
            path = name if name.startswith("samples/") else os.path.join(shared, name)
            image = Image.open(path).convert("RGB")
            image.save(photo, compress_level=1)
            drawn = Image.new("RGBA", image.size)
            for colour, width, points in strokes:
                ImageDraw.Draw(drawn).line(points, fill=colour, width=width, joint="curve")
            drawn.save(hints)
            seen = image.copy()
            seen.paste(drawn, mask=drawn)
            tiles = [seen]
            for given in ([], ["--hints", hints]):
                subprocess.run([peel, photo, *given, "-o", cut, "-q"], check=True)
                over = Image.new("RGBA", image.size, COLOUR)
                over.alpha_composite(Image.open(cut).convert("RGBA"))
                tiles.append(over.convert("RGB"))
            size = round(image.width * HEIGHT / image.height), HEIGHT
            rows.append([tile.resize(size, Image.Resampling.LANCZOS) for tile in tiles])
    width = max(row[0].width for row in rows)
    sheet = Image.new("RGB", (3 * width + 10, len(rows) * (HEIGHT + 5) - 5), "white")
    for y, row in enumerate(rows):
        for x, tile in enumerate(row):
            sheet.paste(tile, (x * (width + 5), y * (HEIGHT + 5)))
    sheet.save(out, quality=85)


if __name__ == "__main__":
    main()
