#!/usr/bin/env python3
"""Writes src/matte/testdata: what NumPy, Pillow, SciPy and pymatting make of repeatable pictures.

Needs NumPy, Pillow, SciPy and pymatting; run from anywhere. The pictures come from the generator in
make_image_goldens.py, so that mostly checksums have to be kept.
"""
import pathlib
import zlib

import numpy as np
from PIL import Image
from pymatting import estimate_foreground_ml
from scipy import ndimage

from make_image_goldens import noise

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/matte/testdata"
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
FAMILIES = {
    "u2net": (*IMAGENET, 320, True),
    "isnet": ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0), 64, True),
    "isnet-anime": (IMAGENET[0], (1.0, 1.0, 1.0), 64, True),
    "cloth": (*IMAGENET, 96, True),
    "modnet": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 64, False),
    "peel": (*IMAGENET, 64, False),
}


def crc(array):
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


def blobs(seed, h, w):
    """Soft blobs over the whole range: noise of a few pixels, enlarged."""
    small = Image.fromarray(noise(seed, max(1, h // 9), max(1, w // 9)))
    return np.asarray(small.resize((w, h), Image.BICUBIC))


def preprocess(image, mean, std, size, by_max):
    im = np.asarray(image.resize((size, size), Image.LANCZOS))
    x = im / (max(np.max(im), 1e-6) if by_max else 255)
    out = np.zeros(x.shape)
    for c in range(3):
        out[:, :, c] = (x[:, :, c] - mean[c]) / std[c]
    return out.transpose(2, 0, 1).astype(np.float32)


def post_process(mask):
    cross = ndimage.generate_binary_structure(2, 1)
    mask = ndimage.grey_dilation(
        ndimage.grey_erosion(mask, footprint=cross, mode="reflect"), footprint=cross,
        mode="reflect")
    mask = ndimage.gaussian_filter(mask.astype(np.float64), sigma=2)
    return np.where(mask < 127, 0, 255).astype(np.uint8)


def stretch(p):
    p = (p - np.min(p)) / (np.max(p) - np.min(p))
    return (p * 255).astype(np.uint8)


def checksums():
    lines = []
    for name, (mean, std, size, by_max) in FAMILIES.items():
        for seed, (w, h, shift) in enumerate([(97, 61, 0), (400, 333, 2)], 11):
            image = Image.fromarray(noise(seed, h, w, 3) >> shift)
            lines.append(f"preprocess {name} {size} {w} {h} {seed} {shift} "
                         f"{crc(preprocess(image, mean, std, size, by_max))}")
    for seed, (w, h) in enumerate([(1, 1), (3, 5), (50, 40), (131, 77), (300, 20)], 31):
        lines.append(f"post_process {w} {h} {seed} {crc(post_process(blobs(seed, h, w)))}")
    for seed, (s, w, h) in enumerate([(32, 77, 50), (64, 64, 64), (40, 200, 300)], 51):
        p = (noise(seed, s, s).astype(np.float32) / np.float32(300)) + np.float32(0.01)
        mask = Image.fromarray(stretch(p)).resize((w, h), Image.LANCZOS)
        lines.append(f"mask {s} {w} {h} {seed} {crc(mask)}")
    (OUT / "checksums.txt").write_text("\n".join(lines) + "\n")


def foreground():
    """A picture and a soft matte of 45 x 34, and what the estimation makes of them."""
    w, h = 45, 34
    alpha = blobs(71, h, w)
    image = np.dstack([blobs(72 + c, h, w) for c in range(3)])
    f, b = estimate_foreground_ml(image / 255.0, alpha / 255.0, return_background=True)
    np.concatenate([f, b]).astype("<f4").tofile(OUT / "foreground.f32")
    cutout = np.concatenate([f, (alpha / 255.0)[:, :, None]], axis=2)
    np.clip(cutout * 255, 0, 255).astype(np.uint8).tofile(OUT / "decontaminate.u8")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    checksums()
    foreground()
