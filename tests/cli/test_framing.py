"""Trimaps, islands, and how a cut-out is framed."""
import numpy as np
from PIL import Image
import pytest


@pytest.fixture
def disc(tmp_path):
    """A red disc of radius 40 at (100, 60) on grey, its trimap, and one with a second, small disc."""
    y, x = np.mgrid[0:120, 0:200]
    far = np.hypot(x - 100, y - 60)
    alpha = np.clip(40.5 - far, 0, 1)[..., None]
    noise = np.random.default_rng(1).integers(0, 9, (120, 200, 3))
    Image.fromarray((alpha * [200, 30, 20] + (1 - alpha) * [90, 100, 110] + noise).astype(np.uint8)
                    ).save(tmp_path / "disc.png")
    trimap = np.where(far < 34, 255, np.where(far > 46, 0, 128)).astype(np.uint8)
    Image.fromarray(trimap).save(tmp_path / "trimap.png")
    trimap[np.hypot(x - 180, y - 20) < 9] = 255
    trimap[np.hypot(x - 100, y - 60) < 5] = 0
    Image.fromarray(trimap).save(tmp_path / "islands.png")
    return alpha[..., 0]


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


def test_trimap_decides(peel, disc):
    assert peel("disc.png", "--trimap", "trimap.png", "--mask", "-o", "m.png").code == 0
    assert np.abs(pixels("m.png") / 255 - disc).mean() < 0.01
    done = peel("disc.png", "--trimap", "nothing.png", "-o", "n.png")
    assert done.code == 2 and "nothing.png" in done.err
    Image.new("L", (50, 50)).save("small.png")
    done = peel("disc.png", "--trimap", "small.png", "-o", "n.png")
    assert done.code == 1 and "50x50" in done.err and "200x120" in done.err


def test_islands_and_holes(peel, disc):
    given = ["disc.png", "--trimap", "islands.png", "--mask", "-o"]
    assert peel(*given, "all.png").code == 0
    assert peel(*given, "one.png", "--keep", "largest", "--fill-holes").code == 0
    assert pixels("all.png")[20, 180] == 255 and pixels("all.png")[60, 100] == 0
    assert pixels("one.png")[20, 180] == 0 and pixels("one.png")[60, 100] == 255


def test_crop_in_percent_size_and_position(peel, disc):
    given = ["disc.png", "--trimap", "trimap.png"]
    assert peel(*given, "--crop", "10%", "-o", "c.png").code == 0
    assert abs(Image.open("c.png").width - 97) <= 3
    done = peel(*given, "--crop", "--size", "300x200", "--position", "bottom-right",
                "--background", "#0000ff", "-o", "s.png")
    assert done.code == 0, done.err
    picture = pixels("s.png")
    assert picture.shape == (200, 300, 3)
    assert tuple(picture[100, 40]) == (0, 0, 255) and picture[100, 200, 0] > 150


def box_of(path):
    return Image.open(path).getchannel("A").point(lambda v: 255 * (v > 127)).getbbox()


def test_a_margin_for_every_side(peel, disc):
    given = ["disc.png", "--trimap", "trimap.png", "--crop"]
    for margins, (top, right, bottom, left) in (
            ("3", (3, 3, 3, 3)), ("2,7", (2, 7, 2, 7)), ("1,2,3,4", (1, 2, 3, 4)), ("0,900,0,0", (0, 59, 0, 0))):
        assert peel(*given, margins, "-o", "c.png").code == 0
        x0, y0, x1, y1 = box_of("c.png")
        width, height = Image.open("c.png").size
        for got, wanted in zip((y0, width - x1, height - y1, x0), (top, right, bottom, left)):
            assert abs(got - wanted) <= 2, (margins, got, wanted)


def test_the_subject_by_itself(peel, disc):
    given = ["disc.png", "--trimap", "trimap.png"]
    assert peel(*given, "--scale", "50%", "--position", "left", "-o", "s.png").code == 0
    assert Image.open("s.png").size == (200, 120)
    x0, y0, x1, y1 = box_of("s.png")
    assert x0 <= 3 and abs(x1 - x0 - 60) <= 4 and abs(y0 - 30) <= 3
    # As large as it is, where it was.
    assert peel(*given, "--scale", "original", "--position", "original", "-o", "o.png").code == 0
    assert peel(*given, "-o", "plain.png").code == 0
    # But for what is too faint to belong to its box.
    assert np.abs(pixels("o.png")[..., 3] - pixels("plain.png")[..., 3]).max() < 8
    assert peel(*given, "--scale", "100%", "--size", "90x90", "-o", "c.png").code == 0
    x0, y0, x1, y1 = box_of("c.png")
    assert x1 - x0 >= 84 and y1 - y0 >= 84


