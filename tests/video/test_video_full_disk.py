"""A disk that is really full: a file system of a few pages in a mount namespace, where this user may make one."""
import os
import shutil
import subprocess

import pytest

from video_support import PROGRAM

RUN = """mount -t tmpfs -o size="$1" none disk || exit 99
[ -z "$2" ] || echo before >disk/out
shift 2
"$@"
code=$?
ls -A disk
cat disk/out 2>/dev/null
exit $code"""


def on_small_disk(here, size, *command, before=True):
    (here / "disk").mkdir(exist_ok=True)
    return subprocess.run(["unshare", "--mount", "sh", "-c", RUN, "sh", size, "yes" if before else "", *map(str, command)],
                          cwd=here, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PEEL_CONFIG": "off"})


@pytest.fixture
def small_disks(tmp_path):
    if shutil.which("unshare") is None or on_small_disk(tmp_path, "64k", "true").returncode != 0:
        pytest.skip("file systems cannot be mounted here: that takes root, or its rights in a container")


@pytest.mark.parametrize("options", [
    ["--format", "webm"], ["--format", "mov"], ["--format", "mov", "--codec", "qtrle"],
    ["--format", "mkv", "--codec", "ffv1"], ["--format", "mp4", "--background", "white"], ["--format", "gif"],
    ["--format", "webp"]], ids=" ".join)
def test_a_full_disk_is_told_and_keeps_what_was_there(program, small_disks, clip, tmp_path, options):
    done = on_small_disk(tmp_path, "8k", PROGRAM, "video", "clip.mp4", "-o", "disk/out", *options)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("peel: error: disk/out: ") and "free some space" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == "out\nbefore\n"


def test_a_full_disk_of_frames(program, small_disks, clip, tmp_path):
    done = on_small_disk(tmp_path, "64k", PROGRAM, "video", "clip.mp4", "-o", "disk/frames/", before=False)
    assert done.returncode == 1 and "free some space" in done.stderr and done.stdout == "", done


def test_a_disk_with_room_is_none_of_that(program, small_disks, clip, tmp_path):
    done = on_small_disk(tmp_path, "10m", PROGRAM, "video", "clip.mp4", "-o", "disk/out.webm")
    assert done.returncode == 0 and done.stdout == "out\nout.webm\nbefore\n", done
