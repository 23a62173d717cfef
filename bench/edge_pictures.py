#!/usr/bin/env python3
"""The picture of docs/internals/edges.md: details at their full size, from left to right the photo and its cut-out over a
plain colour with `--edges off`, `refine` and `matting`.

usage: bench/edge_pictures.py PEEL SHARED_IMAGES OUT.jpg
"""
import os
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

COLOUR = (40, 160, 160, 255)
HEIGHT = 330  # pixels of a row; details are enlarged to it by whole factors or shown as they are
DETAILS = [  # what, file (below samples/ or SHARED_IMAGES), left, top, right, bottom
    ("hair", "objects/lemur/lemur.png", 345, 40, 510, 150),
    ("fur", "objects/cat_1080p.jpg", 690, 60, 1185, 390),
    ("quills", "samples/chick.jpg", 400, 90, 647, 255),
    ("glass", "rembg/fixtures/car-1.jpg", 130, 110, 295, 220),
    ("product", "samples/mug.jpg", 610, 270, 857, 435),
]


def main():
    peel, shared, out = sys.argv[1:4]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        photo, cut = os.path.join(scratch, "photo.png"), os.path.join(scratch, "cut.png")
        for what, name, *box in DETAILS:
            path = name if name.startswith("samples/") else os.path.join(shared, name)
            image = Image.open(path).convert("RGB")
            image.save(photo, compress_level=1)
            tiles = [image.crop(box)]
            for edges in ("off", "refine", "matting"):
                subprocess.run([peel, photo, "--edges", edges, "-o", cut, "-q"], check=True)
                over = Image.new("RGBA", image.size, COLOUR)
                over.alpha_composite(Image.open(cut).convert("RGBA"))
                tiles.append(over.convert("RGB").crop(box))
            factor = max(1, HEIGHT // tiles[0].height)
            size = tiles[0].width * factor, tiles[0].height * factor
            rows.append((what, [t.resize(size, Image.Resampling.NEAREST) for t in tiles]))
    width = max(sum(t.width for t in tiles) for _, tiles in rows) + 15
    sheet = Image.new("RGB", (width, sum(tiles[0].height + 24 for _, tiles in rows)), "white")
    draw, y = ImageDraw.Draw(sheet), 0
    for what, tiles in rows:
        x = 0
        for label, tile in zip((what, "--edges off", "--edges refine", "--edges matting"), tiles):
            draw.text((x + 2, y + 6), label, fill="black")
            sheet.paste(tile, (x, y + 20))
            x += tile.width + 5
        y += tiles[0].height + 24
    sheet.save(out, quality=88)


if __name__ == "__main__":
    main()
