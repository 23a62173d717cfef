"""A file that crashes, hangs or leads astray the library that decodes it costs no other file. The helper
does so on purpose for files that end with PEEL-TEST (src/codec/isolated/helper.h)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from cli_support import ball

MARK = b"PEEL-TEST"


def tiffs(folder, count, marked=()):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        path = folder / f"{i:02}.tif"
        ball(96 + i, 72).save(path)
        if i in marked:
            path.write_bytes(path.read_bytes() + MARK)


def hook(what, **more):
    return {**os.environ, "PEEL_CONFIG": "off", "PEEL_TEST_DECODE_HELPER": what, **more}


def helpers_of(pid):
    """The decode helpers among a process's children."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            parent = [line for line in status.read_text().splitlines() if line.startswith("PPid:")]
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent and int(parent[0].split()[1]) == pid and b"decode-helper" in command:
            found.append(int(status.parent.name))
    return found


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("nothing came of it")


def is_gone(pid):
    try:
        return "(zombie)" in pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def is_hanging(pid):
    """Whether a helper has come to the file that makes it hang. That it has opened the library says
    less: it also reads the header, and a run that is interrupted between the two goes no further."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text() == "hanging\n"
    except OSError:
        return False


@pytest.mark.parametrize("what", ["crash", "exit", "garbage", "probe-crash"])
def test_three_of_24_end_their_decoder(peel, tmp_path, what):
    tiffs(tmp_path / "in", 24, marked=(3, 11, 23))
    done = peel("in", "-O", "out", "--report", "r.json", env=hook(what))
    assert done.code == 1
    assert len(list((tmp_path / "out").glob("*.cut.png"))) == 21
    errors = [line for line in done.err.splitlines() if "error" in line]
    assert len(errors) == 3 and all("libtiff " in line for line in errors), done.err
    report = json.loads((tmp_path / "r.json").read_text())
    failed = {os.path.basename(r["input"]): r["error"] for r in report if r["status"] == "failed"}
    assert sorted(failed) == ["03.tif", "11.tif", "23.tif"]
    for error in failed.values():
        assert error["code"] == "corrupt" and "save the picture as PNG" in error["message"]
        if what.endswith("crash"):
            assert "crashed (signal 11" in error["message"]


@pytest.mark.parametrize("what", ["hang", "probe-hang"])
def test_a_hang_is_stopped_and_told(peel, tmp_path, what):
    tiffs(tmp_path / "in", 4, marked=(1,))
    done = peel("in", "-O", "out", env=hook(what, PEEL_DECODE_TIMEOUT="1"))
    assert done.code == 1 and "01.tif: libtiff " in done.err
    assert "did not come to an end" in done.err
    assert len(list((tmp_path / "out").glob("*.cut.png"))) == 3


def test_every_frame_of_several_files(peel, tmp_path):
    pages = [ball(80 + i, 60) for i in range(3)]
    for name in ("a.tif", "b.tif", "c.tif"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    bad = tmp_path / "b.tif"
    bad.write_bytes(bad.read_bytes() + MARK)
    done = peel("a.tif", "b.tif", "c.tif", "--all-frames", "-O", "out", env=hook("crash"))
    assert done.code == 1 and "b.tif: libtiff " in done.err
    assert sorted(p.name for p in (tmp_path / "out").glob("*.png")) == [
        f"{name}-00{i}.cut.png" for name in "ac" for i in (1, 2, 3)]


def test_the_same_bytes_with_helpers_and_without(peel, tmp_path, shared):
    names = ["odd/hopper.avif", "odd/multipage.tiff", "odd/16bit.cropped.tif", "odd/example.heic"]
    files = [shared / name for name in names if (shared / name).exists()]
    outputs = []
    for isolate in ("always", "never"):
        done = peel(*files, "-O", isolate, "--all-frames", "--compat", "rembg",
                    env=hook("", PEEL_ISOLATE=isolate))
        assert done.code == 0, done.err
        outputs.append({p.name: p.read_bytes() for p in (tmp_path / isolate).glob("*.png")})
    assert outputs[0] == outputs[1] and len(outputs[0]) >= len(files)


def test_a_stream_goes_on(peel, shared):
    avif = (shared / "odd/hopper.avif").read_bytes()
    stream = avif + (avif + MARK) + avif + (avif + MARK) + avif
    done = peel("stream", stdin=stream, env=hook("crash"))
    assert done.code == 1
    assert done.out.count(b"\x89PNG\r\n\x1a\n") == 3
    assert [line.split(":")[2] for line in done.err.splitlines() if "libavif" in line] == [
        " picture 1", " picture 3"], done.err


def test_the_parent_loads_none_of_it_and_no_helper_outlives_it(program, tmp_path):
    tiffs(tmp_path / "in", 3, marked=(0, 1))
    run = subprocess.Popen([program, "in", "-O", "out", "--jobs", "2"], cwd=tmp_path,
                           env=hook("hang"), stderr=subprocess.PIPE)
    try:
        hung = until(lambda: (lambda h: h if len(h) == 2 else None)(helpers_of(run.pid)))
        until(lambda: all(is_hanging(pid) for pid in hung))
        assert "libtiff" not in pathlib.Path(f"/proc/{run.pid}/maps").read_text()
        for pid in hung:
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            assert "NoNewPrivs:\t1" in status
            assert [line.split()[4] for line in limits.splitlines()
                    if line.startswith("Max core file size")] == ["0"]
            if os.access(f"/proc/{pid}/fd", os.R_OK):
                assert len(os.listdir(f"/proc/{pid}/fd")) <= 6
            assert int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text()) >= 800
    finally:
        run.kill()  # SIGKILL
        run.communicate()
    until(lambda: all(is_gone(pid) for pid in hung))


def test_ctrl_c_ends_the_run_and_its_helpers(program, tmp_path):
    tiffs(tmp_path / "in", 40, marked=(0,))
    run = subprocess.Popen([program, "in", "-O", "out", "--jobs", "1"], cwd=tmp_path,
                           env=hook("hang", PEEL_DECODE_TIMEOUT="4"), stderr=subprocess.PIPE,
                           start_new_session=True)
    helper = until(lambda: helpers_of(run.pid))[0]
    until(lambda: is_hanging(helper))
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all of them
    time.sleep(0.3)
    assert not is_gone(helper), "the picture at hand is finished first"
    _, err = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGINT, err
    assert b"interrupted" in err and b"crashed" not in err
    until(lambda: is_gone(helper))


def test_a_helper_that_is_killed_while_idle_is_replaced(program, tmp_path, shared):
    avif = (shared / "odd/hopper.avif").read_bytes()
    ball(40, 30).save(tmp_path / "p.png")
    png = (tmp_path / "p.png").read_bytes()
    run = subprocess.Popen([program, "stream", "-o", "out-%d.png", "--jobs", "1"], cwd=tmp_path,
                           env=hook(""), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    for i in range(2):
        run.stdin.write(avif + png)
        run.stdin.flush()
        until((tmp_path / f"out-{2 * i + 1}.png").exists)
        if i == 0:
            for pid in until(lambda: helpers_of(run.pid)):
                os.kill(pid, signal.SIGKILL)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert (tmp_path / "out-2.png").read_bytes() == (tmp_path / "out-0.png").read_bytes()


def test_a_helper_that_is_killed_at_work_may_have_had_no_memory(program, tmp_path):
    tiffs(tmp_path / "in", 3, marked=(1,))
    run = subprocess.Popen([program, "in", "-O", "out", "--jobs", "1"], cwd=tmp_path,
                           env=hook("hang"), stderr=subprocess.PIPE)
    helper = until(lambda: helpers_of(run.pid))[0]
    until(lambda: is_hanging(helper))
    os.kill(helper, signal.SIGKILL)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1 and b"01.tif: libtiff " in err and b"memory had run out" in err, err
    assert is_gone(helper) and len(list((tmp_path / "out").glob("*.png"))) == 2


def test_without_proc_everything_is_decoded_in_one_process(program, tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("no unshare at hand")
    hide = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            'mount -t tmpfs none /proc && exec "$0" "$@"']
    if subprocess.run([*hide, "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespace of one's own is allowed here")
    tiffs(tmp_path / "in", 3)
    done = subprocess.run([*hide, program, "in", "-O", "out"], cwd=tmp_path, env=hook(""),
                          capture_output=True, timeout=120)
    err = done.stderr.decode()
    assert done.returncode == 0, err
    assert err.count("decoded in this process") == 1 and "/proc/self/exe" in err
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def test_a_single_picture_has_no_helper(peel, tmp_path):
    tiffs(tmp_path, 1, marked=(0,))
    assert peel("00.tif", env=hook("crash")).code == 0
    assert peel("00.tif", "-o", "x.png", env=hook("crash", PEEL_ISOLATE="always")).code == 1


def test_the_helper_is_nobody_s_command(peel):
    done = peel("decode-helper")
    assert done.code == 2 and "run by peel itself" in done.err
