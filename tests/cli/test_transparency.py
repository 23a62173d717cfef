"""Pictures that come with transparency of their own: as input, and behind the subject."""
import io

import numpy as np
from PIL import Image, ImageCms
import pytest

from cli_support import ball


def pixels(path):
    return np.asarray(Image.open(path).convert("RGBA"))


@pytest.mark.parametrize("name", ["black_on_clear", "white_on_clear_white", "black_text_on_clear",
                                  "black_on_clear_white"])
def test_a_picture_that_is_cut_out_stays_whole(peel, shared, name):
    source = shared / "reports" / f"{name}.png"
    done = peel(source, "-o", "out.png")
    assert done.code == 0, done.err
    assert "cut out already" in done.err
    before, after = pixels(source), pixels("out.png")
    assert (after[..., 3] == before[..., 3]).all()
    seen = before[..., 3] > 0
    assert (after[seen] == before[seen]).all()
    peel(source, "--mask", "-o", "mask.png")
    assert (np.asarray(Image.open("mask.png")) == before[..., 3]).all()


def hidden_variants(tmp_path, sixteen=False):
    """The same half-clear photograph with different colours hidden under alpha 0."""
    photo = np.asarray(ball(300, 220).convert("RGBA")).copy()
    photo[:, :110, 3] = 0
    photo[:60, :, 3] = np.minimum(photo[:60, :, 3], 90)
    names = []
    for i, colour in enumerate([(0, 0, 0), (255, 255, 255), (255, 0, 255)]):
        variant = photo.copy()
        variant[variant[..., 3] == 0, :3] = colour
        names.append(tmp_path / f"hidden{i}.png")
        if sixteen:
            import cv2
            deep = variant[..., [2, 1, 0, 3]].astype(np.uint16) * 257
            cv2.imwrite(str(names[-1]), deep)
        else:
            Image.fromarray(variant).save(names[-1])
    return names


@pytest.mark.parametrize("options", [[], ["--mask"], ["--edges", "matting"], ["--crop", "5"],
                                     ["--background", "blur:6"], ["--max-size", "120"],
                                     ["--background", "white", "--format", "jpg"]])
def test_hidden_colours_have_no_say(peel, tmp_path, options):
    results = []
    for source in hidden_variants(tmp_path):
        done = peel(source, "-o", "-", *options)
        assert done.code == 0, done.err
        results.append(done.out)
    assert results[0] == results[1] == results[2]
    assert np.asarray(Image.open(io.BytesIO(results[0])).convert("L")).std() > 5


def test_hidden_colours_of_16_bits_have_no_say(peel, tmp_path):
    pytest.importorskip("cv2", reason="OpenCV writes the 16-bit pictures")
    results = [peel(source, "-o", "-", "--max-size", "150").out
               for source in hidden_variants(tmp_path, sixteen=True)]
    assert results[0] == results[1] == results[2] and results[0]


def test_a_frame_of_nothing_around_a_photograph_is_no_cut_out(peel, tmp_path):
    framed = Image.new("RGBA", (380, 300), (200, 10, 10, 0))
    framed.paste(ball(), (30, 30))
    framed.save(tmp_path / "framed.png")
    done = peel("framed.png", "-o", "out.png")
    assert done.code == 0 and "already" not in done.err
    alpha = pixels("out.png")[..., 3]
    assert alpha[150, 190] == 255 and alpha[45, 45] == 0


def test_a_background_keeps_its_transparency(peel, shared, photo):
    back = shared / "reports" / "bg_hidden_magenta.png"
    assert peel(photo, "--background", back, "-o", "out.png").code == 0
    out = pixels("out.png")
    assert out[5, 10].tolist() == [0, 120, 0, 255]  # its opaque half
    assert out[5, -10, 3] == 0
    assert out[120, 160, 3] == 255  # the subject
    assert peel(photo, "--background", back, "--background-fit", "contain", "-o", "fit.png").code == 0
    fit = pixels("fit.png")
    assert not ((fit[..., 0] > 200) & (fit[..., 1] < 50) & (fit[..., 2] > 200) &
                (fit[..., 3] > 0)).any()
    assert peel(photo, "--background", back, "-o", "out.jpg").code == 0
    flat = np.asarray(Image.open("out.jpg")).astype(int)
    assert (flat[:20, -20:] > 250).all()


def as_srgb(path):
    image = Image.open(path)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    rgb = ImageCms.profileToProfile(image.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
    return np.asarray(rgb).astype(int)


def test_a_background_looks_as_in_srgb_under_the_kept_profile(peel, shared, tmp_path):
    source = shared / "reports" / "photo_p3.jpg"
    assert peel(source, "--background", "rgb(200,60,60)", "-o", "colour.png").code == 0
    assert abs(as_srgb("colour.png")[3, 3] - (200, 60, 60)).max() <= 2
    Image.new("RGB", (40, 40), (20, 180, 90)).save(tmp_path / "green.png")
    assert peel(source, "--background", "green.png", "-o", "picture.png").code == 0
    assert abs(as_srgb("picture.png")[3, 3] - (20, 180, 90)).max() <= 2
    assert peel(source, "--background", "white", "-o", "white.png").code == 0
    assert np.asarray(Image.open("white.png"))[3, 3].tolist()[:3] == [255, 255, 255]


def test_a_background_in_another_profile_is_converted(peel, shared, photo, tmp_path):
    p3 = Image.open(shared / "reports" / "photo_p3.jpg").info["icc_profile"]
    Image.new("RGB", (40, 40), (200, 60, 60)).save(tmp_path / "p3.png", icc_profile=p3)
    assert peel(photo, "--background", "p3.png", "-o", "out.png").code == 0
    want = as_srgb("p3.png")[0, 0]
    assert abs(want - (200, 60, 60)).max() > 5
    assert abs(np.asarray(Image.open("out.png"))[3, 3].astype(int)[:3] - want).max() <= 2
