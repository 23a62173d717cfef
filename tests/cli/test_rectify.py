"""`peel rectify` and `peel cut --rectify`, end to end."""
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cli_support import ball, leftovers
from sheets import CORNERS, TWO, apply, ground, page, photo_of

CORNERS_TEXT = ",".join(f"{v}" for corner in CORNERS for v in corner)


def pixels(path_or_bytes):
    source = io.BytesIO(path_or_bytes) if isinstance(path_or_bytes, bytes) else path_or_bytes
    return np.asarray(Image.open(source))


def entries(path):
    text = path.read_text()
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def near(found, truth, within):
    return np.abs(np.asarray(found) - np.asarray(truth)).max() <= within


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "page.png"
    photo_of(CORNERS).save(path)
    return path


@pytest.fixture
def nothing(tmp_path):
    """A table without anything on it."""
    path = tmp_path / "table.jpg"
    Image.fromarray(ground()).save(path, quality=90)
    return path


# ---- what is found ---------------------------------------------------------------------------------

def test_a_sheet_is_found_and_straightened(peel, sheet, tmp_path):
    done = peel("rectify", sheet, "--report", "r.json")
    assert done.code == 0 and not done.err, done.err
    entry, = entries(tmp_path / "r.json")
    assert entry["status"] == "ok" and entry["kind"] == "document" and entry["output"].endswith("page.rect.png")
    assert near(entry["corners"], CORNERS, 1.5), entry["corners"]
    assert abs(entry["ratio"] / (420 / 594) - 1) < 0.05
    assert 0.5 < entry["confidence"] <= 1
    result = pixels(tmp_path / "page.rect.png")
    assert result.shape == (entry["height"], entry["width"], 3)
    # Its map leads the corners to those of the result, whose black square is at the top left.
    h, w = result.shape[:2]
    mapped = apply(np.reshape(entry["homography"], (3, 3)), entry["corners"])
    assert near(mapped, ((0, 0), (w, 0), (w, h), (0, h)), 0.01)
    flat = np.asarray(Image.fromarray(page(420, 594)).resize((w, h), Image.BOX), float)
    assert np.abs(result - flat).mean() < 12
    assert result[: h // 20, w // 2:].min() > 150  # no ground beside it
    assert set(entry["ms"]) >= {"read", "decode", "find", "warp", "encode", "write", "total"}


def test_corners_by_hand(peel, sheet, tmp_path):
    assert peel("rectify", sheet, "--corners", CORNERS_TEXT, "--size", "420x594", "--report", "r.jsonl").code == 0
    entry, = entries(tmp_path / "r.jsonl")
    assert entry["corners"] == [list(map(float, c)) for c in CORNERS] and entry["confidence"] == 1
    assert np.abs(pixels(tmp_path / "page.rect.png") - page(420, 594).astype(float)).mean() < 12


def test_corners_by_hand_need_no_model(peel, sheet):
    assert peel("rectify", sheet, "--corners", CORNERS_TEXT, "-m", "/nowhere.onnx").code == 0
    assert peel("rectify", sheet, "-m", "/nowhere.onnx", "-o", "b.png").code == 3


def test_the_order_of_corners_by_hand_turns(peel, sheet, tmp_path):
    turned = ",".join(CORNERS_TEXT.split(",")[2:] + CORNERS_TEXT.split(",")[:2])
    assert peel("rectify", sheet, "--corners", turned, "--size", "594x420", "-o", "a.png").code == 0
    assert peel("rectify", sheet, "--corners", CORNERS_TEXT, "--size", "594x420", "--turn", "270", "-o", "b.png").code == 0
    a, b = pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png")
    assert a.shape == b.shape and np.abs(a - b.astype(int)).max() <= 1


def test_all_sheets_in_reading_order(peel, tmp_path):
    photo_of(*TWO).save(tmp_path / "two.png")
    done = peel("rectify", "two.png", "--all", "--report", "r.json")
    assert done.code == 0, done.err
    told = entries(tmp_path / "r.json")
    count = len(told)
    assert [e["sheet"] for e in told] == list(range(1, count + 1)) and {e["sheets"] for e in told} == {count}
    assert [e["output"] for e in told] == [f"two-{i:03}.rect.png" for i in range(1, count + 1)]
    assert near(told[0]["corners"], TWO[0], 2) and near(told[-1]["corners"], TWO[1], 2)
    assert leftovers(tmp_path) == ["r.json", *(e["output"] for e in told), "two.png"]
    # Done means done, although only the run told how many there are; by the first, which is written last.
    again = peel("rectify", "two.png", "--all", "--skip-existing", "-v")
    assert again.code == 0 and "skipped" in again.err
    os.remove(tmp_path / "two-001.rect.png")
    assert "skipped" not in peel("rectify", "two.png", "--all", "--skip-existing", "-v").err
    # On standard output they follow each other.
    stream = peel("rectify", "-", "--all", stdin=(tmp_path / "two.png").read_bytes())
    assert stream.out.count(b"\x89PNG") == count
    assert stream.out.startswith((tmp_path / "two-001.rect.png").read_bytes())


# ---- abstaining --------------------------------------------------------------------------------------

def test_abstaining_is_no_failure(peel, nothing, tmp_path):
    done = peel("rectify", nothing, "--report", "r.jsonl")
    assert done.code == 0 and len(done.err.splitlines()) == 1 and "not straightened" in done.err
    entry, = entries(tmp_path / "r.jsonl")
    assert entry["status"] == "abstained" and entry["reason"] and entry["output"] == "" and "corners" not in entry
    assert leftovers(tmp_path) == ["r.jsonl", "table.jpg"]


def test_what_abstains_is_kept_byte_for_byte(peel, nothing, tmp_path):
    assert peel("rectify", nothing, "--keep", "-o", "kept.jpg").code == 0
    assert (tmp_path / "kept.jpg").read_bytes() == nothing.read_bytes()
    # In another format its pixels are.
    assert peel("rectify", nothing, "--keep", "-o", "kept.png").code == 0
    assert (pixels(tmp_path / "kept.png") == pixels(nothing)).all()


def test_a_cut_out_that_abstains_is_a_cut_out(peel, tmp_path):
    ball().save(tmp_path / "ball.png")
    done = peel("cut", "ball.png", "--rectify", "--report", "r.json")
    assert done.code == 0 and "not straightened" in done.err
    plain = peel("cut", "ball.png", "-o", "plain.png")
    assert plain.code == 0
    assert (tmp_path / "ball.cut.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
    entry, = entries(tmp_path / "r.json")
    assert entry["status"] == "done" and entry["rectify"]["status"] == "abstained"


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1), (3, 3), (40, 2)])
def test_pictures_too_small_for_anything(peel, tmp_path, shape):
    Image.new("RGB", shape, (200, 190, 180)).save(tmp_path / "small.png")
    for more in ([], ["--kind", "screen"], ["--draw"], ["--all"], ["--cutout"]):
        done = peel("rectify", "small.png", *more)
        assert done.code == 0 and "not straightened" in done.err, (more, done.err)
    assert leftovers(tmp_path) == ["small.png"]


