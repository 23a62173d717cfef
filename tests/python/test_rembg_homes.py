"""Where peel.rembg looks for models: rembg's variables, in rembg's order."""
import os

import pytest

from peel.rembg.sessions.base import BaseSession
from peel.rembg.sessions.u2net import U2netSession


@pytest.fixture
def environment(monkeypatch, tmp_path):
    for variable in ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize("variables,home", [
    ({}, "~/.rembg"),
    ({"REMBG_HOME": "/r"}, "/r"),
    ({"XDG_DATA_HOME": "/x"}, "/x/rembg"),
    ({"XDG_DATA_HOME": "/x", "REMBG_HOME": "/r"}, "/r"),
    ({"U2NET_HOME": "/u", "REMBG_HOME": "/r", "XDG_DATA_HOME": "/x"}, "/u"),
    ({"U2NET_HOME": "", "REMBG_HOME": "~/r"}, "~/r"),
])
def test_home(environment, variables, home):
    for name, value in variables.items():
        environment.setenv(name, value)
    assert U2netSession.rembg_home() == os.path.expanduser(home)
    assert U2netSession.u2net_home() == U2netSession.rembg_home()
    assert U2netSession.model_dir() == os.path.join(os.path.expanduser(home), "models", "u2net")


def test_both_layouts_are_read(environment, tmp_path):
    environment.setenv("REMBG_HOME", str(tmp_path / "new"))
    environment.setenv("XDG_DATA_HOME", str(tmp_path / "old"))
    assert U2netSession.resolve_existing("u2net.onnx") is None
    flat = tmp_path / "old" / ".u2net" / "u2net.onnx"
    nested = tmp_path / "new" / "models" / "u2net" / "u2net.onnx"
    for path in (flat, nested):  # the second one wins
        path.parent.mkdir(parents=True)
        path.write_text("")
        assert U2netSession.resolve_existing("u2net.onnx") == str(path)
        assert U2netSession.download_models() == str(path)


def test_model_paths_of_strangers(environment, tmp_path):
    environment.setenv("REMBG_HOME", str(tmp_path / "new"))
    environment.setenv("XDG_DATA_HOME", str(tmp_path / "old"))
    for inside in (tmp_path / "new" / "a" / "m.onnx", tmp_path / "old" / ".u2net" / "m.onnx"):
        assert BaseSession.validate_model_path(model_path=str(inside)) == str(inside)
    for outside in ("/etc/passwd", tmp_path / "new-evil" / "m.onnx", tmp_path / "new" / ".." / "m",
                    tmp_path / "new" / ".." / ".." / "etc" / "passwd"):
        with pytest.raises(ValueError):
            BaseSession.validate_model_path(model_path=str(outside))
    with pytest.raises(ValueError):
        BaseSession.validate_model_path()
