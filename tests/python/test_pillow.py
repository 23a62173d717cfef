"""PIL images: every mode becomes the right pixels or is refused, and what their results carry on."""
import io

import numpy as np
import pytest
from PIL import Image, ImageCms

import peel
from pictures import SHARED, decoded

REPORTS = SHARED / "images" / "reports"


def ramp(size):
    return Image.linear_gradient("L").resize(size)


def made(photo, mode):
    """The photo in a mode, with alpha where the mode has some."""
    image = Image.fromarray(photo)
    if mode in ("RGBA", "LA", "RGBa", "La", "PA"):
        alpha = ramp(image.size)
        if mode == "PA":
            image = image.convert("P")
            image.putalpha(alpha)
            return image
        image.putalpha(alpha)
        return image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
    if mode == "LAB":
        return ImageCms.applyTransform(image, ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"))
    if mode == "RGBX":
        return Image.frombytes("RGBX", image.size, image.convert("RGBA").tobytes())
    return image.convert(mode)


# What each mode's colours and alpha are, as RGB or RGBA that Pillow makes by itself.
WANTED = {
    "RGB": lambda i: i, "RGBA": lambda i: i, "1": lambda i: i.convert("RGB"),
    "L": lambda i: i.convert("RGB"), "P": lambda i: i.convert("RGB"),
    "RGBX": lambda i: Image.fromarray(np.asarray(i)[..., :3]),
    "CMYK": lambda i: i.convert("RGB"), "YCbCr": lambda i: i.convert("RGB"),
    "HSV": lambda i: i.convert("RGB"), "LAB": lambda i: i.convert("RGB"),
    "LA": lambda i: i.convert("RGBA"), "PA": lambda i: i.convert("RGBA"),
    "RGBa": lambda i: i.convert("RGBA"), "La": lambda i: i.convert("LA").convert("RGBA"),
}


@pytest.mark.parametrize("mode", WANTED)
def test_every_mode(session, photo, mode):
    image = made(photo, mode)
    before = np.asarray(image).copy()
    result = session.cut(image)
    wanted = session.cut(np.asarray(WANTED[mode](image)))
    assert result.mode == "RGBA" and result.size == image.size
    assert np.array_equal(np.asarray(result), wanted)
    assert image.mode == mode and np.array_equal(np.asarray(image), before)
    close = session.cut(photo)[60, 80, :3].astype(int) - wanted[60, 80, :3]
    assert mode in ("1", "L", "LA", "La", "P", "PA") or np.abs(close).max() < 8  # a red ball stays red
    if mode in ("RGBA", "LA", "RGBa", "La", "PA"):  # its own alpha counts
        assert np.asarray(result)[100, 80, 3] > np.asarray(result)[20, 80, 3] + 50


@pytest.mark.parametrize("mode", ["I", "F"])
def test_modes_without_a_range_are_refused(session, photo, mode):
    with pytest.raises(peel.InvalidArgument, match="no fixed range"):
        session.cut(made(photo, mode))


def test_modes_to_come_are_refused(session, photo):
    image = Image.fromarray(photo)
    image._mode = "RGB;16"
    with pytest.raises(peel.InvalidArgument, match="RGB;16"):
        session.cut(image)


@pytest.mark.parametrize("kind", ["I;16", "I;16B"])
def test_sixteen_bits_keep_their_range(session, photo, kind):
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    samples = (grey.astype(np.uint16) * 257)
    wide = Image.fromarray(samples) if kind == "I;16" else Image.frombytes(
        "I;16B", (160, 120), samples.astype(">u2").tobytes())
    assert wide.mode == kind
    assert np.array_equal(np.asarray(session.cut(wide)), session.cut(grey))


def keyed(photo, kind):
    """A PNG whose ground, or a part of it, is transparent by a colour key; and that as alpha."""
    rgb = photo.copy()
    hole = np.zeros(rgb.shape[:2], bool)
    hole[50:70, 70:90] = True  # in the subject
    file = io.BytesIO()
    if kind == "RGB":
        rgb[hole] = (255, 0, 255)
        Image.fromarray(rgb).save(file, "PNG", transparency=(255, 0, 255))
        return file.getvalue(), hole
    if kind == "P":
        image = Image.fromarray(rgb).quantize(100)
        index = np.asarray(image).copy()
        index[hole] = 200
        palette = Image.fromarray(index, "P")
        palette.putpalette(image.getpalette() + [0] * (768 - len(image.getpalette())))
        palette.save(file, "PNG", transparency=200)
        return file.getvalue(), hole
    grey = np.asarray(Image.fromarray(rgb).convert("L")).copy()
    grey[grey == 7] = 8
    grey[hole] = 7
    if kind == "I;16":
        Image.fromarray(grey.astype(np.uint16) * 257).save(file, "PNG", transparency=7 * 257)
    else:
        Image.fromarray(grey).save(file, "PNG", transparency=7)
    return file.getvalue(), hole


@pytest.mark.parametrize("kind", ["RGB", "L", "P", "I;16"])
def test_colour_keys_are_transparent_as_in_files(session, photo, kind):
    data, hole = keyed(photo, kind)
    image = Image.open(io.BytesIO(data))
    assert "transparency" in image.info and image.mode == kind
    result = session.cut(image)
    assert not np.asarray(result)[hole][:, 3].any() and np.asarray(result)[60, 60, 3] > 200
    wanted = decoded(session.cut(data))
    assert np.array_equal(np.asarray(result)[..., 3], wanted[..., 3])
    if kind != "I;16":  # whose file's result has 16 bits
        assert np.array_equal(np.asarray(result), wanted)
    assert "transparency" not in result.info


def test_key_of_sixteen_bits_in_an_image_of_eight(session, photo):
    rgb = photo.copy()
    rgb[50:70, 70:90] = (10, 20, 30)
    image = Image.fromarray(rgb)
    image.info["transparency"] = tuple(v * 257 for v in (10, 20, 30))  # as Pillow opens RGB;16
    assert not np.asarray(session.cut(image))[50:70, 70:90, 3].any()


def test_palettes_with_alpha(session, photo):
    image = Image.fromarray(photo).quantize(64)
    rgba = np.concatenate([np.array(image.getpalette()).reshape(-1, 3),
                           np.full((len(image.getpalette()) // 3, 1), 128)], 1).astype(np.uint8)
    image.putpalette(rgba.tobytes(), "RGBA")
    assert np.asarray(session.cut(image))[..., 3].max() <= 129


def profile(space):
    """An ICC profile as far as its header."""
    return bytes(12) + b"mntr" + space + b"XYZ " + bytes(104)


@pytest.mark.parametrize("mode,space,kept", [
    ("RGB", b"RGB ", True), ("RGBA", b"RGB ", True), ("P", b"RGB ", True), ("YCbCr", b"RGB ", True),
    ("L", b"GRAY", False), ("LA", b"GRAY", False), ("CMYK", b"CMYK", False), ("LAB", b"Lab ", False),
    ("RGB", b"CMYK", False), ("I;16", b"GRAY", False), ("L", b"RGB ", True)])
def test_profiles_of_another_space_are_left_behind(session, photo, mode, space, kept):
    image = Image.fromarray(np.zeros((40, 50), np.uint16)) if mode == "I;16" else made(photo, mode)
    image.info["icc_profile"], image.info["dpi"] = profile(space), (300, 300)
    for result in (session.cut(image), session.cut(image, background="white")):
        assert result.info == ({"icc_profile": profile(space)} if kept else {}) | {"dpi": (300, 300)}
    assert session.cut(image, keep_metadata=False).info == {}
    assert session.matte(image).info == {}
    with peel.BackgroundRemover() as remover:
        assert ("icc_profile" in remover(image).info) == kept


@pytest.mark.parametrize("name", ["cmyk_profile.jpg", "grey_profile.jpg", "rgb_trns.png", "l_trns.png"])
def test_reported_files(session, name):
    path = REPORTS / name
    if not path.exists():
        pytest.skip(f"{path} is not at hand")
    result = session.cut(Image.open(path))
    carried = result.info.get("icc_profile", bytes(20))
    assert carried[16:20] not in (b"CMYK", b"GRAY")
    assert np.array_equal(np.asarray(result), decoded(session.cut(path)))
    file = io.BytesIO()
    result.save(file, "PNG")  # and it can be saved as it is


def test_orientation_and_profile(session, photo):
    upright = Image.fromarray(photo)
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 270 degrees to see it upright
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    turned.save(file, "PNG", exif=exif, icc_profile=srgb)
    image = Image.open(io.BytesIO(file.getvalue()))
    result = session.cut(image)
    assert result.size == upright.size
    assert np.array_equal(np.asarray(result), session.cut(photo))
    assert result.info["icc_profile"] == srgb
