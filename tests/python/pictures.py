"""Pictures and files that the tests of the Python module share."""
import io
import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import cli_support  # noqa: E402
import sheets  # noqa: E402, F401

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
U2NETP = SHARED / "models" / "u2netp-fp32.onnx"


def ball(width=160, height=120):
    """The program's tests' ball, as an array."""
    return np.array(cli_support.ball(width, height))


def encoded(array, format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))
