#!/usr/bin/env python3
"""Writes U²-Net or U²-Net-p with random weights: the shapes of the paper (Qin et al., 2020) without the
184 MB of the published file, which is all that measuring speed takes.

usage: bench/models/make_u2net.py {u2net,u2netp} OUTPUT.onnx [--size 320] [--opset 13]
"""
import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Height of the block (4F: dilated instead of pooled), middle and output channels, stage by stage.
STAGES = {
    "u2net": [("7", 32, 64), ("6", 32, 128), ("5", 64, 256), ("4", 128, 512), ("4F", 256, 512),
              ("4F", 256, 512), ("4F", 256, 512), ("4", 128, 256), ("5", 64, 128), ("6", 32, 64),
              ("7", 16, 64)],
    "u2netp": [(height, 16, 64) for height in ("7", "6", "5", "4", "4F", "4F", "4F", "4", "5", "6", "7")],
}


class Builder:
    def __init__(self, size):
        self.nodes, self.weights, self.count = [], [], 0
        self.random = np.random.default_rng(1)
        self.channels = {"input": 3}
        self.size = {"input": size}

    def constant(self, array, name):
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, channels, size, **attributes):
        self.count += 1
        name = f"{op}_{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.channels[name], self.size[name] = channels, size
        return name

    def conv(self, x, out, kernel=3, dilation=1):
        into = self.channels[x]
        scale = np.sqrt(2 / (into * kernel * kernel))
        number = self.count + 1
        w = self.constant((self.random.standard_normal((out, into, kernel, kernel)) * scale)
                          .astype(np.float32), f"w{number}")
        b = self.constant(np.zeros(out, np.float32), f"b{number}")
        pad = dilation * (kernel // 2)
        return self.node("Conv", [x, w, b], out, self.size[x], kernel_shape=[kernel] * 2,
                         pads=[pad] * 4, dilations=[dilation] * 2, strides=[1, 1])

    def block(self, x, out, dilation=1):
        y = self.conv(x, out, dilation=dilation)
        return self.node("Relu", [y], out, self.size[y])

    def pool(self, x):
        size = (self.size[x] + 1) // 2
        return self.node("MaxPool", [x], self.channels[x], size, kernel_shape=[2, 2], strides=[2, 2],
                         ceil_mode=1)

    def grow(self, x, size):
        if self.size[x] == size:
            return x
        sizes = self.constant(np.array([1, self.channels[x], size, size], np.int64), f"s{self.count + 1}")
        return self.node("Resize", [x, "", "", sizes], self.channels[x], size, mode="linear",
                         coordinate_transformation_mode="half_pixel")

    def concat(self, a, b):
        return self.node("Concat", [a, b], self.channels[a] + self.channels[b], self.size[a], axis=1)

    def rsu(self, x, height, middle, out):
        """A residual U-block: encoder, a dilated bottom, decoder, and the input added back."""
        inner = self.block(x, out)
        dilated = height.endswith("F")
        levels = int(height[0])
        down, y = [], inner
        for i in range(levels - 1):
            if i > 0 and not dilated:
                y = self.pool(y)
            y = self.block(y, middle, dilation=2**i if dilated else 1)
            down.append(y)
        y = self.block(y, middle, dilation=2 ** (levels - 1) if dilated else 2)
        for i in reversed(range(levels - 1)):
            y = self.grow(y, self.size[down[i]])
            y = self.block(self.concat(y, down[i]), out if i == 0 else middle,
                           dilation=2**i if dilated else 1)
        return self.node("Add", [y, inner], out, self.size[y])


def build(kind, size, opset):
    b = Builder(size)
    stages = STAGES[kind]
    skips, y = [], "input"
    for i, (height, middle, out) in enumerate(stages[:6]):
        y = b.rsu(b.pool(y) if i else y, height, middle, out)
        skips.append(y)
    sides = [skips[5]]
    for i, (height, middle, out) in enumerate(stages[6:]):
        skip = skips[4 - i]
        y = b.rsu(b.concat(b.grow(y, b.size[skip]), skip), height, middle, out)
        sides.append(y)
    masks = [b.grow(b.conv(side, 1), size) for side in reversed(sides)]
    fused = b.node("Concat", masks, 6, size, axis=1)
    masks.insert(0, b.conv(fused, 1, kernel=1))
    outputs = [b.node("Sigmoid", [mask], 1, size) for mask in masks]
    image = [1, 3, size, size]
    graph = helper.make_graph(
        b.nodes, kind, [helper.make_tensor_value_info("input", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, [1, 1, size, size]) for o in outputs],
        b.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(STAGES))
    parser.add_argument("output")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--opset", type=int, default=13)
    args = parser.parse_args()
    model = build(args.kind, args.size, args.opset)
    onnx.checker.check_model(model)
    onnx.save(model, args.output)
    print(f"{args.output}: {sum(np.prod(w.dims) for w in model.graph.initializer)} parameters")


if __name__ == "__main__":
    main()
