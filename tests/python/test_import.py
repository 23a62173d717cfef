"""Importing the module, and what it brings along."""
import subprocess
import sys

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `pip install .`")


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_import_needs_neither_numpy_nor_pillow():
    done = run_python("""
import sys, peel, peel.rembg
print([m for m in ("numpy", "PIL", "asyncio", "concurrent.futures", "onnxruntime")
       if m in sys.modules])
""")
    assert done.stdout.strip() == "[]", done.stderr


def test_bytes_are_cut_without_numpy(tmp_path):
    from pictures import ball, encoded

    (tmp_path / "photo.png").write_bytes(encoded(ball()))
    done = run_python(f"""
import sys, peel
print(peel.cut({str(tmp_path / "photo.png")!r})[:4], "numpy" in sys.modules)
""")
    assert done.stdout.strip() == r"b'\x89PNG' False", done.stderr


def test_typed():
    import pathlib

    folder = pathlib.Path(peel.__file__).parent
    assert (folder / "py.typed").exists() and "class Engine" in (folder / "_peel.pyi").read_text()


def test_public_names_have_help():
    for name in peel.__all__:
        assert getattr(peel, name).__doc__, name
    assert peel.__version__
