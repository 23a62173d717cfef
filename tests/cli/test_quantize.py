"""`peel quantize`, what --precision makes of its file, and `peel model tune`."""
import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from cli_support import ball

SIDE = 48


def network(opset=11, norm=True):
    """A small network of U2-Net's family: convolutions, batch norm, pooling, resizing, concatenation,
    an addition, a sigmoid; shapes worked out at run time as exporters of opset 11 write them."""
    rng = np.random.default_rng(4)
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(value, name))
        return name

    def conv(x, y, cin, cout, relu=True, scale=1.0, bn=False):
        weights = rng.standard_normal((cout, cin, 3, 3)) / np.sqrt(cin * 9 / 2) * scale
        constant(y + ".w", weights.astype(np.float32))
        constant(y + ".b", (rng.standard_normal(cout) * 0.1).astype(np.float32))
        out = y + ".c" if relu or bn else y
        nodes.append(helper.make_node("Conv", [x, y + ".w", y + ".b"], [out], name="conv_" + y,
                                      pads=[1, 1, 1, 1]))
        if bn:
            names = [constant(f"{y}.{n}", (np.abs(rng.standard_normal(cout)) + 0.5).astype(np.float32))
                     for n in ("gamma", "beta", "mean", "var")]
            nodes.append(helper.make_node("BatchNormalization", [out, *names], [y + ".n"]))
            out = y + ".n"
        if relu:
            nodes.append(helper.make_node("Relu", [out], [y]))

    conv("x", "a", 3, 16, bn=norm)
    nodes.append(helper.make_node("MaxPool", ["a"], ["p"], kernel_shape=[2, 2], strides=[2, 2]))
    conv("p", "b", 16, 16)
    conv("b", "e", 16, 16)
    nodes.append(helper.make_node("Add", ["b", "e"], ["s"]))
    if opset < 13:
        nodes.append(helper.make_node("Shape", ["a"], ["shape"]))
        nodes.append(helper.make_node("Gather", ["shape", constant("two", np.array(2))], ["side"]))
        nodes.append(helper.make_node("Unsqueeze", ["side"], ["sides"], axes=[0]))
        nodes.append(helper.make_node(
            "Concat", [constant("start", np.array([1, 16])), "sides", "sides"], ["size"], axis=0))
    else:
        constant("size", np.array([1, 16, SIDE, SIDE]))
    none = constant("none", np.zeros(0, np.float32)) if opset < 13 else ""
    nodes.append(helper.make_node("Resize", ["s", none, none, "size"], ["u"], mode="linear",
                                  coordinate_transformation_mode="half_pixel"))
    nodes.append(helper.make_node("Concat", ["u", "a"], ["j"], axis=1))
    conv("j", "d", 32, 8)
    conv("d", "logits", 8, 1, relu=False, scale=3.0)
    nodes.append(helper.make_node("Sigmoid", ["logits"], ["mask"]))
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, SIDE, SIDE])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                              ir_version=6 if opset < 13 else 8)
    model.producer_name = "a test"
    helper.set_model_props(model, {"peel.size": str(SIDE), "author": "somebody"})
    return model


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(9)
    for i in range(8):
        picture = np.asarray(ball(96 + 8 * i, 96), dtype=np.int16)
        picture = picture + rng.integers(-20, 20, picture.shape, dtype=np.int16)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{i}.png")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PEEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("U2NET_HOME", raising=False)


def run_onnx(path, x):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    # Where a processor has no VNNI, its sums of bytes would saturate at 16 bits.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return session.run([session.get_outputs()[0].name], {name: x})[0]


def run_peel(peel, path, x, *options):
    np.save("x.npy", x)
    model = onnx.load(path).graph
    constants = {c.name for c in model.initializer}
    name = next(i.name for i in model.input if i.name not in constants)
    done = peel("model", "run", path, "--input", f"{name}=x.npy", "--output",
                f"{model.output[0].name}=y.npy", *options)
    assert done.code == 0, done.err
    return np.load("y.npy"), done