def drawn(kind):
    """What is no quad: a triangle, an oval, a star on the table."""
    from PIL import ImageDraw

    image = Image.fromarray(ground())
    draw = ImageDraw.Draw(image)
    if kind == "triangle":
        draw.polygon([(400, 80), (680, 520), (120, 520)], fill=(240, 240, 235))
    elif kind == "oval":
        draw.ellipse([150, 100, 650, 500], fill=(240, 240, 235))
    elif kind == "star":
        points = [(400 + r * np.sin(a), 300 - r * np.cos(a)) for a, r in
                  ((np.pi * i / 5, 250 if i % 2 == 0 else 100) for i in range(10))]
        draw.polygon(points, fill=(240, 240, 235))
    return image


@pytest.mark.parametrize("kind", ["triangle", "oval", "star"])
def test_shapes_that_are_no_quads(peel, tmp_path, kind):
    drawn(kind).save(tmp_path / "shape.png")
    done = peel("rectify", "shape.png")
    assert done.code == 0 and "not straightened" in done.err


@pytest.mark.parametrize("name, sheets", [
    ("larger than the picture", [((-50, -40), (850, -30), (860, 640), (-60, 650))]),
    ("three sides outside", [((-50, -40), (850, -30), (820, 500), (-20, 480))]),
    ("many", [((x, y), (x + 80, y + 4), (x + 78, y + 90), (x - 3, y + 86))
              for x in range(40, 700, 110) for y in range(30, 480, 110)])])
