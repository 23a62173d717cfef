"""What cannot be cut out says why, and leaves nothing behind."""
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from video_support import (FFMPEG, FFPROBE, PROGRAM, ball_frames, decode, ffmpeg, leftovers, make_clip)


def refused(done, *words, code=1):
    assert done.code == code, done.err
    assert done.err.startswith("peel: error: ") and all(word in done.err for word in words), done.err
    assert "\n" not in done.err.strip()


def test_files_that_are_no_films(peel, tmp_path, clip):
    whole = clip.read_bytes()
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no film\n" * 50)
    (tmp_path / "cut.mp4").write_bytes(whole[:len(whole) // 3])  # its index is at the end
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "sound.m4a")
    from PIL import Image
    Image.new("RGB", (64, 48), "red").save(tmp_path / "still.png")
    for name, words in (("empty.mp4", ["empty"]), ("text.mp4", []), ("cut.mp4", []), ("sound.m4a", ["sound"]),
                        ("still.png", ["peel cut"]), ("missing.mp4", ["no such file"])):
        refused(peel(name, "-o", "out.webm"), name, *words)
    names = ["clip.mp4", "cut.mp4", "empty.mp4", "sound.m4a", "still.png", "text.mp4"]
    assert leftovers(tmp_path) == names


def test_a_film_that_ends_in_the_middle_keeps_what_is_there(peel, tmp_path):
    make_clip(tmp_path / "whole.mkv", ball_frames(20))
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "torn.mkv").write_bytes(data[:len(data) * 2 // 3])
    done = peel("torn.mkv", "-o", "out.webm")
    if done.code == 0:
        assert 0 < len(decode("out.webm")) < 20
    else:
        refused(done, "torn.mkv")
        assert "out.webm" not in leftovers(tmp_path)


def test_sizes_that_change_on_the_way(peel, tmp_path):
    for name, size in (("a", (96, 64)), ("b", (64, 96))):
        make_clip(tmp_path / f"{name}.ts", ball_frames(4, *size))
    (tmp_path / "both.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    done = peel("both.ts", "-o", "out.webm")
    assert done.code == 0, done.err
    frames = decode("out.webm")
    assert frames.shape[1:3] in ((64, 96), (96, 64)) and len(frames) >= 4  # ffprobe tells one of them


def test_a_header_that_promises_a_million_frames(peel, tmp_path):
    """Its count is a wish: what is there is made, and memory is not taken for the rest."""
    make_clip(tmp_path / "few.avi", ball_frames(3), options=("-c:v", "mpeg4"))
    data = bytearray((tmp_path / "few.avi").read_bytes())
    header = data.index(b"avih") + 8
    data[header + 16:header + 20] = (1_000_000).to_bytes(4, "little")
    stream = data.index(b"strh") + 8
    data[stream + 32:stream + 36] = (1_000_000).to_bytes(4, "little")
    (tmp_path / "lies.avi").write_bytes(data)
    done = peel("lies.avi", "-o", "out.webm")
    assert done.code == 0, done.err
    assert len(decode("out.webm")) == 3


def test_a_disk_that_fills_up(peel, clip, tmp_path):
    import resource

    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    done = peel("clip.mp4", "-o", "out.mov", preexec_fn=little)
    assert done.code == 1 and "out.mov" in done.err, done.err
    assert leftovers(tmp_path) == ["clip.mp4"]


def test_a_folder_that_is_not_there(peel, clip):
    refused(peel("clip.mp4", "-o", "nowhere/out.webm"), "nowhere")


def test_an_output_that_is_there_stays_until_the_new_one_is_whole(peel, clip, tmp_path):
    (tmp_path / "out.webm").write_bytes(b"what was here before")
    (tmp_path / "bad.mp4").write_bytes(clip.read_bytes()[:3000])
    assert peel("bad.mp4", "-o", "out.webm").code == 1
    assert (tmp_path / "out.webm").read_bytes() == b"what was here before"
    assert peel("clip.mp4", "-o", "out.webm").code == 0
    assert len(decode("out.webm")) == 12


# ---- ffmpeg itself -------------------------------------------------------------------------------

def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A folder that is all of PATH, with the real tools unless a test puts something else there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, real in (("ffmpeg", FFMPEG), ("ffprobe", FFPROBE)):
        script(folder / name, f'exec {real} "$@"\n')
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("PEEL_FFMPEG", raising=False)
    monkeypatch.delenv("PEEL_FFPROBE", raising=False)
    return folder


def test_without_ffmpeg(peel, clip, tools):
    (tools / "ffmpeg").unlink()
    refused(peel("clip.mp4"), "ffmpeg", "apt install ffmpeg", code=3)
    (tools / "ffprobe").unlink()
    refused(peel("clip.mp4", "--info"), "apt install ffmpeg", code=3)


def test_an_ancient_ffmpeg(peel, clip, tools):
    for name in ("ffmpeg", "ffprobe"):
        script(tools / name, f'echo "{name} version 2.8.17 Copyright (c) 2000-2020 the FFmpeg developers"\n'
                             'echo "libavutil      54. 31.100 / 54. 31.100"\n')
    refused(peel("clip.mp4"), "2.8", code=3)


def test_a_decoder_that_dies(peel, clip, tools, tmp_path):
    script(tools / "ffmpeg", f'case "$*" in *clip.mp4*rawvideo*) echo "all is lost" >&2; kill -9 $$;; esac\n'
                             f'exec {FFMPEG} "$@"\n')
    done = peel("clip.mp4", "-o", "out.webm")
    refused(done, "clip.mp4", "all is lost")
    assert "out.webm" not in leftovers(tmp_path)


def test_an_encoder_that_dies(peel, clip, tools, tmp_path):
    script(tools / "ffmpeg", f'case "$*" in *prores_ks*) echo "the encoder is lost" >&2; exit 9;; esac\n'
                             f'exec {FFMPEG} "$@"\n')
    done = peel("clip.mp4", "-o", "out.mov")
    refused(done, "out.mov", "the encoder is lost")
    assert [n for n in leftovers(tmp_path) if not n.startswith("bin/")] == ["clip.mp4"]


# ---- Ctrl-C --------------------------------------------------------------------------------------

@pytest.mark.parametrize("after", [0.02, 0.15, 0.3, 0.6, 1.0, 1.6])
def test_interrupted_at_any_moment(program, clips, tmp_path, after):
    """A playable film, or none; and no process is left behind."""
    folder = tmp_path / "here"
    folder.mkdir()
    make_clip(folder / "long.mp4", ball_frames(60))
    running = subprocess.Popen([program, "video", "long.mp4", "-o", "out.webm"], cwd=folder, stderr=subprocess.PIPE,
                               text=True, start_new_session=True, env={**os.environ, "PEEL_CONFIG": "off"})
    time.sleep(after)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    left = leftovers(folder)
    if running.returncode == 0:
        assert len(decode(folder / "out.webm")) == 60
    else:
        assert running.returncode in (-signal.SIGINT, 130), (running.returncode, err)
        assert left == ["long.mp4"], left


def test_killed_leaves_no_child(program, tmp_path):
    make_clip(tmp_path / "long.mp4", ball_frames(100))
    running = subprocess.Popen([program, "video", "long.mp4", "-o", "out.webm"], cwd=tmp_path,
                               stderr=subprocess.DEVNULL)
    children = []
    for _ in range(200):
        listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(running.pid)], capture_output=True, text=True)
        children = [int(line.split()[0]) for line in listed.stdout.splitlines() if "ffmpeg" in line]
        if len(children) >= 2 or running.poll() is not None:
            break
        time.sleep(0.02)
    running.kill()
    running.wait(timeout=30)
    for _ in range(200):
        if not any(os.path.exists(f"/proc/{pid}") for pid in children):
            break
        time.sleep(0.05)
    assert children and not any(os.path.exists(f"/proc/{pid}") for pid in children)
    assert not (tmp_path / "out.webm").exists()


# ---- memory --------------------------------------------------------------------------------------

def test_memory_does_not_grow_with_the_film(program, tmp_path, peak_memory):
    peaks = []
    for name, loops in (("short", 1), ("long", 6)):
        make_clip(tmp_path / "one.mp4", ball_frames(10, 640, 480))
        ffmpeg("-stream_loop", loops, "-i", tmp_path / "one.mp4", "-c", "copy", tmp_path / f"{name}.mp4")
        peaks.append(peak_memory([PROGRAM, "video", f"{name}.mp4", "-o", f"{name}.mkv", "--codec", "ffv1", "--threads", "2"],
                                 cwd=tmp_path))
    assert peaks[1] < peaks[0] + 24, peaks