def test_at_most_so_many_pixels(peel, disc):
    assert peel("disc.png", "--max-output-pixels", "6000", "-o", "s.png").code == 0
    assert Image.open("s.png").size == (100, 60)


def test_strokes_correct_the_matte(peel, disc):
    assert peel("disc.png", "--mask", "-o", "before.png").code == 0
    before = pixels("before.png")
    assert before[60, 100] > 200 and before[10, 10] < 50
    strokes = np.full((120, 200, 4), (0, 0, 0, 0), np.uint8)
    strokes[58:63, 80:121] = 255, 0, 0, 255
    Image.fromarray(strokes).save("strokes.png")
    assert peel("disc.png", "--mask", "--hints", "strokes.png", "-o", "after.png").code == 0
    after = pixels("after.png")
    assert not after[58:63, 80:121].any() and after.mean() < before.mean() / 10
    # Over white they say the same.
    over = Image.new("RGB", (200, 120), "white")
    over.paste(Image.open("strokes.png"), mask=Image.open("strokes.png"))
    over.save("strokes.bmp")
    assert peel("disc.png", "--mask", "--hints", "strokes.bmp", "-o", "same.png").code == 0
    assert (pixels("same.png") == after).all()
    # Strokes that say nothing change nothing.
    Image.new("RGB", (200, 120), "blue").save("nothing.png")
    assert peel("disc.png", "--mask", "--hints", "nothing.png", "-o", "none.png").code == 0
    assert (pixels("none.png") == before).all()
    Image.new("RGB", (50, 50)).save("small.png")
    done = peel("disc.png", "--hints", "small.png", "-o", "n.png")
    assert done.code == 1 and "50x50" in done.err and "200x120" in done.err
    done = peel("disc.png", "--hints", "missing.png", "-o", "n.png")
    assert done.code == 2 and "missing.png" in done.err


def test_only_the_region_is_looked_at(peel, disc):
    assert peel("disc.png", "--mask", "--roi", "0,0,50%,100%", "-o", "m.png").code == 0
    mask = pixels("m.png")
    assert mask[60, 80] > 200 and not mask[:, 100:].any()
    done = peel("disc.png", "--roi", "50,0,20,9", "-o", "n.png")
    assert done.code == 1 and "region" in done.err


def test_shadow_falls_to_the_right_and_below(peel, disc):
    assert peel("disc.png", "--trimap", "trimap.png", "--shadow", "10,10,2,50%", "-o", "s.png"
                ).code == 0
    cut = pixels("s.png")
    assert 90 < cut[95, 135, 3] < 140 and cut[95, 135, :3].max() == 0
    assert cut[30, 60, 3] == 0
    # Without a value it takes none of its neighbours' either.
    done = peel("disc.png", "--trimap", "trimap.png", "--shadow", "--background", "white", "-o",
                "d.png")
    assert done.code == 0, done.err
    assert pixels("d.png")[103, 101].max() < 250


def test_background_picture_contained(peel, disc):
    Image.new("RGB", (20, 120), (9, 200, 9)).save("back.png")
    assert peel("disc.png", "--trimap", "trimap.png", "--background", "back.png",
                "--background-fit", "contain", "-o", "b.png").code == 0
    assert pixels("b.png")[2, 100].tolist() == [9, 200, 9, 255] and pixels("b.png")[2, 30, 3] == 0


@pytest.mark.parametrize("arguments", [
    ["--crop=-3"], ["--crop=x"], ["--size", "0x3"], ["--position", "middle"], ["--shadow=1"],
    ["--crop", "1,2,3"], ["--scale", "0%"], ["--scale", "120%"], ["--scale", "3"], ["--roi", "1,2,3"],
    ["--max-output-pixels", "0"], ["--keep", "two"], ["-af", "300"], ["-a", "--edges", "off"],
])
def test_wrong_values_are_2(peel, disc, arguments):
    done = peel("disc.png", *arguments, "-o", "x.png")
    assert done.code == 2 and done.err.strip(), arguments
