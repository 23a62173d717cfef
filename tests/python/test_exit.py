"""The end of an interpreter whose daemon threads are inside a call."""
import subprocess
import sys
import textwrap

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `pip install .`")

# What a daemon thread does over and over when the main thread comes to its end.
WORK = {
    "pixels": "session.cut(photo)",
    "bytes": "session.cut(png)",
    "bgr": "session.matte(photo[:, ::-1], bgr=True)",
    "errors": "refused(session, png)",
    "loading": "peel.Session(threads=1)",
    "batch": "list(remover.process_batch([photo] * 8, workers=2))",
    "rembg": "peel.rembg.remove(photo, session=rembgs)",
    "progress": "session.cut(photo, progress=lambda stage, share: None)",
}

CODE = """
    import io, sys, threading, time
    import numpy
    from PIL import Image
    import peel, peel.rembg

    photo = numpy.random.default_rng(1).integers(0, 255, (300, 400, 3), numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    png = file.getvalue()
    session = peel.Session()
    remover = peel.BackgroundRemover(threads=2)
    rembgs = peel.rembg.new_session("peel")

    def refused(session, png):
        try:
            session.cut(png[:len(png) // 2])
        except peel.Corrupt:
            pass

    def work():
        while True:
            {work}

    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep({pause})
    print("end", flush=True)
"""


def end_of(work, pause):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(CODE).format(work=work, pause=pause)],
                          capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("kind", WORK)
def test_daemon_threads_inside_calls(kind):
    for i in range(10 if kind == "pixels" else 3):
        done = end_of(WORK[kind], 0.1 + 0.013 * i)
        assert done.returncode == 0 and done.stdout == "end\n", (i, done.returncode, done.stderr)
        assert "terminate" not in done.stderr and "FATAL" not in done.stderr, done.stderr
