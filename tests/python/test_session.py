"""Sessions: choosing models and devices, threads, forks, signals, asyncio, memory."""
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest

import peel
from pictures import U2NETP, ball, encoded


def run_python(code, **options):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True,
                          text=True, timeout=120, **options)


def test_says_what_runs(session, photo):
    assert (session.model, session.device, session.warning) == ("peel", "cpu", "")
    assert session.precision and session.threads >= 1
    cut = session.run(photo)
    assert (cut.model, cut.device, cut.precision) == ("peel", "cpu", session.precision)
    assert cut.has_subject and 0 < cut.coverage < 1 and 0 < cut.subject_score <= 1
    assert "peel on cpu" in repr(session)


@pytest.mark.parametrize("name,at,word", [("tiff", 0, b"II*\0"), ("tif", 0, b"II*\0"), ("webp", 0, b"RIFF"),
                                          ("avif", 4, b"ftypavif"), ("jpg", 0, b"\xff\xd8")])
def test_formats(session, png, name, at, word):
    assert session.cut(png, format=name)[at:].startswith(word)


def test_nothing_to_cut_out_is_said(session):
    cut = session.run(np.full((90, 90, 3), 128, np.uint8))
    if not cut.has_subject:
        assert not cut.image[..., 3].any()


def test_devices_that_are_not_there_are_said_or_refused(monkeypatch):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")
    with pytest.warns(RuntimeWarning, match="cuda"):
        session = peel.Session(device="cuda")
    assert session.device == "cpu" and "cuda" in session.warning
    with pytest.raises(peel.DeviceRefused, match="cuda") as caught:
        peel.Session(device="cuda", strict=True)
    assert isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize("options", [
    {"device": "tpu"}, {"precision": "fp64"}, {"threads": 0}, {"threads": -1}, {"threads": "two"},
    {"family": "no-such-family"}, {"threads": True}, {"device": None},
])
def test_settings_that_make_no_sense(options):
    with pytest.raises((ValueError, TypeError)):
        peel.Session(**options)


def test_models_by_name_and_file(tmp_path, photo):
    assert peel.models()[0] == ("peel", "(embedded)")
    with pytest.raises(peel.NotFound, match="did you mean u2netp"):
        peel.Session("u2ntp")
    with pytest.raises(peel.NotFound, match="no such model file"):
        peel.Session(tmp_path / "none.onnx")
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x07nothing")
    with pytest.raises(peel.Error, match="bad.onnx"):
        peel.Session(bad)
    if not U2NETP.exists():
        pytest.skip(f"{U2NETP} is not at hand")
    session = peel.Session(U2NETP, threads=1)
    assert session.model == "u2netp-fp32" and session.threads == 1
    assert session.cut(photo).shape == (120, 160, 4)


def test_models_that_make_no_masks():
    model = U2NETP.with_name("yolox_nano.onnx")
    if not model.exists():
        pytest.skip(f"{model} is not at hand")
    with pytest.raises(peel.Unsupported, match="no mask"):
        peel.Session(model).cut(ball())


def test_many_threads_one_session(session, photo):
    wanted = session.cut(photo)
    wrong = []

    def work():
        for _ in range(3):
            if not np.array_equal(session.cut(photo), wanted):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_gil_is_released(session):
    """Another thread's Python goes on while a big picture is being cut."""
    big = np.asarray(ball(1600, 1200))
    beats = []
    stop = threading.Event()

    def beat():
        while not stop.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=beat)
    thread.start()
    start = time.perf_counter()
    session.cut(big)
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = sum(start < b < end for b in beats)
    assert inside >= 3, f"{inside} beats in {end - start:.3f} s"


def _child(session, photo, queue):
    queue.put(session.matte(photo))


def test_fork_after_use(session, photo):
    wanted = session.matte(photo)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        children = [context.Process(target=_child, args=(session, photo, queue)) for _ in range(2)]
        for c in children:
            c.start()
    for _ in children:
        assert np.array_equal(queue.get(timeout=60), wanted)
    for c in children:
        c.join(60)
        assert c.exitcode == 0
    assert np.array_equal(session.matte(photo), wanted)


def test_fork_and_plain_exit():
    """A child that ends like any program, its objects freed, does not wait for threads it lacks."""
    done = run_python("""
        import os, sys, numpy, peel
        session = peel.Session()
        session.matte(numpy.zeros((64, 64, 3), numpy.uint8))
        pid = os.fork()
        if pid == 0:
            session.matte(numpy.zeros((64, 64, 3), numpy.uint8))
            del session
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    assert done.stdout.split() == ["7"], done.stderr


def test_interrupt_stops_a_call():
    """Ctrl-C during a long call: KeyboardInterrupt soon, and the session still works."""
    done = run_python("""
        import os, signal, threading, time, numpy, peel
        signal.signal(signal.SIGINT, signal.default_int_handler)  # may be inherited ignored
        session = peel.Session(threads=1)
        picture = numpy.random.default_rng(1).integers(0, 255, (5000, 5000, 3), numpy.uint8)
        threading.Timer(0.15, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        start = time.perf_counter()
        try:
            for _ in range(20):
                session.cut(picture)
        except KeyboardInterrupt:
            print("interrupted", session.matte(numpy.zeros((9, 9, 3), numpy.uint8)).shape)
    """)
    assert done.stdout.strip() == "interrupted (9, 9)", done.stderr


def test_handlers_run_during_a_call():
    """A handler that raises nothing does not disturb the call."""
    done = run_python("""
        import signal, numpy, peel
        seen = []
        signal.signal(signal.SIGALRM, lambda *a: seen.append(1))
        session = peel.Session(threads=1)
        picture = numpy.zeros((3000, 3000, 3), numpy.uint8)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        print(session.matte(picture).shape)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(bool(seen))
    """)
    assert done.stdout.split("\n")[:2] == ["(3000, 3000)", "True"], done.stderr


def test_cancel_token(session, photo):
    token = peel.Cancel()
    assert session.cut(photo, cancel=token) is not None
    token.set()
    with pytest.raises(peel.Cancelled):
        session.cut(photo, cancel=token)


def test_asyncio(session, photo):
    async def main():
        ticks = 0
        done = asyncio.gather(session.cut_async(photo), session.matte_async(photo),
                              peel.cut_async(photo))
        while not done.done():
            ticks += 1
            await asyncio.sleep(0.001)
        return await done, ticks

    (cut, matte, other), ticks = asyncio.run(main())
    assert cut.shape[2] == 4 and matte.ndim == 2 and np.array_equal(cut, other)
    assert ticks >= 2


def test_asyncio_cancelling(session):
    async def main():
        task = asyncio.ensure_future(session.cut_async(np.zeros((2000, 2000, 3), np.uint8)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_memory_does_not_grow(session):
    """Hundreds of calls, pixels and bytes and failures, leave the process no bigger."""
    small = ball(48, 40)
    png = peel.cut(encoded(small))

    def round_of_calls(n):
        for _ in range(n):
            session.cut(small)
            session.matte(png)
            with pytest.raises(peel.Error):
                session.cut(png[:50])

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    round_of_calls(15)
    before = resident()
    round_of_calls(60)
    assert resident() - before < 8 << 20



def test_interrupted_process_group_is_clean():
    """SIGTERM ends a process in the middle of a call at once."""
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent("""
        import numpy, peel
        session = peel.Session()
        print("ready", flush=True)
        while True:
            session.matte(numpy.zeros((1500, 1500, 3), numpy.uint8))
    """)], stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"ready"
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
    process.stdout.close()
