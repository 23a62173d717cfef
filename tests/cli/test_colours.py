"""Colours look as before whatever a file says them by: PNG's gAMA and cHRM, grey and other profiles."""
import io
import struct
import zlib

from cli_support import ball
import numpy as np
from PIL import Image, ImageCms
import pytest

SRGB = ImageCms.createProfile("sRGB")
OUTPUTS = ["out.png", "out.jpg", "out.webp", "out.tif", "out.avif"]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(path, *chunks, image=None, behind_header=True):
    """A PNG with further chunks behind its header."""
    buffer = io.BytesIO()
    (image or ball(96, 64)).save(buffer, "PNG")
    data = buffer.getvalue()
    path.write_bytes(data[:33] + b"".join(chunk(*c) for c in chunks) + data[33:])
    return path


def gama(value):
    return b"gAMA", struct.pack(">I", value)


def chrm(*values):
    return b"cHRM", struct.pack(">8I", *values)


ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
SRGB_CHRM = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


def shown(image):
    """What a colour-managed program shows, in sRGB."""
    icc = image.info.get("icc_profile")
    rgb = image.convert("RGB")
    if icc is None:
        return np.asarray(rgb).astype(float)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    assert profile.profile.xcolor_space.strip() == "RGB"
    return np.asarray(ImageCms.profileToProfile(rgb, profile, SRGB, renderingIntent=1)).astype(float)


def to_srgb(light):
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


XYZ_OF_SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
XYZ_OF_ADOBE = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529],
                         [0.02703, 0.07069, 0.99134]])


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("kind", ["gamma 1", "gamma 1, grey", "adobe", "gamma 1.8"])
def test_gamma_and_primaries_become_a_profile(everything, tmp_path, kind, name):
    image = ball(96, 64).convert("L") if "grey" in kind else ball(96, 64)
    chunks = [gama({"gamma 1": 100000, "gamma 1, grey": 100000, "adobe": 45455, "gamma 1.8": 55556}[kind])]
    if kind == "adobe":
        chunks.append(chrm(*ADOBE))
    path = png_with(tmp_path / "in.png", *chunks, image=image)
    pixels = np.asarray(image.convert("RGB")) / 255.0
    if kind == "adobe":
        light = pixels ** 2.2 @ (np.linalg.inv(XYZ_OF_SRGB) @ XYZ_OF_ADOBE).T
    else:
        light = pixels ** (1.8 if "1.8" in kind else 1)
    lossy = name.endswith(("jpg", "webp", "avif"))
    out = Image.open(io.BytesIO(everything(path, image.size, name, *(["--quality", "100"] if lossy else []))))
    difference = np.abs(shown(out) - to_srgb(light))
    assert difference.mean() < (2.5 if lossy else 0.6), difference.mean()
    if not lossy:
        assert difference.max() < 3


@pytest.mark.parametrize("chunks", [
    [gama(45455)], [gama(45000)], [gama(45455), chrm(*SRGB_CHRM)], [chrm(*SRGB_CHRM)],
    [gama(45455), chrm(31271, 32902, 64001, 33001, 30000, 60000, 15000, 6000)],
    [gama(100000), (b"sRGB", b"\0")], [(b"sRGB", b"\0"), chrm(*ADOBE)],
    [gama(0)], [gama(1)], [gama(0xFFFFFFFF)], [gama(45455), chrm(*[0] * 8)],
    [gama(45455), chrm(*[0xFFFFFFFF] * 8)], [gama(45455), chrm(*[33333] * 8)],
    [gama(45455), chrm(31270, 0, 64000, 33000, 21000, 71000, 15000, 6000)],
    [(b"gAMA", b"\0")], [(b"cHRM", b"\0" * 31)],
], ids=range(16))
def test_srgb_and_nonsense_need_no_profile(everything, tmp_path, chunks):
    path = png_with(tmp_path / "in.png", *chunks)
    assert "icc_profile" not in Image.open(io.BytesIO(everything(path, (96, 64)))).info


