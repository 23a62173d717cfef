"""rembg's own published tests with the import redirected to peel.rembg.

They come with rembg's source distribution (2.0.50 to 2.0.60 have them), which `make test` puts into
.cache; their pictures and reference results are in ../shared. Their lists of models and pictures are
cut down to what is on the machine; nothing else is changed.
"""
import ast
import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

pytest.importorskip("peel", reason="the module peel is not installed (pip install .)")
pytest.importorskip("imagehash", reason="imagehash, which rembg's tests use, is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PICTURES = SHARED / "images" / "rembg"
MODELS = {"u2netp": SHARED / "models" / "u2netp-fp32.onnx"}  # rembg's name and the file

REDIRECT = """
import sys
import peel.rembg, peel.rembg.bg, peel.rembg.sessions, peel.rembg.session_factory
for name in [n for n in sys.modules if n == "peel.rembg" or n.startswith("peel.rembg.")]:
    sys.modules[name[len("peel."):]] = sys.modules[name]
"""


def published_tests():
    """The test files of the newest source distribution that has any."""
    folder = pathlib.Path(os.environ.get("PEEL_REMBG_SDIST", ROOT / ".cache"))
    for archive in sorted(folder.glob("rembg-*.tar.gz"), reverse=True):
        with tarfile.open(archive) as tar:
            files = {pathlib.PurePosixPath(m.name).name: tar.extractfile(m).read().decode()
                     for m in tar.getmembers()
                     if m.isfile() and "/tests/test_" in m.name and m.name.endswith(".py")}
        if files:
            return files
    pytest.skip(f"no source distribution of rembg with tests in {folder}")


class CutDown(ast.NodeTransformer):
    """Leaves out of the lists that are looped over what is not on the machine."""

    def __init__(self, models, pictures):
        self.models, self.pictures = models, pictures

    def visit_For(self, node):
        self.generic_visit(node)
        here = {"model": self.models, "picture": self.pictures}.get(getattr(node.target, "id", ""))
        if here is not None:
            node.iter.elts = [e for e in node.iter.elts if e.value in here]
            assert node.iter.elts, "nothing of what rembg tests is on the machine"
        return node


def test_rembgs_own_tests_pass(tmp_path):
    files = published_tests()
    models = {n: path for n, path in MODELS.items() if path.exists()}
    if not models or not PICTURES.is_dir():
        pytest.skip("../shared has no model or none of rembg's pictures")
    pictures = {p.name.split(".")[0] for p in (PICTURES / "results").glob("*.png")
                if p.name.split(".")[1] in models}
    tests = tmp_path / "tests"
    tests.mkdir()
    for folder in ("fixtures", "results"):
        (tests / folder).symlink_to(PICTURES / folder)
    (tests / "conftest.py").write_text(REDIRECT)
    for name, text in files.items():
        tree = CutDown(set(models), pictures).visit(ast.parse(text))
        (tests / name).write_text(ast.unparse(tree))
    home = tmp_path / "home"
    for name, path in models.items():
        (home / "models" / name).mkdir(parents=True)
        (home / "models" / name / f"{name}.onnx").symlink_to(path)
    environment = {k: v for k, v in os.environ.items() if k not in ("U2NET_HOME", "XDG_DATA_HOME")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", tests], timeout=300,
        env={**environment, "REMBG_HOME": str(home)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "actual_hash == expected_hash: True" in done.stdout
    assert f"{len(files)} passed" in done.stdout
