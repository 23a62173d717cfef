"""What comes out: formats, backgrounds, crops, sizes, metadata, real photographs."""
import io
import json
import pathlib

from cli_support import ROOT, ball, leftovers
import numpy as np
from PIL import Image, ImageCms, ImageOps
import pytest


def alpha_of(path):
    return np.asarray(Image.open(path).convert("RGBA"))[..., 3]


@pytest.fixture(scope="session")
def real_model():
    """u2netp where it is at hand, which every photo can rely on; else the embedded model."""
    path = ROOT.parent / "shared/models/u2netp-fp32.onnx"
    return ["-m", path] if path.exists() else []


def test_the_subject_is_cut_out(peel, photo, tmp_path, real_model):
    assert peel(photo, *real_model).code == 0
    source = np.asarray(Image.open(photo).convert("RGB")).astype(int)
    cut = np.asarray(Image.open(tmp_path / "photo.cut.png"))
    assert cut.shape == (240, 320, 4)
    alpha = cut[..., 3]
    assert alpha[120, 160] == 255 and alpha[5, 5] == 0 and alpha[235, 315] == 0
    whole = alpha == 255
    assert 0.1 < whole.mean() < 0.5
    assert (cut[whole][:, :3] == source[whole]).all(), "subject pixels keep their colour"
    assert (cut[alpha == 0][:, :3] == 0).all(), "nothing is left of the background"


def test_mask(peel, photo, tmp_path, real_model):
    assert peel(photo, "--mask", *real_model).code == 0
    assert peel(photo, *real_model).code == 0
    mask = Image.open(tmp_path / "photo.mask.png")
    assert mask.mode == "L"
    assert (np.asarray(mask) == alpha_of(tmp_path / "photo.cut.png")).all()


@pytest.mark.parametrize("name,kind,mode", [("a.png", "PNG", "RGBA"), ("a.webp", "WEBP", "RGBA"),
                                            ("a.jpg", "JPEG", "RGB"), ("a.JPEG", "JPEG", "RGB")])
def test_format_follows_the_extension(peel, photo, tmp_path, name, kind, mode):
    assert peel(photo, "-o", name).code == 0
    image = Image.open(tmp_path / name)
    assert (image.format, image.mode, image.size) == (kind, mode, (320, 240))


def test_format_option_wins(peel, photo, tmp_path):
    assert peel(photo, "--format", "webp", "-o", "x.png").code == 0
    assert Image.open(tmp_path / "x.png").format == "WEBP"
    assert Image.open(io.BytesIO(peel(photo, "--format", "jpg", "-o", "-").out)).format == "JPEG"


def test_lossless_webp_has_the_png_pixels(peel, photo, tmp_path):
    assert peel(photo, "-o", "a.png").code == 0
    assert peel(photo, "-o", "a.webp", "--lossless").code == 0
    png, webp = (np.asarray(Image.open(tmp_path / n).convert("RGBA")) for n in ("a.png", "a.webp"))
    assert (png[..., 3] == webp[..., 3]).all()
    assert (png[png[..., 3] > 0] == webp[png[..., 3] > 0]).all()


