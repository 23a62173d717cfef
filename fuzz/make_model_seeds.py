#!/usr/bin/env python3
"""Writes small ONNX models, a few operators each, as seeds of the fuzz targets that read models.

usage: make_model_seeds.py    (needs the onnx package; writes seeds/onnx_reader_fuzz/)
"""
import pathlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent / "seeds" / "onnx_reader_fuzz"
F, I = TensorProto.FLOAT, TensorProto.INT64


def const(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def ints(name, *values):
    return const(name, list(values), np.int64)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(",") if inputs else [], outputs.split(","),
                            **attributes)


def save(name, nodes, consts=(), shape=(1, 2, 6, 6), opset=17, out="y", out_type=F, in_type=F,
         more=()):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", in_type, shape), *more],
        [helper.make_tensor_value_info(o, out_type, None) for o in out.split(",")], list(consts))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.producer_name = ""
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    w = const("w", np.arange(8).reshape(2, 2, 1, 2) / 4)
    bn = [const(n, [1, 2]) for n in "gbmv"]
    save("conv_bn_relu", [node("Conv", "x,w", "c", pads=[0, 1, 0, 1], strides=[2, 1]),
                          node("BatchNormalization", "c,g,b,m,v", "n"), node("Relu", "n", "y")],
         [w, *bn])
    save("residual", [node("Conv", "x,w", "c", auto_pad="SAME_UPPER"), node("Add", "c,x", "a"),
                      node("Clip", "a,lo,hi", "y")], [w, const("lo", 0), const("hi", 6)])
    save("transpose_conv", [node("ConvTranspose", "x,w", "y", strides=[2, 2], output_padding=[1, 1],
                                 group=2)], [w])
    save("half", [node("Cast", "x", "h", to=10), node("Conv", "h,w", "c"), node("Cast", "c", "y", to=1)],
         [const("w", np.ones((2, 2, 1, 1)), np.float16)])
    save("shape_chain", [node("Shape", "x", "s"), node("Gather", "s,i", "e", axis=0),
                         node("Unsqueeze", "e,z", "u"), node("Concat", "u,u", "k", axis=0),
                         node("Slice", "s,z,two", "n"), node("Concat", "n,k", "f", axis=0),
                         node("Resize", "x,,,f", "y", mode="linear")],
         [const("i", 2, np.int64), ints("z", 0), ints("two", 2)], shape=("N", 2, "H", "W"))
    save("resize_scales", [node("Resize", "x,,s", "y", mode="nearest")],
         [const("s", [1, 1, 2, 0.5])])
    save("upsample7", [helper.make_node("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 2.0])],
         opset=7)
    save("pools", [node("MaxPool", "x", "m", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
                   node("AveragePool", "m", "a", kernel_shape=[2, 2], pads=[1, 1, 1, 1]),
                   node("GlobalAveragePool", "a", "y")])
    save("gelu", [node("Div", "x,r", "d"), node("Erf", "d", "e"), node("Add", "e,o", "a"),
                  node("Mul", "x,a", "m"), node("Mul", "m,h", "y")],
         [const("r", 2 ** 0.5), const("o", 1), const("h", 0.5)])
    save("hard_swish", [node("Add", "x,t", "a"), node("Clip", "a,o,s", "c"), node("Mul", "x,c", "m"),
                        node("Div", "m,s", "y")], [const("t", 3), const("o", 0), const("s", 6)])
    save("swish", [node("Sigmoid", "x", "s"), node("Mul", "x,s", "y")])
    save("matmul", [node("Flatten", "x", "f"), node("Gemm", "f,g,c", "a", transB=1),
                    node("MatMul", "a,h", "b"), node("Softmax", "b", "y", axis=-1)],
         [const("g", np.ones((3, 72))), const("c", [1, 2, 3]), const("h", np.ones((3, 2)))])
    save("movement", [node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
                      node("Transpose", "t", "u", perm=[0, 3, 1, 2]), node("Reshape", "u,r", "v"),
                      node("Tile", "v,k", "w"), node("Expand", "w,e", "y")],
         [ints("r", 0, -1), ints("k", 1, 2), ints("e", 3, 1, 1)])
    save("pad_slice", [node("Pad", "x,p", "a"), node("Slice", "a,s,e,ax,st", "b"),
                       node("Split", "b,q", "c,d", axis=1), node("Concat", "d,c", "y", axis=1)],
         [ints("p", 0, 0, 1, 2, 0, 0, 3, 4), ints("s", 0, -1), ints("e", 9, -99), ints("ax", 2, 3),
          ints("st", 2, -1), ints("q", 1, 1)])
    save("reduce", [node("ReduceMean", "x,a", "m", keepdims=0), node("ReduceMax", "x", "n"),
                    node("Add", "m,n", "y")], [ints("a", 2, -1)], opset=18)
    save("arg_topk", [node("TopK", "x,k", "v,i", axis=1), node("ArgMax", "v", "y", axis=3)],
         [ints("k", 1)], out_type=I)
    save("gather", [node("GatherElements", "x,i", "a", axis=3), node("GatherND", "a,j", "b"),
                    node("ScatterND", "x,j,u", "c"), node("ReduceSum", "c", "y")],
         [const("i", np.zeros((1, 2, 6, 1)), np.int64), const("j", [[0]], np.int64),
          const("u", np.zeros((1, 2, 6, 6)))])
    save("generate", [node("Range", "a,b,c", "r"), node("ConstantOfShape", "r", "k"),
                      node("OneHot", "r,b,v", "o"), node("Where", "q,x,z", "y")],
         [const("a", 1, np.int64), const("b", 4, np.int64), const("c", 1, np.int64),
          const("v", [0, 1]), const("q", [True]), const("z", 0)], out="k,o,y")
    save("einsum", [node("Einsum", "x,x", "y", equation="bcij,bcjk->bik")])
    save("normalise", [node("InstanceNormalization", "x,g,b", "i"),
                       node("LayerNormalization", "i,s", "y", axis=-1)],
         [const("g", [1, 2]), const("b", [0, 1]), const("s", np.ones(6))])
    save("quantise", [node("QuantizeLinear", "x,s,z", "q"), node("DequantizeLinear", "q,s,z", "y")],
         [const("s", 0.5), const("z", 3, np.uint8)])
    save("logic", [node("Less", "x,t", "l"), node("Not", "l", "n"), node("Where", "n,x,t", "y")],
         [const("t", 0.5)])
    save("constants", [node("Constant", "", "k", value_ints=[1, -1]), node("Reshape", "x,k", "r"),
                       node("Dropout", "r", "d,m"), node("Identity", "d", "y")])
    save("dynamic_shape", [node("Reshape", "x,t", "y")], out="y",
         more=[helper.make_tensor_value_info("t", I, [2])])
    save("depth", [node("SpaceToDepth", "x", "a", blocksize=2),
                   node("DepthToSpace", "a", "y", blocksize=2, mode="CRD")])


if __name__ == "__main__":
    main()
