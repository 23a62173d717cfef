"""Builds ONNX networks with random weights, layer by layer. Speed depends on shapes, not on the values of
weights, so the published files (up to 180 MB each) are not needed to measure it.

Sizes are tracked as the side of a square picture. Every convolution is counted: `parameters` as the
training framework counts them (a batch norm that the export folded into its convolution still has two
a channel), `multiply_adds` of all convolutions and matrix products at the given size. `layers` lists the convolutions:
(input channels, output channels, side of the input, kernel, dilation, stride, groups).
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    def __init__(self, size, channels=3):
        self.nodes, self.weights, self.count = [], [], 0
        self.random = np.random.default_rng(1)
        self.channels = {"input": channels}
        self.size = {"input": size}
        self.parameters = 0
        self.multiply_adds = 0
        self.layers = []

    def constant(self, array, name):
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, channels, size, **attributes):
        self.count += 1
        name = f"{op}_{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.channels[name], self.size[name] = channels, size
        return name

    def conv(self, x, out, kernel=3, dilation=1, stride=1, groups=1, norm=False, bias=True):
        """norm: a batch norm was folded in. bias: the framework's own bias; with neither the node has none."""
        into = self.channels[x] // groups
        scale = np.sqrt(2 / (into * kernel * kernel))
        number = self.count + 1
        shape = (out, into, kernel, kernel)
        inputs = [x, self.constant((self.random.standard_normal(shape) * scale).astype(np.float32), f"w{number}")]
        if bias or norm:
            inputs.append(self.constant(np.zeros(out, np.float32), f"b{number}"))
        pad = dilation * (kernel // 2)
        size = (self.size[x] - 1) // stride + 1
        weights = int(np.prod(shape))
        self.parameters += weights + (out if bias else 0) + (2 * out if norm else 0)
        self.multiply_adds += weights * size * size
        self.layers.append((self.channels[x], out, self.size[x], kernel, dilation, stride, groups))
        return self.node("Conv", inputs, out, size, kernel_shape=[kernel] * 2, pads=[pad] * 4,
                         dilations=[dilation] * 2, strides=[stride] * 2, group=groups)

    def relu(self, x):
        return self.node("Relu", [x], self.channels[x], self.size[x])

    def sigmoid(self, x):
        return self.node("Sigmoid", [x], self.channels[x], self.size[x])

    def add(self, a, b):
        return self.node("Add", [a, b], self.channels[a], self.size[a])

    def concat(self, *parts):
        return self.node("Concat", list(parts), sum(self.channels[p] for p in parts), self.size[parts[0]], axis=1)

    def pool(self, x):
        size = (self.size[x] + 1) // 2
        return self.node("MaxPool", [x], self.channels[x], size, kernel_shape=[2, 2], strides=[2, 2],
                         ceil_mode=1)

    def grow(self, x, size):
        """Bilinear resampling to a given side; nothing where it has that side already."""
        if self.size[x] == size:
            return x
        sizes = self.constant(np.array([1, self.channels[x], size, size], np.int64), f"s{self.count + 1}")
        return self.node("Resize", [x, "", "", sizes], self.channels[x], size, mode="linear",
                         coordinate_transformation_mode="half_pixel")

    def model(self, name, outputs, opset):
        def info(value):
            return helper.make_tensor_value_info(
                value, TensorProto.FLOAT, [1, self.channels[value], self.size[value], self.size[value]])
        graph = helper.make_graph(self.nodes, name, [info("input")], [info(o) for o in outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.checker.check_model(model)
        return model
