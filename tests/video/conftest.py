"""What every test of films needs: ffmpeg, the program, a small clip."""
import dataclasses
import subprocess

import pytest

import video_support
from video_support import PROGRAM, ball_frames, make_clip


@dataclasses.dataclass
class Outcome:
    code: int
    out: bytes
    err: str


@pytest.fixture(scope="session", autouse=True)
def ffmpeg_is_here():
    if video_support.FFMPEG is None or video_support.FFPROBE is None:
        pytest.skip("ffmpeg is not installed: tools/install_deps.sh test")


@pytest.fixture(scope="session")
def program():
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return PROGRAM


@pytest.fixture
def peel(program, tmp_path, monkeypatch):
    """Runs `peel video` in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEEL_CONFIG", "off")

    def run(*arguments, timeout=120, **options):
        done = subprocess.run([program, "video", *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, **options)
        assert done.returncode >= 0, f"killed by signal {-done.returncode}: {done.stderr.decode()}"
        return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    return run


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """clip.mp4: twelve frames with sound; silent.mp4: six without; empty.mp4: nothing in it."""
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "clip.mp4", ball_frames(12), sound=True)
    make_clip(folder / "silent.mp4", ball_frames(6))
    make_clip(folder / "empty.mp4", ball_frames(4, empty=range(4)))
    return folder


@pytest.fixture
def clip(clips, tmp_path):
    (tmp_path / "clip.mp4").write_bytes((clips / "clip.mp4").read_bytes())
    return tmp_path / "clip.mp4"
