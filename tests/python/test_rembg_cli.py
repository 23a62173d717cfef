"""python -m peel.rembg: rembg's commands, and what they must not lose."""
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from pictures import ball, decoded, encoded


@pytest.fixture
def rembg(rembg_home, tmp_path):
    def run(*arguments, stdin=b"", **options):
        return subprocess.run([sys.executable, "-m", "peel.rembg", *map(str, arguments)],
                              input=stdin, capture_output=True, timeout=120, cwd=tmp_path,
                              **options)

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(ball()))
    return path


def test_i(rembg, photo, tmp_path):
    done = rembg("i", "-m", "u2netp", photo, "out.png")
    assert done.returncode == 0, done.stderr
    cut = decoded((tmp_path / "out.png").read_bytes())
    assert cut.shape == (120, 160, 4)
    piped = rembg("i", "-m", "u2netp", stdin=photo.read_bytes())
    assert np.array_equal(decoded(piped.stdout), cut)
    mask = rembg("i", "-m", "u2netp", "-om", "-ppm", photo, "-")
    assert set(np.unique(decoded(mask.stdout))) <= {0, 255}
    coloured = decoded(rembg("i", "-m", "u2netp", "-bgc", 255, 0, 0, 255, photo, "-").stdout)
    assert np.all(coloured[..., 3] == 255)
    kept = decoded(rembg("i", "-m", "u2netp", "-x", '{"putalpha": true}', photo, "-").stdout)
    assert np.array_equal(kept[..., 3], cut[..., 3])
    assert rembg("i", "-m", "u2netp", "-dc", photo, "-").returncode == 0


def test_i_errors(rembg, photo, tmp_path):
    for arguments, code, text in [
            (("i", "none.png", "o.png"), 3, b"none.png"),
            (("i", "-m", "nope", photo, "o.png"), 2, b"nope"),
            (("i", "-m", "silueta", photo, "o.png"), 3, b"silueta.onnx"),
            (("i", "-x", "{", photo, "o.png"), 2, b"JSON"),
            (("i", "-m", "u2netp", "-vm", photo, "o.png"), 3, b"vitmatte"),
            (("i", "-q"), 2, b"-q"), ((), 2, b"required")]:
        done = rembg(*arguments)
        assert done.returncode == code and text in done.stderr, (arguments, done.stderr)
        assert b"Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["photo.png"]


def test_p_keeps_folders_and_counts_failures(rembg, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "sub").mkdir(parents=True)
    for i, name in enumerate(["a.png", "b.png", "sub/a.png"]):
        (source / name).write_bytes(encoded(ball(80 + 8 * i, 64)))
    (source / "a.jpg").write_bytes(encoded(ball(72, 64), "JPEG"))  # its result: a.png too
    (source / "broken.png").write_bytes(encoded(ball())[:200])
    (source / "notes.txt").write_text("no picture")
    done = rembg("p", "-m", "u2netp", "-d", source, target)
    assert done.returncode == 1
    made = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert made == ["a.png", "b.png", "sub/a.png"]
    assert b"rename one of them" in done.stderr and b"broken.png" in done.stderr
    # Deleted: what has a result of its own. a.jpg came first, so a.png is the one left over.
    left = sorted(p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file())
    assert left == ["a.png", "broken.png", "notes.txt"]
    assert decoded((target / "sub/a.png").read_bytes()).shape == (64, 96, 4)
    again = rembg("p", "-m", "u2netp", "-d", source, target)
    assert again.returncode == 3  # only the broken one was left to do; existing results stay
    assert (source / "a.png").exists()


def test_p_inside_itself(rembg, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(encoded(ball(), "JPEG"))
    for _ in range(2):
        assert rembg("p", "-m", "u2netp", "in", "in/out").returncode == 0
    assert sorted(p.name for p in (tmp_path / "in").rglob("*") if p.is_file()) == ["a.jpg", "a.png"]


def test_p_watch(rembg_home, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.jpg").write_bytes(encoded(ball(), "JPEG"))
    process = subprocess.Popen([sys.executable, "-m", "peel.rembg", "p", "-w", "-m", "u2netp",
                                source, target], stdout=subprocess.PIPE)
    try:
        assert b"a.png" in process.stdout.readline()
        partial = source / "b.part"
        partial.write_bytes(encoded(ball(), "JPEG"))
        os.rename(partial, source / "b.jpg")
        for _ in range(200):
            if (target / "b.png").exists():
                break
            time.sleep(0.1)
        assert (target / "b.png").exists()
        (source / "stop.txt").touch()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stdout.close()
    assert not (source / "stop.txt").exists()


def test_b(rembg, tmp_path):
    frames = [ball(64, 48), ball(64, 48)[:, ::-1]]
    raw = b"".join(f.tobytes() for f in frames)
    done = rembg("b", "-m", "u2netp", "-o", "out/f-%03u.png", 64, 48, stdin=raw + b"rest")
    assert done.returncode == 0 and b"4 bytes" in done.stderr
    assert decoded((tmp_path / "out/f-001.png").read_bytes()).shape == (48, 64, 4)
    streamed = rembg("b", "-m", "u2netp", 64, 48, stdin=raw).stdout
    assert streamed.count(b"\x89PNG\r\n") == 2
    assert streamed.startswith((tmp_path / "out/f-000.png").read_bytes())


def test_s_and_d_say_what_is_the_matter(rembg, rembg_home):
    here = rembg("d", "u2netp")
    assert here.returncode == 0 and b"u2netp.onnx" in here.stdout
    missing = rembg("d", "silueta", env={**os.environ, "PATH": "/nowhere"})
    assert missing.returncode == 1 and b"silueta.onnx" in missing.stderr
    assert rembg("d", "nope").returncode == 1
