"""`peel model run` and `peel model info`: the contract that other tools rely on."""
import json
import os
import pathlib
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEEL = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build" / "peel"))


def peel(*args, env=None):
    return subprocess.run([str(PEEL), *map(str, args)], capture_output=True, text=True, timeout=120,
                          env=dict(os.environ, **(env or {})))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """y = relu(conv(x) + b), z = 2 x; batch and size are symbolic."""
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4, 3, 3, 3)).astype(np.float32)
    b = rng.standard_normal(4).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["c"], ["y"], name="relu"),
             helper.make_node("Mul", ["x", "two"], ["z"], name="twice")]
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, "h", "w"]),
         helper.make_tensor_value_info("z", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b"),
         numpy_helper.from_array(np.array(2, np.float32), "two")])
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(made, {"author": "a test"})
    onnx.save(made, path)
    return path


def convolve(x, path):
    """The first output by definition."""
    weights = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = x.shape[2:]
    y = np.zeros((x.shape[0], 4, height, width), np.float64)
    for i in range(3):
        for j in range(3):
            y += np.einsum("nchw,oc->nohw", padded[:, :, i:i + height, j:j + width].astype(np.float64),
                           weights["w"][:, :, i, j])
    return np.maximum(y + weights["b"][None, :, None, None], 0)


def test_feeds_and_writes_arrays(model, tmp_path):
    x = np.random.default_rng(1).standard_normal((2, 3, 9, 14)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    done = peel("model", "run", model, "--input", f"x={tmp_path}/x.npy",
                "--output", f"z={tmp_path}/z.npy", "--output", f"y={tmp_path}/y.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), 2 * x)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), convolve(x, model), atol=1e-4)
    assert "y: float32 2x4x9x14" in done.stdout


def test_column_major_and_other_types(model, tmp_path):
    x = np.random.default_rng(1).standard_normal((1, 3, 5, 6)).astype(">f4")
    np.save(tmp_path / "x.npy", np.asfortranarray(x))
    done = peel("model", "run", model, "--input", f"x={tmp_path}/x.npy", "--output", f"z={tmp_path}/z.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), 2 * x)


def test_json_is_one_object_with_the_promised_keys(model):
    done = peel("model", "run", model, "--shape", "x=1,3,32,32", "--repeat", 5, "--warmup", 2,
                "--threads", 2, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"load_ms", "first_ms", "min_ms", "median_ms", "times_ms", "peak_bytes", "device",
                           "device_asked", "device_reason", "backend", "precision", "threads"}
    assert result["device"] == "cpu" and result["precision"] == "fp32" and result["threads"] == 2
    assert 0 < result["min_ms"] <= result["median_ms"]
    assert result["load_ms"] > 0 and result["first_ms"] > 0 and result["peak_bytes"] > 1 << 20


def test_random_inputs_are_the_same_every_time(model, tmp_path):
    for name in ("a", "b"):
        done = peel("model", "run", model, "--shape", "x=1,3,8,8", "--output", f"y={tmp_path}/{name}.npy",
                    "--threads", 1 if name == "a" else 2)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_profile_names_steps(model):
    done = peel("model", "run", model, "--shape", "x=1,3,16,16", "--profile", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    steps = [s for s in result["steps"] if s["operator"].endswith("Conv")]
    assert len(steps) == 1 and steps[0]["multiply_adds"] == 16 * 16 * 4 * 27
    assert result["arena_bytes"] > 0
    text = peel("model", "run", model, "--shape", "x=1,3,16,16", "--profile")
    assert "in all" in text.stdout and steps[0]["kernel"] in text.stdout


def test_kernels_can_be_forced(model):
    done = peel("model", "run", model, "--shape", "x=1,3,16,16", "--profile", "--json",
                env={"PEEL_KERNELS_OFF": "all"})
    assert {s["kernel"] for s in json.loads(done.stdout)["steps"]} == {"reference"}
    text = peel("model", "run", model, "--shape", "x=1,3,16,16", "--profile",
                env={"PEEL_KERNELS_OFF": "all"})
    assert "on plain reference kernels:" in text.stdout
    fast = peel("model", "run", model, "--shape", "x=1,3,16,16", "--profile")
    assert "reference" not in fast.stdout


def test_kernels_are_timed_on_request(model, tmp_path):
    def plan(tune):
        done = peel("model", "info", model, "--plan", "--shape", "x=1,3,32,32",
                    env={"PEEL_CACHE_DIR": str(tmp_path / "cache"), "PEEL_TUNE": tune})
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert " timed " not in plan("") and not (tmp_path / "cache").exists()
    timed = plan("on")
    assert " timed " in timed
    assert plan("") == timed  # the same kernels for the same cache, nothing timed anew
    assert " timed " not in plan("off")
    for record in (tmp_path / "cache").iterdir():
        record.write_bytes(record.read_bytes()[:-1])
    assert " timed " not in plan("")


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_precision_that_is_not_there_is_announced(model, precision):
    done = peel("model", "run", model, "--precision", precision, "--json")
    assert done.returncode == 0
    if json.loads(done.stdout)["precision"] == "bf16" == precision:
        return  # a processor that has it
    assert json.loads(done.stdout)["precision"] == "fp32"
    assert precision in done.stderr and "fp32" in done.stderr
    strict = peel("model", "run", model, "--precision", precision, "--strict")
    assert strict.returncode == 3 and precision in strict.stderr


def test_a_device_that_is_not_there_is_announced(model):
    done = peel("model", "run", model, "--device", "cuda", "--json", env={"PEEL_ORT_LIB": "off"})
    assert done.returncode == 0 and json.loads(done.stdout)["device"] == "cpu"
    assert "cuda" in done.stderr
    assert peel("model", "run", model, "--device", "cuda", "--strict",
                env={"PEEL_ORT_LIB": "off"}).returncode == 3


@pytest.mark.parametrize("args, part", [
    (["--input", "q=x.npy"], "no input 'q'"),
    (["--output", "q=x.npy"], "no output 'q'"),
    (["--input", "x"], "NAME=VALUE"),
    (["--shape", "x=1,3,a"], "1,3,320,320"),
    (["--shape", "x=1,4,8,8"], "1x4x8x8"),
    (["--shape", "q=1"], "no input 'q'"),
    (["--threads", "-1"], "threads"),
    (["--precision", "fp64"], "fp64"),
    (["--frobnicate"], "frobnicate"),
])
def test_wrong_usage_is_exit_2(model, args, part):
    done = peel("model", "run", model, *args)
    assert done.returncode == 2, done.stderr
    assert part in done.stderr and done.stdout == ""


def test_wrong_array_is_named(model, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 3, 4, 4), np.int32))
    done = peel("model", "run", model, "--input", f"x={tmp_path}/x.npy")
    assert done.returncode == 2 and "int32" in done.stderr
    done = peel("model", "run", model, "--input", f"x={tmp_path}/none.npy")
    assert done.returncode == 3 and "none.npy" in done.stderr
    (tmp_path / "bad.npy").write_bytes(b"hello")
    done = peel("model", "run", model, "--input", f"x={tmp_path}/bad.npy")
    assert done.returncode == 3 and "bad.npy" in done.stderr


def test_outputs_that_cannot_be_written(model, tmp_path):
    done = peel("model", "run", model, "--output", f"y={tmp_path}/no/such/folder/y.npy")
    assert done.returncode == 3 and "folder/y.npy" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_models_that_cannot_be_run(model, tmp_path):
    missing = peel("model", "run", tmp_path / "none.onnx")
    assert missing.returncode == 3 and "none.onnx" in missing.stderr
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(model.read_bytes()[:-40])
    broken = peel("model", "run", cut)
    assert broken.returncode == 3 and "cut.onnx" in broken.stderr
    graph = helper.make_graph(
        [helper.make_node("Frobnicate", ["x"], ["y"], name="frob1", domain="odd.domain")], "odd",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])])
    odd = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("odd.domain", 1)]), odd)
    done = peel("model", "run", odd)
    assert done.returncode == 3
    for part in ("Frobnicate", "frob1", "odd.onnx"):
        assert part in done.stderr


