"""AVIF, HEIC, GIF, JPEG XL and camera raw against other programs' libraries."""
import io
import struct

from cli_support import ball
import numpy as np
from PIL import Image, ImageCms, ImageOps
import pytest

imagecodecs = pytest.importorskip("imagecodecs")
pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()


def rgba(data):
    return imagecodecs.png_decode(data)


def close(got, want, mean=1.5, most=None):
    """Two decoders of a lossy format: the same picture, but for roundings."""
    got, want = (np.asarray(p).astype(float) for p in (got, want))
    assert got.shape == want.shape
    assert np.abs(got - want).mean() < mean, np.abs(got - want).mean()
    if most:
        assert np.abs(got - want).max() <= most


def codecs(peel):
    import json
    return {c["format"]: c for c in json.loads(peel("doctor", "--json").out)["codecs"]}


AVIFS = ["hopper.avif", "hopper-missing-pixi.avif", "transparency.avif", "xmp_tags_orientation.avif",
         "exif.avif", "rot0mir0.avif", "rot0mir1.avif", "rot1mir0.avif", "rot1mir1.avif",
         "rot2mir0.avif", "rot2mir1.avif", "rot3mir0.avif", "rot3mir1.avif"]


@pytest.mark.parametrize("name", AVIFS)
def test_avifs_of_others(everything, shared, name):
    path = shared / "odd" / name
    image = Image.open(path)
    # Pillow gives the format's own turns as EXIF; what XMP says beside them does not count.
    want = (image if name.startswith("xmp") else ImageOps.exif_transpose(image)).convert("RGBA")
    got, want = rgba(everything(path, want.size)), np.array(want)
    want[want[..., 3] == 0] = 0  # what nobody sees is written as black
    close(got, want)


@pytest.mark.parametrize("name", ["odd/example.heic", "camera/IMG_5195.HEIC",
                                  "camera/iphone_13_pro_max.HEIC"])
def test_heics_of_others(everything, shared, name):
    path = shared / name
    want = Image.open(path).convert("RGBA")
    if want.width * want.height > 3_000_000:
        # The trimap has the size of what is decoded: reduce both afterwards.
        got = Image.fromarray(rgba(everything(path, want.size))).reduce(4)
        want = want.reduce(4)
        return close(got, want)
    close(rgba(everything(path, want.size)), want)


def test_heic_metadata_travels(peel, shared, tmp_path):
    path = shared / "camera/IMG_5195.HEIC"
    source = Image.open(path)
    assert peel(path, "--max-size", 200, "-o", "a.jpg").code == 0
    image = Image.open(tmp_path / "a.jpg")
    assert image.info["icc_profile"] == source.info["icc_profile"]
    exif = image.getexif()
    assert exif[0x010F] == source.getexif()[0x010F] and exif.get(0x0112, 1) == 1
    assert image.size[0] < image.size[1] if source.size[0] < source.size[1] else True