@pytest.mark.parametrize("opset", [11, 17])
def test_writes_a_model_that_everybody_runs(peel, photos, tmp_path, opset):
    onnx.save(network(opset), tmp_path / "small.onnx")
    done = peel("quantize", "small.onnx", "--images", photos, "--all-layers", "--json", "--threads", 2)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["output"] == "small_int8.onnx" and report["int8_layers"] == 5
    assert report["calibration_pictures"] == 6 and report["held_out_pictures"] == 2

    written = onnx.load("small_int8.onnx")
    assert written.opset_import[0].version == max(opset, 13)
    props = {p.key: p.value for p in written.metadata_props}
    assert props["author"] == "somebody" and props["peel.size"] == str(SIDE)
    assert "peel.quantized_from" in props and written.producer_name == "a test"
    operators = [n.op_type for n in written.graph.node]
    assert "BatchNormalization" not in operators and operators.count("Conv") == 5
    types = {t.name: t.data_type for t in written.graph.initializer}
    scales = {t.name: t.dims for t in written.graph.initializer}
    for node in written.graph.node:
        if node.op_type != "Conv":
            continue
        x, w, b = (next(d for d in written.graph.node if i in d.output) for i in node.input)
        assert [d.op_type for d in (x, w, b)] == ["DequantizeLinear"] * 3
        assert types[w.input[0]] == TensorProto.INT8 and types[b.input[0]] == TensorProto.INT32
        assert types[x.input[2]] == TensorProto.UINT8
        assert len(scales[w.input[1]]) == 1 and len(scales[x.input[1]]) == 0
    names = {t.name for t in written.graph.initializer}
    assert not any(n.endswith((".w", ".gamma")) for n in names), "replaced weights are left behind"

    x = np.random.default_rng(1).standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    ours, _ = run_peel(peel, "small_int8.onnx", x)
    theirs, original = run_onnx("small_int8.onnx", x), run_onnx("small.onnx", x)
    # Both round to bytes; a value on the edge between two may fall either way.
    assert np.abs(ours - theirs).mean() < 2e-3
    assert 0 < np.abs(theirs - original).mean() < 0.03


def test_keeps_to_the_tolerance(peel, photos, tmp_path):
    onnx.save(network(), tmp_path / "small.onnx")
    loose = json.loads(peel("quantize", "small.onnx", "--images", photos, "--json",
                            "--max-difference", 0.5, "--min-iou", 0.01).out)
    assert loose["fp32_layers"] == 0 and loose["within_tolerance"]
    tight = json.loads(peel("quantize", "small.onnx", "--images", photos, "--json",
                            "--max-difference", 0.002, "--min-iou", 0.9).out)
    assert 0 < tight["fp32_layers"] <= 5
    assert tight["calibration"]["mean_difference"] <= 0.002 * 0.75
    assert tight["calibration"]["mean_difference"] < loose["calibration"]["mean_difference"]
    kept = json.loads(peel("quantize", "small.onnx", "--images", photos, "--json", "--all-layers",
                           "--keep-float", "conv_d").out)
    assert {one["node"]: one["precision"] for one in kept["layers"]}["conv_d"] == "fp32"
    onnx.checker.check_model(onnx.load("small_int8.onnx"), full_check=True)


@pytest.mark.parametrize("ranges", ["minmax", "percentile", "entropy"])
def test_other_ways_to_choose_ranges(peel, photos, tmp_path, ranges):
    onnx.save(network(), tmp_path / "small.onnx")
    done = peel("quantize", "small.onnx", "--images", photos, "--all-layers", "--ranges", ranges,
                "--activations", "int8", "-o", "out.onnx", "--json")
    assert json.loads(done.out)["calibration"]["mean_difference"] < 0.03, done.err
    x = np.random.default_rng(1).standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    assert np.abs(run_onnx("out.onnx", x) - run_onnx("small.onnx", x)).mean() < 0.03


def test_precision_int8_finds_the_file_and_says_when_it_does_not(peel, photos, tmp_path):
    onnx.save(network(), tmp_path / "small.onnx")
    x = np.random.default_rng(1).standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    plain, _ = run_peel(peel, "small.onnx", x, "--precision", "fp32")
    without, done = run_peel(peel, "small.onnx", x, "--precision", "int8")
    assert "no 8-bit version" in done.err and "fp32 is used" in done.err
    assert np.array_equal(plain, without)
    assert peel("model", "run", "small.onnx", "--precision", "int8", "--strict").code == 3

    assert peel("quantize", "small.onnx", "--images", photos, "--all-layers").code == 0
    with_it, done = run_peel(peel, "small.onnx", x, "--precision", "int8")
    direct, _ = run_peel(peel, "small_int8.onnx", x)
    assert np.array_equal(with_it, direct) and not np.array_equal(with_it, plain)
    info = json.loads(peel("model", "info", "small.onnx", "--json").out)
    assert info["int8_version"] == "small_int8.onnx"

    # Made from another version of the model: not to be trusted.
    changed = network()
    changed.doc_string = "changed"
    onnx.save(changed, tmp_path / "small.onnx")
    stale, done = run_peel(peel, "small.onnx", x, "--precision", "int8")
    assert "another version" in done.err and np.array_equal(stale, plain)


def test_cutting_out_reports_what_ran(peel, photos, tmp_path):
    onnx.save(network(), tmp_path / "small.onnx")

    def cut(*options):
        done = peel("cut", photos / "0.png", "-m", "./small.onnx", "-O", "out", "--report", "r.json",
                    "-v", *options)
        assert done.code == 0, done.err
        return json.loads((tmp_path / "r.json").read_text())[0], done.err

    entry, err = cut("--precision", "int8")
    assert entry["precision"] == "fp32" and "no 8-bit version" in err
    entry, err = cut()
    assert entry["precision"] == "fp32" and "8-bit" not in err
    assert peel("cut", photos / "0.png", "-m", "./small.onnx", "-O", "out", "--precision", "int8",
                "--strict").code != 0


