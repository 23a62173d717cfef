"""The networks that the benchmarks time have the published numbers of parameters and multiply-adds."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_random_networks_have_the_published_shapes():
    done = subprocess.run([sys.executable, ROOT / "bench" / "models" / "make.py", "--check"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("(as published)") == 4
