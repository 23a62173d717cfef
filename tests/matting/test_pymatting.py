"""PyMatting as the oracle of closed-form matting and of foreground colours, same trimap."""
import os
import subprocess

import numpy as np
import pytest
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "..", "shared", "data", "matting")
PEEL = os.environ.get("PEEL", os.path.join(ROOT, "build", "peel"))

pymatting = pytest.importorskip(
    "pymatting", reason="PyMatting is not installed (pip install pymatting)")
pytestmark = pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data/matting is absent")


@pytest.mark.parametrize("name", ["GT01", "GT25"])
def test_alpha_and_foreground(name, tmp_path):
    photo = Image.open(os.path.join(DATA, "images", name + ".png")).convert("RGB")
    trimap = Image.open(os.path.join(DATA, "trimaps", name + ".png")).convert("L")
    photo.save(tmp_path / "photo.png")
    trimap.save(tmp_path / "trimap.png")
    done = subprocess.run([PEEL, "photo.png", "--trimap", "trimap.png", "-o", "cut.png", "-q"],
                          cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    cut = np.asarray(Image.open(tmp_path / "cut.png")) / 255.0

    image, known = np.asarray(photo) / 255.0, np.asarray(trimap) / 255.0
    alpha = pymatting.estimate_alpha_cf(image, known)
    unknown = (known > 0.1) & (known < 0.9)
    assert np.abs(cut[..., 3] - alpha).mean() < 0.002
    assert np.abs(cut[..., 3] - alpha)[unknown].mean() < 0.01

    foreground = pymatting.estimate_foreground_ml(image, cut[..., 3])
    soft = (cut[..., 3] > 0) & (cut[..., 3] < 1)
    assert np.abs(cut[..., :3] - foreground)[soft].mean() < 0.01