def test_hard_pictures_have_an_answer(peel, tmp_path, name, sheets):
    photo_of(*sheets).save(tmp_path / "hard.png")
    for more in ([], ["--all"], ["--kind", "product"]):
        done = peel("rectify", "hard.png", *more, "--report", "r.jsonl", "-O", "out")
        assert done.code == 0, done.err
        assert all(e["status"] in ("ok", "abstained") for e in entries(tmp_path / "r.jsonl"))


def test_a_folded_sheet(peel, tmp_path):
    """Its lower half is folded towards the camera: six corners."""
    upper, lower = page(420, 297), page(420, 297, 3) // 2
    pixels = ground()
    from sheets import onto
    onto(pixels, upper, ((200, 80), (600, 80), (620, 300), (180, 300)))
    onto(pixels, lower, ((180, 300), (620, 300), (560, 520), (240, 520)))
    Image.fromarray(pixels).save(tmp_path / "folded.png")
    done = peel("rectify", "folded.png", "--report", "r.jsonl")
    assert done.code == 0 and entries(tmp_path / "r.jsonl")[0]["status"] in ("ok", "abstained")


# ---- what is refused ---------------------------------------------------------------------------------

@pytest.mark.parametrize("corners, word", [
    ("0,0,100,100,100,0,0,100", "cross"), ("0,0,0,0,100,100,0,100", "coincide"),
    ("0,0,50,50,100,100,0,100", ""), ("0,0,0,100,100,100,100,0", ""), ("0,0,100,0,30,30,0,100", ""),
    ("0,0,100,0,100,100", "four corners"), ("0,0,100,0,100,100,0,x", "four corners"),
    ("0,0,100,0,100,nan,0,100", "four corners"), ("0,0,100,0,100,inf,0,100", "four corners"),
    ("0,0,100,0,100,100,0,100,1,1", "four corners"), ("", ""), ("1e300,0,1,0,1,1,0,1", "four corners")])
def test_corners_that_are_none(peel, sheet, tmp_path, corners, word):
    done = peel("rectify", sheet, f"--corners={corners}")
    assert done.code == 2 and word in done.err and "corners" in done.err
    assert leftovers(tmp_path) == ["page.png"]


def test_corners_far_outside(peel, sheet, tmp_path):
    done = peel("rectify", sheet, "--corners", "0,0,9000,0,9000,9000,0,9000")
    assert done.code == 1 and "far outside" in done.err and "800x600" in done.err
    # A little outside is what happens to sheets that the picture cuts off.
    assert peel("rectify", sheet, "--corners=-40,-20,640,130,680,640,-10,500", "-o", "b.png").code == 0


@pytest.mark.parametrize("given", [
    ["--draw", "--cutout"], ["--draw", "--enhance", "gray"], ["--draw", "--margin", "3"], ["--draw", "--turn", "90"],
    ["--all", "--corners", CORNERS_TEXT], ["--all", "--all-frames"], ["--background", "red"],
    ["--ratio", "0:1"], ["--ratio", "a9"], ["--size", "0x3"], ["--size", "x"], ["--size", "100"], ["--dpi", "0"],
    ["--margin", "much"], ["--enhance", "best"], ["--turn", "45"], ["--kind", "cat"], ["--format", "bmp"],
    ["--pdf", "a.pdf", "-o", "a.png"], ["--pdf", "a.pdf", "-O", "o"], ["--pdf", "a.pdf", "--format", "png"],
    ["--pdf", "a.pdf", "--skip-existing"], ["--pdf", "a.pdf", "--watch"]])
