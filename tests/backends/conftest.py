"""Machines that are made up: without ONNX Runtime, with one that lies, with a GPU's driver of any age."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import pytest
from backends_support import HERE, ROOT, build
from onnx import TensorProto, helper, numpy_helper

PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build" / "peel"))
sys.path.insert(0, str(ROOT / "tests" / "cli"))  # cli_support


@dataclasses.dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def program():
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return PROGRAM


@pytest.fixture
def peel(program, tmp_path):
    """Runs the program on a machine without ONNX Runtime, but for what env says."""
    bare = {k: v for k, v in os.environ.items()
            if not k.startswith(("PEEL_", "XDG_", "CONDA_", "STUB_", "FAKE_")) and k != "VIRTUAL_ENV"}
    bare.update(PATH="/nowhere", HOME=str(tmp_path / "home"), PEEL_CACHE_DIR=str(tmp_path / "cache"),
                PEEL_ORT_LIB="off")

    def run(*arguments, stdin=b"", **env):
        environment = dict(bare, **{k: str(v) for k, v in env.items()})
        environment = {k: v for k, v in environment.items() if v != "UNSET"}
        done = subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=300, env=environment, cwd=tmp_path)
        assert done.returncode >= 0, f"signal {-done.returncode}: {done.stderr.decode()}"
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))

    return run


@pytest.fixture(scope="session")
def real():
    """The library of the wheel onnxruntime."""
    ort = pytest.importorskip("onnxruntime", reason="the wheel onnxruntime is not installed")
    found = sorted(pathlib.Path(ort.__file__).parent.glob("capi/libonnxruntime.so*"))
    if not found:
        pytest.skip("this onnxruntime has no libonnxruntime.so")
    return found[0]


@pytest.fixture(scope="session")
def stub(tmp_path_factory, real):
    """Environment of a machine whose ONNX Runtime claims CUDA and TensorRT, with a driver; mode: see
    stub_ort.c."""
    folder = tmp_path_factory.mktemp("stub")
    library = build(folder, "libonnxruntime.so.1", HERE / "stub_ort.c")
    build(folder / "driver", "libcuda.so.1", HERE / "fake_cuda.c")

    def machine(mode, **more):
        return {"PEEL_ORT_LIB": library, "STUB_REAL": real, "STUB_MODE": mode,
                "LD_LIBRARY_PATH": folder / "driver", **more}

    machine.folder = folder
    return machine


def picture_network(path, width):
    """Three convolutions of so many channels and a sigmoid: 1x3x320x320 to 1x1x320x320."""
    rng = np.random.default_rng(0)
    weights, nodes, x, channels = [], [], "x", 3
    for i, out in enumerate((width, width, 1)):
        w = rng.standard_normal((out, channels, 3, 3)).astype(np.float32) / (3 * channels) ** 0.5
        weights.append(numpy_helper.from_array(w, f"w{i}"))
        nodes.append(helper.make_node("Conv", [x, f"w{i}"], [f"c{i}"], name=f"conv{i}",
                                      pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu" if i < 2 else "Sigmoid", [f"c{i}"], [f"y{i}"],
                                      name=f"act{i}"))
        x, channels = f"y{i}", out
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 320, 320])],
        [helper.make_tensor_value_info("y2", TensorProto.FLOAT, [1, 1, 320, 320])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """One that runs in milliseconds."""
    return picture_network(tmp_path_factory.mktemp("network") / "small.onnx", 8)


@pytest.fixture(scope="session")
def heavy(tmp_path_factory):
    """One that takes a second in the native engine's plain reference kernels."""
    return picture_network(tmp_path_factory.mktemp("network") / "heavy.onnx", 32)


@pytest.fixture(scope="session")
def beyond_native(tmp_path_factory):
    """The same kind of network with an operator that the native engine lacks and ONNX Runtime has."""
    rng = np.random.default_rng(1)
    w = rng.standard_normal((1, 3, 3, 3)).astype(np.float32) / 5
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
             helper.make_node("Inverse", ["c"], ["i"], name="inverse", domain="com.microsoft"),
             helper.make_node("Sigmoid", ["i"], ["y"], name="sigmoid")]
    graph = helper.make_graph(
        nodes, "odd", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 64, 64])],
        [numpy_helper.from_array(w, "w")])
    path = tmp_path_factory.mktemp("odd") / "odd.onnx"
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]), path)
    return path


@pytest.fixture
def photo(tmp_path):
    from cli_support import ball

    path = tmp_path / "photo.jpg"
    ball().save(path, quality=92)
    return path
