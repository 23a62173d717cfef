"""What goes into peel.cut and what comes out: types, layouts, and everything that is refused."""
import io

import numpy as np
import pytest
from PIL import Image

import peel
from pictures import SHARED, ball, decoded, encoded


@pytest.fixture(scope="module")
def wanted(session, photo):
    return session.cut(photo)


def test_arrays_give_arrays(wanted, photo):
    assert wanted.dtype == np.uint8 and wanted.shape == (*photo.shape[:2], 4)
    assert wanted.flags.writeable
    centre, corner = wanted[60, 80], wanted[2, 2]
    assert centre[3] == 255 and np.array_equal(centre[:3], photo[60, 80])
    assert corner[3] == 0


def test_every_way_in_gives_the_same_pixels(session, photo, png, wanted, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    for data in (png, bytearray(png), memoryview(png), str(path), path, io.BytesIO(png)):
        result = session.cut(data)
        assert isinstance(result, bytes)
        assert np.array_equal(decoded(result), wanted)
    with open(path, "rb") as file:
        assert np.array_equal(decoded(session.cut(file)), wanted)
    image = session.cut(Image.fromarray(photo))
    assert image.mode == "RGBA" and np.array_equal(np.asarray(image), wanted)


@pytest.mark.parametrize("change", [
    lambda a: np.asfortranarray(a),
    lambda a: a[::-1][::-1],
    lambda a: np.ascontiguousarray(a[::-1])[::-1],
    lambda a: np.ascontiguousarray(a[:, ::-1])[:, ::-1],
    lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
    lambda a: np.repeat(np.repeat(a, 2, 0), 2, 1)[::2, ::2],
    lambda a: np.pad(a, ((3, 4), (5, 6), (0, 0)))[3:-4, 5:-6],
    lambda a: np.ascontiguousarray(a.transpose(2, 0, 1)).transpose(1, 2, 0),
])
def test_layout_does_not_matter(session, photo, wanted, change):
    array = change(photo)
    assert np.array_equal(array, photo)
    assert np.array_equal(session.cut(array), wanted)


def test_input_is_left_alone_and_not_shared(session, photo):
    before = photo.copy()
    result = session.cut(photo, bgr=True)
    result[:] = 7
    assert np.array_equal(photo, before)


def test_bgr_in_and_out(session, photo, wanted):
    bgr = photo[..., ::-1]
    assert np.array_equal(session.cut(bgr, bgr=True)[..., [2, 1, 0, 3]], wanted)
    assert np.array_equal(session.cut(np.ascontiguousarray(bgr), bgr=True, background="white"),
                          session.cut(photo, background="white")[..., ::-1])
    bgra = np.dstack([bgr, np.full(photo.shape[:2], 255, np.uint8)])
    assert np.array_equal(session.cut(bgra, bgr=True)[..., [2, 1, 0, 3]], wanted)


def test_grey_arrays(session, photo):
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    spread = session.cut(np.repeat(grey[..., None], 3, 2))
    assert np.array_equal(session.cut(grey), spread)
    assert np.array_equal(session.cut(grey[..., None]), spread)


def test_matte(session, photo, png, wanted):
    matte = session.matte(photo)
    assert matte.shape == photo.shape[:2] and np.array_equal(matte, wanted[..., 3])
    assert np.array_equal(decoded(session.matte(png)), matte)
    assert session.matte(Image.fromarray(photo)).mode == "L"
    assert np.array_equal(peel.matte(photo), matte)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.uint32, np.int8, bool, np.int64])
def test_other_dtypes_are_refused(session, photo, kind):
    with pytest.raises(TypeError, match="uint8"):
        session.cut(photo.astype(kind))


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 3), (0,), (5, 5, 2), (5, 5, 5), (2, 5, 5, 3),
                                   (5,), (), (5, 5, 0)])
def test_other_shapes_are_refused(session, shape):
    with pytest.raises(peel.InvalidArgument, match="shape"):
        session.cut(np.zeros(shape, np.uint8))


def test_huge_arrays_are_refused_without_being_touched(session):
    huge = np.lib.stride_tricks.as_strided(np.zeros(3, np.uint8), (1 << 20, 1 << 20, 3), (0, 0, 1))
    with pytest.raises((peel.LimitExceeded, peel.OutOfMemory)):
        session.cut(huge)
    with pytest.raises(peel.LimitExceeded, match="pixels"):
        session.cut(np.zeros((40, 50, 3), np.uint8), max_pixels=1999)


@pytest.mark.parametrize("data", [None, 5, 5.0, object(), {}, [[1, 2, 3]], ("a", "b")])
def test_other_types_are_refused(session, data):
    with pytest.raises(TypeError, match="a picture is"):
        session.cut(data)


