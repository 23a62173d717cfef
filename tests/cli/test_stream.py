"""peel stream: raw frames as `rembg b` takes them, and picture files that follow each other."""
import io
import subprocess

from cli_support import ROOT, ball, leftovers
import numpy as np
from PIL import Image
import pytest

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pngs(data):
    """Files that follow each other, cut apart."""
    return [SIGNATURE + part for part in data.split(SIGNATURE)[1:]]


def size_of(png):
    return Image.open(io.BytesIO(png)).size


def test_raw_frames_to_files(peel, tmp_path):
    images = [ball(160, 120), ball(160, 120).transpose(Image.FLIP_LEFT_RIGHT), ball(160, 120)]
    raw = b"".join(image.tobytes() for image in images)
    done = peel("stream", 160, 120, "-o", "frames/out-%03u.png", stdin=raw)
    assert done.code == 0, done.err
    assert leftovers(tmp_path / "frames") == ["out-000.png", "out-001.png", "out-002.png"]
    for i, image in enumerate(images):
        image.save(tmp_path / "one.png")
        assert peel("one.png", "-o", "want.png").code == 0
        want = np.asarray(Image.open(tmp_path / "want.png"))
        assert (np.asarray(Image.open(tmp_path / f"frames/out-{i:03}.png")) == want).all()


def test_raw_frames_to_standard_output(peel):
    raw = ball(80, 60).tobytes() * 5
    done = peel("stream", 80, 60, stdin=raw + b"half")
    assert done.code == 0 and "4 bytes are no whole frame" in done.err
    assert [size_of(p) for p in pngs(done.out)] == [(80, 60)] * 5


def test_pictures_in_their_order(peel, tmp_path):
    sizes = [(100 + 10 * i, 80) for i in range(6)]
    kinds = ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "JPEG"]
    stream = b"".join(encoded(ball(*size), kind) for size, kind in zip(sizes, kinds))
    done = peel("stream", "--jobs", 3, stdin=stream)
    assert done.code == 0, done.err
    assert [size_of(p) for p in pngs(done.out)] == sizes


def test_a_broken_picture_does_not_lose_the_next(peel, tmp_path):
    good = [encoded(ball(100 + i, 80), "PNG") for i in range(4)]
    torn = bytearray(encoded(ball(90, 90), "PNG"))
    torn[100:140] = b"\0" * 40
    short = encoded(ball(200, 150), "JPEG")[:2000]
    stream = good[0] + bytes(torn) + good[1] + short + good[2] + b"no picture at all, but some text" + good[3]
    done = peel("stream", "-o", "out/%02d.png", stdin=stream)
    assert done.code == 1
    assert leftovers(tmp_path / "out") == ["00.png", "02.png", "04.png", "06.png"]
    assert [Image.open(tmp_path / f"out/{n}.png").width for n in ("00", "02", "04", "06")] == [100, 101, 102, 103]
    for number in (1, 3, 5):
        assert f"picture {number}: " in done.err
    assert "4 done, 3 failed" in done.err


def test_answers_come_while_the_stream_is_open(program):
    with subprocess.Popen([program, "stream", "--threads", "2"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        for width in (100, 120, 140):
            process.stdin.write(encoded(ball(width, 80), "PNG"))
            process.stdin.flush()
            got = b""
            while not got.endswith(b"IEND\xaeB`\x82"):
                got += process.stdout.read1(65536)
            assert size_of(got) == (width, 80)
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.mark.parametrize("change", ["cut", "other", "renamed"])
def test_a_model_file_written_over_while_it_is_in_use(program, tmp_path, change):
    """What was loaded goes on; `cp new.onnx model.onnx` writes into the very file that a run has open."""
    model = tmp_path / "model.onnx"
    model.write_bytes((ROOT / "models" / "peel.onnx").read_bytes())
    picture = encoded(ball(100, 80), "PNG")
    answers = []
    with subprocess.Popen([program, "stream", "-m", str(model), "--threads", "1", "--jobs", "1"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for turn in range(3):
            process.stdin.write(picture)
            process.stdin.flush()
            got = b""
            while not got.endswith(b"IEND\xaeB`\x82"):
                more = process.stdout.read1(65536)
                assert more, f"died with {process.wait()}"
                got += more
            answers.append(got)
            if turn == 0 and change == "cut":
                model.open("wb").close()
            elif turn == 0 and change == "other":
                size = model.stat().st_size
                model.open("wb").write(b"\x3f" * size)
            elif turn == 0:
                (tmp_path / "new").write_bytes(b"no model")
                (tmp_path / "new").rename(model)
        process.stdin.close()
        assert process.wait(30) == 0
    assert answers[0] == answers[1] == answers[2]


def test_options_of_cut_apply(peel):
    stream = encoded(ball(), "JPEG") * 2
    done = peel("stream", "--format", "jpg", "--background", "white", "--crop", "--max-size", 100, stdin=stream)
    assert done.code == 0, done.err
    first = Image.open(io.BytesIO(done.out))
    assert first.format == "JPEG" and max(first.size) < 100
    masks = peel("stream", "--mask", stdin=stream)
    assert [Image.open(io.BytesIO(p)).mode for p in pngs(masks.out)] == ["L", "L"]


@pytest.mark.parametrize("arguments", [["stream", 80], ["stream", 0, 60], ["stream", "-o", "x.png"],
                                       ["stream", "-o", "%s.png"], ["stream", "-o", "%d-%d.png"],
                                       ["stream", 70000, 70000], ["stream", 60000, 60000],
                                       ["stream", "--recursive"]], ids=str)
def test_wrong_usage(peel, arguments):
    done = peel(*arguments)
    assert done.code == 2 and "peel: error" in done.err


def test_nothing_comes_of_nothing(peel):
    done = peel("stream")
    assert done.code == 0 and done.out == b""


def test_a_reader_that_goes_away(program):
    stream = encoded(ball(), "JPEG") * 40
    with subprocess.Popen([program, "stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.close()
        try:
            process.stdin.write(stream)
            process.stdin.close()
        except BrokenPipeError:
            pass
        err = process.stderr.read().decode()
        assert process.wait(60) == 3 and "standard output" in err


def test_a_missing_model_is_told_once(peel):
    done = peel("stream", "-m", "none.onnx", stdin=encoded(ball(), "PNG") * 3)
    assert done.code == 3 and done.err.count("none.onnx") == 1