def test_auto_takes_what_was_measured_and_nothing_else(peel, photos, tmp_path):
    onnx.save(network(), tmp_path / "small.onnx")
    x = np.random.default_rng(1).standard_normal((1, 3, SIDE, SIDE)).astype(np.float32)
    plain, _ = run_peel(peel, "small.onnx", x, "--precision", "fp32")
    before, _ = run_peel(peel, "small.onnx", x, "--precision", "auto")
    assert np.array_equal(plain, before), "without a record auto is fp32"

    done = peel("model", "tune", "small.onnx", "--images", photos, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert {c["name"] for c in report["candidates"]} == {"bf16", "int8"}
    for candidate in report["candidates"]:
        if candidate["taken"]:
            assert candidate["narrow_ms"] <= 0.97 * candidate["fp32_ms"]
            assert candidate["mean_difference"] <= 0.004 and candidate["iou"] >= 0.995
        else:
            assert candidate["note"]
    assert (report["choice"] == "fp32") == (not any(c["taken"] for c in report["candidates"]))
    after, done = run_peel(peel, "small.onnx", x, "--json")
    if report["choice"] == "fp32":
        assert np.array_equal(plain, after)
    assert json.loads(done.out.splitlines()[-1])["precision"] == report["choice"]

    # A damaged record, and one of another model, are none.
    record = tmp_path / "cache" / report["record"].split("/")[-1]
    assert record.exists()
    good = record.read_bytes()
    record.write_bytes(good[:-3] + b"zzz")
    damaged, _ = run_peel(peel, "small.onnx", x)
    assert np.array_equal(plain, damaged)


@pytest.mark.parametrize("arguments, code, part", [
    (["small.onnx"], 2, "--images"),
    (["small.onnx", "--images", "nowhere"], 2, "nowhere"),
    (["small.onnx", "--images", "empty"], 3, "no picture"),
    (["nothing.onnx", "--images", "photos"], 3, "nothing.onnx"),
    (["small.onnx", "--images", "photos", "--ranges", "best"], 2, "minmax"),
    (["small.onnx", "--images", "photos", "-o", "small.onnx"], 2, "the model itself"),
    (["small.onnx", "--images", "photos", "-o", "no/folder/x.onnx", "--all-layers"], 3, "no/folder"),
    (["small.onnx", "--images", "photos", "--keep-float", "q"], 2, "'q'"),
    (["small.onnx", "--images", "photos/0.png"], 2, "at least 4"),
    (["done.onnx", "--images", "photos"], 3, "quantised already"),
])
def test_what_cannot_be_done_is_said(peel, photos, tmp_path, arguments, code, part):
    onnx.save(network(), tmp_path / "small.onnx")
    (tmp_path / "empty").mkdir()
    if "done.onnx" in arguments:
        assert peel("quantize", "small.onnx", "--images", photos, "--all-layers", "-o",
                    "done.onnx").code == 0
    done = peel("quantize", *arguments)
    assert done.code == code, done.err
    assert part in done.err
    assert not (tmp_path / "small_int8.onnx").exists()


def test_external_data_become_part_of_the_file(peel, photos, tmp_path):
    (tmp_path / "big").mkdir()
    onnx.save(network(), tmp_path / "big" / "small.onnx", save_as_external_data=True,
              location="small.data", size_threshold=0)
    done = peel("quantize", "big/small.onnx", "--images", photos, "--all-layers", "-o", "one.onnx")
    assert done.code == 0, done.err
    shutil.rmtree(tmp_path / "big")
    x = np.zeros((1, 3, SIDE, SIDE), np.float32)
    assert np.isfinite(run_onnx("one.onnx", x)).all()


def test_u2netp_on_photographs(peel, models, shared, tmp_path):
    """The real network: everything on integers, read back by ONNX Runtime."""
    done = peel("quantize", models / "u2netp-fp32.onnx", "--images", shared / "objects",
                "--max-images", 4, "--all-layers", "-o", "u2netp_int8.onnx", "--json", timeout=280)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["int8_layers"] >= 110 and report["fp32_layers"] == 0
    assert report["output_bytes"] < report["source_bytes"] / 3
    assert report["calibration"]["mean_difference"] < 0.01
    picture = Image.open(shared / "objects" / "owl.jpg").convert("RGB").resize((320, 320))
    x = np.asarray(picture, np.float32) / 255
    x = ((x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1)[None]
    x = np.ascontiguousarray(x.astype(np.float32))
    theirs = run_onnx("u2netp_int8.onnx", x)
    assert np.abs(theirs - run_onnx(models / "u2netp-fp32.onnx", x)).mean() < 0.02
    ours, _ = run_peel(peel, "u2netp_int8.onnx", x)
    assert np.abs(ours - theirs).mean() < 0.005
