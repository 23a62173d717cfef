"""`peel video`: what comes out of a film, by the eyes of ffmpeg."""
import json

import numpy as np
import pytest
from PIL import Image

from video_support import ball_frames, decode, leftovers, make_clip, probe, times_of, video_stream


def sound_of(path):
    return [s["codec_name"] for s in probe(path)["streams"] if s["codec_type"] == "audio"]


def is_cut_out(frames):
    """The ball is there, the ground is not."""
    height, width = frames.shape[1:3]
    alpha = frames[..., 3]
    assert (alpha[:, height // 2, width // 2 - 8:width // 2 + 8] > 250).all()
    assert (alpha[:, :4, :4] < 5).all() and (alpha[:, -4:, -4:] < 5).all()
    return True


def test_default_is_webm_with_alpha_beside_the_film(peel, clip, tmp_path):
    done = peel("clip.mp4")
    assert (done.code, done.err, done.out) == (0, "", b"")
    assert leftovers(tmp_path) == ["clip.cut.webm", "clip.mp4"]
    stream = video_stream("clip.cut.webm")
    assert stream["codec_name"] == "vp9" and (stream["width"], stream["height"]) == (160, 120)
    assert is_cut_out(decode("clip.cut.webm"))
    # Opus begins a little before the pictures, which moves both by so much.
    made = times_of("clip.cut.webm")
    assert made[0] < 0.02
    assert [at - made[0] for at in made] == pytest.approx(times_of("clip.mp4"), abs=0.0015)
    assert sound_of("clip.cut.webm") == ["opus"]  # WebM takes no AAC


@pytest.mark.parametrize("name,codec,sound", [("out.mov", "prores", ["aac"]), ("out.mkv", None, ["aac"])])
def test_other_films_with_alpha(peel, clip, name, codec, sound):
    given = [] if codec else ["--codec", "ffv1"]
    done = peel("clip.mp4", "-o", name, *given)
    assert done.code == 0, done.err
    frames = decode(name)
    assert len(frames) == 12 and is_cut_out(frames)
    assert video_stream(name)["codec_name"] == (codec or "ffv1")
    assert sound_of(name) == sound  # copied as it is


@pytest.mark.parametrize("name", ["out.gif", "out.webp"])
def test_animated_pictures(peel, clip, name):
    assert peel("clip.mp4", "-o", name).code == 0
    picture = Image.open(name)
    assert picture.n_frames == 12
    for i in range(12):
        picture.seek(i)
        pixels = np.asarray(picture.convert("RGBA"))
        assert pixels[60, 80, 3] == 255 and pixels[2, 2, 3] == 0


@pytest.mark.parametrize("given", [["-o", "frames/"], ["-o", "frames"], ["-o", "frames", "--format", "png"]])
def test_a_folder_of_frames(peel, clip, tmp_path, given):
    done = peel("clip.mp4", *given)
    assert done.code == 0, done.err
    names = sorted(p.name for p in (tmp_path / "frames").iterdir())
    assert names[0].endswith("000001.png") and len(names) == 12
    pixels = np.asarray(Image.open(tmp_path / "frames" / names[5]))
    assert pixels.shape == (120, 160, 4) and pixels[60, 80, 3] == 255 and pixels[2, 2, 3] == 0


def test_over_a_colour(peel, clip, tmp_path):
    done = peel("clip.mp4", "--background", "#2040c0")
    assert done.code == 0, done.err
    assert leftovers(tmp_path) == ["clip.cut.mp4", "clip.mp4"]
    frames = decode("clip.cut.mp4", "rgb24").astype(int)
    assert abs(frames[:, 3, 3] - (0x20, 0x40, 0xC0)).max() < 8
    middle = np.asarray(ball_frames(12)[6][60, 80], int)
    assert abs(frames[6, 60, 80] - middle).max() < 24
    assert sound_of("clip.cut.mp4") == ["aac"]


def test_over_a_picture_a_blur_and_a_film(peel, clip, tmp_path):
    left_red = np.zeros((30, 60, 3), np.uint8)
    left_red[:, :30] = 220, 20, 20
    Image.fromarray(left_red).save(tmp_path / "ground.png")
    assert peel("clip.mp4", "--background", "ground.png", "-o", "a.mp4").code == 0
    over = decode("a.mp4", "rgb24").astype(int)
    assert over[:, 3, 10, 0].min() > 190 and over[:, 3, 150].max() < 30  # it covers the frame

    done = peel("clip.mp4", "--background", "blur:6", "-o", "b.mp4")
    assert done.code == 0, done.err
    blurred, plain = decode("b.mp4", "rgb24").astype(int), decode("clip.mp4", "rgb24").astype(int)
    assert abs(blurred[:, 3, 3] - plain[:, 3, 3]).max() < 12

    # Three frames of shades, of another size and rate, again and again.
    make_clip(tmp_path / "behind.mp4", [np.full((64, 64, 3), v, np.uint8) for v in (40, 120, 220)], fps=5)
    done = peel("clip.mp4", "--background", "behind.mp4", "-o", "c.mp4", "--audio", "none")
    assert done.code == 0, done.err
    corner = decode("c.mp4", "rgb24").astype(int)[:, 3, 3, 0]
    wanted = [40] * 5 + [120] * 5 + [220] * 2
    assert abs(corner - wanted).max() < 10, corner
    assert sound_of("c.mp4") == []


def test_a_film_behind_begins_again(peel, clip, tmp_path):
    make_clip(tmp_path / "behind.mp4", [np.full((64, 64, 3), v, np.uint8) for v in (40, 220)], fps=25)
    assert peel("clip.mp4", "--background", "behind.mp4", "-o", "c.mp4").code == 0
    corner = decode("c.mp4", "rgb24").astype(int)[:, 3, 3, 0]
    assert abs(corner - [40, 220] * 6).max() < 10, corner


def test_mask_and_side_by_side(peel, clip, tmp_path):
    assert peel("clip.mp4", "--mask").code == 0
    mask = decode("clip.mask.mp4", "gray")[..., 0]
    assert mask.shape == (12, 120, 160) and mask[:, 60, 80].min() > 240 and mask[:, 3, 3].max() < 8
    assert peel("clip.mp4", "--side-by-side").code == 0
    both = decode("clip.cut.mp4", "rgb24").astype(int)
    assert both.shape == (12, 120, 320, 3)
    assert abs(both[:, :, 160:, 0] - mask).mean() < 3
    assert both[:, 60, 80, 0].min() > 150


def test_from_to_fps_and_size(peel, clip):
    assert peel("clip.mp4", "-o", "a.webm", "--from", "0.2", "--to", "0:00.4").code == 0
    # Where the ball is tells which frames they are.
    middles = [np.argwhere(f[..., 3] > 200)[:, 1].mean() for f in decode("a.webm")]
    assert middles == pytest.approx([68 + 2 * i for i in range(5, 10)], abs=0.8)
    assert peel("clip.mp4", "-o", "b.webm", "--fps", "5").code == 0
    assert len(decode("b.webm")) in (2, 3)
    assert peel("clip.mp4", "-o", "c.webm", "--max-size", "80").code == 0
    assert decode("c.webm").shape[1:3] == (60, 80)


def test_odd_sizes(peel, tmp_path):
    make_clip(tmp_path / "odd.mkv", [f[:59, :81] for f in ball_frames(3, 90, 60)],
              options=("-c:v", "ffv1", "-pix_fmt", "yuv444p"))
    for name, size in (("a.webm", (59, 81)), ("b.mov", (59, 81))):
        done = peel("odd.mkv", "-o", name)
        assert done.code == 0, done.err
        assert decode(name).shape == (3, *size, 4)
    done = peel("odd.mkv", "-o", "c.mp4", "--background", "white")
    assert done.code == 0, done.err
    height, width = decode("c.mp4", "rgb24").shape[1:3]
    assert height % 2 == 0 and width % 2 == 0 and abs(height - 59) < 2 and abs(width - 81) < 2


def test_steady_is_another_matte_and_off_is_frame_by_frame(peel, tmp_path):
    # One frame of seven is damaged: steadying gives it its neighbours' word.
    rng = np.random.default_rng(3)
    frames = ball_frames(7)
    noise = rng.integers(-50, 50, (*frames[0].shape[:2], 1))
    frames[3] = (frames[3].astype(int) + noise).clip(0, 255).astype(np.uint8)
    make_clip(tmp_path / "noisy.mkv", frames, options=("-c:v", "ffv1", "-pix_fmt", "yuv444p"))
    mattes = {}
    for steady in ("off", "auto", "strong"):
        assert peel("noisy.mkv", "--mask", "--codec", "ffv1", "-o", f"{steady}.mkv", "--steady", steady).code == 0
        mattes[steady] = decode(f"{steady}.mkv", "gray")[..., 0].astype(int)
    assert peel("noisy.mkv", "--mask", "--codec", "ffv1", "-o", "default.mkv").code == 0
    assert (decode("default.mkv", "gray")[..., 0] == mattes["auto"]).all()
    assert (mattes["off"] != mattes["auto"]).any() and (mattes["strong"] != mattes["auto"]).any()
    make_clip(tmp_path / "alone.mkv", frames[3:4], options=("-c:v", "ffv1", "-pix_fmt", "yuv444p"))
    assert peel("alone.mkv", "--mask", "--codec", "ffv1", "-o", "one.mkv", "--steady", "off").code == 0
    assert (decode("one.mkv", "gray")[0, ..., 0] == mattes["off"][3]).all()


def test_the_same_bytes_for_any_number_of_threads(peel, clip):
    made = set()
    for threads, jobs in ((1, 1), (2, 2), (5, 3)):
        assert peel("clip.mp4", "--codec", "ffv1", "-o", "a.mkv", "--threads", threads, "--jobs", jobs).code == 0
        made.add(decode("a.mkv").tobytes())
    assert len(made) == 1


def test_info_and_report(peel, clip, tmp_path):
    done = peel("clip.mp4", "--info")
    info = json.loads(done.out)
    assert done.code == 0 and info["video"]["width"] == 160 and len(info["audio"]) == 1
    assert leftovers(tmp_path) == ["clip.mp4"]
    done = peel("clip.mp4", "--report", "r.json", "-v")
    assert done.code == 0 and "frames/s" in done.err and "network" in done.err
    entry, = json.loads((tmp_path / "r.json").read_text())
    assert entry["status"] == "done" and entry["frames"] == 12 and entry["subject"] is True
    assert entry["container"] == "webm" and entry["codec"] == "vp9" and entry["alpha"] and entry["sound"]
    assert entry["seconds"] == pytest.approx(0.48, abs=0.01) and entry["steady"] == "auto"
    assert {"decode", "network", "matte", "compose", "encode", "total"} <= set(entry["times_ms"])
    assert entry["output_bytes"] == (tmp_path / "clip.cut.webm").stat().st_size


def test_no_subject_is_a_warning(peel, clips):
    done = peel(clips / "empty.mp4", "-o", "a.webm")
    assert done.code == 0 and "no subject found in any frame" in done.err
    assert decode("a.webm")[..., 3].max() < 40


def test_progress(peel, clip):
    assert "12/12 frames" in peel("clip.mp4", "--progress", "always").err
    assert peel("clip.mp4", "--progress", "never").err == ""


def test_without_the_command_the_message_names_it(program, clip, tmp_path):
    import subprocess

    done = subprocess.run([program, "clip.mp4"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and "peel video" in done.stderr
    assert leftovers(tmp_path) == ["clip.mp4"]


@pytest.mark.parametrize("given,words", [
    (["-o", "a.mp4"], "--background"), (["-o", "a.txt"], "webm"), (["-o", "a.webm", "-O", "b"], "exclude"),
    (["--mask", "--side-by-side"], "exclude"), (["--mask", "--background", "red"], "background"),
    (["--background", "nonsense"], "--background"), (["--background", "rgba(0,0,0,0.5)"], "opaque"),
    (["--from", "3", "--to", "2"], "--to"), (["--from", "x"], "--from"), (["--fps", "0"], "--fps"),
    (["--steady", "very"], "--steady"), (["--codec", "divx"], "--codec"), (["--format", "avi"], "--format"),
    (["--codec", "h264", "-o", "a.webm"], "WebM"), (["-o", "-"], "standard output"), (["-q", "-v"], "exclude"),
    (["--info", "--mask"], "--mask"), (["--info", "-o", "a.webm"], "-o"), (["--frames", "3"], "-O"),
    (["--frames", "3", "-O", "f", "--mask"], "--mask"), (["--frames", "some", "-O", "f"], "--frames"),
    (["--frames", "3", "-O", "f", "--format", "webm"], "--format"),
    (["--frames", "3", "-O", "f", "--quality", "50"], "--quality"), (["--shard", "3/2"], "--shard"),
    (["--edges", "matting"], "--edges"), (["--max-size", "0"], "--max-size"), (["--from", "99"], "--from")])
def test_wrong_usage_says_what(peel, clip, tmp_path, given, words):
    done = peel("clip.mp4", *given)
    assert done.code == (1 if given == ["--from", "99"] else 2), done.err
    assert words in done.err
    assert leftovers(tmp_path) == ["clip.mp4"]
