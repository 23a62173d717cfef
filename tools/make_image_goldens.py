#!/usr/bin/env python3
"""Writes src/image/testdata: what Pillow 13 makes of pictures that the C++ tests can repeat.

Needs Pillow and NumPy; run from anywhere. The pictures are the bytes of a linear congruential
generator, so that a table of checksums is all that has to be kept.
"""
import pathlib
import zlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/image/testdata"
FILTERS = {
    "nearest": Image.NEAREST, "box": Image.BOX, "bilinear": Image.BILINEAR,
    "hamming": Image.HAMMING, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS,
}
SIZES = [
    (37, 53, 17, 29), (64, 48, 320, 200), (5, 7, 5, 20), (7, 5, 20, 5), (1, 1, 9, 4),
    (1, 200, 3, 7), (200, 150, 32, 32), (333, 251, 320, 320), (640, 3, 2, 3), (100, 90, 100, 90),
    (257, 129, 1, 1), (33, 33, 64, 16), (1000, 20, 31, 320), (320, 320, 611, 407),
    (50, 200, 45, 189), (50, 200, 45, 190), (40, 30, 60, 31),
]


def noise(seed, *shape):
    """The first bytes of the generator that src/image/test_pixels.h has too."""
    n = int(np.prod(shape))
    out = bytearray(n)
    state = seed
    for i in range(n):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return np.frombuffer(bytes(out), np.uint8).reshape(shape)


def crc(image):
    return zlib.crc32(np.ascontiguousarray(np.asarray(image)).tobytes())


def resize_table():
    lines = []
    for seed, (w, h, ow, oh) in enumerate(SIZES, 1):
        for channels in (1, 2, 3, 4):
            pixels = noise(seed, h, w, channels)
            for name, f in FILTERS.items():
                bands = [np.asarray(Image.fromarray(pixels[:, :, c]).resize((ow, oh), f))
                         for c in range(channels)]
                lines.append(f"{name} {channels} {w} {h} {ow} {oh} {seed} {crc(np.dstack(bands))}")
                if channels == 4:
                    rgba = Image.fromarray(pixels, "RGBA").resize((ow, oh), f)
                    lines.append(f"{name} rgba {w} {h} {ow} {oh} {seed} {crc(rgba)}")
    (OUT / "resize.txt").write_text("\n".join(lines) + "\n")


def composite_table():
    lines = []
    for seed, (w, h) in enumerate([(1, 1), (67, 3), (129, 31), (300, 7)], 100):
        front = Image.fromarray(noise(seed, h, w, 4), "RGBA")
        back = Image.fromarray(noise(seed + 50, h, w, 4), "RGBA")
        mask = Image.fromarray(noise(seed + 90, h, w), "L")
        rgb = Image.fromarray(noise(seed + 70, h, w, 3), "RGB")
        colour = Image.new("RGBA", (w, h), (10, 200, 77, 130))
        empty = Image.new("RGBA", (w, h), 0)
        put = front.copy()
        put.putalpha(mask)
        results = {
            "alpha_composite": Image.alpha_composite(back, front),
            "alpha_composite_colour": Image.alpha_composite(colour, front),
            "blend4": Image.composite(front, back, mask),
            "blend3": Image.composite(rgb, Image.fromarray(noise(seed + 71, h, w, 3)), mask),
            "blend1": Image.composite(front.getchannel(0), back.getchannel(0), mask),
            "naive4": Image.composite(front, empty, mask),
            "naive3": Image.composite(rgb.convert("RGBA"), empty, mask),
            "putalpha": put,
            "premultiply": front.convert("RGBa"),
            "unpremultiply": front.convert("RGBa").convert("RGBA"),
            "luma": rgb.convert("L"),
        }
        lines += [f"{name} {w} {h} {seed} {crc(im)}" for name, im in results.items()]
    (OUT / "composite.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    resize_table()
    composite_table()