def test_a_profile_wins_over_gamma_and_code_points_over_a_profile(everything, tmp_path):
    p3 = b"cICP", bytes([12, 13, 0, 1])
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    iccp = b"iCCP", b"x\0\0" + zlib.compress(own)

    def icc_of(*chunks):
        data = everything(png_with(tmp_path / "in.png", *chunks), (96, 64))
        return Image.open(io.BytesIO(data)).info.get("icc_profile")

    assert icc_of(gama(100000), iccp, chrm(*ADOBE)) == own
    assert icc_of((b"sRGB", b"\0"), iccp) == own
    only_p3 = icc_of(p3)
    assert only_p3 and icc_of(iccp, p3, gama(100000)) == only_p3
    assert icc_of((b"cICP", bytes([1, 13, 0, 1])), iccp) is None, "sRGB by code points"
    assert icc_of((b"cICP", bytes([2, 2, 0, 1])), iccp) == own, "code points that say nothing"
    assert icc_of((b"iCCP", b"x\0\0broken"), gama(100000)) == icc_of(gama(100000)) is not None


def test_gamma_behind_the_picture_says_nothing(everything, tmp_path):
    data = png_with(tmp_path / "in.png").read_bytes()
    (tmp_path / "in.png").write_bytes(data[:-12] + chunk(*gama(100000)) + data[-12:])
    assert "icc_profile" not in Image.open(io.BytesIO(everything("in.png", (96, 64)))).info


def test_pngs_that_others_reported(everything, shared):
    for name, like in (("gama1.png", 1.0), ("gama22_adobe_chrm.png", None)):
        source = Image.open(shared / "reports" / name).convert("RGB")
        out = Image.open(io.BytesIO(everything(shared / "reports" / name, source.size)))
        assert out.info["icc_profile"]
        pixels = np.asarray(source) / 255.0
        light = pixels if like else pixels ** 2.2 @ (np.linalg.inv(XYZ_OF_SRGB) @ XYZ_OF_ADOBE).T
        assert np.abs(shown(out) - to_srgb(light)).mean() < 1


def grey_profile(curve, connection=b"XYZ ", space=b"GRAY", name=b"kTRC"):
    """A grey profile of version 2 with this tone curve."""
    tags = [(b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)), (name, curve),
            (b"desc", b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + b"\0" * 78)]
    table, blobs = struct.pack(">I", len(tags)), b""
    for tag, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += tag + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(blobs), len(data))
        blobs += data
    head = (struct.pack(">I", 128 + len(table) + len(blobs)) + b"\0\0\0\0" + b"\2\x10\0\0" + b"mntr" + space
            + connection + b"\0" * 12 + b"acsp" + b"\0" * 28
            + struct.pack(">3i", 63190, 65536, 54061))
    return head.ljust(128, b"\0") + table + blobs


def table(values):
    values = np.round(np.clip(values, 0, 1) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()


def para(kind, *values):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + struct.pack(f">{len(values)}i",
                                                                    *(round(v * 65536) for v in values))


RAMP = np.linspace(0, 1, 256)
CURVES = {
    "identity": (b"curv\0\0\0\0\0\0\0\0", RAMP),
    "gamma": (b"curv\0\0\0\0\0\0\0\1\1\xcd\0\0", RAMP ** (0x1CD / 256)),
    "table": (table(RAMP ** 3), RAMP ** 3),
    "para 0": (para(0, 1.75), RAMP ** 1.75),
    "para 1": (para(1, 2.0, 1.25, -0.25), np.where(RAMP >= 0.2, (1.25 * RAMP - 0.25) ** 2, 0)),
    "para 2": (para(2, 2.0, 0.8, 0.1, 0.05), (0.8 * RAMP + 0.1) ** 2 + 0.05),
    "para 3": (para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), None),
    "para 4": (para(4, 2.0, 0.9, 0.1, 0.2, 0.1, 0, 0), np.where(RAMP >= 0.1, (0.9 * RAMP + 0.1) ** 2,
                                                               0.2 * RAMP)),
}


