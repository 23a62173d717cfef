"""peel.rembg against the real rembg on random pictures, flags and types.

Two engines differ in the last bits of float32, so masks are compared with a tolerance first. Then
rembg itself is given Peel's session, which settles the masks, and everything after them must be the
same to the byte. `make compat` sets up an environment that has both packages.
"""
import io
import os
import pathlib
import random

import numpy as np
import pytest

PIL = pytest.importorskip("PIL", reason="Pillow is not installed")
pytest.importorskip("peel", reason="the module peel is not installed (pip install .)")
rembg = pytest.importorskip("rembg", reason="rembg itself is not installed; `make compat` has it")

from PIL import Image  # noqa: E402

from peel import rembg as ours  # noqa: E402

MODEL = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models" / "u2netp-fp32.onnx"
CASES = int(os.environ.get("PEEL_REMBG_CASES", "300"))
BATCH = 20

pytestmark = [
    pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here"),
    # Pillow 13 resizes strongly flattened pictures columns first, as Peel does.
    pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="needs Pillow 13"),
]


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    folder = home / "models" / "u2netp"
    folder.mkdir(parents=True)
    (folder / "u2netp.onnx").symlink_to(MODEL)
    before = dict(os.environ)
    for variable in ("U2NET_HOME", "XDG_DATA_HOME"):
        os.environ.pop(variable, None)
    os.environ["REMBG_HOME"] = str(home)
    yield rembg.new_session("u2netp"), ours.new_session("u2netp")
    os.environ.clear()
    os.environ.update(before)


