"""Standard streams as they are given to Peel by others: closed, full, read no further, non-blocking.
None of them ends a run, changes its exit code or puts a message where it does not belong."""
import fcntl
import io
import json
import os
import re
import signal
import struct
import subprocess
import termios
import threading
import time

from cli_support import ROOT, ball, leftovers
import numpy as np
from PIL import Image
import pytest

PICTURES = 24
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def run(program, tmp_path, monkeypatch, quick_model):
    """Runs a shell line with the program as $PEEL in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    settings = quick_model.with_name("peel.yaml")
    settings.write_text(f"model: {quick_model}\n")
    monkeypatch.setenv("PEEL_CONFIG", str(settings))
    monkeypatch.setenv("PEEL", str(program))

    def shell(line, **options):
        done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=120, **options)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    return shell


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(PICTURES):
        ball(48 + i, 40).save(folder / f"{i:02}.jpg")
    return folder


def nonblocking_pipe():
    ends = os.pipe()
    for end in ends:
        fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_NONBLOCK)
    return ends


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def check_folder(tmp_path, out="out"):
    """All pictures are there and whole; the manifest holds nothing but its own lines."""
    for i in range(PICTURES):
        image = Image.open(tmp_path / out / f"{i:02}.cut.png")
        image.load()
        assert image.size == (48 + i, 40) and image.mode == "RGBA"
    names = [f"{i:02}.cut.png" for i in range(PICTURES)]
    assert leftovers(tmp_path / out) == names
    manifest = list((tmp_path / out).glob(".peel-manifest*"))
    assert len(manifest) == 1
    text = manifest[0].read_bytes()
    assert b"peel:" not in text and b"/24" not in text
    lines = text.decode().splitlines()
    assert {line.split()[-1] for line in lines} >= set(names) or len(lines) >= PICTURES


BAD_STDERR = {
    "full": "2>/dev/full",
    "closed": "2>&-",
    "in_closed": "<&- 2>&-",
    "all_closed": "<&- >&- 2>&-",
}


@pytest.mark.parametrize("redirection", BAD_STDERR.values(), ids=BAD_STDERR)
@pytest.mark.parametrize("report", ["report.json", "report.jsonl"])
def test_standard_error_that_takes_nothing(run, pictures, tmp_path, redirection, report):
    code, _, _ = run(f"$PEEL cut in -O out --jobs 4 -v --progress always --report {report} {redirection}")
    assert code == 0
    check_folder(tmp_path)
    text = (tmp_path / report).read_text()
    entries = json.loads(text) if report.endswith("json") else [json.loads(l) for l in text.splitlines()]
    assert sorted(e["output"] for e in entries) == [f"out/{i:02}.cut.png" for i in range(PICTURES)]


def test_a_reader_of_messages_that_goes_away(run, pictures, tmp_path):
    code, out, _ = run("$PEEL cut in -O out --jobs 4 -v --progress always 2>&1 | head -1; exit ${PIPESTATUS[0]}")
    assert code == 0 and out.startswith(b"peel: ") and out.count(b"\n") == 1
    check_folder(tmp_path)


def test_messages_into_a_full_pipe_that_does_not_block(program, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("PEEL_CONFIG", "off")
    reader, writer = nonblocking_pipe()
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    done = subprocess.run([program, "cut", "in", "-O", "out", "--jobs", "4", "-v", "--progress", "always"],
                          cwd=tmp_path, stderr=writer, timeout=120)
    os.close(writer)
    os.close(reader)
    assert done.returncode == 0
    check_folder(tmp_path)


def test_failures_count_without_messages(run, pictures, tmp_path):
    (pictures / "00.jpg").write_bytes(b"nothing")
    for bad in ("2>/dev/full", "2>&-"):
        assert run(f"rm -rf out; $PEEL cut in -O out --jobs 4 {bad}")[0] == 1
        assert len(leftovers(tmp_path / "out")) == PICTURES - 1
    assert run("$PEEL cut in --no-such-option 2>/dev/full")[0] == 2
    assert run("$PEEL 2>/dev/full")[0] == 2
    assert run("$PEEL cut missing.jpg 2>&-")[0] == 1
    assert run("$PEEL cut in/01.jpg -o x.png -m none.onnx 2>/dev/full")[0] == 3
    assert run("$PEEL models pull no-such-model 2>/dev/full")[0] == 2
    assert run("$PEEL model run none.onnx 2>/dev/full")[0] == 3
    assert run("$PEEL bench none.jpg 2>/dev/full")[0] != 134


@pytest.mark.parametrize("bad", ["2>/dev/full", "2>&-"])
def test_every_command_without_messages(run, models, bad):
    """Those that write messages end with the exit code that they have with them."""
    model = models / "u2netp-fp32.onnx"
    codes = set()
    for command in [
        f"model run {model}", f"model info {model}", "model info none.onnx", f"model tune {model} --images /none",
        "quantize --images /none", "models verify none.onnx", "models info none", "bench /none", "bench --apply",
        "models pull http://localhost/x.onnx", "serve --max-bytes lots", "scan", "bench-case --what", "cut in.txt", "cut --watch /none -O out",
    ]:
        usual = run(f"touch in.txt; $PEEL {command}")
        silent = run(f"$PEEL {command} {bad}")
        assert silent[0] == usual[0] and len(silent[1].splitlines()) == len(usual[1].splitlines()), (command, usual)
        codes.add(usual[0])
    assert codes == {0, 1, 2, 3}


@pytest.mark.parametrize("bad", ["2>/dev/full", "2>&-"])
def test_stream_without_messages(run, tmp_path, bad):
    stream = encoded(ball(60, 50)) + b"no picture" * 9 + encoded(ball(61, 50))
    code, out, _ = run(f"$PEEL stream -v --jobs 2 {bad}", input=stream)
    assert code == 1
    assert [Image.open(io.BytesIO(SIGNATURE + p)).size for p in out.split(SIGNATURE)[1:]] == [(60, 50), (61, 50)]
    assert b"peel:" not in out


@pytest.mark.parametrize("command", ["doctor", "models list", "cut --help", "--version"])
def test_results_come_without_messages(run, command):
    want = run(f"$PEEL {command}")
    assert want[0] == 0
    for bad in ("2>/dev/full", "2>&-", "<&- 2>&-"):
        code, out, _ = run(f"$PEEL {command} {bad}")
        assert code == 0 and out.splitlines()[:2] == want[1].splitlines()[:2]


@pytest.mark.parametrize("command", ["doctor --json", "models --json", "--version", "cut in.png -o -", "stream < in.png"])
@pytest.mark.parametrize("where", [">/dev/full", ">&-", ">&- 2>&-"])
def test_results_that_cannot_be_written_are_told(run, tmp_path, command, where):
    ball(40, 30).save(tmp_path / "in.png")
    code, _, err = run(f"$PEEL {command} {where}")
    assert code == (1 if command.startswith("cut") else 3)
    assert "2>" in where or "standard output" in err
    assert leftovers(tmp_path) == ["in.png"]


def test_standard_input_that_is_closed_is_told(run, tmp_path):
    code, _, err = run("$PEEL cut - -o out.png <&-")
    assert code == 1 and "standard input" in err
    code, _, err = run("$PEEL stream -o out-%d.png <&-")
    assert code == 1 and "standard input" in err
    assert leftovers(tmp_path) == []


def slowly(data, descriptor):
    """Writes into a descriptor in pieces, so that its reader finds it empty in between."""
    step = max(1, len(data) // 8)
    for at in range(0, len(data), step):
        view = data[at:at + step]
        while view:
            try:
                view = view[os.write(descriptor, view):]
            except BlockingIOError:
                time.sleep(0.01)
        time.sleep(0.02)
    os.close(descriptor)


def drained(descriptor):
    got = b""
    while True:
        time.sleep(0.005)
        try:
            part = os.read(descriptor, 30000)
        except BlockingIOError:
            continue
        if not part:
            os.close(descriptor)
            return got
        got += part


def through_nonblocking_pipes(program, arguments, data):
    stdin, feed = nonblocking_pipe()
    out, stdout = nonblocking_pipe()
    with subprocess.Popen([program, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE) as process:
        os.close(stdin)
        os.close(stdout)
        feeder = threading.Thread(target=slowly, args=(data, feed))
        feeder.start()
        got = drained(out)
        feeder.join()
        err = process.stderr.read().decode()
        return process.wait(60), got, err


def noise(width, height):
    rng = np.random.default_rng(7)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_cut_through_pipes_that_do_not_block(program, tmp_path):
    Image.new("L", (400, 300), 255).save(tmp_path / "white.png")
    code, got, err = through_nonblocking_pipes(
        program, ["cut", "-", "-o", "-", "--trimap", str(tmp_path / "white.png")], encoded(noise(400, 300)))
    assert code == 0, err
    assert (np.asarray(Image.open(io.BytesIO(got)).convert("RGB")) == np.asarray(noise(400, 300))).all()
    assert len(got) > 300000  # more than a pipe holds


def test_stream_through_pipes_that_do_not_block(program):
    data = b"".join(encoded(noise(300, 200 + i)) for i in range(4))
    code, got, err = through_nonblocking_pipes(program, ["stream"], data)
    assert code == 0, err
    sizes = [Image.open(io.BytesIO(SIGNATURE + p)).size for p in got.split(SIGNATURE)[1:]]
    assert sizes == [(300, 200 + i) for i in range(4)]


def test_json_into_a_pipe_that_does_not_block(program, tmp_path):
    ball(40, 30).save(tmp_path / "in.png")
    code, got, err = through_nonblocking_pipes(program, ["cut", "--help"], b"")
    assert code == 0 and len(got) > 4000, err
    code, got, err = through_nonblocking_pipes(program, ["doctor", "--json"], b"")
    assert code == 0 and "version" in json.loads(got), err


def test_report_into_a_full_pipe_that_does_not_block(program, pictures, tmp_path):
    # 24 lines of some 700 bytes do not fit into a pipe of one page.
    out, stdout = nonblocking_pipe()
    fcntl.fcntl(stdout, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([program, "cut", "in", "-O", "out", "--report", "/dev/stdout"], cwd=tmp_path,
                          stdout=stdout, stderr=subprocess.PIPE) as process:
        os.close(stdout)
        got = drained(out)
        assert process.wait(60) == 0, process.stderr.read()
    assert len(json.loads(got)) == PICTURES


def test_a_reader_that_goes_away_ends_stream_while_input_stays_open(program):
    one = encoded(ball(64, 48))
    with subprocess.Popen([program, "stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(one)
        process.stdin.flush()
        got = b""
        while not got.endswith(b"IEND\xaeB`\x82"):
            got += process.stdout.read1(65536)
        process.stdout.close()
        process.stdin.write(one)
        process.stdin.flush()  # and stays open
        assert process.wait(60) == 3
        assert "standard output" in process.stderr.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_a_signal_lets_stream_finish_what_it_has(program, number):
    images = [encoded(ball(64 + i, 48)) for i in range(3)]
    with subprocess.Popen([program, "stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        # The last one has only come in part: it is not at hand.
        process.stdin.write(b"".join(images) + images[0][:500])
        process.stdin.flush()
        got = process.stdout.read1(65536)
        while struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0] > 0:
            time.sleep(0.01)  # not yet all read
        time.sleep(0.1)
        process.send_signal(number)
        got += process.stdout.read()
        assert process.wait(60) == -number
        err = process.stderr.read().decode()
    sizes = [Image.open(io.BytesIO(SIGNATURE + p)).size for p in got.split(SIGNATURE)[1:]]
    assert sizes == [(64 + i, 48) for i in range(3)], err
    assert "interrupted" in err and "error" not in err


def test_a_signal_that_was_to_be_ignored_is(program, tmp_path):
    """As under nohup."""
    with subprocess.Popen(["sh", "-c", 'trap "" HUP; exec "$0" stream -o out-%d.png', program], cwd=tmp_path,
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(encoded(ball(64, 48)))
        process.stdin.flush()
        while not (tmp_path / "out-0.png").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGHUP)
        process.stdin.write(encoded(ball(65, 48)))
        process.stdin.close()
        assert process.wait(60) == 0
    assert leftovers(tmp_path) == ["out-0.png", "out-1.png"]


def test_watch_without_messages(program, pictures, tmp_path):
    """Goes on and ends as usual, however its standard error is."""
    for bad in ("2>/dev/full", "2>&-"):
        out = "out" + str(len(bad))
        with subprocess.Popen(["bash", "-c", f'exec "$0" cut --watch in -O {out} -v --jobs 4 {bad}', program],
                              cwd=tmp_path) as process:
            wanted = [tmp_path / out / f"{i:02}.cut.png" for i in range(PICTURES)]
            for _ in range(2000):
                if all(path.exists() for path in wanted) or process.poll() is not None:
                    break
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        check_folder(tmp_path, out)


def test_there_is_one_way_to_standard_error_and_one_to_standard_output():
    """What writes there otherwise throws, loses what a pipe does not take at once, or ends a thread."""
    other = re.compile(r"fmt::print|std::(cerr|cout|clog)|\b(v?f?printf|perror|puts|fputs|putchar)\(")
    text = re.compile(r'"(?:[^"\\]|\\.)*"')  # SQL has a printf too
    found = [f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
             for folder in ("apps", "src") for path in sorted((ROOT / folder).rglob("*.*"))
             if path.suffix in (".cc", ".h") and not path.stem.endswith(("_test", "_bench"))
             for number, line in enumerate(path.read_text().splitlines(), 1)
             if other.search(text.sub('""', line).split("//")[0])]
    assert found == []
