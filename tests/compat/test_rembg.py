"""`peel --compat rembg` against rembg's own steps, done here with ONNX Runtime, NumPy and Pillow.

The pictures are re-encoded as PNG first, so that differences between JPEG decoders do not count.
"""
import os
import pathlib
import subprocess

import numpy as np
import pytest
from PIL import Image

ort = pytest.importorskip("onnxruntime")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEEL = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build/peel"))
SHARED = ROOT.parent / "shared"
MODEL = SHARED / "models/u2netp-fp32.onnx"
FIXTURES = SHARED / "images/rembg/fixtures"
PICTURES = ["anime-girl-1.jpg", "car-1.jpg", "cloth-1.jpg", "plants-1.jpg"]

pytestmark = [
    pytest.mark.skipif(not PEEL.exists(), reason=f"{PEEL} is not built"),
    pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here"),
]


@pytest.fixture(scope="module")
def session():
    return ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])


@pytest.fixture(params=PICTURES)
def picture(request, tmp_path):
    path = tmp_path / (pathlib.Path(request.param).stem + ".png")
    Image.open(FIXTURES / request.param).convert("RGB").save(path)
    return path


def peel(*arguments):
    result = subprocess.run([PEEL, "cut", *map(str, arguments), "-m", str(MODEL), "--compat",
                             "rembg"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result


def rembg_mask(image, session):
    x = np.asarray(image.convert("RGB").resize((320, 320), Image.Resampling.LANCZOS))
    x = x / max(np.max(x), 1e-6)
    x = (x - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    x = x.transpose(2, 0, 1)[None].astype(np.float32)
    p = session.run(None, {session.get_inputs()[0].name: x})[0][:, 0]
    p = np.squeeze((p - p.min()) / (p.max() - p.min()))
    mask = Image.fromarray((p * 255).astype(np.uint8))
    return mask.resize(image.size, Image.Resampling.LANCZOS)


def test_mask_is_rembgs(picture, session, tmp_path):
    """Two engines differ in the last bits of float32, which truncation turns into single levels."""
    peel(picture, "--mask", "-o", tmp_path / "mask.png")
    got = np.asarray(Image.open(tmp_path / "mask.png")).astype(int)
    wanted = np.asarray(rembg_mask(Image.open(picture), session)).astype(int)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= 2
    assert np.mean(got != wanted) < 0.02


def test_naive_cutout_is_pillows_byte_for_byte(picture, tmp_path):
    peel(picture, "--mask", "-o", tmp_path / "mask.png")
    peel(picture, "-o", tmp_path / "cut.png")
    image = Image.open(picture).convert("RGBA")
    mask = Image.open(tmp_path / "mask.png").convert("L")
    wanted = Image.composite(image, Image.new("RGBA", image.size, 0), mask)
    got = Image.open(tmp_path / "cut.png")
    assert got.mode == "RGBA"
    assert np.array_equal(np.asarray(got), np.asarray(wanted))


def test_input_alpha_is_multiplied_in(picture, tmp_path):
    image = Image.open(picture).convert("RGBA")
    ramp = np.linspace(0, 255, image.width).astype(np.uint8)
    image.putalpha(Image.fromarray(np.tile(ramp, (image.height, 1))))
    image.save(tmp_path / "alpha.png")
    peel(tmp_path / "alpha.png", "--mask", "-o", tmp_path / "mask.png")
    peel(tmp_path / "alpha.png", "-o", tmp_path / "cut.png")
    mask = Image.open(tmp_path / "mask.png").convert("L")
    wanted = Image.composite(image, Image.new("RGBA", image.size, 0), mask)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "cut.png")), np.asarray(wanted))


@pytest.mark.parametrize("background", [(255, 255, 255, 255), (10, 200, 30, 255)])
def test_background_is_alpha_composited(picture, background, tmp_path):
    colour = "#" + "".join(f"{c:02x}" for c in background[:3])
    peel(picture, "-o", tmp_path / "cut.png")
    peel(picture, "--background", colour, "-o", tmp_path / "on.png")
    cut = Image.open(tmp_path / "cut.png").convert("RGBA")
    wanted = Image.alpha_composite(Image.new("RGBA", cut.size, background), cut)
    got = Image.open(tmp_path / "on.png").convert("RGBA")
    assert np.array_equal(np.asarray(got), np.asarray(wanted))


def test_u2netp_reference_result(tmp_path):
    """rembg's published result, made by another ONNX Runtime and an older Pillow."""
    reference = SHARED / "images/rembg/results/anime-girl-1.u2netp.png"
    if not reference.exists():
        pytest.skip(f"{reference} is not here")
    peel(FIXTURES / "anime-girl-1.jpg", "-o", tmp_path / "cut.png")
    got = np.asarray(Image.open(tmp_path / "cut.png").convert("RGBA")).astype(int)
    wanted = np.asarray(Image.open(reference).convert("RGBA")).astype(int)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).mean() < 0.5
