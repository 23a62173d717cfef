"""`peel video --frames`: pictures taken out of films."""
import json

import numpy as np
import pytest
from PIL import Image

from video_support import ball_frames, decode, leftovers, make_clip


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("which,frames", [("every=5", [0, 5, 10]), ("every=0.2s", [0, 5, 10]),
                                          ("every=200ms", [0, 5, 10]), ("3", [2, 6, 10]), ("scene", [0]),
                                          ("key", [0])])
def test_which_frames(peel, clip, tmp_path, which, frames):
    done = peel("clip.mp4", "--frames", which, "-O", "out")
    assert (done.code, done.err) == (0, "")
    listed = lines(tmp_path / "out/clip.frames.jsonl")
    assert [entry["time"] for entry in listed] == pytest.approx([f / 25 for f in frames], abs=0.001)
    wanted = [f"out/clip-{i + 1:06}.png" for i in range(len(frames))]
    assert leftovers(tmp_path) == sorted(["clip.mp4", "out/clip.frames.jsonl", *wanted])
    whole = decode("clip.mp4", "rgb24").astype(int)
    for entry, frame in zip(listed, frames):
        picture = np.asarray(Image.open(tmp_path / "out" / entry["file"])).astype(int)
        assert abs(picture - whole[frame]).mean() < 1.5, frame  # ffmpeg's own way from Y'CbCr to RGB
        if which != "key":
            assert entry["frame"] == frame


def test_scenes(peel, tmp_path):
    night = [(f // 4) for f in ball_frames(12)]
    make_clip(tmp_path / "two.mp4", [*ball_frames(12), *night])
    assert peel("two.mp4", "--frames", "scene", "-O", "out").code == 0
    assert [entry["frame"] for entry in lines(tmp_path / "out/two.frames.jsonl")] == [0, 12]


def test_jpeg_size_time_and_report(peel, clip, tmp_path):
    done = peel("clip.mp4", "--frames", "every=1", "-O", "out", "--format", "jpg", "--quality", "60", "--max-size",
                "80", "--from", "0.2", "--report", "r.jsonl")
    assert done.code == 0, done.err
    listed = lines(tmp_path / "out/clip.frames.jsonl")
    assert len(listed) == 7 and listed[0]["time"] == pytest.approx(0.2, abs=0.001)
    picture = Image.open(tmp_path / "out" / listed[0]["file"])
    assert picture.format == "JPEG" and picture.size == (80, 60)
    entry, = lines(tmp_path / "r.jsonl")
    assert entry["frames"] == 7 and entry["frame_list"] == "out/clip.frames.jsonl"


def test_films_of_one_name(peel, clip, tmp_path):
    make_clip(tmp_path / "clip.mkv", ball_frames(3))
    assert peel("clip.mkv", "clip.mp4", "--frames", "1", "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == ["clip-000001.png", "clip.frames.jsonl", "clip.mp4-000001.png",
                                           "clip.mp4.frames.jsonl"]


def test_ten_bits_stay_in_png(peel, tmp_path):
    make_clip(tmp_path / "deep.mkv", ball_frames(2), options=("-c:v", "ffv1", "-pix_fmt", "yuv444p10le"))
    assert peel("deep.mkv", "--frames", "every=1", "-O", "out").code == 0
    data = (tmp_path / "out/deep-000001.png").read_bytes()
    assert data[24] == 16  # IHDR's bit depth


def test_skip_existing(peel, clip, tmp_path):
    given = ("clip.mp4", "--frames", "2", "-O", "out", "--skip-existing")
    assert peel(*given).code == 0
    made = (tmp_path / "out/clip-000001.png").stat().st_mtime_ns
    assert "up to date" in peel(*given, "-v").err
    assert (tmp_path / "out/clip-000001.png").stat().st_mtime_ns == made
    assert peel("clip.mp4", "--frames", "3", "-O", "out", "--skip-existing").code == 0
    assert len(lines(tmp_path / "out/clip.frames.jsonl")) == 3
