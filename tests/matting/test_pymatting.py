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


def test_rembg_mode(tmp_path):
    """--compat rembg -a, step by step as rembg has it, from the mask that Peel's rembg mode makes."""
    from scipy.ndimage import binary_erosion
    photo = Image.open(os.path.join(DATA, "images", "GT25.png")).convert("RGB")
    photo.save(tmp_path / "photo.png")
    for extra in (["--mask", "-o", "mask.png"], ["-a", "-ae", "6", "-o", "cut.png"]):
        done = subprocess.run([PEEL, "photo.png", "--compat", "rembg", "-q", *extra], cwd=tmp_path,
                              capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    structure = np.ones((6, 6))
    trimap = np.full(mask.shape, 128, np.uint8)
    trimap[binary_erosion(mask > 240, structure=structure)] = 255
    trimap[binary_erosion(mask < 10, structure=structure, border_value=1)] = 0
    image = np.asarray(photo) / 255.0
    alpha = pymatting.estimate_alpha_cf(image, trimap / 255.0)
    foreground = pymatting.estimate_foreground_ml(image, alpha)
    wanted = np.clip(np.dstack([foreground, alpha]) * 255, 0, 255).astype(np.uint8).astype(int)
    cut = np.asarray(Image.open(tmp_path / "cut.png")).astype(int)
    assert np.abs(cut - wanted).mean(axis=(0, 1)).max() < 0.01 * 255
    assert (cut[..., 3] == 255)[trimap == 255].all() and (cut[..., 3] == 0)[trimap == 0].all()
