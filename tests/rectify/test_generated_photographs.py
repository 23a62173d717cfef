"""What bench/rectify/generate says is true about its pictures is true of their pixels."""
import json
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image, ImageDraw
import pytest

from generate import camera, pages, render, scene, several, subjects, texture
from generate.photos import Pool
import measures

ROOT = pathlib.Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("fonts")


def shots(count=6, difficulty=1, what="invoice"):
    return [scene.make([5, k], difficulty, Pool(), what, 480) for k in range(count)]


def test_the_mask_is_the_quad_of_the_corners():
    for shot in shots(difficulty=0):
        corners = np.array(shot.truth["corners"])
        assert shot.mask.sum() == pytest.approx(measures.area(corners), rel=2e-3)
        y, x = np.mgrid[0:shot.mask.shape[0], 0:shot.mask.shape[1]] + 0.5
        seen = np.array([(x * shot.mask).sum(), (y * shot.mask).sum()]) / shot.mask.sum()
        assert np.allclose(seen, centre_of(corners), atol=0.15)


def centre_of(p):
    """Of the area of a polygon."""
    q = np.roll(p, -1, 0)
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    return ((p + q) * cross[:, None]).sum(0) / (3 * cross.sum())


def test_coverage_of_border_pixels_is_exact():
    """A white sheet on nothing: each pixel holds the share of it that the sheet covers."""
    sheet = texture.Texture(np.ones((320, 224, 3), np.float32))
    right, down = np.array([np.cos(0.3), np.sin(0.3), 0]), np.array([np.sin(0.3), -np.cos(0.3), 0])
    place = np.array([12.0, -30, 160])
    eye = camera.Camera(96, 96, 90.0, 0.0, np.array([48.0, 48]), camera.looking(place, [2, 3, 0], 0.1), place)
    layer = render.Layer(sheet, -(right * 42 + down * 60) / 2, right, down, 42.0, 60.0)
    (left, top, _, _), _, cover = render.render(eye, layer, (96, 96), 2)
    corners = eye.project(layer.corners()) - [left, top]
    exact = np.zeros_like(cover)
    for row in range(cover.shape[0]):
        for column in range(cover.shape[1]):
            p = corners
            for axis, low in ((0, column), (1, row)):
                p = measures.clipped(p, lambda q: q[:, axis] - low)
                p = measures.clipped(p, lambda q: low + 1 - q[:, axis])
            exact[row, column] = measures.area(p) if len(p) else 0
    assert 0.2 < (exact > 0).mean() < 0.9
    assert np.abs(cover - exact).max() < 0.13
    assert np.abs(cover - exact)[(exact > 0) & (exact < 1)].mean() < 0.04


def test_homography_takes_corners_to_the_frame():
    for shot in shots(difficulty=2):
        t = shot.truth
        mapped = camera.apply(np.array(t["homography"]).reshape(3, 3), t["corners"])
        assert np.allclose(mapped, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [t["ratio"], 1], atol=1e-3)


def test_ratio_follows_from_corners_and_focal_length():
    """Without distortion a rectangle's proportions follow from its picture (Zhang & He 2007)."""
    for k in range(8):
        made = scene.Scene([9, k], 0, Pool(), "letter", 480)
        made.camera.k1 = 0.0
        flat = made.camera.project(made.main.corners())
        h = camera.homography([[0, 0], [1, 0], [1, 1], [0, 1]], flat - made.camera.centre)
        a, b = (np.array([h[0, j], h[1, j], h[2, j] * made.camera.focal]) for j in (0, 1))
        assert np.linalg.norm(a) / np.linalg.norm(b) == pytest.approx(made.ratio, rel=1e-6)


def test_light_falls_at_the_border_where_the_corners_say():
    """The photograph itself, not its mask: bright paper, dark ground, and the step between them at the quad's sides."""
    seen = 0
    for k in range(10):
        shot = scene.make([31, k], 0, Pool(), "letter", 480)
        grey = shot.pixels.astype(float).mean(2)
        quad = np.array(shot.truth["corners"])
        inside, outside = drawn(shot, quad, 0.94), 1 - drawn(shot, quad, 1.04)
        if np.median(grey[inside > 0]) - np.percentile(grey[outside > 0], 90) < 60:
            continue
        seen += 1
        for a, b in zip(quad, np.roll(quad, -1, 0)):
            along = a + (b - a) * np.linspace(0.2, 0.8, 30)[:, None]
            normal = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
            at = np.linspace(-4, 4, 33)
            places = along[:, None] + at[None, :, None] * normal  # outwards
            profile = np.median(sampled(grey, places), 0)
            middle = (profile[:6].mean() + profile[-6:].mean()) / 2
            assert abs(at[np.argmax(profile < middle)]) < 0.8
    assert seen >= 4


