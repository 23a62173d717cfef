"""What the tests of the Python module need: the module as installed, pictures to feed it."""
import io
import pathlib

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
U2NETP = SHARED / "models" / "u2netp-fp32.onnx"


def pytest_ignore_collect(collection_path, config):
    """Without the module there is nothing to test: one line instead of an error a file."""
    try:
        import peel  # noqa: F401
    except ImportError:
        if collection_path.name.startswith("test_") and collection_path.parent == pathlib.Path(
                __file__).parent:
            print(f"{collection_path.name} left out: the module peel is not installed "
                  "(pip install .)")
            return True
    return None


def ball(width=160, height=120):
    """A red ball over a soft green ground: a subject that any model sees."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    ground = np.stack([90 + y / height * 60, 140 + y / height * 50, 100 + 0 * y], axis=-1)
    radius = 0.35 * min(width, height)
    inside = np.clip(radius + 0.5 - np.hypot(x - width / 2, y - height / 2), 0, 1)[..., None]
    light = np.hypot(x - width / 2 + radius / 3, y - height / 2 + radius / 3) / (2 * radius)
    colour = np.clip(1.1 - light, 0.25, 1)[..., None] * np.array([235.0, 60.0, 45.0])
    return (ground * (1 - inside) + colour * inside).round().astype(np.uint8)


def encoded(array, format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="session")
def photo():
    """H x W x 3, read-only so that no test changes another's."""
    array = ball()
    array.flags.writeable = False
    return array


@pytest.fixture(scope="session")
def png(photo):
    return encoded(photo)


@pytest.fixture(scope="session")
def session():
    import peel

    return peel.Session()


@pytest.fixture
def rembg_home(tmp_path, monkeypatch):
    """A home of rembg's that holds u2netp alone."""
    if not U2NETP.exists():
        pytest.skip(f"{U2NETP} is not at hand")
    for variable in ("U2NET_HOME", "XDG_DATA_HOME", "OMP_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "rembg"
    folder = home / "models" / "u2netp"
    folder.mkdir(parents=True)
    (folder / "u2netp.onnx").symlink_to(U2NETP)
    monkeypatch.setenv("REMBG_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    return home