def test_what_makes_no_sense_is_refused(peel, sheet, tmp_path, given):
    done = peel("rectify", sheet, *given)
    assert done.code == 2 and done.err
    assert leftovers(tmp_path) == ["page.png"]


@pytest.mark.parametrize("given", [["--compat", "rembg"]])
def test_cut_refuses_too(peel, sheet, given):
    assert peel("cut", sheet, "--rectify", *given).code == 2


def test_a_margin_that_leaves_nothing(peel, sheet):
    done = peel("rectify", sheet, "--corners", CORNERS_TEXT, "--margin=-60%")
    assert done.code == 1 and "margin" in done.err


# ---- the result ----------------------------------------------------------------------------------------

def test_cut_and_straightened_in_one_go(peel, sheet, tmp_path):
    done = peel(sheet, "--rectify", "--report", "r.json")
    assert done.code == 0, done.err
    result = pixels(tmp_path / "page.cut.png")
    assert result.shape[2] == 4 and (result[..., 3] > 250).mean() > 0.97
    entry, = entries(tmp_path / "r.json")
    assert entry["status"] == "done" and near(entry["rectify"]["corners"], CORNERS, 1.5)


def test_cutout_is_transparent_around_the_quad(peel, sheet, tmp_path):
    assert peel("rectify", sheet, "--corners", CORNERS_TEXT, "--size", "210x297", "--margin", "20", "--cutout").code == 0
    alpha = pixels(tmp_path / "page.cut.png")[..., 3]
    assert alpha.shape == (337, 250)
    assert not alpha[:19].any() and not alpha[:, :19].any() and not alpha[-19:].any() and not alpha[:, -19:].any()
    assert alpha[24:-24, 24:-24].min() > 200
    over = peel("rectify", sheet, "--corners", CORNERS_TEXT, "--size", "210x297", "--margin", "20", "--cutout",
                "--background", "#00f", "-o", "blue.png")
    assert over.code == 0 and tuple(pixels(tmp_path / "blue.png")[3, 3]) == (0, 0, 255)


def test_what_lies_outside_of_the_picture_is_transparent(peel, tmp_path):
    photo_of(((-120, 60), (600, 90), (640, 560), (-150, 520))).save(tmp_path / "cut-off.png")
    corners = "--corners=-120,60,600,90,640,560,-150,520"
    assert peel("rectify", "cut-off.png", corners, "--cutout", "-o", "a.png").code == 0
    alpha = pixels(tmp_path / "a.png")[..., 3]
    middle = alpha.shape[0] // 2
    assert not alpha[middle, :20].any() and alpha[middle, -40:-10].min() > 200
    # Without a cut-out the picture goes on there.
    assert peel("rectify", "cut-off.png", corners, "-o", "b.png").code == 0
    assert pixels(tmp_path / "b.png").shape[2] == 3


def test_paper_whose_size_is_known_has_a_resolution(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT]
    assert peel(*base, "--ratio", "a4", "-o", "a4.png").code == 0
    a4 = Image.open(tmp_path / "a4.png")
    assert abs(a4.width / a4.info["dpi"][0] * 25.4 - 210) < 1 and abs(a4.height / a4.info["dpi"][1] * 25.4 - 297) < 1
    assert peel(*base, "--ratio", "a4", "--dpi", "150", "-o", "150.png").code == 0
    fine = Image.open(tmp_path / "150.png")
    assert fine.size == (1240, 1754) and round(fine.info["dpi"][0]) == 150
    assert peel(*base, "--ratio", "3:4", "-o", "free.png").code == 0
    free = Image.open(tmp_path / "free.png")
    assert "dpi" not in free.info and abs(free.width / free.height - 3 / 4) < 0.01
    done = peel(*base, "--ratio", "3:4", "--dpi", "150", "-o", "x.png")
    assert done.code == 1 and "paper" in done.err