@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("source", ["in.png", "in.tif", "in.jpg"])
def test_grey_profiles_become_rgb_profiles_as_bright(everything, tmp_path, kind, source):
    tag, light = CURVES[kind]
    image = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (8, 1)))
    image.save(tmp_path / source, icc_profile=grey_profile(tag), **({"quality": 100} if "jpg" in source else {}))
    out = Image.open(io.BytesIO(everything(source, image.size)))
    assert out.mode in ("RGB", "RGBA")
    pixels = np.asarray(Image.open(tmp_path / source).convert("L"))
    want = pixels.astype(float) if light is None else to_srgb(light)[pixels]
    got = shown(out)
    assert np.abs(got - want[..., None]).max() <= 2.5
    assert np.ptp(got, axis=-1).max() <= 1, "still grey"


def test_grey_profile_through_lab(everything, tmp_path):
    """Connected through Lab, the curve's values are L*."""
    image = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (8, 1)))
    image.save(tmp_path / "in.png", icc_profile=grey_profile(table(RAMP), connection=b"Lab "))
    out = Image.open(io.BytesIO(everything("in.png", image.size)))
    lightness = 100 * RAMP
    light = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)
    assert np.abs(shown(out)[0, :, 1] - to_srgb(light)).max() <= 2


def test_dot_gain_webp(everything, shared):
    path = shared / "reports" / "dotgain15.webp"
    source = Image.open(path)
    grey = ImageCms.ImageCmsProfile(io.BytesIO(source.info["icc_profile"]))
    want = ImageCms.profileToProfile(source.convert("L"), grey, SRGB, renderingIntent=1, outputMode="RGB")
    out = Image.open(io.BytesIO(everything(path, source.size)))
    assert np.abs(shown(out) - np.asarray(want).astype(float)).mean() < 1


@pytest.mark.parametrize("space, word", [(b"CMYK", "CMYK"), (b"Lab ", "neither RGB nor grey")])
def test_profiles_for_other_pixels_are_left_out_and_told(peel, everything, tmp_path, space, word):
    ball(96, 64).save(tmp_path / "in.png", icc_profile=grey_profile(table(RAMP), space=space))
    out = Image.open(io.BytesIO(everything("in.png", (96, 64))))
    assert "icc_profile" not in out.info
    told = peel("in.png", "--trimap", "white.png", "-o", "again.png")
    assert told.code == 0 and word in told.err and "left out" in told.err


def test_grey_profile_on_colours_is_left_out_and_told(peel, everything, tmp_path):
    ball(96, 64).save(tmp_path / "in.png", icc_profile=grey_profile(table(RAMP ** 3)))
    assert "icc_profile" not in Image.open(io.BytesIO(everything("in.png", (96, 64)))).info
    assert "grey" in peel("in.png", "--trimap", "white.png", "-o", "again.png").err


def test_cmyk_pictures_carry_no_profile(peel, everything, tmp_path):
    cmyk = ball(96, 64).convert("CMYK")
    rgb_profile = ImageCms.ImageCmsProfile(SRGB).tobytes()
    for name, icc in (("cmyk.jpg", grey_profile(table(RAMP), space=b"CMYK")), ("rgb.jpg", rgb_profile)):
        cmyk.save(tmp_path / name, icc_profile=icc)
        out = Image.open(io.BytesIO(everything(name, (96, 64))))
        assert "icc_profile" not in out.info
        assert "profile" in peel(name, "--trimap", "white.png", "-o", "again.png").err


def test_grey_profile_without_a_curve_is_left_out_and_told(peel, tmp_path):
    Image.new("L", (64, 48), 100).save(tmp_path / "in.png",
                                      icc_profile=grey_profile(table(RAMP), name=b"rTRC"))
    Image.new("L", (64, 48), 255).save(tmp_path / "white.png")
    done = peel("in.png", "--trimap", "white.png", "-o", "out.png")
    assert done.code == 0 and "grey profile" in done.err
    assert "icc_profile" not in Image.open(tmp_path / "out.png").info
