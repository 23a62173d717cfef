"""Whole models on real photos against ONNX Runtime."""

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import engine

SHARED = engine.ROOT.parent / "shared"
MODELS = sorted((SHARED / "models").glob("*.onnx"))
PHOTOS = sorted((SHARED / "images" / "objects").glob("*.jpg"))[:3]

if not MODELS or not PHOTOS:
    pytest.skip("../shared has no models or photos: whole models are not compared with ONNX "
                "Runtime", allow_module_level=True)


def oracle(model):
    """The model that ONNX Runtime runs. Peel computes a network of float16 in float32, rounding
    nothing in between, so its result is that of the same network widened."""
    wide = model.with_name(model.name.replace("-fp16", "-fp32"))
    return wide if wide.exists() else model


def feed(port, photo):
    """The photo as the model's input: ImageNet-normalised RGB, for detectors plain BGR. Where the
    model takes any size it gets 320 x 320."""
    height, width = (side if isinstance(side, int) else 320 for side in port.shape[2:])
    image = Image.open(photo).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, dtype=np.float32)
    if "images" in port.name or not isinstance(port.shape[2], int):
        return np.ascontiguousarray(pixels[:, :, ::-1].transpose(2, 0, 1)[None])
    pixels = (pixels / max(pixels.max(), 1e-6) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    kind = np.float16 if port.type == "tensor(float16)" else np.float32
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None].astype(kind))


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda p: p.stem)
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.stem)
def test_agrees_with_onnx_runtime(model, photo, tmp_path):
    session = onnxruntime.InferenceSession(str(oracle(model)),
                                           providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    inputs = {port.name: feed(port, photo)}
    names = [o.name for o in session.get_outputs()]
    expected = dict(zip(names, session.run(names, inputs)))
    # As users ask: the first output alone, so that what it does not need is not computed.
    results = engine.run_model(model, inputs, names[:1], str(tmp_path), threads=2)
    results.update(engine.run_model(model, inputs, names[1:], str(tmp_path), threads=2)
                   if len(names) > 1 else {})
    for name in names:
        assert results[name].shape == expected[name].shape
        difference = np.abs(results[name].astype(np.float64) - expected[name])
        if expected[name].dtype == np.float16:  # the oracle rounds to 11 bits after every node
            scale = np.abs(expected[name]).max()
            assert difference.max() <= 1e-2 * scale, name
            assert np.argmax(results[name]) == np.argmax(expected[name])
        elif expected[name].ndim == 4:  # masks
            assert difference.max() <= 1e-3, name
            assert difference.mean() <= 1e-5, name
        else:
            # Scores of what is not there are nearly 0 all over, and their last bits mean nothing.
            scale = np.maximum(np.abs(expected[name]).max(axis=(0, 1)), 1e-2)
            assert (difference.max(axis=(0, 1)) <= 1e-3 * scale).all(), name
            assert (difference.mean(axis=(0, 1)) <= 1e-5 * scale).all(), name