def test_one_side_of_the_size(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT, "--ratio", "1:2"]
    assert peel(*base, "--size", "100x", "-o", "w.png").code == 0
    assert peel(*base, "--size", "x100", "-o", "h.png").code == 0
    assert pixels(tmp_path / "w.png").shape[:2] == (200, 100)
    assert pixels(tmp_path / "h.png").shape[:2] == (100, 50)


def test_profile_and_metadata_stay(peel, tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side
    exif[0x010F] = "Maker"
    exif[0x8769] = {0xA405: 26, 0x920A: 4.2}
    photo_of(CORNERS).rotate(90, expand=True).save(tmp_path / "side.jpg", quality=95, icc_profile=profile, exif=exif)
    assert peel("rectify", "side.jpg", "--report", "r.json", "-o", "out.jpg").code == 0
    entry, = entries(tmp_path / "r.json")
    assert near(entry["corners"], CORNERS, 2)  # of the upright picture
    out = Image.open(tmp_path / "out.jpg")
    assert out.info["icc_profile"] == profile
    told = out.getexif()
    assert told[0x010F] == "Maker" and told[0x0112] == 1
    assert told.get_ifd(0x8769)[0xA405] == 0  # no lens has seen it like this


def test_the_lens_of_the_exif_counts(peel, tmp_path):
    """Of a sheet that is seen from the front, nothing but the lens tells the focal length."""
    flat = ((200, 150), (600, 150), (600, 450), (200, 450))
    exif = Image.Exif()
    exif[0x8769] = {0xA405: 50}
    image = photo_of((flat, page(594, 420)))
    image.save(tmp_path / "lens.jpg", quality=95, exif=exif)
    image.save(tmp_path / "none.jpg", quality=95)
    corners = ",".join(str(v) for c in flat for v in c)
    found = []
    for name in ("lens", "none"):
        assert peel("rectify", f"{name}.jpg", "--corners", corners, "--report", "r.json", "-o", "o.png").code == 0
        found.append(entries(tmp_path / "r.json")[0])
    assert abs(found[0]["focal_px"] - 50 / 43.27 * 1000) < 1 and "focal_px" not in found[1]


def test_enhanced_pages_have_the_channels_of_their_kind(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT, "--size", "210x297"]
    modes = {}
    for how in ("none", "color", "gray", "bw"):
        assert peel(*base, "--enhance", how, "-o", f"{how}.png").code == 0
        modes[how] = Image.open(tmp_path / f"{how}.png").mode
    assert modes["none"] == modes["color"] == "RGB" and modes["gray"] == "L" and modes["bw"] in ("1", "L")
    assert set(np.unique(pixels(tmp_path / "bw.png"))) <= {0, 1, 255}
    assert (pixels(tmp_path / "color.png") != pixels(tmp_path / "none.png")).any()


def test_16_bits_stay(peel, tmp_path):
    import zlib

    rows = np.asarray(photo_of(CORNERS), np.uint16) * 257
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    (tmp_path / "deep.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 800, 600, 16, 2, 0, 0, 0)) +
        chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b""))
    assert peel("rectify", "deep.png", "--corners", CORNERS_TEXT, "-o", "out.png").code == 0
    assert (tmp_path / "out.png").read_bytes()[24] == 16
    assert peel("rectify", "deep.png", "--draw", "-o", "drawn.png").code == 0
    assert (tmp_path / "drawn.png").read_bytes()[24] == 8


def test_a_drawing_is_the_picture_with_its_quad(peel, sheet, tmp_path):
    assert peel("rectify", sheet, "--draw").code == 0
    before, after = pixels(sheet).astype(int), pixels(tmp_path / "page.rect.png").astype(int)
    assert before.shape == after.shape
    changed = np.abs(before - after).max(-1) > 30
    assert 0 < changed.mean() < 0.15
    for x, y in np.round(CORNERS).astype(int):  # at each of them
        assert changed[y - 12:y + 12, x - 12:x + 12].any()


def test_scaled_results(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT]
    assert peel(*base, "--max-size", "100", "-o", "a.png").code == 0
    assert max(pixels(tmp_path / "a.png").shape) == 100
    assert peel(*base, "--max-output-pixels", "5000", "-o", "b.png").code == 0
    assert 4000 < np.prod(pixels(tmp_path / "b.png").shape[:2]) <= 5000
    done = peel(*base, "--max-pixels", "1000", "-o", "c.png")
    assert done.code == 1 and "1000" in done.err


