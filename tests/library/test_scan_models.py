"""models/scan/*.onnx are what tools/scan_models makes of the published files."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "models"


def test_the_models_come_out_of_the_published_files(tmp_path):
    pytest.importorskip("onnx")
    if not (PUBLISHED / "yolox_nano.onnx").is_file():
        pytest.skip("no ../shared/models: the published files are missing")
    subprocess.run([sys.executable, ROOT / "tools/scan_models/make_models.py", PUBLISHED, tmp_path], check=True)
    for name in ("objects", "faces", "scenes"):
        made, kept = tmp_path / f"{name}.onnx", ROOT / "models" / "scan" / f"{name}.onnx"
        assert made.read_bytes() == kept.read_bytes(), name


def test_a_file_that_is_no_tflite_is_refused(tmp_path):
    pytest.importorskip("onnx")
    (tmp_path / "a.tflite").write_bytes(b"\x10\0\0\0ABCD" + bytes(32))
    (tmp_path / "a.txt").write_text("a\n")
    done = subprocess.run([sys.executable, ROOT / "tools/scan_models/convert_mobilenet.py", tmp_path / "a.tflite",
                           tmp_path / "a.txt", tmp_path / "a.onnx"], capture_output=True, text=True)
    assert done.returncode != 0 and "is no TensorFlow Lite file" in done.stderr
