"""The networks that the engine benchmark runs, as files: published weights where they are at hand, random ones
of the published shapes elsewhere (made here, kept under out/bench/models)."""
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(ROOT, "out", "bench", "models")


@dataclasses.dataclass
class Model:
    key: str           # "u2netp"
    title: str         # "U²-Net-p"
    giga: float        # 10⁹ multiply-adds of the convolutions, which sets how often it is repeated
    path: str = ""
    random: bool = True

    def int8_path(self):
        """The quantised file that `peel quantize` writes beside the model."""
        return os.path.splitext(self.path)[0] + "_int8.onnx"

    def port(self):
        """(name, shape) of the input and name of the first output; symbolic extents are 1."""
        graph = onnx.load(self.path, load_external_data=False).graph
        constants = {w.name for w in graph.initializer}
        entry = next(i for i in graph.input if i.name not in constants)
        shape = [d.dim_value or 1 for d in entry.type.tensor_type.shape.dim]
        return entry.name, shape, graph.output[0].name


MODELS = [
    Model("u2netp", "U²-Net-p", 19.8),
    Model("u2net", "U²-Net", 58.6),
    Model("isnet", "IS-Net", 159.7),
    Model("modnet", "MODNet", 15.5),
    Model("peel", "embedded model", 6.6),
]


def forget_if_changed(model):
    """Removes what was made from an earlier model of this name."""
    with open(model.path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(CACHE, model.key + ".sha256")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as file:
            if file.read() == digest:
                return
    shutil.rmtree(os.path.join(CACHE, "ncnn", model.key), ignore_errors=True)
    if os.path.exists(model.int8_path()):
        os.remove(model.int8_path())
    with open(stamp, "w", encoding="ascii") as file:
        file.write(digest)


def locate(model):
    """Fills in the path, making the file where there is none."""
    published = {"u2netp": os.path.join(ROOT, "..", "shared", "models", "u2netp-fp32.onnx"),
                 "peel": os.path.join(ROOT, "models", "peel.onnx")}.get(model.key, "")
    if os.path.exists(published):
        # A name of its own in the cache, so that what is made from it (int8, ncnn) lies there as well.
        model.path, model.random = os.path.join(CACHE, model.key + ".onnx"), False
        os.makedirs(CACHE, exist_ok=True)
        if os.path.lexists(model.path):
            os.remove(model.path)
        os.symlink(os.path.realpath(published), model.path)
        forget_if_changed(model)
        return model
    model.path = os.path.join(CACHE, model.key + "-random.onnx")
    if not os.path.exists(model.path):
        os.makedirs(CACHE, exist_ok=True)
        subprocess.run([sys.executable, os.path.join(ROOT, "bench", "models", "make.py"), model.key,
                        model.path + ".part"], check=True)
        os.rename(model.path + ".part", model.path)
    return model


def picture(shape):
    """A bright disc on dark ground with a little noise, normalised: something for the networks to see."""
    _, channels, height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    inside = (2 * x - width) ** 2 + (2 * y - height) ** 2 < (min(height, width) // 2) ** 2
    noise = np.random.default_rng(1).random((channels, height, width)) * 0.25
    return (np.where(inside, 1.5, -1.0)[None] + noise)[None].astype(np.float32)


def to_ncnn(model):
    """The .param of the conversion by pnnx, ncnn's own converter. Returns (path, "") or ("", why not)."""
    folder = os.path.join(CACHE, "ncnn", model.key)
    param = os.path.join(folder, model.key + ".ncnn.param")
    failure = os.path.join(folder, "failed")
    if os.path.exists(failure):
        with open(failure, encoding="utf-8") as text:
            return "", text.read()
    if os.path.exists(param):
        return param, ""
    os.makedirs(folder, exist_ok=True)
    local = os.path.join(folder, model.key + ".onnx")
    if not os.path.lexists(local):
        os.symlink(os.path.realpath(model.path), local)
    _, shape, _ = model.port()
    # The program itself: the Python package around it wants a whole training framework.
    import importlib.util
    binary = os.path.join(os.path.dirname(importlib.util.find_spec("pnnx").origin), "pnnx")
    done = subprocess.run([binary, local, f"inputshape=[{','.join(map(str, shape))}]", "fp16=0"],
                          cwd=folder, capture_output=True, text=True)
    why = "" if os.path.exists(param) else f"pnnx ended with {done.returncode}: {(done.stderr + done.stdout)[-300:]}"
    if not why:
        # What pnnx has no layer for it writes down under its own operator's name, which ncnn then refuses.
        import ncnn
        if ncnn.Net().load_param(param) != 0:
            why = "the conversion has layers that ncnn lacks"
    if why:
        with open(failure, "w", encoding="utf-8") as text:
            text.write(why)
        return "", why
    return param, ""