def test_info(model):
    text = peel("model", "info", model)
    assert text.returncode == 0, text.stderr
    for part in ("'x' float32 nx3xhxw", "Conv 1", "opset 17", "author = a test", "113"):
        assert part in text.stdout
    result = json.loads(peel("model", "info", model, "--json").stdout)
    assert result["parameters"] == 4 * 27 + 4 + 1
    assert result["inputs"] == [{"name": "x", "type": "float32", "shape": ["n", 3, "h", "w"]}]
    assert result["operators"] == {"Conv": 1, "Mul": 1, "Relu": 1}


def test_plan(model):
    done = peel("model", "info", model, "--plan", "--shape", "x=1,3,64,64")
    assert done.returncode == 0, done.stderr
    assert "64x64" in done.stdout and "estimated" in done.stdout
    # Every kernel that was not taken says why.
    assert any(line.strip().startswith("- winograd_f4") for line in done.stdout.splitlines()) or \
        any("winograd_f4" in line and "estimated" in line for line in done.stdout.splitlines())
    wrong = peel("model", "info", model, "--plan", "--shape", "q=1")
    assert wrong.returncode == 2 and "'q'" in wrong.stderr


def test_dimensions_left_open_are_told(model):
    told = "x=N,3,N,N"
    for arguments in (["run", model], ["info", model, "--plan"]):
        done = peel("model", *arguments)
        assert done.returncode == 0 and told in done.stderr, done.stderr
        given = peel("model", *arguments, "--shape", "x=1,3,8,8")
        assert given.returncode == 0 and given.stderr == ""
    assert peel("model", "info", model).stderr == ""


def test_inputs_larger_than_the_machine_are_refused_before_they_are_made(tmp_path, peak_memory):
    """Two thirds of the memory for the input and as much for the output: nothing of either is touched."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    swap = [line.split()[1] for line in open("/proc/meminfo") if line.startswith("SwapTotal")]
    rows = (memory + int(swap[0]) * 1024) // 3 * 2 // (4 << 20)
    def relu(name, shape):
        graph = helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])], "large",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
                  tmp_path / name)
        return tmp_path / name

    fixed, any_size = relu("fixed.onnx", [rows, 1 << 20]), relu("any_size.onnx", ["n", "m"])
    large = "x=%d,%d" % (rows, 1 << 20)
    for arguments, hint in (([fixed], False), ([any_size, "--shape", large], True)):
        done = peel("model", "run", *arguments)
        assert done.returncode == 3 and "memory" in done.stderr and arguments[0].name in done.stderr
        assert ("--shape" in done.stderr) == hint
    assert peel("model", "run", any_size, "--shape", "x=3,1000").returncode == 0
    assert peak_memory(["bash", "-c", f"'{PEEL}' model run '{fixed}' 2>/dev/null || true"]) < 300
