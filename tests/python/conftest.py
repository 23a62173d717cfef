"""What the tests of the Python module need: the module as installed, pictures to feed it."""
import pathlib

import pytest

from pictures import U2NETP, ball, encoded


try:
    import peel  # noqa: F401
except ImportError:  # test_import.py says so, once
    collect_ignore_glob = ["test_[!i]*.py", "test_inputs.py"]


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
