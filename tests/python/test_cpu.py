"""PEEL_CPU in the Python module, by the marks that the code which ran leaves (PEEL_CPU_TRACE)."""
import os
import subprocess
import sys

import pytest

CODE = """
import numpy, peel, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    session = peel.Session()
peel.cut(numpy.zeros((40, 50, 3), numpy.uint8), session=session)
print(*(w.message for w in caught))
"""


@pytest.mark.parametrize("level,targets", [("scalar", {"SCALAR", "EMU128", "SSE2"}), ("avx9", None)])
def test_the_module_is_held_to_a_level_or_says_why_not(level, targets, tmp_path):
    pytest.importorskip("peel")
    trace = tmp_path / "trace"
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PEEL_CPU=level, PEEL_CPU_TRACE=str(trace)))
    assert done.returncode == 0, done.stderr
    ran = {line.split()[2] for line in trace.read_text(encoding="utf-8").splitlines()}
    assert ran and (targets is None or ran <= targets)
    assert ("PEEL_CPU=avx9" in done.stdout) == (level == "avx9")
