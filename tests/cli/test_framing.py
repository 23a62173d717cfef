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
    ["--keep", "two"], ["-af", "300"], ["-a", "--edges", "off"],
])
def test_wrong_values_are_2(peel, disc, arguments):
    done = peel("disc.png", *arguments, "-o", "x.png")
    assert done.code == 2 and done.err.strip(), arguments
