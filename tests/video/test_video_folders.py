"""`peel video` on folders: names, resuming, parts, reports."""
import json

import pytest

from video_support import ball_frames, decode, leftovers, make_clip


@pytest.fixture
def films(clips, tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    data = (clips / "silent.mp4").read_bytes()
    for name in ("in/a.mp4", "in/b.mov", "in/b.mp4", "in/sub/c.mp4", "in/nameless"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "in/notes.txt").write_text("no film")
    (tmp_path / "in/photo.jpg").write_bytes(b"\xff\xd8\xff no film either")
    (tmp_path / "in/bad.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(400))
    return tmp_path


def test_a_folder_is_worked_through_and_continued(peel, films):
    given = ("in", "-O", "out", "--recursive", "--report", "r.json", "--max-size", "64")
    done = peel(*given)
    assert done.code == 1 and "in/bad.mkv" in done.err and "5 done, 0 skipped, 1 failed" in done.err
    wanted = ["a.cut.webm", "b.cut.webm", "b.mp4.cut.webm", "nameless.cut.webm", "sub/c.cut.webm"]
    assert leftovers(films / "out") == wanted
    report = json.loads((films / "r.json").read_text())
    assert [(e["input"], e["status"]) for e in report] == [
        ("in/a.mp4", "done"), ("in/b.mov", "done"), ("in/b.mp4", "done"), ("in/bad.mkv", "failed"),
        ("in/nameless", "done"), ("in/sub/c.mp4", "done")]
    assert report[3]["error"]["code"] == "corrupt"
    made = {name: (films / "out" / name).stat().st_mtime_ns for name in wanted}

    done = peel(*given, "--skip-existing")
    assert done.code == 1 and "0 done, 5 skipped, 1 failed" in done.err
    assert {name: (films / "out" / name).stat().st_mtime_ns for name in wanted} == made

    # What has changed, or is gone, is made again: a source, an option.
    make_clip(films / "in/a.mp4", ball_frames(3))
    (films / "out/sub/c.cut.webm").unlink()
    done = peel(*given, "--skip-existing")
    assert "2 done, 3 skipped" in done.err
    assert len(decode(films / "out/a.cut.webm")) == 3
    done = peel(*given, "--skip-existing", "--steady", "off")
    assert "5 done, 0 skipped" in done.err
    # What changes nothing in the results does not count.
    assert "5 skipped" in peel(*given, "--skip-existing", "--steady", "off", "--threads", "1").err


def test_parts_are_the_whole(peel, films):
    (films / "in/bad.mkv").unlink()
    for part in ("1/3", "2/3", "3/3"):
        assert peel("in", "-O", "out", "--recursive", "--shard", part, "--max-size", "64").code in (0, 1)
    assert len(leftovers(films / "out")) == 5
    done = peel("in", "-O", "out", "--recursive", "--skip-existing", "--max-size", "64", "-v")
    assert "0 done, 5 skipped, 0 failed" in done.err


def test_own_results_are_no_films(peel, films):
    for name in ("bad.mkv", "b.mov", "b.mp4", "nameless"):
        (films / "in" / name).unlink()
    assert peel("in", "--max-size", "64").code == 0
    assert "a.cut.webm" in leftovers(films / "in")
    done = peel("in", "--max-size", "64", "--skip-existing", "-v")
    assert "earlier result of Peel's own" in done.err and "0 done, 1 skipped" not in done.err
    assert leftovers(films / "in") == ["a.cut.webm", "a.mp4", "notes.txt", "photo.jpg", "sub/c.mp4"]


def test_a_folder_without_films(peel, tmp_path):
    (tmp_path / "in").mkdir()
    done = peel("in", "-O", "out")
    assert done.code == 1 and "no film in this folder" in done.err


def test_a_model_that_is_missing_is_no_films_fault(peel, films):
    done = peel("in", "-O", "out", "-m", "./nowhere.onnx")
    assert done.code == 3 and done.err.count("error") == 1
    assert leftovers(films / "out") == [] if (films / "out").exists() else True


def test_the_input_is_never_replaced(peel, clip):
    before = clip.read_bytes()
    done = peel("clip.mp4", "-o", "clip.mp4", "--background", "white")
    assert done.code != 0 and "overwrite" in done.err
    assert clip.read_bytes() == before