# ---- files -----------------------------------------------------------------------------------------------

def test_standard_streams(peel, sheet, nothing):
    done = peel("rectify", "-", stdin=sheet.read_bytes())
    assert done.code == 0 and Image.open(io.BytesIO(done.out)).format == "PNG"
    none = peel("rectify", "-", stdin=nothing.read_bytes())
    assert none.code == 0 and none.out == b"" and "standard input: not straightened" in none.err


def test_folders_are_as_with_cut(peel, tmp_path):
    os.makedirs(tmp_path / "in/sub")
    photo_of(CORNERS).save(tmp_path / "in/a.png")
    photo_of(CORNERS).save(tmp_path / "in/sub/b.png")
    Image.fromarray(ground()).save(tmp_path / "in/c.png")
    (tmp_path / "in/broken.jpg").write_bytes(b"\xff\xd8\xff")
    done = peel("rectify", "in", "-O", "out", "--recursive", "--report", "out/r.json")
    assert done.code == 1
    assert leftovers(tmp_path / "out") == ["a.rect.png", "r.json", "sub/b.rect.png"]
    told = {os.path.basename(e["input"]): e["status"] for e in entries(tmp_path / "out/r.json")}
    assert told == {"a.png": "ok", "b.png": "ok", "c.png": "abstained", "broken.jpg": "failed"}
    again = peel("rectify", "in", "-O", "out", "--recursive", "--skip-existing", "-v")
    assert again.err.count("is up to date") == 2
    # Its own results are not straightened again.
    beside = peel("rectify", "in", "--report", "r2.json")
    assert beside.code == 1
    assert "in/a.rect.png" not in [e["input"] for e in entries(tmp_path / "r2.json") if e["status"] == "ok"]
    third = peel("rectify", "in", "--report", "r3.json")
    assert third.code == 1 and "own" in third.err


def test_frames(peel, tmp_path):
    pages = [photo_of(CORNERS), photo_of(CORNERS).rotate(180)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    done = peel("rectify", "pages.tif", "--all-frames", "--turn", "0")
    assert done.code == 0, done.err
    assert leftovers(tmp_path) == ["pages-001.rect.png", "pages-002.rect.png", "pages.tif"]


# ---- PDF ---------------------------------------------------------------------------------------------------

def images_in(pdf):
    """Of every image in it: what it says of itself, and its bytes. Not for PDFs of others."""
    data = pdf if isinstance(pdf, bytes) else pdf.read_bytes()
    assert data.startswith(b"%PDF-1.7") and data.rstrip().endswith(b"%%EOF")
    found = []
    for match in re.finditer(rb"<<([^>]*?/Subtype\s*/Image.*?)>>\s*stream\r?\n", data, re.S):
        length = int(re.search(rb"/Length\s+(\d+)", match[1])[1])
        found.append((match[1], data[match.end():match.end() + length]))
    return found


def boxes_in(pdf):
    data = pdf.read_bytes()
    return [[float(v) for v in box.split()] for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)]


def test_pdf_has_a_page_a_picture_in_order(peel, tmp_path):
    for i, size in enumerate(("210x297", "100x200", "300x100")):
        photo_of(CORNERS).save(tmp_path / f"p{i}.png")
    wide = photo_of(((100, 150), (700, 160), (690, 420), (110, 430)), size=(800, 600))
    wide.save(tmp_path / "p1.png")
    done = peel("rectify", "p2.png", "p0.png", "p1.png", "--pdf", "out.pdf", "--report", "r.json", "--jobs", "3", "--turn", "0")
    assert done.code == 0, done.err
    assert [e["output"] for e in entries(tmp_path / "r.json")] == ["out.pdf"] * 3
    images = images_in(tmp_path / "out.pdf")
    assert len(images) == 3 and all(b"DCTDecode" in head and Image.open(io.BytesIO(body)).format == "JPEG"
                                    for head, body in images)
    assert b"/Count 3" in (tmp_path / "out.pdf").read_bytes()
    tool = shutil.which("qpdf")
    if tool:
        assert subprocess.run([tool, "--check", "out.pdf"], cwd=tmp_path).returncode == 0
    # The same bytes however many work on it.
    assert peel("rectify", "p2.png", "p0.png", "p1.png", "--pdf", "one.pdf", "--jobs", "1", "--turn", "0").code == 0
    assert len(images_in(tmp_path / "one.pdf")) == 3


