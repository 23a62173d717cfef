"""`python -m peel.rembg s`: the service with rembg's flags."""
import os
import pathlib
import signal
import subprocess
import threading

import pytest
import requests

from serve_support import PATIENCE, ROOT, is_cut_out, opened

PYTHON = ROOT / ".venv" / "bin" / "python"


@pytest.fixture(scope="module")
def python():
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import peel.rembg"], capture_output=True).returncode:
        pytest.skip("the Python module is not installed; run `make python` first")
    return PYTHON


def start(python, program, *flags):
    env = {**os.environ, "PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}", "PEEL_CONFIG": "off"}
    return subprocess.Popen([python, "-m", "peel.rembg", "s", *flags], stderr=subprocess.PIPE, text=True, env=env)


def test_starts_the_service(python, program, photo):
    process = start(python, program, "-p", "0", "-h", "127.0.0.1", "-l", "info", "-t", "1", "--no-ui")
    try:
        for line in process.stderr:
            if "listening on " in line:
                address = line.split("listening on ")[1].split()[0]
                break
        threading.Thread(target=process.stderr.read, daemon=True).start()
        answer = requests.post(address + "/api/remove", files={"file": photo}, timeout=PATIENCE)
        assert is_cut_out(opened(answer.content))
        assert requests.get(address + "/", timeout=PATIENCE).status_code == 404  # --no-ui
        assert 'peel_workers{state="idle"} 1' in requests.get(address + "/metrics", timeout=PATIENCE).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_refuses_in_words(python, program):
    open_ = start(python, program, "-p", "0", "-h", "0.0.0.0")
    assert "--insecure" in open_.communicate(timeout=PATIENCE)[1] and open_.returncode == 2
    wrong = start(python, program, "-p", "0", "--no-such-option")
    assert "no-such-option" in wrong.communicate(timeout=PATIENCE)[1] and wrong.returncode == 2
    nowhere = subprocess.run([python, "-m", "peel.rembg", "s"], capture_output=True, text=True, timeout=PATIENCE,
                             env={**os.environ, "PATH": "/nonexistent"})
    assert nowhere.returncode == 3 and "PATH" in nowhere.stderr
