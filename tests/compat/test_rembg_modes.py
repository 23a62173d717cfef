"""peel.rembg against the real rembg after the mask: every Pillow mode, alpha matting and its
fall-backs, what putalpha carries on, buffers of file bytes. `make compat` has both packages.
"""
import array
import io
import mmap

import numpy as np
import pytest

PIL = pytest.importorskip("PIL", reason="Pillow is not installed")
pytest.importorskip("peel", reason="the module peel is not installed (pip install .)")
rembg = pytest.importorskip("rembg", reason="rembg itself is not installed; `make compat` has it")

from PIL import Image  # noqa: E402

from peel import rembg as ours  # noqa: E402

WIDTH, HEIGHT = 60, 44
X, Y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
SOFT = np.clip((14 - np.hypot(X - WIDTH / 2, Y - HEIGHT / 2)) * 40 + 128, 0, 255).astype(np.uint8)
MASKS = {"soft": SOFT, "faint": SOFT // 3, "full": np.full_like(SOFT, 255), "hard": (SOFT > 99) * np.uint8(255)}
MODES = ["RGB", "RGBA", "L", "1", "P", "LA", "PA", "La", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV",
         "LAB", "I;16", "I", "F"]
MATTING = {"alpha_matting": True}
FLAGS = [
    {}, {"putalpha": True}, {"decontaminate": True}, {"only_mask": True}, {"count": 0},
    {"putalpha": True, "count": 2}, {"post_process_mask": True},
    {"bgcolor": (9, 8, 7, 255)}, {"bgcolor": (9, 8, 7)}, MATTING,
    {**MATTING, "putalpha": True}, {**MATTING, "mask": "faint"},
    {**MATTING, "mask": "faint", "putalpha": True}, {**MATTING, "mask": "full"}, {**MATTING, "count": 2},
    {**MATTING, "mask": "hard", "alpha_matting_erode_size": 1},
    {**MATTING, "mask": "faint", "putalpha": True, "count": 2}, {**MATTING, "only_mask": True},
    {**MATTING, "bgcolor": (9, 8, 7, 255)}, {**MATTING, "decontaminate": True},
    {**MATTING, "alpha_matting_foreground_threshold": 100},
    {**MATTING, "alpha_matting_background_threshold": 100},
    {**MATTING, "alpha_matting_erode_size": 0}, {**MATTING, "alpha_matting_erode_size": 3},
    {**MATTING, "alpha_matting_erode_size": 60}]


class Given:
    """A session of both packages that makes the mask asked for."""

    def predict(self, img, *args, mask="soft", count=1, **kwargs):
        return [Image.fromarray(MASKS[mask])] * count


def photo():
    noise = np.random.default_rng(3).normal(0, 4, (HEIGHT, WIDTH, 3))
    return Image.fromarray((np.stack([X * 4, Y * 5, 90 + 0 * X], -1) + noise).clip(0, 255).astype(
        np.uint8))


def made(mode):
    image = photo()
    if mode in ("RGBA", "LA", "RGBa", "La", "PA"):
        alpha = Image.fromarray((X * 4 % 256).astype(np.uint8))
        if mode == "PA":
            image = image.convert("P")
            image.putalpha(alpha)
            return image
        image.putalpha(alpha)
        return image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
    if mode == "LAB":
        return Image.merge("LAB", image.split())
    if mode == "RGBX":
        return Image.frombytes("RGBX", image.size, image.convert("RGBA").tobytes())
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
    return image.convert(mode)


def outcome(remove, data, flags):
    """(What kind of result, its pixels), or (the exception's type, None)."""
    try:
        result = remove(data, session=Given(), **flags)
    except Exception as error:
        return type(error), None
    kind = type(result).__name__
    if isinstance(result, bytes):
        result = Image.open(io.BytesIO(result))
    if isinstance(result, Image.Image):
        return (kind, result.mode, result.info), np.asarray(result)
    return (kind, str(result.dtype)), result


def compare(data, flags, copy=lambda d: d):
    wanted_kind, wanted = outcome(rembg.remove, copy(data), flags)
    kind, got = outcome(ours.remove, copy(data), flags)
    assert kind == wanted_kind, flags
    if wanted is None:
        return
    assert got.shape == wanted.shape, flags
    difference = np.abs(got.astype(float) - wanted.astype(float))
    # Solvers of their own, and truncation: matting and decontamination differ by single levels.
    solved = flags.get("alpha_matting") or flags.get("decontaminate")
    assert difference.max() <= (2 if solved else 0), (flags, difference.max())
    assert difference.mean() <= 0.2, flags


@pytest.mark.parametrize("mode", MODES)
def test_images(mode):
    for flags in FLAGS:
        image = made(mode)
        image.info.update(icc_profile=b"profile", dpi=(72, 72), more="of it")
        compare(image, flags, copy=lambda i: i.copy())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1", "LA", "CMYK", "I;16", "F"])
def test_arrays(mode):
    for flags in FLAGS:
        compare(np.asarray(made(mode)), flags)


@pytest.mark.parametrize("mode,format", [
    ("RGB", "PNG"), ("RGBA", "PNG"), ("L", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("I;16", "PNG"),
    ("1", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("RGB", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")])
def test_files(mode, format):
    file = io.BytesIO()
    made(mode).save(file, format, icc_profile=b"profile", lossless=True)
    for flags in FLAGS:
        compare(file.getvalue(), flags)


@pytest.mark.parametrize("mode,key", [("RGB", (4, 5, 6)), ("L", 5)])
def test_colour_keys(mode, key):
    file = io.BytesIO()
    made(mode).save(file, "PNG", transparency=key)
    for flags in FLAGS:
        compare(file.getvalue(), flags)
        compare(Image.open(io.BytesIO(file.getvalue())), flags, copy=lambda i: i.copy())


def test_buffers_of_file_bytes(tmp_path):
    path = tmp_path / "photo.png"
    photo().save(path)
    data = path.read_bytes()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        read = np.fromfile(path, np.uint8)
        for buffer in (data, bytearray(data), memoryview(data), array.array("B", data), mapped, read,
                       read[:, None], np.fromfile(path, np.int8), io.BytesIO(data), str(path)):
            for force in (True, False):
                compare(buffer, {"force_return_bytes": force})
