"""What tests of the program share beside fixtures."""
import pathlib

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]


def ball(width=320, height=240):
    """A red ball over a soft green ground: a subject that any model sees."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    ground = np.stack([90 + y / height * 60, 140 + y / height * 50, 100 + 0 * y], axis=-1)
    radius = 0.35 * min(width, height)
    inside = np.clip(radius + 0.5 - np.hypot(x - width / 2, y - height / 2), 0, 1)[..., None]
    light = np.hypot(x - width / 2 + radius / 3, y - height / 2 + radius / 3) / (2 * radius)
    colour = np.clip(1.1 - light, 0.25, 1)[..., None] * np.array([235.0, 60.0, 45.0])
    return Image.fromarray((ground * (1 - inside) + colour * inside).round().astype(np.uint8))


def leftovers(folder):
    """Names in a folder, hidden ones included: temporary files would be seen. The record of what
    outputs were made from is where it belongs."""
    return sorted(p.relative_to(folder).as_posix() for p in pathlib.Path(folder).rglob("*")
                  if p.is_file() and not p.name.startswith(".peel-manifest"))