def test_quality(peel, photo, tmp_path):
    sizes = []
    for quality in (10, 50, 95):
        assert peel(photo, "-o", "q.jpg", "--quality", quality).code == 0
        sizes.append((tmp_path / "q.jpg").stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("text,colour", [("white", (255, 255, 255)), ("#00f", (0, 0, 255)),
                                         ("rgb(10, 200, 30)", (10, 200, 30))])
def test_background_colour(peel, photo, tmp_path, real_model, text, colour):
    assert peel(photo, "-o", "a.png", "--background", text, *real_model).code == 0
    image = Image.open(tmp_path / "a.png")
    assert image.mode == "RGB" and image.getpixel((3, 3)) == colour


def test_background_half_transparent(peel, photo, tmp_path, real_model):
    assert peel(photo, "-o", "a.png", "--background", "#ff000080", *real_model).code == 0
    image = Image.open(tmp_path / "a.png")
    assert image.mode == "RGBA" and image.getpixel((3, 3)) == (255, 0, 0, 128)


def test_jpeg_without_background_is_white(peel, photo, tmp_path, real_model):
    assert peel(photo, "-o", "a.jpg", *real_model).code == 0
    assert min(Image.open(tmp_path / "a.jpg").getpixel((3, 3))) >= 253


def test_background_picture_covers(peel, photo, tmp_path, real_model):
    back = Image.new("RGB", (100, 400), (0, 0, 255))
    back.paste((255, 255, 0), (0, 0, 100, 100))  # cut off when the middle is taken
    back.save(tmp_path / "back.png")
    assert peel(photo, "-o", "a.png", "--background", "back.png", *real_model).code == 0
    image = Image.open(tmp_path / "a.png")
    assert image.mode == "RGB"
    for corner in ((1, 1), (318, 1), (1, 238), (318, 238)):
        assert image.getpixel(corner) == (0, 0, 255)


def test_background_blur_keeps_the_subject_out(peel, photo, tmp_path, real_model):
    assert peel(photo, "-o", "a.png", "--background", "blur:25", *real_model).code == 0
    image = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
    source = np.asarray(Image.open(photo)).astype(int)
    assert np.abs(image[120, 160] - source[120, 160]).max() == 0
    # Right beside the ball a plain blur would be reddish; the ground there is green.
    red, green, _ = image[120, 160 + 84 + 8]
    assert green > red + 15, image[120, 252]


def test_crop(peel, photo, tmp_path, real_model):
    assert peel(photo, *real_model).code == 0
    rows, columns = np.where(alpha_of(tmp_path / "photo.cut.png") >= 8)
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert peel("--crop", photo, "-o", "tight.png", *real_model).code == 0
    assert Image.open(tmp_path / "tight.png").size == (width, height)
    assert peel(photo, "--crop", 12, "-o", "wide.png", *real_model).code == 0
    assert Image.open(tmp_path / "wide.png").size == (width + 24, height + 24)
    assert peel(photo, "--crop", 9999, "-o", "all.png", *real_model).code == 0
    assert Image.open(tmp_path / "all.png").size == (320, 240)


def test_max_size(peel, tmp_path):
    ball(1600, 1200).save(tmp_path / "big.jpg", quality=90)
    assert peel("big.jpg", "--max-size", 400, "-o", "a.png").code == 0
    assert Image.open(tmp_path / "a.png").size == (400, 300)
    assert peel("big.jpg", "--max-size", 5000, "-o", "b.png").code == 0
    assert Image.open(tmp_path / "b.png").size == (1600, 1200)


def test_same_bytes_for_every_number_of_threads(peel, tmp_path):
    for i in range(3):
        ball(700 + 31 * i, 500).save(tmp_path / f"{i}.jpg", quality=90)
    results = []
    for extra in (["--threads", 1], ["--threads", 3, "--jobs", 1], ["--threads", 4, "--jobs", 3]):
        folder = "out" + "".join(map(str, extra))
        assert peel("0.jpg", "1.jpg", "2.jpg", "-O", folder, *extra).code == 0
        results.append([(tmp_path / folder / f"{i}.cut.png").read_bytes() for i in range(3)])
    assert results[0] == results[1] == results[2]


def test_profile_and_exif_travel(peel, photo, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    Image.open(photo).save(tmp_path / "meta.jpg", icc_profile=profile, exif=exif)
    for name in ("m.png", "m.webp", "m.jpg"):
        assert peel("meta.jpg", "-o", name).code == 0
        image = Image.open(tmp_path / name)
        assert image.size == (240, 320)
        assert image.info["icc_profile"] == profile
        assert image.getexif()[0x010F] == "Maker" and image.getexif()[0x0112] == 1
    assert peel("meta.jpg", "--mask", "-o", "mask.png").code == 0
    assert "icc_profile" not in Image.open(tmp_path / "mask.png").info


def test_input_alpha_is_multiplied_in(peel, tmp_path, real_model):
    image = ball().convert("RGBA")
    image.paste((0, 0, 0, 0), (160, 0, 320, 240))
    image.save(tmp_path / "half.png")
    assert peel("half.png", *real_model).code == 0
    alpha = alpha_of(tmp_path / "half.cut.png")
    assert alpha[:, 160:].max() == 0


def test_no_subject_is_said_and_empty(peel, tmp_path, real_model):
    Image.new("RGB", (200, 150), (120, 130, 140)).save(tmp_path / "plain.png")
    done = peel("plain.png", "--report", "r.json", *real_model)
    assert done.code == 0
    entry = json.loads((tmp_path / "r.json").read_text())[0]
    if not entry["subject"]:
        assert "no subject" in done.err
        assert np.asarray(Image.open(tmp_path / "plain.cut.png")).max() == 0
        assert entry["coverage"] == 0
    else:
        assert "no subject" not in done.err


def test_compat_rembg_differs_as_rembg_does(peel, photo, tmp_path, real_model):
    assert peel(photo, "-o", "a.png", "--compat", "rembg", *real_model).code == 0
    assert peel(photo, "-o", "mask.png", "--mask", "--compat", "rembg", *real_model).code == 0
    cut = np.asarray(Image.open(tmp_path / "a.png")).astype(int)
    mask = np.asarray(Image.open(tmp_path / "mask.png")).astype(int)
    source = np.asarray(Image.open(photo).convert("RGB")).astype(int)

    def times(a, b):
        t = a * b + 128
        return ((t >> 8) + t) >> 8

    assert (cut[..., 3] == mask).all()
    assert (cut[..., :3] == times(source, mask[..., None])).all()
    assert (mask.min(), mask.max()) == (0, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_orientations(peel, shared, tmp_path, real_model, shape, orientation):
    path = shared / "orientation" / f"{shape}_{orientation}.jpg"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    assert peel(path, "-o", "a.png", "--max-size", 600, *real_model).code == 0
    upright = ImageOps.exif_transpose(Image.open(path))
    size = Image.open(tmp_path / "a.png").size
    assert abs(size[0] / size[1] - upright.width / upright.height) < 0.01


def pictures(*folders):
    found = []
    for folder in folders:
        base = ROOT.parent / "shared/images" / folder
        found += [p for p in sorted(base.glob("*")) if p.suffix in (".jpg", ".png")
                  and "classes" not in p.name and "trimap" not in p.name]
    return found


@pytest.mark.parametrize("path", pictures("camera", "objects"), ids=lambda p: p.name)
def test_photographs(peel, tmp_path, real_model, path):
    done = peel(path, "-o", "a.png", *real_model)
    assert done.code == 0, done.err
    upright = ImageOps.exif_transpose(Image.open(path))
    cut = np.asarray(Image.open(tmp_path / "a.png"))
    assert cut.shape == (upright.height, upright.width, 4)
    share = (cut[..., 3] > 127).mean()
    assert "no subject" in done.err or 0 < share < 1


def test_the_samples(peel, tmp_path):
    samples = sorted(p for p in (ROOT / "samples").glob("*") if p.suffix in (".jpg", ".png", ".webp"))
    if not samples:
        pytest.skip("samples/ has no pictures")
    assert peel(*samples, "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == sorted(f"{p.stem}.cut.png" for p in samples)
