"""ONNX Runtime as a backend on the CPU: found or not, of the right version, with the right results."""
import json

import numpy as np
import pytest


def run(peel, model, tmp_path, *arguments, **env):
    done = peel("model", "run", model, "--output", f"y2={tmp_path}/y.npy", "--json", *arguments, **env)
    return done, np.load(tmp_path / "y.npy") if done.code == 0 else None


def test_same_result_as_the_native_engine(peel, network, tmp_path, real):
    _, native = run(peel, network, tmp_path)
    done, other = run(peel, network, tmp_path, "--backend", "onnxruntime", PEEL_ORT_LIB=real)
    assert done.code == 0, done.err
    assert done.json["backend"] == "onnxruntime" and done.json["device"] == "cpu"
    assert done.json["nodes"]["CPUExecutionProvider"] > 0
    np.testing.assert_allclose(other, native, atol=2e-5)


def test_a_cut_out_too(peel, photo, tmp_path, real):
    for backend in ("native", "onnxruntime"):
        done = peel(photo, "--mask", "-o", f"{backend}.png", "--backend", backend, "--report",
                    f"{backend}.json", PEEL_ORT_LIB=real)
        assert done.code == 0, done.err
        entry = json.loads((tmp_path / f"{backend}.json").read_text())[0]
        assert entry["backend"].split()[0] == backend
        assert entry["device"] == "cpu" and entry["device_asked"] == "auto"
        assert "device_reason" not in entry
    from PIL import Image

    a, b = (np.asarray(Image.open(tmp_path / f"{n}.png")).astype(int) for n in ("native", "onnxruntime"))
    assert np.abs(a - b).max() <= 2


def test_many_pictures_at_a_time(peel, photo, tmp_path, real):
    from cli_support import ball

    for i in range(6):
        ball(200 + 40 * i, 160).save(tmp_path / f"p{i}.png")
    names = [f"p{i}.png" for i in range(6)]
    for jobs in (1, 3):
        done = peel(*names, "-O", f"out{jobs}", "--mask", "--jobs", jobs, "--threads", 3, "--backend",
                    "onnxruntime", PEEL_ORT_LIB=real)
        assert done.code == 0, done.err
    for i in range(6):
        name = f"p{i}.mask.png"
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out3" / name).read_bytes()


def test_session_options_are_taken_and_checked(peel, network, tmp_path, real):
    for options in ("graph=off", "graph=basic,arena=off", "execution=parallel,inter=2"):
        done, _ = run(peel, network, tmp_path, "--backend", "onnxruntime", "--ort", options, "--threads", 2,
                      PEEL_ORT_LIB=real)
        assert done.code == 0, done.err
    # Graph optimisation fuses: with it off there are more nodes.
    fused, _ = run(peel, network, tmp_path, "--backend", "onnxruntime", "--ort", "graph=extended",
                   PEEL_ORT_LIB=real)
    plain, _ = run(peel, network, tmp_path, "--backend", "onnxruntime", PEEL_ORT_LIB=real,
                   PEEL_ORT_OPTIONS="graph=off")
    assert plain.json["nodes"]["CPUExecutionProvider"] == 6 > fused.json["nodes"]["CPUExecutionProvider"]
    for bad in ("graph=fast", "colour=red", "arena", "inter=0"):
        done = peel("model", "run", network, "--ort", bad)
        assert done.code == 2 and bad.split("=")[0] in done.err, done.err


def test_what_native_cannot_run_goes_to_onnxruntime(peel, beyond_native, real):
    done = peel("model", "run", beyond_native, "--json", PEEL_ORT_LIB=real)
    assert done.code == 0, done.err
    assert done.json["backend"] == "onnxruntime"
    for part in ("Inverse", "odd.onnx", "ONNX Runtime", "runs it"):
        assert part in done.err
    native = peel("model", "run", beyond_native, "--backend", "native", PEEL_ORT_LIB=real)
    assert native.code == 3 and "Inverse" in native.err


