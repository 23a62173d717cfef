"""Pictures and files that the tests of the Python module share."""
import io
import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import sheets  # noqa: E402, F401

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
U2NETP = SHARED / "models" / "u2netp-fp32.onnx"


def ball(width=160, height=120):
    """A red ball over a soft green ground: a subject that any model sees."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    ground = np.stack([90 + y / height * 60, 140 + y / height * 50, 100 + 0 * y], axis=-1)
    radius = 0.35 * min(width, height)
    inside = np.clip(radius + 0.5 - np.hypot(x - width / 2, y - height / 2), 0, 1)[..., None]
    light = np.hypot(x - width / 2 + radius / 3, y - height / 2 + radius / 3) / (2 * radius)
    colour = np.clip(1.1 - light, 0.25, 1)[..., None] * np.array([235.0, 60.0, 45.0])
    return (ground * (1 - inside) + colour * inside).round().astype(np.uint8)


def encoded(array, format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))
