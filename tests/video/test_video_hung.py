"""An ffmpeg that shows no sign of life is ended, and so is the film: in words, with nothing left behind.

What the real programs answer is kept by one good run and told again by fakes, so that no patience depends on how busy this
machine is.
"""
import os
import pathlib
import re
import subprocess

import pytest

from video_support import FFMPEG, FFPROBE, PROGRAM, ball_frames, leftovers, make_clip

SECONDS = "3"
KEY = 'key=KEPT/$(printf "%s" "${0##*/} $*" | cksum | cut -d " " -f 1)\n'
# By name: which call hangs, and how; what the message names, the program, peel's exit code.
HANGS = {
    "probing": ("ffprobe *", "", "clip.mp4: ", "ffprobe", 1),
    "its version": ("*-version*", "", "", "ffmpeg", 3),
    "before the first frame": ("*rawvideo*pipe:1*", "", "clip.mp4: ", "ffmpeg", 1),
    "between frames": ("*rawvideo*pipe:1*", 'head -c 200000 "$key"', "clip.mp4: ", "ffmpeg", 1),
    "taking frames": ("*pipe:0*", "", "out.webm: the film cannot be written: ", "ffmpeg", 1),
    "at the end": ("*pipe:0*", "cat >/dev/null", "out.webm: the film cannot be written: ", "ffmpeg", 1),
}


def put(path, text, kept):
    path.write_text("#!/bin/sh\n" + text.replace("KEPT", str(kept)))
    path.chmod(0o755)
    return path


def tools(folder):
    return {"PEEL_CONFIG": "off", "PEEL_FFMPEG": str(folder / "ffmpeg"), "PEEL_FFPROBE": str(folder / "ffprobe")}


def peel(here, **environment):
    return subprocess.run([PROGRAM, "video", "clip.mp4", "-o", "out.webm", "--threads", "1"], cwd=here,
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})


@pytest.fixture(scope="module")
def kept(program, tmp_path_factory):
    """A film, and what was answered while it was cut out."""
    folder = tmp_path_factory.mktemp("kept")
    make_clip(folder / "clip.mp4", ball_frames(12, 320, 240))
    for name, real in (("ffmpeg", FFMPEG), ("ffprobe", FFPROBE)):
        put(folder / name, KEY + f'case "$*" in *pipe:0*) exec {real} "$@";; esac\n{real} "$@" | tee "$key"\n', folder)
    done = peel(folder, **tools(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("when", HANGS)
def test_a_hung_ffmpeg_is_given_up(kept, tmp_path, when):
    call, first, name, tool, code = HANGS[when]
    (tmp_path / "clip.mp4").write_bytes((kept / "clip.mp4").read_bytes())
    (tmp_path / "out.webm").write_text("what was here before")
    fakes = tmp_path / "bin"
    fakes.mkdir()
    hang = f'{first}\necho $$ >"{fakes}/hung"\necho "waiting for a tape" >&2\nexec sleep 1000'
    escaped = call.replace(" ", "\\ ")
    for fake in ("ffmpeg", "ffprobe"):
        put(fakes / fake, KEY + f'case "${{0##*/}} $*" in {escaped}) {hang};; esac\nexec cat "$key"\n', kept)
    done = peel(tmp_path, **tools(fakes), PEEL_FFMPEG_PATIENCE=SECONDS)
    assert done.returncode == code, done.stderr
    words = done.stderr.strip()
    assert re.fullmatch(rf"peel: error: {re.escape(name)}{tool} did nothing for {SECONDS} seconds and was ended "
                        r"\(PEEL_FFMPEG_PATIENCE=SECONDS .*\): waiting for a tape", words), words
    assert not pathlib.Path("/proc", (fakes / "hung").read_text().strip()).exists()
    assert [n for n in leftovers(tmp_path) if not n.startswith("bin/")] == ["clip.mp4", "out.webm"]
    assert (tmp_path / "out.webm").read_text() == "what was here before"


def test_patience_is_a_number_of_seconds(kept):
    for wrong in ("soon", "0", "-1", "1s", "nan", "2000000"):
        done = peel(kept, **tools(kept), PEEL_FFMPEG_PATIENCE=wrong)
        assert done.returncode != 0 and f'PEEL_FFMPEG_PATIENCE is "{wrong}"' in done.stderr, done.stderr
