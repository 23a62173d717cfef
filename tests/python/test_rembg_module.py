"""peel.rembg against rembg's own steps, done here with Pillow: types, names, keywords, pixels."""
import array
import io
import mmap

import numpy as np
import pytest
from PIL import Image

import peel
from peel import rembg
from peel.rembg import bg
from peel.rembg.sessions import sessions, sessions_class, sessions_names
from peel.rembg.sessions.base import BaseSession
from pictures import SHARED, U2NETP, ball, decoded, encoded


@pytest.fixture
def u2netp(rembg_home):
    return rembg.new_session("u2netp")


@pytest.fixture
def photo():
    return ball(200, 150)


def oracle(image, mask, **flags):
    """rembg's steps after the network, for one mask."""
    if flags.get("only_mask"):
        return mask
    if flags.get("putalpha"):
        image = image.copy()
        image.putalpha(mask)
    else:
        image = Image.composite(image, Image.new("RGBA", image.size, 0), mask)
    if "bgcolor" in flags:
        image = Image.alpha_composite(Image.new("RGBA", image.size, flags["bgcolor"]), image)
    return image


FLAGS = [{}, {"only_mask": True}, {"putalpha": True}, {"bgcolor": (255, 0, 9, 200)},
         {"putalpha": True, "bgcolor": (0, 0, 0, 0)}, {"only_mask": True, "bgcolor": (1, 2, 3, 4)}]


@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "CMYK", "1"])
def test_pixels_after_the_mask(u2netp, photo, mode, flags):
    image = Image.fromarray(photo)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image = image.convert(mode)
    mask, = u2netp.predict(image)
    assert mask.mode == "L" and mask.size == image.size
    try:
        wanted = oracle(image, mask, **flags)
    except ValueError as error:  # Pillow cannot put a colour behind this mode; nor can rembg
        with pytest.raises(ValueError, match=str(error)[:10]):
            rembg.remove(image, session=u2netp, **flags)
        return
    got = rembg.remove(image, session=u2netp, **flags)
    assert got.mode == wanted.mode
    assert np.array_equal(np.asarray(got), np.asarray(wanted))


@pytest.mark.parametrize("format,mode", [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"),
                                         ("PNG", "P"), ("PNG", "I;16"), ("PNG", "1"),
                                         ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"),
                                         ("WEBP", "RGB"), ("WEBP", "RGBA"), ("GIF", "P"),
                                         ("BMP", "RGB"), ("TIFF", "RGB")])
@pytest.mark.parametrize("putalpha", [False, True])
def test_bytes_are_what_pillow_would_have_given(u2netp, photo, format, mode, putalpha):
    image = Image.fromarray(photo)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
    else:
        image = image.convert(mode)
    file = io.BytesIO()
    image.save(file, format)
    read = Image.open(io.BytesIO(file.getvalue()))
    try:
        wanted = oracle(read.copy(), u2netp.predict(read)[0], putalpha=putalpha)
        wanted.save(io.BytesIO(), "PNG")
    except (ValueError, OSError) as error:  # palettes and 16 bits take no alpha: nor in rembg
        assert putalpha and mode in ("P", "I;16")
        with pytest.raises(type(error)):
            rembg.remove(file.getvalue(), session=u2netp, putalpha=putalpha)
        return
    got = rembg.remove(file.getvalue(), session=u2netp, putalpha=putalpha)
    assert got[:8] == b"\x89PNG\r\n\x1a\n"
    got = Image.open(io.BytesIO(got))
    assert got.mode == wanted.mode
    assert np.array_equal(np.asarray(got), np.asarray(wanted))


