#!/usr/bin/env python3
"""Makes models/scan/*.onnx, which the program carries in itself for `peel scan`, from the published files.

    make_models.py FOLDER [OUT]

FOLDER holds yolox_nano.onnx, yunet_n_dynamic.onnx, mobilenet_v2_1.0_224_quant.tflite and the label lists;
tools/scan_models/README.md says where they come from. Needs onnx and numpy.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import convert_mobilenet

# Two classes of ImageNet have the same name and no other.
RENAMED = {135: "crane, bird crane", 518: "crane, construction crane"}


def lines(path):
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def halve_weights(model, at_least=64):
    """Weights as float16 behind a Cast, which engines undo when they load the file."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < at_least:
            continue
        if np.abs(values).max() > 60000:
            raise ValueError(f"{tensor.name} holds values that half precision cannot")
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        casts.append(helper.make_node("Cast", [name + "_half"], [name], name + "_widened", to=TensorProto.FLOAT))
    # Before ONNX IR 4 initialisers were inputs too.
    halved = {c.output[0] for c in casts}
    kept = [i for i in model.graph.input if i.name not in halved]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def free_batch(model):
    """Any number of pictures at once where the file says one: Reshapes copy their first extent."""
    constants = {t.name: t for t in model.graph.initializer}
    constants.update({n.output[0]: n.attribute[0].t for n in model.graph.node if n.op_type == "Constant"})
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1] in constants:
            tensor = constants[node.input[1]]
            shape = numpy_helper.to_array(tensor).copy()
            if shape[0] == 1:
                shape[0] = 0
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
    del model.graph.value_info[:]
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.shape.dim[0].dim_param = "batch"


def finish(model, path, properties):
    del model.metadata_props[:]
    helper.set_model_props(model, properties)
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


def main():
    source = pathlib.Path(sys.argv[1])
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else
                       pathlib.Path(__file__).resolve().parents[2] / "models" / "scan")

    # The list numbers COCO's categories, of which ten were never used.
    things = [name for name in lines(source / "coco_labels.txt") if name != "n/a"]
    objects = onnx.load(source / "yolox_nano.onnx")
    if objects.graph.output[0].type.tensor_type.shape.dim[2].dim_value != 5 + len(things):
        raise ValueError(f"{len(things)} labels do not fit yolox_nano.onnx")
    halve_weights(objects)
    free_batch(objects)
    finish(objects, out / "objects.onnx", {
        "name": "yolox-nano", "labels": "\n".join(things), "licence": "Apache-2.0",
        "source": "YOLOX-nano, Megvii (github.com/Megvii-BaseDetection/YOLOX); weights in half precision"})

    faces = onnx.load(source / "yunet_n_dynamic.onnx")
    halve_weights(faces)
    finish(faces, out / "faces.onnx", {
        "name": "yunet-n", "licence": "Apache-2.0",
        "source": "YuNet, Shiqi Yu (github.com/ShiqiYu/libfacedetection.train); weights in half precision"})

    labels = lines(source / "mobilenet_v2_labels.txt")
    for number, name in RENAMED.items():
        if labels[number] != "crane":
            raise ValueError(f"label {number} is {labels[number]}, not crane")
        labels[number] = name
    scenes = convert_mobilenet.convert(source / "mobilenet_v2_1.0_224_quant.tflite", labels)
    path = out / "scenes.onnx"
    onnx.save(scenes, path)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
