"""Models in QDQ form (QuantizeLinear and DequantizeLinear around every operator) against ONNX
Runtime: what runs on integers here must give the bytes that it gives there."""

import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import engine


class Qdq:
    """A chain of operators under construction, each result quantised and dequantised again."""

    def __init__(self, shape, dtype="uint8", seed=1):
        self.random = np.random.default_rng(seed)
        self.dtype = np.dtype(dtype)
        self.nodes, self.constants, self.shape = [], [], shape
        self.count = 0

    def constant(self, array):
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def op(self, kind, inputs, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [name], f"{kind}_{self.count}",
                                           **attributes))
        return name

    def quantise(self, x, scale, zero):
        """Through bytes and back: zero counts from the type's middle."""
        middle = 128 if self.dtype == np.uint8 else 0
        operands = [self.constant(np.float32(scale)),
                    self.constant(np.array(middle + zero, self.dtype))]
        return self.op("DequantizeLinear", [self.op("QuantizeLinear", [x, *operands]), *operands])

    def conv(self, x, x_scale, outs, ins, kernel=3, per_channel=True, bias=True, group=1, **attrs):
        weights = self.random.integers(-127, 128, (outs, ins // group, kernel, kernel))
        scales = self.random.uniform(0.002, 0.02, outs if per_channel else ()).astype(np.float32)
        per = {"axis": 0} if per_channel else {}
        w = self.op("DequantizeLinear", [
            self.constant(weights.astype(np.int8)), self.constant(scales),
            self.constant(np.zeros(scales.shape, np.int8))], **per)
        inputs = [x, w]
        if bias:
            values = self.random.integers(-4000, 4000, outs).astype(np.int32)
            unit = np.broadcast_to(np.float32(x_scale) * scales, (outs,)).astype(np.float32)
            inputs.append(self.op("DequantizeLinear", [
                self.constant(values), self.constant(unit),
                self.constant(np.zeros(outs, np.int32))], axis=0))
        attrs.setdefault("pads", [kernel // 2] * 4)
        return self.op("Conv", inputs, kernel_shape=[kernel, kernel], group=group, **attrs)

    def model(self, output, opset=17):
        graph = helper.make_graph(
            self.nodes, "qdq", [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = 9
        return model


def both(model, x, tmp_path, optimised=True):
    """Peel's result and ONNX Runtime's."""
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Where a processor has no VNNI, its sums of bytes would saturate at 16 bits.
    options.add_session_config_entry("session.x64quantprecision", "1")
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    name = model.graph.output[0].name
    expected = session.run([name], {"x": x})[0]
    return engine.run_model(path, {"x": x}, [name], str(tmp_path), threads=2)[name], expected


def expect_steps(result, expected, scale, most=0, share=0.0):
    """At most `most` steps of the quantisation apart, and that at a share of the elements."""
    assert result.shape == expected.shape
    steps = np.abs(np.rint((result.astype(np.float64) - expected) / scale))
    assert steps.max() <= most, f"{steps.max()} steps apart"
    assert (steps > 0).mean() <= share, f"{(steps > 0).mean():.3%} of the elements differ"


def picture(q, low=-2.0, high=2.0):
    return q.random.uniform(low, high, q.shape).astype(np.float32)


CONVS = {
    "3x3": dict(outs=32, ins=16),
    "1x1": dict(outs=64, ins=48, kernel=1),
    "few_in": dict(outs=64, ins=3),
    "few_out": dict(outs=1, ins=64),
    "tail": dict(outs=21, ins=19),
    "dilated": dict(outs=16, ins=32, dilations=[2, 2], pads=[2] * 4),
    "very_dilated": dict(outs=16, ins=16, dilations=[8, 8], pads=[8] * 4),
    "strided": dict(outs=32, ins=16, strides=[2, 2]),
    "5x5_no_pad": dict(outs=16, ins=16, kernel=5, pads=[0] * 4),
    "uneven_pads": dict(outs=16, ins=16, pads=[0, 1, 2, 0]),
    "groups": dict(outs=32, ins=64, group=2),
    "depthwise": dict(outs=24, ins=24, group=24),
    "one_scale": dict(outs=16, ins=16, per_channel=False),
    "no_bias": dict(outs=16, ins=16, bias=False),
    "wide": dict(outs=96, ins=320),
}


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("case", CONVS)
def test_convolution_gives_the_same_bytes(case, dtype, tmp_path):
    settings = CONVS[case]
    q = Qdq([2, settings["ins"], 13, 17], dtype, seed=len(case))
    x = q.quantise("x", 0.017, 11)
    y = q.quantise(q.conv(x, 0.017, **settings), 0.31, -7)
    result, expected = both(q.model(y), picture(q), tmp_path)
    assert len(np.unique(expected)) > 20
    expect_steps(result, expected, 0.31)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("activation", ["Relu", "Clip"])
def test_activation_after_a_convolution(activation, dtype, tmp_path):
    q = Qdq([1, 16, 9, 33], dtype)
    c = q.conv(q.quantise("x", 0.02, 0), 0.02, 24, 16)
    if activation == "Relu":
        c = q.op("Relu", [c])
    else:
        c = q.op("Clip", [c, q.constant(np.float32(-1.5)), q.constant(np.float32(6))])
    y = q.quantise(c, 0.11, -100)
    # Unoptimised: ONNX Runtime's own fusion of Clip changes what it computes.
    result, expected = both(q.model(y), picture(q), tmp_path, optimised=False)
    expect_steps(result, expected, 0.11, most=1, share=0.001)


def test_result_that_is_not_quantised(tmp_path):
    q = Qdq([1, 16, 8, 8])
    y = q.op("Sigmoid", [q.conv(q.quantise("x", 0.02, 3), 0.02, 5, 16)])
    result, expected = both(q.model(y), picture(q), tmp_path)
    np.testing.assert_allclose(result, expected, atol=2e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("function", ["Relu", "Sigmoid", "LeakyRelu", "HardSigmoid", "Tanh"])
def test_functions_of_one_element(function, dtype, tmp_path):
    q = Qdq([1, 20, 7, 9], dtype)
    scale = 1 / 256 if function in ("Sigmoid", "HardSigmoid") else 0.02
    y = q.quantise(q.op(function, [q.quantise("x", 0.03, 5)]), scale, -30)
    result, expected = both(q.model(y), picture(q, -4, 4), tmp_path, optimised=False)
    expect_steps(result, expected, scale, most=1, share=0.002)


@pytest.mark.parametrize("relu", [False, True])
def test_sum(relu, tmp_path):
    q = Qdq([2, 20, 11, 13])
    x = q.quantise("x", 0.02, 3)
    y = q.op("Add", [q.quantise(q.conv(x, 0.02, 20, 20), 0.13, -5), x])
    y = q.quantise(q.op("Relu", [y]) if relu else y, 0.15, -90)
    result, expected = both(q.model(y), picture(q), tmp_path)
    # ONNX Runtime rounds after the zero point is added: another neighbour where it is a tie.
    expect_steps(result, expected, 0.15, most=1, share=0.01)


@pytest.mark.parametrize("same_scale", [True, False])
@pytest.mark.parametrize("channels", [16, 5])
def test_concatenation(channels, same_scale, tmp_path):
    q = Qdq([2, 16, 9, 10])
    x = q.quantise("x", 0.02, 3)
    scales = [0.2, 0.2, 0.2] if same_scale else [0.3, 0.11, 0.2]
    parts = [q.quantise(q.conv(x, 0.02, channels, 16), s, 0) for s in scales]
    joined = q.quantise(q.op("Concat", parts, axis=1), 0.2, 0)
    y = q.quantise(q.conv(joined, 0.2, 16, 3 * channels), 4.0, 0)
    result, expected = both(q.model(y), picture(q), tmp_path)
    expect_steps(result, expected, 4.0)


@pytest.mark.parametrize("settings", [dict(kernel_shape=[2, 2], strides=[2, 2]),
                                      dict(kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
                                      dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])])
def test_pooling(settings, tmp_path):
    q = Qdq([2, 19, 11, 14])
    y = q.quantise(q.op("MaxPool", [q.quantise("x", 0.02, 3)], **settings), 0.02, 3)
    result, expected = both(q.model(y), picture(q), tmp_path)
    expect_steps(result, expected, 0.02)


def test_global_average(tmp_path):
    q = Qdq([2, 19, 11, 14])
    y = q.quantise(q.op("GlobalAveragePool", [q.quantise("x", 0.02, 3)]), 0.001, 30)
    result, expected = both(q.model(y), picture(q), tmp_path, optimised=False)
    expect_steps(result, expected, 0.001, most=1, share=0.05)


@pytest.mark.parametrize("sizes", [(22, 26), (31, 17), (7, 40), (5, 6)])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
@pytest.mark.parametrize("channels", [1, 20])
def test_resize(mode, sizes, channels, tmp_path):
    q = Qdq([2, channels, 11, 13])
    x = q.quantise("x", 0.02, 3)
    goal = q.constant(np.array([2, channels, *sizes], np.int64))
    y = q.quantise(q.op("Resize", [x, "", "", goal], mode=mode,
                        coordinate_transformation_mode="half_pixel"), 0.02, 3)
    # Unoptimised: ONNX Runtime interpolates bytes by cutting off what is behind the point.
    result, expected = both(q.model(y), picture(q), tmp_path, optimised=False)
    # Ties, and weights of 11 bits near them.
    exact = mode == "nearest"
    expect_steps(result, expected, 0.02, most=0 if exact else 1, share=0 if exact else 0.08)


def test_a_small_network_stays_in_bytes(tmp_path):
    """Nothing in the middle of it is float, and the file's two ends are."""
    q = Qdq([1, 3, 32, 32], "int8")
    x = q.quantise("x", 0.016, 0)
    a = q.quantise(q.op("Relu", [q.conv(x, 0.016, 16, 3)]), 0.1, -128)
    b = q.quantise(q.op("MaxPool", [a], kernel_shape=[2, 2], strides=[2, 2]), 0.1, -128)
    b = q.quantise(q.op("Relu", [q.conv(b, 0.1, 16, 16, dilations=[2, 2], pads=[2] * 4)]), 0.4,
                   -128)
    goal = q.constant(np.array([1, 16, 32, 32], np.int64))
    b = q.quantise(q.op("Resize", [b, "", "", goal], mode="linear"), 0.4, -128)
    c = q.quantise(q.op("Concat", [a, b], axis=1), 0.4, -128)
    d = q.quantise(q.conv(c, 0.4, 1, 32), 2.0, 0)
    y = q.op("Sigmoid", [d])
    path = tmp_path / "small.onnx"
    onnx.save(q.model(y), path)
    plan = subprocess.run([engine.PEEL, "model", "info", str(path), "--plan"], check=True,
                          capture_output=True, text=True).stdout
    steps = [line for line in plan.splitlines() if line[:1].isdigit()]
    assert any("peel.QConv" in step for step in steps), plan
    assert not any(" Conv " in step or "peel.Conv" in step for step in steps), plan
    assert sum("QuantizeLinear" in step for step in steps) == 1, plan
    result, expected = both(q.model(y), picture(q), tmp_path, optimised=False)
    np.testing.assert_allclose(result, expected, atol=0.51)  # a step of d may be another
    assert np.abs(result - expected).mean() < 5e-3
