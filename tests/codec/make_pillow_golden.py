#!/usr/bin/env python3
"""Writes what Pillow makes of every JPEG, PNG, WebP, TIFF and BMP of a folder, for src/codec/pillow_test.cc.

usage: make_pillow_golden.py FOLDER > pillow_golden.tsv
A line is: path, width, height, channels, CRC-32 of the upright 8-bit pixels; or path and "error".
"""
import pathlib
import sys
import warnings
import zlib

import PIL
from PIL import Image, ImageOps

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM") + TIFF


def pixels(path):
    with Image.open(path) as image:
        if image.width * image.height > 1 << 28:  # more memory than a test may take
            return None
        image.load()
        # Refused (float, signed, 32 bits) or turned into RGB by other means (Lab): nothing to compare.
        if image.format == "TIFF" and image.mode in ("F", "I", "LAB"):
            return None
        image = ImageOps.exif_transpose(image)
        if image.mode in ("I;16", "I;16B", "I"):  # 16-bit grey: the high byte, as for other 16-bit kinds
            key = image.info.get("transparency")
            image = image.convert("I").point(lambda v: v / 256).convert("L")
            if key is not None:
                return None
        alpha = image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info
        return image.convert("RGBA" if alpha else "RGB")


def main():
    root = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None
    print(f"# Pillow {PIL.__version__}; made by tests/codec/make_pillow_golden.py")
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        head = path.read_bytes()[:16]
        if not head.startswith(MAGIC) and not (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
            continue
        name = path.relative_to(root).as_posix()
        try:
            image = pixels(path)
        except Exception:  # whatever Pillow raises is its verdict
            print(name, "error", sep="\t")
            continue
        if image is not None:
            crc = zlib.crc32(image.tobytes())
            print(name, image.width, image.height, len(image.getbands()), f"{crc:08x}", sep="\t")


main()