def test_pdf_pages_have_the_size_of_their_paper(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT, "--pdf"]
    assert peel(*base, "a.pdf", "--ratio", "letter").code == 0
    (_, _, width, height), = boxes_in(tmp_path / "a.pdf")
    assert abs(width - 8.5 * 72) < 1 and abs(height - 11 * 72) < 1
    assert peel(*base, "b.pdf", "--ratio", "1:1").code == 0  # not known: within A4
    (_, _, width, height), = boxes_in(tmp_path / "b.pdf")
    assert abs(width - 210 / 25.4 * 72) < 1 and abs(height - width) < 1


def test_black_and_white_pages_are_small(peel, sheet, tmp_path):
    base = ["rectify", sheet, "--corners", CORNERS_TEXT, "--pdf"]
    assert peel(*base, "bw.pdf", "--enhance", "bw").code == 0
    assert peel(*base, "gray.pdf", "--enhance", "gray").code == 0
    (head, body), = images_in(tmp_path / "bw.pdf")
    assert b"CCITTFaxDecode" in head
    assert len(body) * 5 < len(images_in(tmp_path / "gray.pdf")[0][1])


def test_a_jpeg_that_stays_is_in_the_pdf_untouched(peel, nothing, sheet, tmp_path):
    assert peel("rectify", nothing, sheet, "--keep", "--pdf", "a.pdf").code == 0
    images = images_in(tmp_path / "a.pdf")
    assert len(images) == 2 and nothing.read_bytes() in [body for _, body in images]


def test_pdf_of_nothing_is_none(peel, nothing, tmp_path):
    done = peel("rectify", nothing, "--pdf", "a.pdf")
    assert done.code == 0 and "no page" in done.err
    assert leftovers(tmp_path) == ["table.jpg"]


def test_pdf_replaces_no_input(peel, sheet, tmp_path):
    before = sheet.read_bytes()
    done = peel("rectify", sheet, "--pdf", sheet)
    assert done.code != 0 and sheet.read_bytes() == before


def test_pdf_to_standard_output(peel, sheet):
    done = peel("rectify", sheet, "--pdf", "-")
    assert done.code == 0 and len(images_in(done.out)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_pdf_to_a_full_disk(peel, sheet, tmp_path):
    done = peel("rectify", sheet, "--pdf", "/dev/full")
    assert done.code == 1 and "space" in done.err.lower()
    missing = peel("rectify", sheet, "--pdf", "nowhere/a.pdf")
    assert missing.code == 1 and "nowhere" in missing.err
    assert leftovers(tmp_path) == ["page.png"]


def test_pdf_to_a_disk_that_fills_up(peel, sheet, tmp_path):
    """A file system with room for one page and no more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("this process may mount nothing")
    try:
        old = b"%PDF-1.7 what was there"
        (disk / "a.pdf").write_bytes(old)
        done = peel("rectify", *[sheet] * 1, nothing_at(tmp_path), "--keep", "--pdf", disk / "a.pdf", "--quality", "100")
        assert done.code == 1 and "space" in done.err.lower()
        assert (disk / "a.pdf").read_bytes() == old and leftovers(disk) == ["a.pdf"]
    finally:
        subprocess.run(["umount", disk], check=True)


def nothing_at(folder):
    rng = np.random.default_rng(3)
    path = folder / "noise.jpg"
    Image.fromarray(rng.integers(0, 255, (600, 800, 3)).astype(np.uint8)).save(path, quality=95)
    return path
