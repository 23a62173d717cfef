"""The teacher: an ONNX salient-object network run at any size through ONNX Runtime.

U2-Net-p is fully convolutional, so the file's fixed input is widened by
rewriting the declared input shape. Averaging over mirrored pictures and several
sizes is better than any single pass of it, and that average is what the student
learns from.
"""

import pathlib

import numpy as np
import onnx
import onnxruntime
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # ImageNet, RGB, of x / 255
STD = np.array([0.229, 0.224, 0.225], np.float32)


def normalise(image: np.ndarray) -> np.ndarray:
    """Maps uint8 [H,W,3] RGB to float32 [1,3,H,W], (x / 255 - mean) / std."""
    x = (image.astype(np.float32) / 255.0 - MEAN) / STD
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


class Teacher:
    """Runs the network in `path` at the sizes it is asked for."""

    def __init__(self, path: pathlib.Path, threads: int = 2):
        self._model = onnx.load(str(path))
        self._threads = threads
        self._sessions: dict[int, onnxruntime.InferenceSession] = {}

    def _session(self, size: int) -> onnxruntime.InferenceSession:
        if size not in self._sessions:
            model = onnx.ModelProto()
            model.CopyFrom(self._model)
            del model.graph.value_info[:]
            dims = model.graph.input[0].type.tensor_type.shape.dim
            dims[2].dim_value = dims[3].dim_value = size
            for output in model.graph.output:
                output.type.tensor_type.ClearField("shape")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._sessions[size] = onnxruntime.InferenceSession(
                model.SerializeToString(), options,
                providers=["CPUExecutionProvider"])
        return self._sessions[size]

    def predict(self, image: Image.Image, size: int, mirror: bool) -> np.ndarray:
        """Returns the subject's probability, float32 [size,size], one pass."""
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.LANCZOS))
        if mirror:
            pixels = pixels[:, ::-1]
        session = self._session(size)
        name = session.get_inputs()[0].name
        first = session.get_outputs()[0].name
        mask = session.run([first], {name: normalise(pixels)})[0][0, 0]
        return mask[:, ::-1] if mirror else mask
