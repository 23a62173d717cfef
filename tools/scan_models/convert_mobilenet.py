#!/usr/bin/env python3
"""A uint8 TensorFlow Lite classifier as an ONNX file in QDQ form, which integer engines run on bytes.

    convert_mobilenet.py mobilenet_v2_1.0_224_quant.tflite mobilenet_v2_labels.txt scenes.onnx

The graph stays what it is: every activation keeps its scale and zero point. Weights had one scale and zero point for a
whole layer; integer kernels want them around zero. A filter whose weights fit within 127 of it keeps its numbers to
the bit; another gets a grid of its own, on which it loses at most half a step of 1/127 of its largest weight.
They are written as uint8 around 128: the products of uint8 and int8 that ONNX Runtime computes on processors without
VNNI saturate, which costs one label in six.
Input `image`: uint8, 1 x 3 x 224 x 224, RGB. Outputs: `features`, the mean of the last layer's maps, and `logits`.
The label of each class is in the file's metadata (`labels`, a line each).
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tflite_file import Model


class Builder:
    def __init__(self, model):
        self.model, self.nodes, self.constants = model, [], []
        self.floats = {}  # number of a tensor -> name of its dequantised value

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.array(values), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def grid(self, number):
        """Names of the scale and zero point of an activation."""
        t = self.model.tensors[number]
        return (self.constant(f"t{number}_scale", np.float32(t.scale)),
                self.constant(f"t{number}_zero", np.uint8(t.zero)))

    def dequantise(self, bytes_name, number, grid):
        self.floats[number] = self.node("DequantizeLinear", [bytes_name, *grid], f"t{number}_float")

    def quantised(self, value, number):
        """Rounds `value` to the bytes of tensor `number`; behind that stands what reads it."""
        grid = self.grid(number)
        self.dequantise(self.node("QuantizeLinear", [value, *grid], f"t{number}"), number, grid)

    def weights(self, number, filters):
        """filters [out, ...]: codes around 128 with a scale for each; returns the name and the scales."""
        t = self.model.tensors[number]
        centred = filters.astype(np.int64) - t.zero
        largest = np.abs(centred).reshape(len(centred), -1).max(1)
        stretch = np.maximum(largest, 127) / 127.0  # 1 where they fit as they are
        codes = np.rint(centred / stretch.reshape(-1, *[1] * (filters.ndim - 1))).astype(np.int16)
        scales = (t.scale * stretch).astype(np.float32)
        name = f"t{number}"
        self.node("DequantizeLinear", [
            self.constant(name, (codes + 128).astype(np.uint8)), self.constant(name + "_scale", scales),
            self.constant(name + "_zero", np.full(len(scales), 128, np.uint8))], name + "_float", axis=0)
        return name + "_float", scales

    def bias(self, number, input_scale, scales):
        t = self.model.tensors[number]
        grid = (np.float64(input_scale) * scales).astype(np.float32)
        codes = np.rint(t.values.astype(np.float64) * t.scale / grid).astype(np.int32)
        name = f"t{number}"
        return self.node("DequantizeLinear", [
            self.constant(name, codes), self.constant(name + "_scale", grid),
            self.constant(name + "_zero", np.zeros(len(grid), np.int32))], name + "_float", axis=0)

    def convolution(self, op):
        source, weights, bias = op.inputs
        depthwise = op.kind == "DEPTHWISE_CONV_2D"
        padding, stride_w, stride_h, activation = op.convolution()
        if activation not in ("NONE", "RELU6"):
            raise ValueError(f"activation {activation} is not known here")
        values = self.model.tensors[weights].values
        # Filters lie as [out, h, w, in], those of a depthwise convolution as [1, h, w, out].
        filters = values.transpose(3, 0, 1, 2) if depthwise else values.transpose(0, 3, 1, 2)
        name, scales = self.weights(weights, filters)
        height, width = self.model.tensors[source].shape[1:3]
        out_h, out_w = self.model.tensors[op.outputs[0]].shape[1:3]
        total_h = total_w = 0
        if padding == "SAME":
            total_h = max((out_h - 1) * stride_h + filters.shape[2] - height, 0)
            total_w = max((out_w - 1) * stride_w + filters.shape[3] - width, 0)
        out = self.node(
            "Conv", [self.floats[source], name, self.bias(bias, self.model.tensors[source].scale, scales)],
            f"t{op.outputs[0]}_conv", strides=[stride_h, stride_w], group=len(filters) if depthwise else 1,
            kernel_shape=list(filters.shape[2:]),
            pads=[total_h // 2, total_w // 2, total_h - total_h // 2, total_w - total_w // 2])
        # A clamp to [0, 6] is the range of the bytes that follow: their scale is 6 / 255.
        self.quantised(out, op.outputs[0])

    def convert(self, op):
        target = op.outputs[0]
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self.convolution(op)
        elif op.kind == "ADD":
            self.quantised(self.node("Add", [self.floats[i] for i in op.inputs], f"t{target}_sum"), target)
        elif op.kind == "AVERAGE_POOL_2D":
            self.node("GlobalAveragePool", [self.floats[op.inputs[0]]], "features")
            self.quantised("features", target)
        else:  # RESHAPE and SOFTMAX end the graph; what reads `logits` does without them
            self.floats[target] = self.floats[op.inputs[0]]


def convert(path, labels):
    model = Model(path)
    builder = Builder(model)
    first = model.inputs[0]
    builder.dequantise("image", first, builder.grid(first))
    for op in model.operators:
        builder.convert(op)
    classes = model.tensors[model.outputs[0]].shape[-1]
    if classes != len(labels):
        raise ValueError(f"{classes} classes, but {len(labels)} labels")
    _, height, width, channels = model.tensors[first].shape
    shape = builder.constant("logits_shape", np.int64([-1, classes]))
    builder.node("Reshape", [builder.floats[model.outputs[0]], shape], "logits")
    features = next(model.tensors[o.inputs[0]].shape[-1] for o in model.operators if o.kind == "AVERAGE_POOL_2D")
    graph = helper.make_graph(
        builder.nodes, "scenes",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", channels, height, width])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", features, 1, 1]),
         helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])],
        builder.constants)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="peel")
    result.ir_version = 8
    helper.set_model_props(result, {
        "name": "mobilenet-v2", "labels": "\n".join(labels), "licence": "Apache-2.0",
        "source": "MobileNet v2 1.0 224, quantised (TensorFlow authors, google-coral/test_data)"})
    onnx.checker.check_model(result, full_check=True)
    return result


def main():
    source, labels, target = sys.argv[1:]
    with open(labels, encoding="utf-8") as file:
        onnx.save(convert(source, [line.strip() for line in file if line.strip()]), target)


if __name__ == "__main__":
    main()