def test_types(u2netp, photo):
    assert type(rembg.remove(encoded(photo), session=u2netp)) is bytes
    assert type(rembg.remove(photo, session=u2netp)) is np.ndarray
    assert isinstance(rembg.remove(Image.fromarray(photo), session=u2netp), Image.Image)
    for data in (photo, Image.fromarray(photo), bytearray(encoded(photo))):
        result = rembg.remove(data, session=u2netp, force_return_bytes=True)
        assert type(result) is bytes and decoded(result).shape == (150, 200, 4)
    for data in ("photo.jpg", None, 5, io.BytesIO(b"")):
        with pytest.raises(ValueError, match="is not supported"):
            rembg.remove(data, session=u2netp)


def test_arrays(u2netp, photo):
    rgba = rembg.remove(photo, session=u2netp)
    assert rgba.shape == (150, 200, 4)
    assert np.array_equal(rgba, decoded(rembg.remove(encoded(photo), session=u2netp)))
    mask = rembg.remove(photo, session=u2netp, only_mask=True)
    assert mask.shape == (150, 200)
    grey = rembg.remove(photo[..., 0], session=u2netp)
    assert np.array_equal(grey, np.asarray(rembg.remove(
        Image.fromarray(photo[..., 0]), session=u2netp)))
    assert np.array_equal(rembg.remove(photo[::-1][::-1], session=u2netp), rgba)


def test_input_image_is_left_alone(u2netp, photo):
    image = Image.fromarray(photo)
    rembg.remove(image, session=u2netp, putalpha=True)
    assert image.mode == "RGB" and np.array_equal(np.asarray(image), photo)


def test_orientation(u2netp, photo):
    exif = Image.Exif()
    exif[0x0112] = 6
    for format in ("JPEG", "PNG"):
        file = io.BytesIO()
        Image.fromarray(photo).save(file, format, exif=exif)
        got = decoded(rembg.remove(file.getvalue(), session=u2netp))
        assert got.shape == (200, 150, 4)
        from_image = rembg.remove(Image.open(io.BytesIO(file.getvalue())), session=u2netp)
        assert np.array_equal(np.asarray(from_image), got)


def test_post_process_mask(u2netp, photo):
    mask = rembg.remove(photo, session=u2netp, only_mask=True, post_process_mask=True)
    assert set(np.unique(mask)) <= {0, 255}
    plain = rembg.remove(photo, session=u2netp, only_mask=True)
    assert np.array_equal(mask, bg.post_process(plain))
    cut = rembg.remove(photo, session=u2netp, post_process_mask=True)
    assert np.array_equal(cut[..., 3], mask)


def test_decontaminate(u2netp, photo):
    cut = rembg.remove(photo, session=u2netp, decontaminate=True)
    mask = rembg.remove(photo, session=u2netp, only_mask=True)
    assert np.array_equal(cut[..., 3], mask)
    wanted = bg.decontaminate_cutout(Image.fromarray(photo), Image.fromarray(mask))
    assert np.array_equal(cut, np.asarray(wanted))
    naive = rembg.remove(photo, session=u2netp)
    soft = (mask > 20) & (mask < 235)
    assert cut[soft][:, :3].mean() > naive[soft][:, :3].mean()  # no dark halo


def test_bgcolor_of_three_numbers_is_opaque(u2netp, photo):
    cut = rembg.remove(photo, session=u2netp, bgcolor=(10, 20, 30))
    assert np.all(cut[..., 3] == 255)


def test_vitmatte_is_refused(u2netp, photo):
    with pytest.raises(peel.Unsupported, match="vitmatte"):
        rembg.remove(photo, session=u2netp, vitmatte=True)
    assert rembg.remove(photo, session=u2netp, vitmatte=True, only_mask=True).ndim == 2