def test_ten_bits_of_avif_and_heic_become_sixteen(everything, tmp_path):
    ramp = np.linspace(0, 1023, 512).astype(np.uint16)
    deep = np.repeat(np.repeat(ramp[None, :, None], 64, axis=0), 3, axis=2)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(deep, level=100, bitspersample=10))
    pillow_heif.encode("RGB;16", (512, 64), (deep << 6).tobytes(), tmp_path / "a.heic", quality=-1)
    for name in ("a.avif", "a.heic"):
        got = rgba(everything(name, (512, 64)))
        assert got.dtype == np.uint16
        error = np.abs(got[..., :3].astype(int) - deep.astype(int) * 65535 // 1023)
        assert error.mean() < 200, (name, error.mean())
        # More levels than eight bits have.
        assert len(np.unique(got[..., 1])) > 300, name


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_avif_is_written(peel, photo, tmp_path, mode):
    options = {"RGB": ["--background", "white"], "RGBA": [], "L": ["--mask"]}[mode]
    assert peel(photo, "-o", "a.png", *options).code == 0
    assert peel(photo, "-o", "a.avif", *options).code == 0
    want = Image.open(tmp_path / "a.png")
    got = Image.open(tmp_path / "a.avif")
    assert got.format == "AVIF"
    if mode == "RGBA":
        assert got.mode == "RGBA"
        g, w = np.asarray(got).astype(float), np.asarray(want).astype(float)
        assert (g[..., 3] == w[..., 3]).all(), "alpha is packed without loss"
        sure = w[..., 3] == 255
        assert np.abs(g - w)[sure].mean() < 2.5
    else:
        close(got.convert(mode), want, mean=2)


def test_avif_quality_lossless_and_depth(peel, photo, tmp_path):
    sizes = []
    for quality in (20, 60, 95):
        assert peel(photo, "-o", "q.avif", "--quality", quality).code == 0
        sizes.append((tmp_path / "q.avif").stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]
    assert peel(photo, "-o", "a.png").code == 0
    assert peel(photo, "-o", "l.avif", "--lossless").code == 0
    got, want = (np.asarray(Image.open(tmp_path / n)) for n in ("l.avif", "a.png"))
    assert (got == want).all()
    deep = np.asarray(ball()).astype(np.uint16) * 257
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    assert peel("deep.png", "-o", "deep.avif").code == 0
    assert imagecodecs.avif_decode((tmp_path / "deep.avif").read_bytes()).dtype == np.uint16
    done = peel("deep.png", "-o", "x.avif", "--lossless")
    assert done.code == 1 and "8 bits" in done.err


def test_avif_keeps_metadata(peel, tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
    ball().save(tmp_path / "in.jpg", exif=exif, icc_profile=profile, xmp=xmp)
    assert peel("in.jpg", "-o", "a.avif").code == 0
    image = Image.open(tmp_path / "a.avif")
    assert image.size == (240, 320)
    assert image.info["icc_profile"] == profile and image.info["xmp"] == xmp
    assert image.getexif()[0x010F] == "Maker" and image.getexif().get(0x0112, 1) == 1
    assert peel("a.avif", "-o", "b.png").code == 0
    back = Image.open(tmp_path / "b.png")
    assert back.info["icc_profile"] == profile and back.getexif()[0x010F] == "Maker"


def test_wide_colours_are_not_shifted(everything, tmp_path):
    """A Display P3 picture told by code points alone: the profile that Peel writes must mean the same."""
    colours = [(255, 0, 0), (0, 255, 0), (30, 60, 200), (128, 128, 128), (250, 200, 20)]
    image = Image.new("RGB", (50, 16))
    for i, colour in enumerate(colours):
        image.paste(colour, (10 * i, 0, 10 * i + 10, 16))
    data = imagecodecs.avif_encode(np.asarray(image), level=100, primaries=12, transfer=13, matrix=0)
    (tmp_path / "p3.avif").write_bytes(data)
    out = Image.open(io.BytesIO(everything("p3.avif", (50, 16))))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(out.info["icc_profile"]))
    assert "P3" in ImageCms.getProfileDescription(profile)
    shown = ImageCms.profileToProfile(out.convert("RGB"), profile, ImageCms.createProfile("sRGB"),
                                      renderingIntent=1)
    # P3 to linear, by the published matrix to sRGB, and back to a signal.
    matrix = np.array([[1.2249401, -0.2249404, 0], [-0.0420569, 1.0420571, 0],
                       [-0.0196376, -0.0786361, 1.0982735]])
    for i, colour in enumerate(colours):
        v = np.array(colour) / 255
        linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
        srgb = np.clip(matrix @ linear, 0, 1)
        want = np.where(srgb <= 0.0031308, srgb * 12.92, 1.055 * srgb ** (1 / 2.4) - 0.055) * 255
        assert np.abs(np.array(shown.getpixel((10 * i + 5, 8))) - want).max() <= 2.5, colour


def test_srgb_by_code_points_needs_no_profile(everything, tmp_path):
    data = imagecodecs.avif_encode(np.asarray(ball(64, 48)), level=90, primaries=1, transfer=13, matrix=6)
    (tmp_path / "s.avif").write_bytes(data)
    assert "icc_profile" not in Image.open(io.BytesIO(everything("s.avif", (64, 48)))).info


GIFS = ["hopper.gif", "chi.gif", "transparent.gif", "dispose_bgnd.gif", "first_frame_transparency.gif",
        "no_palette.gif", "test.colors.gif", "star.gif"]


@pytest.mark.parametrize("name", GIFS)
def test_gifs_of_others(everything, shared, name):
    path = shared / "odd" / name
    want = Image.open(path).convert("RGBA")
    got, want = rgba(everything(path, want.size)), np.asarray(want)
    assert (got[..., 3] == want[..., 3]).all()
    seen = want[..., 3] > 0
    assert (got[seen] == want[seen]).all()


@pytest.mark.parametrize("mode,alpha", [("RGB", False), ("RGBA", True)])
@pytest.mark.parametrize("lossless", [True, False])
def test_jpeg_xl(peel, everything, tmp_path, mode, alpha, lossless):
    if not codecs(peel)["JPEG XL"]["reads"]:
        pytest.skip("built without libjxl")
    image = ball(120, 90).convert(mode)
    if alpha:
        image.putalpha(Image.linear_gradient("L").resize((120, 90)))
    (tmp_path / "a.jxl").write_bytes(
        imagecodecs.jpegxl_encode(np.asarray(image), lossless=lossless, level=None if lossless else 95))
    got = rgba(everything("a.jxl", (120, 90)))
    want = np.asarray(image.convert("RGBA"))
    seen = want[..., 3] > 0
    if lossless:
        assert (got[seen] == want[seen]).all()
    else:
        assert np.abs(got[seen].astype(float) - want[seen]).mean() < 4
    deep = np.asarray(ball(60, 40)).astype(np.uint16) * 257 + 3
    (tmp_path / "d.jxl").write_bytes(imagecodecs.jpegxl_encode(deep, lossless=True))
    assert (rgba(everything("d.jxl", (60, 40)))[..., :3] == deep).all()
    data = (tmp_path / "a.jxl").read_bytes()
    (tmp_path / "cut.jxl").write_bytes(data[: len(data) // 2])
    done = peel("cut.jxl")
    assert done.code == 1 and "JPEG XL" in done.err


def entry(tag, kind, count, value):
    return struct.pack("<HHI", tag, kind, count) + (value if isinstance(value, bytes) else struct.pack("<I", value))


def dng(preview, orientation):
    """A raw file as small as can be: a mosaic of 32 x 32 in a sub-directory, a JPEG preview in the first."""
    jpeg = io.BytesIO()
    preview.save(jpeg, "JPEG", quality=95)
    jpeg = jpeg.getvalue()
    mosaic = np.full((32, 32), 800, np.uint16).tobytes()
    maker, model = b"Maker\0", b"Camera\0\0"
    n0, n1 = 15, 13
    ifd0 = 8
    ifd1 = ifd0 + 2 + 12 * n0 + 4
    data = ifd1 + 2 + 12 * n1 + 4
    at = {}
    blob = b""
    for name, part in (("maker", maker), ("model", model), ("mosaic", mosaic), ("jpeg", jpeg)):
        at[name] = data + len(blob)
        blob += part + b"\0" * (len(part) % 2)
    short = lambda v: struct.pack("<HH", v, 0)  # noqa: E731
    first = [entry(254, 4, 1, 1), entry(256, 4, 1, preview.width), entry(257, 4, 1, preview.height),
             entry(259, 3, 1, short(7)), entry(262, 3, 1, short(6)), entry(271, 2, len(maker), at["maker"]),
             entry(272, 2, 7, at["model"]), entry(273, 4, 1, at["jpeg"]), entry(274, 3, 1, short(orientation)),
             entry(277, 3, 1, short(3)), entry(278, 4, 1, preview.height), entry(279, 4, 1, len(jpeg)),
             entry(330, 4, 1, ifd1), entry(50706, 1, 4, bytes([1, 4, 0, 0])), entry(50708, 2, 4, b"Cam\0")]
    second = [entry(254, 4, 1, 0), entry(256, 4, 1, 32), entry(257, 4, 1, 32), entry(258, 3, 1, short(16)),
              entry(259, 3, 1, short(1)), entry(262, 3, 1, short(32803)), entry(273, 4, 1, at["mosaic"]),
              entry(277, 3, 1, short(1)), entry(278, 4, 1, 32), entry(279, 4, 1, len(mosaic)),
              entry(284, 3, 1, short(1)), entry(33421, 3, 2, struct.pack("<HH", 2, 2)),
              entry(33422, 1, 4, bytes([0, 1, 1, 2]))]
    assert (len(first), len(second)) == (n0, n1)
    table = lambda entries: struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"  # noqa: E731
    return b"II*\0" + struct.pack("<I", ifd0) + table(first) + table(second) + blob


@pytest.mark.parametrize("orientation,size", [(1, (320, 240)), (6, (240, 320))])
def test_raw_preview(peel, tmp_path, orientation, size):
    if not codecs(peel)["camera raw"]["reads"]:
        pytest.skip("built without LibRaw")
    preview = ball()
    (tmp_path / "a.dng").write_bytes(dng(preview, orientation))
    assert peel("a.dng", "-o", "a.png").code == 0
    cut = Image.open(tmp_path / "a.png")
    assert cut.size == size
    centre = cut.getpixel((size[0] // 2, size[1] // 2))
    want = preview.getpixel((160, 120))
    assert centre[3] == 255 and max(abs(a - b) for a, b in zip(centre[:3], want)) < 8
    (tmp_path / "cut.dng").write_bytes(dng(preview, 1)[:900])
    done = peel("cut.dng")
    assert done.code == 1 and "cut.dng" in done.err


@pytest.mark.parametrize("kind", ["avif", "heic", "gif", "jxl"])
def test_truncated_files_say_so(peel, tmp_path, kind):
    image = ball()
    if kind == "jxl":
        data = imagecodecs.jpegxl_encode(np.asarray(image))
    else:
        buffer = io.BytesIO()
        image.save(buffer, {"avif": "AVIF", "heic": "HEIF", "gif": "GIF"}[kind])
        data = buffer.getvalue()
    (tmp_path / "x.bin").write_bytes(data[: len(data) * 2 // 3])
    done = peel("x.bin", "-o", "x.png")
    assert done.code == 1 and "x.bin" in done.err and not (tmp_path / "x.png").exists()


def test_broken_heics_never_crash(peel, shared, tmp_path):
    files = sorted((shared / "broken").glob("libheif_*"))
    assert len(files) > 30
    done = peel(*files, "-O", "out", timeout=300)
    assert done.code in (0, 1)
    written = len(list((tmp_path / "out").glob("*.cut.png")))
    assert written + sum(line.startswith("peel: error") for line in done.err.splitlines()) >= len(files)


def test_doctor_names_the_libraries(peel):
    found = codecs(peel)
    for name in ("TIFF", "AVIF", "HEIC", "GIF"):
        assert found[name]["reads"], found[name]
    assert found["AVIF"]["writes"] and found["TIFF"]["writes"]
