"""Runs in which threads cannot be started: the work is done all the same, and it is said."""
import os
import resource

import pytest

from cli_support import ball

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be a user of its own")


def limited(threads):
    """What makes the program a user of its own that may have so many threads."""

    def apply():
        resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
        os.setgid(61235)
        os.setuid(61235)

    return apply


@pytest.fixture
def folder(tmp_path):
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o777)
    for i in range(6):
        ball(120 + i, 90).save(tmp_path / "in" / f"{i}.jpg")
    for path in [tmp_path, *tmp_path.parents]:
        if path.stat().st_mode & 0o001 == 0:
            if path.owner() == "root" and str(path).startswith("/tmp/"):
                path.chmod(path.stat().st_mode | 0o011)
            else:
                pytest.skip(f"{path} is closed to other users")
    return tmp_path


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_a_folder_is_finished_with_the_threads_there_are(peel, folder, threads):
    plain = peel("in", "-O", "plain", "--threads", "4", "--jobs", "4")
    assert plain.code == 0, plain.err
    done = peel("in", "-O", "out", "--threads", "4", "--jobs", "4", preexec_fn=limited(threads))
    assert done.code == 0, done.err
    assert "thread" in done.err and "going on with" in done.err
    for i in range(6):
        assert ((folder / "out" / f"{i}.cut.png").read_bytes()
                == (folder / "plain" / f"{i}.cut.png").read_bytes())


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_stream_is_finished_too(peel, folder, threads):
    pictures = b"".join((folder / "in" / f"{i}.jpg").read_bytes() for i in range(6))
    plain = peel("stream", "--threads", "4", "--jobs", "4", stdin=pictures)
    done = peel("stream", "--threads", "4", "--jobs", "4", stdin=pictures,
                preexec_fn=limited(threads))
    assert done.code == 0, done.err
    assert "going on with" in done.err
    assert done.out == plain.out and len(done.out) > 1000


def test_a_single_photo_is_cut_out(peel, folder):
    done = peel("in/0.jpg", "-o", "out/a.png", "--threads", "8", preexec_fn=limited(1))
    assert done.code == 0, done.err
    assert "1 of 8 threads" in done.err
    assert (folder / "out" / "a.png").stat().st_size > 500