class OwnSession(BaseSession):
    """A session as users write them."""

    def predict(self, img, *args, **kwargs):
        half = Image.new("L", img.size, 0)
        half.paste(kwargs.get("level", 255), (0, 0, img.width // 2, img.height))
        return [half] * kwargs.get("count", 1)


def test_sessions_of_ones_own(photo):
    session = OwnSession("mine")
    cut = rembg.remove(photo, session=session)
    assert np.all(cut[:, :100, 3] == 255) and not cut[:, 100:].any()
    assert rembg.remove(photo, session=session, level=90)[0, 0, 3] == 90
    assert rembg.remove(photo, session=session, count=3).shape == (450, 200, 4)
    assert np.array_equal(rembg.remove(photo, session=session, count=0), photo)
    assert set(np.unique(rembg.remove(photo, session=session, only_mask=True, level=127,
                                      post_process_mask=True))) <= {0, 255}


def test_cloth_masks_and_categories(photo):
    """The engine's stack taken apart, without the weights."""
    from peel.rembg.sessions.u2net_cloth_seg import Unet2ClothSession

    stack = np.zeros((30, 8, 4), np.uint8)
    for i in range(3):
        stack[10 * i:10 * (i + 1), i:i + 2, :3] = 255
    session = Unet2ClothSession.__new__(Unet2ClothSession)
    masks = session._masks(stack, 10, {})
    assert [np.flatnonzero(m[0]).tolist() for m in masks] == [[0, 1], [1, 2], [2, 3]]
    assert np.flatnonzero(session._masks(stack, 10, {"cc": "lower"})[0][0]).tolist() == [1, 2]
    attire = session._masks(stack, 10, {"cloth_category": "attire"})
    assert len(attire) == 1 and np.flatnonzero(attire[0][0]).tolist() == [0, 1, 2, 3]


def test_names():
    assert sessions_names == list(sessions) and len(sessions_class) == len(sessions_names)
    for name in ("u2net", "u2netp", "silueta", "isnet-general-use", "bria-rmbg", "sam",
                 "birefnet-general", "u2net_custom", "withoutbg"):
        assert sessions[name].name() == name
    from peel.rembg.session_factory import new_session
    from peel.rembg.sessions.u2net import U2netSession

    assert sessions["u2net"] is U2netSession and new_session is rembg.new_session


def test_unknown_and_missing_models(rembg_home):
    with pytest.raises(ValueError, match="No session class found for model 'u2nett'.*u2net"):
        rembg.new_session("u2nett")
    with pytest.raises(FileNotFoundError, match="silueta.onnx"):
        rembg.new_session("silueta")
    for name in ("sam", "withoutbg"):
        with pytest.raises(peel.Unsupported, match=name):
            rembg.new_session(name)


def test_default_model_is_the_embedded_one_and_says_so(rembg_home, photo, monkeypatch):
    from peel.rembg import session_factory

    monkeypatch.setattr(session_factory, "_told", False)
    with pytest.warns(RuntimeWarning, match="bria-rmbg"):
        cut = rembg.remove(photo)
    assert np.array_equal(cut, peel.cut(photo, compat="rembg"))
    assert rembg.new_session("peel").model_name == "peel"


def test_session_options(rembg_home, monkeypatch):
    class SessionOptions:  # ONNX Runtime's, as far as it counts
        intra_op_num_threads = 1
        inter_op_num_threads = 0

    assert rembg.new_session("u2netp", sess_opts=SessionOptions()).engine.threads == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert rembg.new_session("u2netp").engine.threads == 1
    session = rembg.new_session("u2netp", providers=["CPUExecutionProvider"])
    assert session.inner_session.get_providers() == ["CPUExecutionProvider"]
    for provider in ("CUDAExecutionProvider", "OpenVINOExecutionProvider"):
        with pytest.warns(RuntimeWarning, match="running on CPU"):
            session = rembg.new_session("u2netp", providers=[provider, "CPUExecutionProvider"])
        assert session.inner_session.get_providers() == ["CPUExecutionProvider"]


def test_custom_models_stay_within_the_homes(rembg_home, tmp_path, photo):
    inside = rembg_home / "models" / "mine.onnx"
    inside.symlink_to(U2NETP)
    session = rembg.new_session("u2net_custom", model_path=str(inside))
    wanted = rembg.remove(photo, session=rembg.new_session("u2netp"))
    assert np.array_equal(rembg.remove(photo, session=session), wanted)
    with pytest.raises(ValueError, match="within the models directory"):
        rembg.new_session("u2net_custom", model_path=str(U2NETP))
    with pytest.raises(ValueError, match="required"):
        rembg.new_session("u2net_custom")


def test_bad_bytes_raise_what_pillow_raises(u2netp):
    from PIL import UnidentifiedImageError

    for data in (b"", b"nonsense" * 9):
        with pytest.raises(UnidentifiedImageError):
            rembg.remove(data, session=u2netp)
    with pytest.raises(OSError):
        rembg.remove(encoded(ball())[:900], session=u2netp)


def test_bad_arrays(u2netp):
    for bad in (np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 7), np.uint8),
                np.zeros((5, 5, 3), np.float32)):
        with pytest.raises((TypeError, ValueError, ZeroDivisionError, SystemError)):
            rembg.remove(bad, session=u2netp)


