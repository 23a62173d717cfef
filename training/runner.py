"""Runs any ONNX cut-out model on a photograph, as its family asks for.

Peel's own models say in their metadata how they want to be fed. A model of 1024 pixels is
treated as IS-Net is by rembg, any other as the U²-Net family is there: pixels divided by the picture's
largest value, ImageNet normalisation, and an output stretched to 0..1.
"""

import dataclasses
import pathlib

import numpy as np
import onnxruntime
from PIL import Image

from training import teacher as teacher_lib


@dataclasses.dataclass
class Answer:
    """A matte of the photograph's own size, and the probability of a subject."""

    matte: np.ndarray  # float32 [H,W], 0..1
    subject: float | None  # None where the model does not say


class Runner:
    """One loaded model."""

    def __init__(self, path: pathlib.Path, threads: int = 2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"])
        meta = self._session.get_modelmeta().custom_metadata_map
        self.own = meta.get("peel.family") == "peel"
        self.threshold = float(meta.get("peel.subject_threshold", 0.5))
        self._input = self._session.get_inputs()[0]
        side = self._input.shape[2]
        self.size = int(side) if isinstance(side, int) else 320
        self._isnet = not self.own and self.size == 1024
        self._outputs = ["mask", "subject"] if self.own else [
            self._session.get_outputs()[0].name]

    def __call__(self, image: Image.Image) -> Answer:
        image = image.convert("RGB")
        pixels = np.asarray(image.resize((self.size, self.size), Image.LANCZOS))
        if self.own:
            x = teacher_lib.normalise(pixels)[None]
            mask, subject = self._session.run(self._outputs, {self._input.name: x})
            mask, subject = mask[0, 0], float(subject[0, 0])
        else:
            scaled = pixels.astype(np.float32) * (255.0 / max(1, int(pixels.max())))
            x = teacher_lib.normalise(scaled, "isnet" if self._isnet else "u2net")[None]
            mask = self._session.run(self._outputs, {self._input.name: x})[0][0, 0]
            mask = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-6)
            subject = None
        matte = Image.fromarray(mask.astype(np.float32)).resize(image.size, Image.BICUBIC)
        return Answer(np.clip(np.asarray(matte), 0, 1), subject)


class Mean:
    """Several models asked together: the mean of their mattes, the first one's subject score."""

    def __init__(self, runners: list[Runner]):
        self._runners = runners
        self.threshold = runners[0].threshold

    def __call__(self, image: Image.Image) -> Answer:
        answers = [run(image) for run in self._runners]
        return Answer(np.mean([answer.matte for answer in answers], 0), answers[0].subject)