def picture(rng):
    """RGB: noise, flats, gradients and shapes, at sizes from a pixel up."""
    side = rng.choice([1, 2, 3, 17, 64, 200, 333, 500])
    width = max(1, int(side * rng.uniform(0.3, 1.7)))
    height = max(1, int(side * rng.uniform(0.3, 1.7)))
    noise = np.random.default_rng(rng.getrandbits(32))
    kind = rng.choice(["noise", "flat", "shapes", "shapes", "shapes", "black"])
    if kind == "noise":
        return noise.integers(0, 256, (height, width, 3), np.uint8)
    if kind == "black":
        return np.zeros((height, width, 3), np.uint8)
    if kind == "flat":
        return np.full((height, width, 3), noise.integers(0, 256, 3), np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    out = np.stack([x * 200 / width, y * 180 / height, 90 + 0 * x], -1)
    for _ in range(rng.randint(1, 4)):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        inside = ((x - cx) / max(width * rng.uniform(0.1, 0.4), 1)) ** 2 + (
            (y - cy) / max(height * rng.uniform(0.1, 0.4), 1)) ** 2 < 1
        out[inside] = noise.integers(0, 256, 3)
    return (out + noise.normal(0, 4, out.shape)).clip(0, 255).astype(np.uint8)


def case(seed):
    """(data as passed, the PIL image that it is, flags)."""
    rng = random.Random(seed)
    image = Image.fromarray(picture(rng))
    mode = rng.choice(["RGB", "RGB", "RGB", "RGBA", "RGBA", "L", "P", "LA", "1", "CMYK"])
    if mode in ("RGBA", "LA"):
        alpha = np.random.default_rng(seed).integers(0, 256, image.size[::-1], np.uint8)
        image.putalpha(Image.fromarray(alpha))
    image = image.convert(mode)
    kind = rng.choice(["png", "png", "jpeg", "webp", "pillow", "array"])
    if kind in ("png", "jpeg", "webp"):
        if (kind == "png" and mode == "CMYK") or (kind == "webp" and mode not in ("RGB", "RGBA")):
            kind, image = "jpeg", image.convert("RGB")
        if kind == "jpeg" and mode not in ("RGB", "L", "CMYK"):
            image = image.convert("RGB")
        options = {}
        if rng.random() < 0.2 and kind != "webp":
            exif = Image.Exif()
            exif[0x0112] = rng.randint(1, 8)
            options["exif"] = exif
        file = io.BytesIO()
        image.save(file, kind.upper(), **options)
        data = file.getvalue()
        image = Image.open(io.BytesIO(data))
    elif kind == "array":
        data = np.asarray(image if mode not in ("P", "1") else image.convert("RGB"))
        image = Image.fromarray(data) if data.ndim != 3 or data.shape[2] != 2 else image
    else:
        data = image
    flags = {name: True for name in ("only_mask", "post_process_mask", "putalpha", "decontaminate")
             if rng.random() < 0.3}
    if rng.random() < 0.2 and max(image.size) < 400:
        flags.update(alpha_matting=True, alpha_matting_foreground_threshold=rng.choice([240, 200, 120]),
                     alpha_matting_background_threshold=rng.choice([10, 40, 120]),
                     alpha_matting_erode_size=rng.choice([10, 3, 0, 25]))
    if rng.random() < 0.3:
        flags["bgcolor"] = tuple(rng.randint(0, 255) for _ in range(4))
    return data, image, flags


def outcome(function, data, **keywords):
    """A result, or the type of built-in exception that it ends with."""
    try:
        return function(data.copy() if isinstance(data, Image.Image) else data, **keywords)
    except Exception as error:
        return error


def comparable(result):
    if isinstance(result, bytes):
        image = Image.open(io.BytesIO(result))
        return ("bytes", image.mode), np.asarray(image)
    if isinstance(result, Image.Image):
        return ("image", result.mode), np.asarray(result)
    return ("array", str(result.dtype)), result


@pytest.mark.parametrize("batch", range(max(1, CASES // BATCH)))
def test_random_pictures(sessions, batch):
    theirs, mine = sessions
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        data, image, flags = case(seed)
        told = f"seed {seed}: {type(data).__name__} {image.mode} {image.size} {flags}"

        upright = rembg.bg.fix_image_orientation(image)
        wanted = np.asarray(theirs.predict(upright)[0]).astype(int)
        got = np.asarray(mine.predict(upright)[0]).astype(int)
        assert got.shape == wanted.shape, told
        # A nearly empty prediction is stretched to the full range, its rounding errors with it.
        difference = np.abs(got - wanted)
        assert np.mean(difference > 1) < 0.02 and difference.mean() < 0.5, (
            f"{told}: mask differs by {difference.max()}, mean {difference.mean():.3f}")

        wanted = outcome(rembg.remove, data, session=mine, **flags)
        got = outcome(ours.remove, data, session=mine, **flags)
        if isinstance(wanted, ZeroDivisionError):  # decontaminate on a picture of one pixel
            continue
        if isinstance(wanted, Exception):
            assert isinstance(got, Exception), f"{told}: rembg raised {wanted!r}"
            continue
        assert not isinstance(got, Exception), f"{told}: {got!r}"
        (wanted_kind, wanted), (got_kind, got) = comparable(wanted), comparable(got)
        assert got_kind == wanted_kind and got.shape == wanted.shape, (
            f"{told}: {got_kind} {got.shape}, rembg {wanted_kind} {wanted.shape}")
        largest = np.abs(got.astype(int) - wanted.astype(int)).max()
        # Colours are estimated in float32 and truncated, after a solver's alpha.
        colours = flags.get("decontaminate") and not flags.get("putalpha")
        allowed = 3 if flags.get("alpha_matting") else 1 if colours else 0
        assert largest <= allowed, f"{told}: differs by {largest}"


def test_published_results(sessions):
    """rembg's own result for u2netp, made with an older ONNX Runtime and Pillow."""
    images = MODEL.parents[1] / "images" / "rembg"
    picture = (images / "fixtures" / "anime-girl-1.jpg").read_bytes()
    published = np.asarray(Image.open(images / "results" / "anime-girl-1.u2netp.png")).astype(int)
    for remove, session in ((rembg.remove, sessions[0]), (ours.remove, sessions[1])):
        result = np.asarray(Image.open(io.BytesIO(remove(picture, session=session)))).astype(int)
        assert result.shape == published.shape and np.abs(result - published).mean() < 0.5
