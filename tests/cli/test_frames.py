"""--all-frames: every frame, page or picture of a file, each to a place of its own."""
import io
import json

from cli_support import ball, leftovers
import numpy as np
from PIL import Image
import pytest


def frames(count=3, size=(160, 120)):
    """Balls that grow."""
    made = []
    for i in range(count):
        image = ball(*size)
        image.paste((20 * i, 40, 200 - 30 * i), (0, 0, 20, 20))
        made.append(image)
    return made


def save(path, count=3, **options):
    first, *rest = frames(count)
    first.save(path, save_all=True, append_images=rest, **options)


@pytest.mark.parametrize("name,options", [("a.gif", {"duration": 50}), ("a.webp", {"lossless": True}),
                                          ("a.tif", {}), ("a.png", {}), ("a.avif", {"quality": 95})])
def test_each_frame_is_written(peel, tmp_path, name, options):
    save(tmp_path / name, **options)
    assert peel(name, "--all-frames", "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == [f"a-{i:03}.cut.png" for i in (1, 2, 3)]
    source = Image.open(tmp_path / name)
    for i in range(3):
        source.seek(i)
        want = np.asarray(source.convert("RGB")).astype(float)
        got = np.asarray(Image.open(tmp_path / f"out/a-{i + 1:03}.cut.png")).astype(float)
        sure = got[..., 3] == 255
        assert sure.mean() > 0.1
        assert np.abs(got[sure][:, :3] - want[sure]).mean() < 1.5
    # Without the option, the first alone.
    assert peel(name, "-o", "first.png").code == 0
    one = np.asarray(Image.open(tmp_path / "first.png"))
    first = np.asarray(Image.open(tmp_path / "out/a-001.cut.png"))
    assert np.abs(one.astype(int) - first).max() <= 1


def test_one_frame_keeps_its_name(peel, photo, tmp_path):
    assert peel(photo, "--all-frames", "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == ["photo.cut.png"]


@pytest.mark.parametrize("given,names", [("x.png", ["x-001.png", "x-002.png", "x-003.png"]),
                                         ("x_%u.webp", ["x_1.webp", "x_2.webp", "x_3.webp"]),
                                         ("f%02d.cut.png", ["f01.cut.png", "f02.cut.png", "f03.cut.png"])])
def test_names_of_frames(peel, tmp_path, given, names):
    save(tmp_path / "a.gif")
    (tmp_path / "out").mkdir()
    assert peel("a.gif", "--all-frames", "-o", f"out/{given}").code == 0
    assert leftovers(tmp_path / "out") == names


def test_frames_on_standard_output(peel, tmp_path):
    save(tmp_path / "a.gif")
    data = peel("a.gif", "--all-frames", "-o", "-").out
    assert data.count(b"\x89PNG\r\n\x1a\n") == 3
    assert data == b"".join(
        [peel("a.gif", "--all-frames", "-o", "x.png") and b""] +
        [(tmp_path / f"x-{i:03}.png").read_bytes() for i in (1, 2, 3)])


def test_report_and_skipping(peel, tmp_path):
    save(tmp_path / "a.gif")
    ball().save(tmp_path / "b.jpg")
    arguments = ["a.gif", "b.jpg", "--all-frames", "-O", "out", "--skip-existing", "--report"]
    assert peel(*arguments, "1.json").code == 0
    entries = json.loads((tmp_path / "1.json").read_text())
    assert [(e.get("frame"), e.get("frames")) for e in entries] == [(1, 3), (2, 3), (3, 3), (None, None)]
    assert all(e["status"] == "done" for e in entries)
    assert peel(*arguments, "2.json").code == 0
    assert {e["status"] for e in json.loads((tmp_path / "2.json").read_text())} == {"skipped"}
    (tmp_path / "out/a-002.cut.png").unlink()
    assert peel(*arguments, "3.json").code == 0
    assert (tmp_path / "out/a-002.cut.png").exists()


def test_frames_never_take_anothers_place(peel, tmp_path):
    save(tmp_path / "a.gif")
    ball().save(tmp_path / "a-002.jpg")
    done = peel("a.gif", "a-002.jpg", "--all-frames", "-O", "out")
    assert done.code == 1
    assert "a-002" in done.err and "same name" in done.err
    out = Image.open(tmp_path / "out/a-002.cut.png")
    assert out.size == (320, 240), "the photo's cut-out, planned first, is not overwritten"
    save(tmp_path / "b.gif")
    ball().save(tmp_path / "b-001.png")
    before = (tmp_path / "b-001.png").read_bytes()
    done = peel("b.gif", "b-001.png", "--all-frames")
    assert (tmp_path / "b-001.png").read_bytes() == before


def test_a_broken_frame_ends_its_file_only(peel, tmp_path):
    save(tmp_path / "a.gif")
    data = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(data[:-40])
    ball().save(tmp_path / "b.jpg")
    done = peel("a.gif", "b.jpg", "--all-frames", "-O", "out")
    assert done.code == 1 and "frame 3" in done.err
    assert leftovers(tmp_path / "out") == ["a-001.cut.png", "a-002.cut.png", "b.cut.png"]


def test_frame_limit(peel, shared, tmp_path):
    done = peel(shared / "odd/multipage.tiff", "--all-frames", "-O", "out", "--max-pixels", 50)
    assert done.code == 1 and "limit" in done.err
