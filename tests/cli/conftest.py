"""What every test of the program needs: the program, a scratch folder, pictures to feed it."""
import dataclasses
import pathlib
import subprocess

import numpy as np
from PIL import Image
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
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


def ball(width=320, height=240):
    """A red ball over a soft green ground: a subject that any model sees."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    ground = np.stack([90 + y / height * 60, 140 + y / height * 50, 100 + 0 * y], axis=-1)
    radius = 0.35 * min(width, height)
    inside = np.clip(radius + 0.5 - np.hypot(x - width / 2, y - height / 2), 0, 1)[..., None]
    light = np.hypot(x - width / 2 + radius / 3, y - height / 2 + radius / 3) / (2 * radius)
    colour = np.clip(1.1 - light, 0.25, 1)[..., None] * np.array([235.0, 60.0, 45.0])
    return Image.fromarray((ground * (1 - inside) + colour * inside).round().astype(np.uint8))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    ball().save(path, quality=92)
    return path


def leftovers(folder):
    """Names in a folder, hidden ones included: temporary files would be seen. The record of what
    outputs were made from is where it belongs."""
    return sorted(p.relative_to(folder).as_posix() for p in pathlib.Path(folder).rglob("*")
                  if p.is_file() and not p.name.startswith(".peel-manifest"))
