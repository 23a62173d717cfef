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
    pytest.importorskip("mypy", reason="mypy is not installed")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary",
                           "--cache-dir", tmp_path / "cache", *map(str, arguments)],
                          capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def pyright(tmp_path, files, **settings):
    """The errors as (file, line, text)."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    if shutil.which("node") is None:
        pytest.skip("pyright needs node, which is not here")
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps({"include": [str(f) for f in files], "pythonVersion": "3.11",
                                  **settings}))
    done = subprocess.run([sys.executable, "-m", "pyright", "--outputjson", "-p", config,
                           "--pythonpath", sys.executable], capture_output=True, text=True,
                          timeout=300, cwd=tmp_path,
                          env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] > 0, done.stdout
    return [(d["file"], d["range"]["start"]["line"] + 1, d["message"])
            for d in found["generalDiagnostics"] if d["severity"] == "error"]


def test_usage_under_mypy(tmp_path):
    told = mypy(tmp_path, USAGE)
    found = {int(n) for n in re.findall(r"usage\.py:(\d+): error", told)}
    assert found == WRONG, told


def test_usage_under_pyright(tmp_path):
    told = pyright(tmp_path, [USAGE])
    assert {line for _, line, _ in told} == WRONG, told


def test_the_package_itself(tmp_path):
    told = mypy(tmp_path, "--exclude", "_peel.pyi", PACKAGE)
    assert told.strip() == "", told


def test_every_public_name_is_typed(tmp_path):
    """pyright's own measure of a typed library."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    if shutil.which("node") is None:
        pytest.skip("pyright needs node, which is not here")
    done = subprocess.run([sys.executable, "-m", "pyright", "--verifytypes", "peel",
                           "--ignoreexternal", "--outputjson", "--pythonpath", sys.executable],
                          capture_output=True, text=True, timeout=300, cwd=tmp_path)
    report = json.loads(done.stdout)["typeCompleteness"]
    unknown = [s["name"] for s in report["symbols"]
               if s["isExported"] and not s["isTypeKnown"]]
    assert report["completenessScore"] == 1, unknown


def test_the_stub_matches_the_module(tmp_path):
    """Names and signatures, as mypy's stubtest finds them."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    allowed = tmp_path / "allowed"
    allowed.write_text("peel\\._peel\\..*\\.__(new|init|setstate|getstate|reduce|reduce_ex)__\n")
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "peel._peel", "--allowlist", allowed,
                           "--ignore-unused-allowlist", "--ignore-positional-only"],
                          capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
