"""The types that come with the package, checked by mypy and pyright.

Lines of typed/usage.py that end in "# E: why" must be errors, all others none.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `pip install .`")

HERE = pathlib.Path(__file__).resolve().parent
USAGE = HERE / "typed" / "usage.py"
PACKAGE = pathlib.Path(peel.__file__).parent
WRONG = {i for i, line in enumerate(USAGE.read_text().splitlines(), 1) if "  # E: " in line}


def mypy(tmp_path, *arguments):
    """What it prints; the runs share what it learnt about NumPy."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary",
                           "--cache-dir", tmp_path.parent / "mypy", *map(str, arguments)],
                          capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def pyright(tmp_path, *arguments):
    """pyright's report, as it says it in JSON."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    if shutil.which("node") is None:
        pytest.skip("pyright needs node, which is not here")
    # The interpreter is the first in PATH, which --verifytypes asks where packages lie.
    folders = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run([sys.executable, "-m", "pyright", "--outputjson", *map(str, arguments)],
                          capture_output=True, text=True, timeout=300, cwd=tmp_path,
                          env={**os.environ, "PATH": folders, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout)


def test_usage_under_mypy(tmp_path):
    told = mypy(tmp_path, USAGE)
    found = {int(n) for n in re.findall(r"usage\.py:(\d+): error", told)}
    assert found == WRONG, told


def test_usage_under_pyright(tmp_path):
    shutil.copy(USAGE, tmp_path)
    report = pyright(tmp_path, "usage.py")
    assert report["summary"]["filesAnalyzed"] == 1
    errors = [(d["range"]["start"]["line"] + 1, d["message"]) for d in report["generalDiagnostics"]
              if d["severity"] == "error"]
    assert {line for line, _ in errors} == WRONG, errors


def test_the_package_itself(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "peel", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-peel._peel]\ndisallow_any_generics = False\n")
    told = mypy(tmp_path, "-p", "peel")
    assert told.strip() == "", told


def test_every_public_name_has_a_type(tmp_path):
    """pyright's own measure of a typed library."""
    report = pyright(tmp_path, "--verifytypes", "peel", "--ignoreexternal")["typeCompleteness"]
    unknown = [s["name"] for s in report["symbols"] if s["isExported"] and not s["isTypeKnown"]]
    assert len(report["symbols"]) > 100 and not unknown, unknown
