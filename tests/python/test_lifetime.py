"""Sessions and removers from loading to closing: the GIL, `with`, pickling, other processes."""
import copy
import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import peel
from pictures import U2NETP


def test_gil_is_released_while_a_model_loads():
    """Without that, no other thread could have run: none is switched to within ten seconds."""
    beats, made = [], []
    stop = threading.Event()

    def beat():
        while not stop.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.0005)

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=beat)
    thread.start()
    sys.setswitchinterval(10)
    try:
        time.sleep(0.1)  # requests of the shorter interval are over then
        for _ in range(8):
            start = time.perf_counter()
            made.append(peel._peel.Engine())  # nothing else: looking for files or freeing one, too, lets go
            end = time.perf_counter()
            if any(start < b < end for b in beats):
                return
        pytest.fail(f"another thread never ran ({len(beats)} beats in all)")
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        thread.join()


def test_threads_that_come_at_once_load_one_model():
    done = subprocess.run([sys.executable, "-c", textwrap.dedent("""
        import threading, numpy, peel
        from peel import _session
        made = []
        real = _session.Engine
        _session.Engine = lambda *a: made.append(1) or real(*a)
        threads = [threading.Thread(target=peel.matte, args=(numpy.zeros((20, 20, 3), numpy.uint8),))
                   for _ in range(8)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(len(made))
    """)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["1"], done.stderr


@pytest.mark.parametrize("make", [peel.Session, peel.BackgroundRemover])
def test_close_and_with(make, photo):
    with make() as thing:
        first = thing.matte(photo)
    for call in (lambda: thing.matte(photo), lambda: thing.__enter__()):
        with pytest.raises(peel.InvalidArgument, match="closed"):
            call()
    thing.close()  # twice does no harm
    thing = make()
    assert np.array_equal(thing.matte(photo), first)
    thing.close()
    with pytest.raises(ValueError, match="closed"):
        thing.matte(photo)


def test_closed_sessions_say_so(photo):
    session = peel.Session()
    assert not session.closed
    session.close()
    assert session.closed and "closed" in repr(session)
    for name in ("model", "device", "threads", "warning"):
        with pytest.raises(peel.InvalidArgument, match="closed"):
            getattr(session, name)
    with pytest.raises(peel.InvalidArgument, match="closed"):
        peel.cut(photo, session=session)


def test_threads_and_file_are_given_back():
    """A closed session leaves no threads behind, and no closed session its model's file open."""
    if not U2NETP.exists():
        pytest.skip(f"{U2NETP} is not at hand")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(f"""
        import os, peel
        def threads():
            return len(os.listdir("/proc/self/task"))
        before = threads()
        session = peel.Session({str(U2NETP)!r}, threads=3)
        inside = threads()
        session.close()
        held = [os.readlink(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd")
                if os.path.exists(f"/proc/self/fd/{{fd}}")]
        print(inside > before, threads() == before,
              "u2netp-fp32.onnx" in open("/proc/self/maps").read() + " ".join(held))
    """)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True", "True", "False"], (done.stdout, done.stderr)


def test_closing_while_calls_are_under_way(photo):
    """They end as they would have; new ones are refused."""
    wanted = peel.matte(photo)
    for _ in range(5):
        session = peel.Session(threads=1)
        outcomes = []

        def work():
            try:
                while True:
                    outcomes.append(np.array_equal(session.matte(photo), wanted))
            except peel.InvalidArgument as error:
                outcomes.append(str(error))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        while not outcomes:
            time.sleep(0.001)
        session.close()
        for t in threads:
            t.join()
        said = [o for o in outcomes if isinstance(o, str)]
        assert len(said) == 3 and all("closed" in s for s in said)
        assert all(o is True for o in outcomes if not isinstance(o, str))


def test_closed_before_its_last_result_is_used(photo):
    session = peel.Session()
    matte = session.matte(photo)
    session.close()
    assert matte.max() == 255


@pytest.mark.parametrize("thing", [
    lambda: peel.Session(threads=1, precision="fp32"),
    lambda: peel.BackgroundRemover(threads=1, background="white", alpha_matting=True,
                                   alpha_matting_erode_size=4)])
def test_pickled_by_what_made_them(thing, photo):
    thing = thing()
    other = pickle.loads(pickle.dumps(thing))
    assert type(other) is type(thing) and other._settings == thing._settings
    cut = thing.cut if isinstance(thing, peel.Session) else thing.process
    again = other.cut if isinstance(thing, peel.Session) else other.process
    assert np.array_equal(again(photo), cut(photo))
    assert len(pickle.dumps(thing)) < 2000  # settings, not weights
    assert np.array_equal(copy.deepcopy(thing).matte(photo), thing.matte(photo))
    thing.close()
    with pytest.raises(peel.InvalidArgument, match="closed"):
        pickle.dumps(thing)


def test_paths_hold_in_another_folder(tmp_path, monkeypatch, photo):
    if not U2NETP.exists():
        pytest.skip(f"{U2NETP} is not at hand")
    (tmp_path / "mine.onnx").symlink_to(U2NETP)
    monkeypatch.chdir(tmp_path)
    session = peel.Session("mine.onnx", threads=1)
    remover = peel.BackgroundRemover("mine.onnx", threads=1)
    data = pickle.dumps((session, remover))
    monkeypatch.chdir("/")
    for other in pickle.loads(data):
        assert np.array_equal(other.matte(photo), session.matte(photo))
    assert len(list(remover.process_batch([photo] * 3, workers=2))) == 3  # which loads it anew


def _in_another_process(thing, photo, queue):
    queue.put((thing.matte(photo), getattr(thing, "session", thing).threads))


@pytest.mark.parametrize("make", [peel.Session, peel.BackgroundRemover])
def test_spawned_processes_take_them(make, photo):
    thing = make(threads=1)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_in_another_process, args=(thing, photo, queue))
    process.start()
    matte, threads = queue.get(timeout=120)
    process.join(60)
    assert process.exitcode == 0 and threads == 1
    assert np.array_equal(matte, thing.matte(photo))


def test_errors_travel_between_processes():
    for error in (peel.NotFound("x.jpg: none"), peel.Corrupt("bad"), peel.DeviceRefused("no")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and str(again) == str(error)


def test_remover_of_rembg_travels(photo):
    from peel import rembg

    session = rembg.new_session("peel")
    other = pickle.loads(pickle.dumps(session))
    assert np.array_equal(rembg.remove(photo, session=other), rembg.remove(photo, session=session))


def test_a_session_or_a_model(session, photo):
    with pytest.raises(peel.InvalidArgument, match="a model or a session"):
        peel.cut(photo, model="peel", session=session)


def test_the_modules_own_session_opens_anew(photo):
    from peel._session import session_for

    wanted = peel.cut(photo)
    session_for().close()
    assert np.array_equal(peel.cut(photo), wanted)