def test_file_objects(session, png, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(png)
    file = open(path, "rb")
    file.close()
    with pytest.raises(ValueError, match="closed"):
        session.cut(file)
    with pytest.raises(TypeError, match="binary"):
        session.cut(io.StringIO("text"))


def test_corrupted_bytes(session, png, tmp_path):
    for data, error in [(b"", peel.Error), (b"nonsense", peel.Unsupported),
                        (png[:len(png) // 2], peel.Corrupt), (png[:20], peel.Corrupt)]:
        with pytest.raises(error) as caught:
            session.cut(data)
        assert isinstance(caught.value, ValueError) and str(caught.value)
    bad = tmp_path / "bad.png"
    bad.write_bytes(png[:60])
    with pytest.raises(peel.Corrupt, match="bad.png: "):
        session.cut(bad)


def test_files_that_cannot_be_read(session, tmp_path):
    with pytest.raises(peel.NotFound, match="none.jpg: there is no such file") as caught:
        session.cut(tmp_path / "none.jpg")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(peel.IoError, match="cannot read it"):
        session.cut(tmp_path)
    with pytest.raises((peel.Error, ValueError)):
        session.cut("bad\0name.jpg")


def test_broken_pictures_raise_and_nothing_else(session):
    broken = SHARED / "images" / "broken"
    if not broken.is_dir():
        pytest.skip("../shared/images/broken is not at hand")
    outcomes = {"cut": 0, "refused": 0}
    for path in sorted(p for p in broken.iterdir() if p.is_file() and p.stat().st_size < 300_000):
        try:
            session.matte(path, max_pixels=4_000_000, max_size=64)
            outcomes["cut"] += 1
        except peel.Error as error:
            assert path.name in str(error)
            outcomes["refused"] += 1
    assert outcomes["refused"] > 5


def test_formats_and_options(session, photo, png):
    assert session.cut(png, format="jpg")[:2] == b"\xff\xd8"
    assert session.cut(png, format="WebP", lossless=True)[8:12] == b"WEBP"
    assert len(session.cut(png, format="jpg", quality=20)) < len(session.cut(png, format="jpg"))
    white = session.cut(photo, background=(255, 255, 255))
    assert white.shape[2] == 3 and tuple(white[0, 0]) == (255, 255, 255)
    assert np.array_equal(white, session.cut(photo, background="white"))
    assert session.cut(photo, background=(0, 0, 255, 128)).shape[2] == 4
    assert session.cut(photo, max_size=80).shape[:2] == (60, 80)
    cropped = session.run(photo, crop=True)
    assert cropped.width < 160 and cropped.x > 0 and cropped.image.shape[1] == cropped.width
    assert session.cut(photo, crop=5).shape[1] == cropped.width + 10


@pytest.mark.parametrize("options", [
    {"format": "bmp"}, {"format": 3}, {"quality": 0}, {"quality": 101}, {"edges": "sharp"},
    {"background": "no colour and no file"}, {"crop": -1}, {"max_size": 0}, {"work_size": -4},
    {"compat": "gimp"}, {"background": (1, 2)}, {"background": (1, 2, 300)}, {"max_size": 1.5},
    {"max_pixels": 0}, {"quality": "high"}, {"background": 7},
])
def test_options_that_make_no_sense(session, png, options):
    with pytest.raises((ValueError, TypeError, peel.Error)) as caught:
        session.cut(png, **options)
    assert str(caught.value)


def test_unknown_options_are_refused(session, png):
    with pytest.raises(TypeError, match="backgruond"):
        session.cut(png, backgruond="white")


def test_work_size_bounds_the_matte_not_the_result(session):
    big = ball(800, 600)
    full, small = session.cut(big), session.cut(big, work_size=200)
    assert small.shape == full.shape
    assert np.mean(np.abs(full[..., 3].astype(int) - small[..., 3])) < 4


def test_default_session_and_compat(photo):
    assert peel.cut(photo).shape == (120, 160, 4)
    rembgs = peel.cut(photo, compat="rembg")
    alpha = rembgs[..., 3]
    assert alpha.max() == 255 and np.all(rembgs[..., :3][alpha == 0] == 0)


def test_encoded_input_keeps_its_format_choice(session, photo):
    jpeg = encoded(photo, "JPEG", quality=95)
    assert session.cut(jpeg)[:4] == b"\x89PNG"


@pytest.mark.parametrize("change", [
    lambda a: a, lambda a: a.astype(">u2"), lambda a: a[:, ::-1][:, ::-1], lambda a: a[::-1].copy()[::-1],
    lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(np.uint16).reshape(a.shape),
    lambda a: np.dstack([a, np.full(a.shape[:2], 65535, np.uint16)])])
def test_sixteen_bits_in_and_out(session, photo, wanted, change):
    deep = photo.astype(np.uint16) * 257
    result = session.cut(change(deep))
    assert result.dtype == np.uint16 and result.shape == wanted.shape
    assert np.array_equal(result[..., 3], wanted[..., 3].astype(np.uint16) * 257)
    sure = wanted[..., 3] == 255
    assert np.array_equal(result[sure][:, :3], deep[sure])
    assert session.matte(deep).dtype == np.uint8
    bgr = session.cut(np.ascontiguousarray(change(deep)[..., [2, 1, 0]]), bgr=True)
    assert np.array_equal(bgr[..., [2, 1, 0, 3]], result)


def test_out(session, photo, wanted):
    out = np.zeros((240, 160, 4), np.uint8)[::2]  # of any strides
    assert session.cut(photo, out=out) is out and np.array_equal(out, wanted)
    matte = np.zeros(photo.shape[:2], np.uint8)
    session.matte(photo, out=matte)
    assert np.array_equal(matte, wanted[..., 3])
    for bad in (np.zeros((3, 3, 4), np.uint8), np.zeros(wanted.shape, np.float32)):
        with pytest.raises(peel.InvalidArgument, match="out"):
            session.cut(photo, out=bad)


def test_progress(session, photo, png):
    for data, last in ((photo, "compose"), (png, "encode")):
        told = []
        session.cut(data, progress=lambda stage, share: told.append((stage, share)))
        assert told[-1] == ("done", 1) and told[-2][0] == last

    def stop(stage, share):
        if stage == "matte":
            raise KeyboardInterrupt
        told.append(stage)

    with pytest.raises(KeyboardInterrupt):
        session.cut(photo, progress=stop)
    assert session.cut(photo) is not None
    import threading  # on another thread than the main one it is called in the caller's

    seen = []
    thread = threading.Thread(target=lambda: session.cut(
        photo, progress=lambda s, f: seen.append(threading.current_thread())))
    thread.start()
    thread.join()
    assert set(seen) == {thread}
    with pytest.raises(TypeError, match="progress"):
        session.cut(photo, progress=5)


def test_trimaps(session, photo, png, tmp_path):
    trimap = np.zeros(photo.shape[:2], np.uint8)
    trimap[40:80, 60:100] = 255
    path = tmp_path / "trimap.png"
    Image.fromarray(trimap).save(path)
    results = [session.cut(photo, trimap=t) for t in (trimap, Image.fromarray(trimap), path, str(path))]
    for result in results:
        assert np.array_equal(result[..., 3], trimap)
    assert np.array_equal(decoded(session.cut(png, trimap=trimap)), results[0])
    for bad, error in ((trimap[:5], peel.InvalidArgument), (trimap.astype(float), TypeError),
                       (np.dstack([trimap] * 3), peel.InvalidArgument)):
        with pytest.raises(error, match="trimap"):
            session.cut(photo, trimap=bad)


def test_probe(photo, png, tmp_path):
    assert peel.probe(png) == ("PNG", 160, 120, 1, 1, 8, 3, False)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", exif=exif)
    path = tmp_path / "turned.jpg"
    path.write_bytes(file.getvalue())
    info = peel.probe(path)
    assert (info.format, info.width, info.height, info.orientation) == ("JPEG", 120, 160, 6)
    with pytest.raises(peel.Error, match="bad.jpg: "):
        bad = tmp_path / "bad.jpg"
        bad.write_bytes(b"nothing")
        peel.probe(bad)
    with pytest.raises(TypeError, match="no header"):
        peel.probe(photo)


def test_buffers_are_files(session, png, wanted, tmp_path):
    import array
    import mmap

    path = tmp_path / "photo.png"
    path.write_bytes(png)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for buffer in (array.array("B", png), mapped, memoryview(bytearray(png))):
            assert np.array_equal(decoded(session.cut(buffer)), wanted)
    with pytest.raises(peel.InvalidArgument, match="tobytes"):
        session.cut(np.frombuffer(png, np.uint8))


class Upload:
    """As aiohttp and Starlette have them."""

    filename = "upload.png"

    def __init__(self, data):
        self.data = data

    async def read(self):
        return self.data


def test_reads_to_be_awaited(session, png, wanted):
    import asyncio
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of coroutines never awaited
        with pytest.raises(TypeError, match=r"await file.read\(\).*cut_async"):
            session.cut(Upload(png))
        with pytest.raises(TypeError, match="awaited first.*cut_async"):
            session.cut(Upload(png).read())
    for call in (lambda: session.cut_async(Upload(png)), lambda: peel.cut_async(Upload(png).read()),
                 lambda: peel.cut_async(Upload(png))):
        async def main():
            return await call()
        assert np.array_equal(decoded(asyncio.run(main())), wanted)

    async def bad():
        return await session.matte_async(Upload(b"nothing"))

    with pytest.raises(peel.Unsupported, match="upload.png: "):
        asyncio.run(bad())