class Given(BaseSession):
    """Soft around a disc; faint: without any certain subject."""

    def predict(self, img, *args, faint=False, **kwargs):
        y, x = np.mgrid[0:img.height, 0:img.width]
        disc = np.clip((50 - np.hypot(x - img.width / 2, y - img.height / 2)) * 12, 0, 255)
        return [Image.fromarray((disc // (3 if faint else 1)).astype(np.uint8))]


def remove(data, **flags):
    return rembg.remove(data, session=Given("given"), **flags)


MATTING = {"alpha_matting": True}


@pytest.mark.parametrize("session", ["given", "peel"])
def test_alpha_matting_and_its_numbers_change_pixels(photo, session):
    session = Given("given") if session == "given" else rembg.new_session("peel")
    noisy = (photo + np.random.default_rng(1).normal(0, 25, photo.shape)).clip(0, 255).astype(np.uint8)
    results = {name: rembg.remove(noisy, session=session, **flags) for name, flags in {
        "plain": {}, "matted": MATTING, "decontaminated": {"decontaminate": True},
        "foreground": {**MATTING, "alpha_matting_foreground_threshold": 60},
        "background": {**MATTING, "alpha_matting_background_threshold": 200},
        "erode": {**MATTING, "alpha_matting_erode_size": 25}}.items()}
    names = list(results)
    for i, one in enumerate(names):
        for other in names[i + 1:]:
            assert not np.array_equal(results[one], results[other]), (one, other)
    alpha = results["matted"][..., 3]
    assert alpha.max() == 255 and alpha.min() == 0


@pytest.mark.parametrize("mode,outcome", [
    ("RGB", "matted"), ("RGBA", "matted"), ("CMYK", "matted"), ("YCbCr", "matted"), ("HSV", "matted"),
    ("L", "not"), ("1", "not"), ("P", "not"), ("I;16", "not"), ("I", "not"), ("F", "not"),
    ("LA", AssertionError), ("PA", AssertionError), ("RGBa", AssertionError)])
def test_modes_that_matting_takes(photo, mode, outcome):
    """As the real rembg: one channel goes on without matting, two or four end it."""
    image = Image.fromarray(photo)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
    elif mode == "PA":
        image = image.convert("P")
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    elif mode in ("LA", "RGBa"):
        image = image.convert("RGBA").convert(mode)
    else:
        image = image.convert(mode)
    if isinstance(outcome, type):
        with pytest.raises(outcome, match="three channels"):
            remove(image, **MATTING)
        return
    got = np.asarray(remove(image, **MATTING))
    decontaminated = np.asarray(remove(image, decontaminate=True))
    assert np.array_equal(got, decontaminated) == (outcome == "not")
    assert got.shape == (150, 200, 4)
    if outcome == "not" and mode not in ("I", "F", "P", "I;16"):
        kept = remove(image, **MATTING, putalpha=True)
        assert np.array_equal(np.asarray(kept), np.asarray(remove(image, putalpha=True)))


@pytest.mark.parametrize("make", [lambda a: a, lambda a: Image.fromarray(a), encoded])
def test_without_a_certain_subject(photo, make):
    """rembg then takes the decontaminated colours, with putalpha those of the image."""
    data = make(photo)
    for flags in ({}, {"putalpha": True}):
        got = remove(data, faint=True, **MATTING, **flags)
        wanted = remove(data, faint=True, **(flags or {"decontaminate": True}))
        if isinstance(got, bytes):
            got, wanted = decoded(got), decoded(wanted)
        assert np.array_equal(np.asarray(got), np.asarray(wanted))
    image, mask = Image.fromarray(photo), Given("given").predict(Image.fromarray(photo), faint=True)[0]
    with pytest.raises(ValueError, match="no certain subject"):
        bg.alpha_matting_cutout(image, mask, 240, 10, 10)
    with pytest.raises(ValueError, match="no certain background"):
        bg.alpha_matting_cutout(image, Image.new("L", image.size, 255), 240, 10, 10)
    with pytest.raises(ValueError, match="no certain"):
        bg.alpha_matting_cutout(image, Given("given").predict(image)[0], 240, 10, 300)


def test_reported_dog(u2netp):
    path = SHARED / "images" / "reports" / "dog96.png"
    if not path.exists():
        pytest.skip(f"{path} is not at hand")
    data = path.read_bytes()
    got = rembg.remove(data, session=u2netp, alpha_matting=True, alpha_matting_erode_size=60)
    assert np.array_equal(decoded(got), decoded(rembg.remove(data, session=u2netp, decontaminate=True)))
    plain = decoded(rembg.remove(data, session=u2netp))
    assert not np.array_equal(decoded(got), plain)


@pytest.mark.parametrize("session", ["given", "peel"])
def test_putalpha_keeps_what_is_known_about_the_image(photo, session):
    session = Given("given") if session == "given" else rembg.new_session("peel")
    profile = bytes(16) + b"RGB " + bytes(108)
    for mode in ("RGB", "RGBA", "L"):
        image = Image.fromarray(photo).convert(mode)
        image.info.update(icc_profile=profile, dpi=(300, 300), comment="mine")
        kept = rembg.remove(image, session=session, putalpha=True)
        assert kept.info == image.info and kept.mode == ("LA" if mode == "L" else "RGBA")
        assert rembg.remove(image, session=session).info == {}
        assert rembg.remove(image, session=session, putalpha=True, only_mask=True).info == {}
    for format in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(photo).save(file, format, icc_profile=profile)
        for flags, wanted in (({"putalpha": True}, profile), ({}, None)):
            result = Image.open(io.BytesIO(rembg.remove(file.getvalue(), session=session, **flags)))
            assert result.info.get("icc_profile") == wanted, (format, flags)


def test_buffers_of_file_bytes(photo, tmp_path):
    path = tmp_path / "photo.png"
    data = encoded(photo)
    path.write_bytes(data)
    wanted = remove(data)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        read = np.fromfile(path, np.uint8)
        for buffer in (bytearray(data), memoryview(data), array.array("B", data), mapped, read,
                       read[:, None], read[None], read.view(np.int8)):
            assert remove(buffer, force_return_bytes=True) == wanted
            if not isinstance(buffer, np.ndarray):
                with pytest.raises(ValueError, match="force_return_bytes"):
                    remove(buffer)
    column = np.ascontiguousarray(photo[:, 5, 0])  # pixels of one column are no file
    assert decoded(rembg.remove(column[:, None], session=rembg.new_session("peel"),
                                force_return_bytes=True)).shape == (150, 1, 4)
    for data in ("photo.png", io.BytesIO(data), None):
        with pytest.raises(TypeError, match="bytes-like"):
            remove(data, force_return_bytes=True)