def test_the_precision_of_a_model_that_is_not_proven_is_its_own(peel, tmp_path, real):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    w = np.ones((1, 3, 3, 3), np.float16) / 27
    nodes = [helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
             helper.make_node("Conv", ["h", "w"], ["c"], pads=[1, 1, 1, 1]),
             helper.make_node("Cast", ["c"], ["f"], to=TensorProto.FLOAT),
             helper.make_node("Inverse", ["f"], ["y"], domain="com.microsoft")]
    graph = helper.make_graph(
        nodes, "half", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 32, 32])],
        [numpy_helper.from_array(w, "w")])
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]), tmp_path / "half.onnx")
    done = peel("model", "run", "half.onnx", "--json", PEEL_ORT_LIB=real)
    assert done.code == 0, done.err
    assert done.json["backend"] == "onnxruntime" and done.json["precision"] == "fp16"


def test_without_onnxruntime_the_way_out_is_named(peel, beyond_native):
    for env in ({"PEEL_ORT_LIB": "UNSET"}, {}):
        done = peel("model", "run", beyond_native, **env)
        assert done.code == 3
        for part in ("Inverse", "inverse", "odd.onnx"):
            assert part in done.err
    done = peel("model", "run", beyond_native, PEEL_ORT_LIB="UNSET")
    assert "pip install onnxruntime" in done.err and "PEEL_ORT_LIB" in done.err


def test_wheels_are_found(peel, network, tmp_path, real):
    packages = real.parents[2]
    for place in (tmp_path / "env/lib/python3.11/site-packages",
                  tmp_path / "home/.local/lib/python3.12/site-packages"):
        place.mkdir(parents=True)
        (place / "onnxruntime").symlink_to(packages / "onnxruntime")
        env = {"VIRTUAL_ENV": tmp_path / "env"} if "env" in place.parts else {}
        done = peel("model", "run", network, "--backend", "onnxruntime", "--strict", "--json",
                    PEEL_ORT_LIB="UNSET", **env)
        assert done.code == 0, done.err
        (place / "onnxruntime").unlink()
    # python3 on the path, as in an environment that was not activated.
    (tmp_path / "env/bin").mkdir()
    (tmp_path / "env/bin/python3").symlink_to("/bin/true")
    (tmp_path / "env/lib/python3.11/site-packages/onnxruntime").symlink_to(packages / "onnxruntime")
    done = peel("model", "run", network, "--backend", "onnxruntime", "--strict", "--json",
                PEEL_ORT_LIB="UNSET", PATH=tmp_path / "env/bin")
    assert done.code == 0, done.err


def test_what_is_no_onnxruntime_is_refused(peel, network, tmp_path):
    (tmp_path / "text.so").write_text("no library")
    (tmp_path / "empty").mkdir()
    for library, part in ((tmp_path / "none.so", "none.so"), (tmp_path / "text.so", "text.so"),
                          ("libm.so.6", "OrtGetApiBase"), (tmp_path / "empty", "no libonnxruntime.so")):
        done = peel("model", "run", network, "--backend", "onnxruntime", "--strict", PEEL_ORT_LIB=library)
        assert done.code == 3 and part in done.err, done.err
        done = peel("model", "run", network, "--backend", "onnxruntime", "--json", PEEL_ORT_LIB=library)
        assert done.code == 0 and done.json["backend"] == "native"
        assert part in done.err and part in done.json["device_reason"]


def test_an_old_version_is_refused(peel, network, stub):
    done = peel("model", "run", network, "--backend", "onnxruntime", "--strict", **stub("old"))
    assert done.code == 3
    assert "1.10.0" in done.err and "1.17" in done.err and "pip install -U" in done.err


def test_errors_name_the_model(peel, network, tmp_path, real):
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(network.read_bytes()[:-100])
    done = peel("model", "run", cut, "--backend", "onnxruntime", PEEL_ORT_LIB=real)
    assert done.code == 3 and "cut.onnx" in done.err
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 4, 4), np.float32))
    done = peel("model", "run", network, "--backend", "onnxruntime", "--input", f"x={tmp_path}/x.npy",
                PEEL_ORT_LIB=real)
    assert done.code == 2 and "'x'" in done.err and "1x3x4x4" in done.err
