"""What every test of the program needs: the program, a scratch folder, pictures to feed it."""
import dataclasses
import subprocess

from PIL import Image
import pytest

from cli_support import ROOT, ball

PROGRAM = ROOT / "build" / "peel"
SHARED = ROOT.parent / "shared"


@dataclasses.dataclass
class Outcome:
    code: int
    out: bytes
    err: str


@pytest.fixture(scope="session")
def program():
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return PROGRAM


@pytest.fixture
def peel(program, tmp_path, monkeypatch):
    """Runs the program in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PEEL_CONFIG", "off")

    def run(*arguments, stdin=b"", timeout=120, **options):
        done = subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=timeout, **options)
        assert done.returncode >= 0, f"killed by signal {-done.returncode}: {done.stderr.decode()}"
        return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    return run


@pytest.fixture(scope="session")
def shared():
    if not (SHARED / "images").is_dir():
        pytest.skip("../shared/images is not at hand")
    return SHARED / "images"


@pytest.fixture(scope="session")
def models():
    if not (SHARED / "models").is_dir():
        pytest.skip("../shared/models is not at hand")
    return SHARED / "models"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    ball().save(path, quality=92)
    return path


@pytest.fixture
def everything(peel, tmp_path):
    """Cuts a file out with a trimap that is white all over: every pixel is subject without asking a
    model, so that colours are what the decoder gave. Returns the bytes written."""

    def run(path, size, name="out.png", *extra):
        Image.new("L", size, 255).save(tmp_path / "white.png")
        done = peel(path, "--trimap", "white.png", "-o", name, *extra)
        assert done.code == 0, done.err
        return (tmp_path / name).read_bytes()

    return run
