"""Films from Python."""
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

peel = pytest.importorskip("peel", reason="the module is not installed; run `make python` first")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "video"))

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    from video_support import ball_frames, make_clip

    return make_clip(tmp_path_factory.mktemp("film") / "clip.mp4", ball_frames(10), sound=True)


def test_a_film(clip, tmp_path):
    told = []
    made = peel.video(clip, tmp_path / "a.webm", progress=lambda *now: told.append(now))
    assert (made.frames, made.width, made.height) == (10, 160, 120)
    assert made.format == "webm" and made.codec == "vp9" and made.has_alpha and made.has_audio and made.has_subject
    assert made.seconds == pytest.approx(0.4, abs=0.01) and made.warning == ""
    assert made.bytes == (tmp_path / "a.webm").stat().st_size and 0.1 < made.coverage < 0.7
    assert [now[0] for now in told] == list(range(1, 11)) and told[-1][1] == 10


def test_options(clip, tmp_path):
    from video_support import decode

    size = dict(max_size=80)
    assert peel.video(clip, tmp_path / "a.mkv", codec="ffv1", **size).width == 80
    assert not peel.video(clip, tmp_path / "b.mp4", background=(0, 0, 255), audio=False, **size).has_audio
    assert abs(decode(tmp_path / "b.mp4", "rgb24")[0, 2, 2].astype(int) - (0, 0, 255)).max() < 8
    assert peel.video(clip, tmp_path / "c.mp4", side_by_side=True, **size).width == 160
    assert peel.video(clip, tmp_path / "d", format="mkv", codec="ffv1", mask=True, start=0.2, end=0.32).frames == 3
    assert peel.video(clip, tmp_path / "e.mkv", codec="ffv1", fps=5, steady="off", edges="refine").frames in (2, 3)
    for bad in (dict(steady="very"), dict(edges="matting"), dict(codec="divx"), dict(format="avi"), dict(fps="x"),
                dict(mask=True, side_by_side=True), dict(mask=True, background="red"), dict(start=2, end=1),
                dict(quality=1000), dict(max_size=0), dict(background="no such thing")):
        with pytest.raises(peel.InvalidArgument):
            peel.video(clip, tmp_path / "bad.webm", **bad)
    with pytest.raises(peel.NotFound):
        peel.video(tmp_path / "none.mp4", tmp_path / "bad.webm")
    assert not (tmp_path / "bad.webm").exists()


def test_progress_that_raises_and_cancel(clip, tmp_path):
    def enough(frames, *_):
        if frames == 2:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        peel.video(clip, tmp_path / "a.webm", progress=enough)
    cancel = peel.Cancel()
    with pytest.raises(peel.Cancelled):
        peel.video(clip, tmp_path / "a.webm", progress=lambda *_: cancel.set(), cancel=cancel)
    assert list(tmp_path.iterdir()) == []


def test_frames_with_mattes(clip):
    from video_support import decode

    whole = decode(clip, "rgb24").astype(int)
    seen = list(peel.video_frames(clip))
    assert len(seen) == 10
    for i, (rgb, alpha, seconds) in enumerate(seen):
        assert rgb.shape == (120, 160, 3) and alpha.shape == (120, 160)
        assert rgb.dtype == alpha.dtype == np.uint8 and seconds == pytest.approx(i / 25, abs=0.002)
        assert abs(rgb.astype(int) - whole[i]).mean() < 1.5
        assert alpha[60, 80] > 250 and alpha[2, 2] < 5
    small = next(iter(peel.video_frames(clip, max_size=80, start=0.2, steady="off")))
    assert small[0].shape == (60, 80, 3) and small[2] == pytest.approx(0.2, abs=0.01)


def test_frames_may_be_left(clip):
    before = threading.active_count()
    for _ in range(3):
        frames = peel.video_frames(clip)
        next(frames)
        frames.close()
    assert threading.active_count() == before
    left = subprocess.run(["ps", "-o", "comm=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout
    assert "ffmpeg" not in left
    with pytest.raises(peel.NotFound):
        peel.video_frames(clip.parent / "none.mp4")


def test_headers(clip, tmp_path):
    told = peel.probe_video(clip)
    assert told["video"]["width"] == 160 and told["audio"][0]["codec"] == "aac"
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(peel.Error, match="text.mp4"):
        peel.probe_video(tmp_path / "text.mp4")
