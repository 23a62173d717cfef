#!/usr/bin/env python3
"""Makes a folder of mixed photos out of a few: sizes from 0.3 to 12 megapixels, JPEG, PNG and WebP,
some in sub-folders. The same on every machine.

usage: bench/make_folder.py OUTPUT_FOLDER COUNT PHOTO...
"""
import os
import random
import sys

from PIL import Image

# Longer sides and their shares, as folders of phones, shops and downloads mix them.
SIDES = [(800, 3), (1280, 4), (2000, 4), (3000, 4), (4000, 5)]


def main():
    folder, count, photos = sys.argv[1], int(sys.argv[2]), sorted(sys.argv[3:])
    dice = random.Random(11)
    sides = [side for side, share in SIDES for _ in range(share)]
    sources = [Image.open(path).convert("RGB") for path in photos]
    for i in range(count):
        source = sources[i % len(sources)]
        side = dice.choice(sides)
        scale = side / max(source.size)
        size = tuple(max(16, round(s * scale)) for s in source.size)
        # Another part of the photo each time, so that no two files are alike.
        x, y = dice.uniform(0, 0.2), dice.uniform(0, 0.2)
        box = (source.width * x, source.height * y, source.width * (x + 0.8),
               source.height * (y + 0.8))
        picture = source.resize(size, Image.Resampling.BICUBIC, box)
        kind = dice.choices(["jpg", "png", "webp"], [8, 1, 1])[0]
        place = os.path.join(folder, "" if i % 4 else f"part{i % 3}")
        os.makedirs(place, exist_ok=True)
        options = {"jpg": {"quality": 90}, "png": {"compress_level": 3}, "webp": {"quality": 85}}
        picture.save(os.path.join(place, f"{i:04}.{kind}"), **options[kind])


if __name__ == "__main__":
    main()