def drawn(shot, quad, factor):
    image = Image.new("L", (shot.truth["width"], shot.truth["height"]))
    grown = quad.mean(0) + (quad - quad.mean(0)) * factor
    ImageDraw.Draw(image).polygon([tuple(p) for p in grown], fill=1)
    return np.asarray(image)


def sampled(grey, places):
    x, y = places[..., 0] - 0.5, places[..., 1] - 0.5
    x, y = np.clip(x, 0, grey.shape[1] - 1.001), np.clip(y, 0, grey.shape[0] - 1.001)
    i, j = x.astype(int), y.astype(int)
    fx, fy = x - i, y - j
    return ((grey[j, i] * (1 - fx) + grey[j, i + 1] * fx) * (1 - fy) +
            (grey[j + 1, i] * (1 - fx) + grey[j + 1, i + 1] * fx) * fy)


@pytest.mark.parametrize("what", list(subjects.SUBJECTS))
def test_every_subject_at_every_difficulty(what):
    shot = scene.make([3, len(what)], len(what) % 4, Pool(), what, 320)
    t = shot.truth
    assert shot.pixels.shape == (t["height"], t["width"], 3)
    assert shot.pixels.std() > 5
    assert (t["kind"], t["what"]) == (subjects.SUBJECTS[what][0], what)
    corners = np.array(t["corners"])
    turn = np.roll(corners, -1, 0) - corners
    assert convex(turn)
    for also in t["also"]:
        assert measures.area(np.array(also["corners"])) < measures.area(corners)


def convex(sides):
    following = np.roll(sides, -1, 0)
    return (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0] > 0).all()


def test_several_sheets_lie_side_by_side_in_the_picture():
    for k in range(3):
        shot = several.make([6, k], 0, Pool(), 360)
        quads = [np.array(s["corners"]) for s in shot.truth["sheets"]]
        assert 2 <= len(quads) <= 6
        coverage = np.zeros(shot.pixels.shape[:2], int)
        for quad in quads:
            assert (quad > -1).all() and (quad < [shot.truth["width"] + 1, shot.truth["height"] + 1]).all()
            coverage += drawn(shot, quad, 0.97)
        assert coverage.max() == 1
        assert coverage.sum() == pytest.approx(0.97 ** 2 * sum(measures.area(q) for q in quads), rel=0.05)


def test_sets_are_the_same_bytes_again(tmp_path):
    for name, jobs in (("a", "1"), ("b", "2")):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "generate",
                str(tmp_path / name),
                "--set",
                "cluttered",
                "--count",
                "2",
                "--seed",
                "4",
                "--masks",
                "--what",
                "receipt",
                "--longest",
                "320",
                "--jobs",
                jobs,
            ],
            cwd=ROOT / "bench" / "rectify",
            check=True,
        )
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == [
        "cluttered-00000-mask.png",
        "cluttered-00000.jpg",
        "cluttered-00001-mask.png",
        "cluttered-00001.jpg",
        "truth.jsonl",
    ]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    records = [json.loads(line) for line in (tmp_path / "a/truth.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [r["difficulty"] for r in records] == [2, 3]
    assert records[0]["corners"] != records[1]["corners"]


def test_a_picture_does_not_depend_on_how_many_there_are(tmp_path):
    common = [sys.executable, "-m", "generate", "--set", "clean", "--seed", "4", "--longest", "320", "--jobs", "1"]
    for name, first, count in (("a", "0", "2"), ("b", "1", "1")):
        subprocess.run(
            [*common, str(tmp_path / name), "--first", first, "--count", count],
            cwd=ROOT / "bench" / "rectify",
            check=True,
        )
    assert (tmp_path / "a/clean-00001.jpg").read_bytes() == (tmp_path / "b/clean-00001.jpg").read_bytes()


@pytest.mark.parametrize("layout", pages.LAYOUTS)
def test_small_sheets_have_less_on_them(layout):
    """Tables of several sheets make some of them small."""
    for k, size in enumerate(((52, 74), (74, 52), (60, 60), (52, 74), (52, 74))):
        light, _ = pages.page(np.random.default_rng(k), layout, size, 2, Pool())
        assert light.shape[:2] == pytest.approx((2 * size[1], 2 * size[0]), abs=8)  # whole blocks
