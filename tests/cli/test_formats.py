"""TIFF and 16-bit colour against other programs' libraries, and what travels with a picture."""
import io
import struct
import zlib

from cli_support import ball
import numpy as np
from PIL import Image, ImageCms
import pytest
from scipy import ndimage

imagecodecs = pytest.importorskip("imagecodecs")
tifffile = pytest.importorskip("tifffile")


def deep(width=300, height=200, channels=3, seed=1):
    """16-bit pixels whose low bytes matter."""
    small = np.asarray(ball(width, height)).astype(np.uint16)
    low = np.random.default_rng(seed).integers(0, 256, small.shape, dtype=np.uint16)
    pixels = small * 256 + low
    if channels == 4:
        alpha = np.full((height, width, 1), 65535, np.uint16)
        alpha[: height // 2] = 40000
        pixels = np.concatenate([pixels, alpha], axis=-1)
    return pixels


def write_png16(path, pixels):
    path.write_bytes(imagecodecs.png_encode(pixels))


def read_png(data):
    return imagecodecs.png_decode(data)


@pytest.mark.parametrize("source", ["png", "tif"])
@pytest.mark.parametrize("target", ["png", "tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_stay_sixteen(peel, tmp_path, source, target, channels):
    pixels = deep(channels=channels)
    path = tmp_path / f"deep.{source}"
    if source == "png":
        write_png16(path, pixels)
    else:
        tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unassalpha"][: channels - 3])
    assert peel(path, "-o", f"cut.{target}").code == 0
    data = (tmp_path / f"cut.{target}").read_bytes()
    cut = read_png(data) if target == "png" else tifffile.imread(io.BytesIO(data))
    assert cut.dtype == np.uint16 and cut.shape == (200, 300, 4)
    assert peel(path, "--mask", "-o", "mask.png").code == 0
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    assert mask.dtype == np.uint8
    sure = mask == 255
    assert sure.mean() > 0.1
    assert (cut[sure][:, :3] == pixels[sure][:, :3]).all(), "the subject keeps all 16 bits"
    expected = mask.astype(np.int64) * 257
    if channels == 4:
        expected = (expected * pixels[..., 3] + 32767) // 65535
    assert (cut[..., 3] == expected).all()
    assert (cut[mask == 0] == 0).all()


def test_sixteen_bits_become_eight_where_they_must(peel, tmp_path):
    write_png16(tmp_path / "deep.png", deep())
    for name in ("a.jpg", "a.webp"):
        assert peel("deep.png", "-o", name).code == 0
        assert Image.open(tmp_path / name).size == (300, 200)


@pytest.mark.parametrize("options", [["--background", "#336699"], ["--background", "blur:9"],
                                     ["--shadow", "8,9,3,60%"], ["--crop", "7"], ["--max-size", "150"],
                                     ["--size", "400x400", "--position", "top-left"]],
                         ids=lambda o: o[0])
def test_framing_in_sixteen_bits_is_that_in_eight(peel, tmp_path, options):
    pixels = deep(450, 300)
    if options[0] == "--size":
        # Enlarging a steep edge overshoots, and eight bits clip that between the passes: how much depends on how
        # steep the model's matte happens to be. Soft edges have none of it.
        pixels = ndimage.gaussian_filter(pixels.astype(float), (6, 6, 0)).astype(np.uint16)
    write_png16(tmp_path / "deep.png", pixels)
    Image.fromarray((pixels >> 8).astype(np.uint8)).save(tmp_path / "flat.png")
    assert peel("deep.png", "-o", "a.png", *options).code == 0
    assert peel("flat.png", "-o", "b.png", *options).code == 0
    a = read_png((tmp_path / "a.png").read_bytes())
    b = np.asarray(Image.open(tmp_path / "b.png")).astype(float)
    assert a.dtype == np.uint16 and a.shape == b.shape
    a = a / 257.0
    if a.shape[2] == 4:  # colours weigh what can be seen of them
        assert np.abs(a[..., 3] - b[..., 3]).max() <= 12
        a, b = (p[..., :3] * p[..., 3:] / 255 for p in (a, b))
    assert np.abs(a - b).mean() < 1
    assert np.abs(a - b).max() <= 12  # resampling rounds and clips once more in eight bits


TIFFS = {
    "grey16": dict(shape=(40, 60), dtype=np.uint16, photometric="minisblack"),
    "white16": dict(shape=(40, 60), dtype=np.uint16, photometric="miniswhite"),
    "rgb8-lzw": dict(shape=(40, 60, 3), compression="lzw", predictor=True),
    "rgb8-packbits": dict(shape=(40, 60, 3), compression="packbits"),
    "rgb16-deflate": dict(shape=(40, 60, 3), dtype=np.uint16, compression="zlib", predictor=True),
    "rgb16-tiles": dict(shape=(40, 60, 3), dtype=np.uint16, tile=(16, 32), compression="zlib"),
    "rgba8-tiles": dict(shape=(40, 60, 4), tile=(32, 16), extrasamples=["unassalpha"]),
    "rgb16-planes": dict(shape=(3, 40, 60), dtype=np.uint16, planarconfig="separate"),
    "rgb8-planes-tiles": dict(shape=(3, 40, 60), planarconfig="separate", tile=(16, 16)),
    "rgb16-big": dict(shape=(40, 60, 3), dtype=np.uint16, bigtiff=True),
    "rgb16-motorola": dict(shape=(40, 60, 3), dtype=np.uint16, byteorder=">"),
    "rgb8-strips": dict(shape=(40, 60, 3), rowsperstrip=7, compression="zlib"),
    "zstd": dict(shape=(40, 60, 3), compression="zstd"),
    "lzma": dict(shape=(40, 60, 3), compression="lzma"),
}


@pytest.mark.parametrize("kind", TIFFS)
def test_tiffs_are_read(everything, tmp_path, kind):
    options = dict(TIFFS[kind])
    shape, dtype = options.pop("shape"), options.pop("dtype", np.uint8)
    options.setdefault("photometric", "rgb")
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)
    imwrite = {k: options.pop(k) for k in ("bigtiff", "byteorder") if k in options}
    tifffile.imwrite(tmp_path / "in.tif", pixels, **imwrite, **options)
    got = read_png(everything("in.tif", (60, 40)))
    assert got.dtype == dtype
    if options.get("planarconfig"):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 2:
        pixels = np.iinfo(dtype).max - pixels if kind == "white16" else pixels
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    assert (got[..., :3] == pixels[..., :3])[got[..., 3] > 0].all()
    if pixels.shape[-1] == 4:
        assert (got[..., 3] == pixels[..., 3]).all()


def test_tiff_kinds_by_pillow(everything, tmp_path):
    image = ball(60, 40)
    for mode in ("1", "L", "P", "CMYK", "LA", "RGBA"):
        converted = image.convert(mode)
        converted.save(tmp_path / "in.tif")
        got = read_png(everything("in.tif", (60, 40)))
        want = np.asarray(converted.convert("RGBA"))
        assert (got == want).all(), mode
    image.save(tmp_path / "in.tif", compression="jpeg", quality=95)
    got = read_png(everything("in.tif", (60, 40)))
    want = np.asarray(Image.open(tmp_path / "in.tif").convert("RGBA")).astype(int)
    assert np.abs(got.astype(int) - want).max() <= 1


def test_tiff_associated_alpha_is_divided_out(everything, tmp_path):
    rng = np.random.default_rng(5)
    straight = rng.integers(0, 65536, (20, 30, 4))
    straight[..., 3] = np.maximum(straight[..., 3], 20000)
    stored = straight.copy()
    stored[..., :3] = (straight[..., :3] * straight[..., 3:] + 32767) // 65535
    tifffile.imwrite(tmp_path / "in.tif", stored.astype(np.uint16), photometric="rgb",
                     extrasamples=["assocalpha"])
    got = read_png(everything("in.tif", (30, 20))).astype(int)
    assert (got[..., 3] == straight[..., 3]).all()
    assert np.abs(got[..., :3] - straight[..., :3]).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_orientations(everything, tmp_path, orientation):
    image = ball(60, 40)
    image.save(tmp_path / "in.tif", tiffinfo={274: orientation})
    upright = Image.open(tmp_path / "in.tif")
    upright.load()
    size = (60, 40) if orientation < 5 else (40, 60)
    got = everything("in.tif", size, "out.tif")
    out = Image.open(io.BytesIO(got))
    assert out.size == upright.size == size
    assert out.getexif().get(274, 1) == 1
    assert (np.asarray(out.convert("RGB")) == np.asarray(upright.convert("RGB"))).all()


def test_tiff_written_is_read_by_others(peel, photo, tmp_path):
    assert peel(photo, "-o", "a.png").code == 0
    assert peel(photo, "-o", "a.tif").code == 0
    assert peel(photo, "--format", "tiff", "-O", "out").code == 0
    want = np.asarray(Image.open(tmp_path / "a.png"))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        page = file.pages[0]
        assert (page.asarray() == want).all()
        assert page.compression == 8 and page.predictor == 2
        assert [int(v) for v in page.extrasamples] == [2]
    assert (np.asarray(Image.open(tmp_path / "out/photo.cut.tif")) == want).all()
    assert peel(photo, "--mask", "-o", "m.tiff").code == 0
    assert Image.open(tmp_path / "m.tiff").mode == "L"


def tagged(tmp_path, image=None):
    """A JPEG with an EXIF block (GPS, a maker note, orientation 6), XMP and a profile."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif.get_ifd(0x8769)[0xA434] = "Lens 50"
    exif.get_ifd(0x8769)[0x927C] = b"NOTE1234"
    exif.get_ifd(0x8825)[2] = (50.0, 30.0, 12.5)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
    (image or ball()).save(tmp_path / "tagged.jpg", exif=exif, icc_profile=profile, xmp=xmp)
    return profile, xmp


def xmp_of(image):
    data = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.tag_v2.get(700)
    return data.encode() if isinstance(data, str) else bytes(data)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif"])
def test_everything_about_the_photo_travels(peel, tmp_path, name):
    profile, xmp = tagged(tmp_path)
    assert peel("tagged.jpg", "-o", name).code == 0
    for again in (False, True):
        image = Image.open(tmp_path / name)
        image.load()
        assert image.size == (240, 320)
        assert image.info["icc_profile"] == profile
        assert xmp_of(image).strip(b"\0") == xmp
        exif = image.getexif()
        assert exif[0x010F] == "Maker" and exif.get(0x0112, 1) == 1
        assert exif.get_ifd(0x8769)[0xA434] == "Lens 50"
        assert exif.get_ifd(0x8769)[0x927C] == b"NOTE1234"
        assert tuple(map(float, exif.get_ifd(0x8825)[2])) == (50.0, 30.0, 12.5)
        if not again:  # and from this format on into another
            other = "b.png" if name != "a.png" else "b.tif"
            assert peel(name, "-o", other).code == 0
            name = other


@pytest.mark.parametrize("text,word", [("float", "floating-point"), ("deep", "32 bits"),
                                       ("short", "row"), ("header", "truncated")])
def test_tiffs_nobody_reads_say_why(peel, tmp_path, text, word):
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[::3] = np.random.default_rng(1).integers(0, 255, (100, 400, 3))
    if text == "float":
        tifffile.imwrite(tmp_path / "in.tif", pixels.astype(np.float32), photometric="rgb")
    elif text == "deep":
        tifffile.imwrite(tmp_path / "in.tif", pixels.astype(np.uint32), photometric="rgb")
    else:
        tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb", rowsperstrip=10,
                         compression="lzw" if text == "short" else None)
        data = (tmp_path / "in.tif").read_bytes()
        (tmp_path / "in.tif").write_bytes(data[: len(data) // (3 if text == "short" else 20)])
    done = peel("in.tif")
    assert done.code == 1 and "in.tif" in done.err and word in done.err, done.err
    assert not (tmp_path / "in.cut.png").exists()


def test_pixel_limit_is_checked_from_the_header(peel, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((300, 400), np.uint8))
    done = peel("in.tif", "--max-pixels", 1000)
    assert done.code == 1 and "limit" in done.err


@pytest.mark.parametrize("name", ["odd/multipage.tiff", "odd/hopper_lzw.tif", "odd/g4_orientation_5.tif",
                                  "odd/tiff_tiled_planar_16bit_RGBa.tiff"])
def test_pictures_of_others(peel, shared, tmp_path, name):
    assert peel(shared / name, "-o", "a.png").code == 0
    assert Image.open(tmp_path / "a.png").mode in ("RGBA", "RGB")
