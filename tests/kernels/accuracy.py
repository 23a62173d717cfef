"""The accuracy suite: whole models through `peel model run` against ONNX Runtime, under whatever CPU level,
choice of kernels or emulated processor a test asks for."""
import functools
import json
import os
import pathlib
import subprocess

import numpy as np
import onnxruntime
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEEL = os.environ.get("PEEL_PROGRAM", str(ROOT / "build" / "peel"))
SHARED = ROOT.parent / "shared" / "models"
# The embedded model is always there and quick; the others take minutes with slow kernels.
MODELS = {"embedded": ROOT / "models" / "peel.onnx", "yolox_nano": SHARED / "yolox_nano.onnx",
          "u2netp": SHARED / "u2netp-fp32.onnx"}

# What code each level of PEEL_CPU takes on x86-64, by Highway's names; SSE2 is the plainest of newer Highways.
LEVELS = {"scalar": {"SCALAR", "EMU128", "SSE2"}, "sse4": {"SSE4"}, "avx2": {"AVX2"}, "avx512": {"AVX3"}}


@functools.cache
def oracle(model):
    """(input name, input, output name, what ONNX Runtime computes) for a picture of a bright disc."""
    session = onnxruntime.InferenceSession(str(MODELS[model]), providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else 1 for d in port.shape]
    y, x = np.mgrid[0:shape[2], 0:shape[3]]
    inside = (2 * x - shape[3]) ** 2 + (2 * y - shape[2]) ** 2 < (min(shape[2:]) // 2) ** 2
    noise = np.random.default_rng(1).random(shape[1:]) * 0.25
    picture = (np.where(inside, 1.5, -1.0)[None] + noise)[None].astype(np.float32)
    if model == "yolox_nano":  # wants pixels
        picture = picture * 64 + 128
    name = session.get_outputs()[0].name
    return port.name, picture, name, session.run([name], {port.name: picture})[0]


def run(model, folder, prefix=(), program=PEEL, threads=2, timeout=600, profile=True, **environment):
    """The first output, and the names of the kernels that the convolutions took."""
    entry, picture, name, _ = oracle(model)
    source, target = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
    np.save(source, picture)
    command = [*prefix, program, "model", "run", str(MODELS[model]), "--threads", str(threads), "--json",
               "--precision", "fp32", "--input", f"{entry}={source}", "--output", f"{name}={target}"]
    done = subprocess.run(command + (["--profile"] if profile else []), capture_output=True, text=True,
                          timeout=timeout, env=dict(os.environ, **environment), check=False)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout).get("steps", [])
    return np.load(target), {s["kernel"] for s in steps if "Conv" in s["operator"]}


def check(model, result):
    """Masks: at most 1e-3 off and 1e-5 on average; a detector's rows in proportion to each column's size."""
    expected = oracle(model)[3]
    assert result.shape == expected.shape
    difference = np.abs(result.astype(np.float64) - expected)
    scale = 1.0 if expected.ndim == 4 else np.abs(expected).max(axis=(0, 1))
    axes = None if expected.ndim == 4 else (0, 1)
    assert (difference.max(axis=axes) <= 1e-3 * scale).all()
    assert (difference.mean(axis=axes) <= 1e-5 * scale).all()


def read_trace(path):
    """What PEEL_CPU_TRACE wrote: {(file, function): targets whose code ran}."""
    ran = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        file, function, target = line.split()
        ran.setdefault((file, function), set()).add(target)
    return ran


def skip_unless_there(level):
    have = targets()
    if not LEVELS[level] & set(have):
        pytest.skip(f"this processor has no {level}: its kernels are not run ({', '.join(have)} are)")


def convolution_kernels(model):
    """Every kernel that the plan weighs for any convolution of the model."""
    done = subprocess.run([PEEL, "model", "info", str(MODELS[model]), "--plan"], capture_output=True, text=True,
                          check=True)
    names, inside = set(), False
    for line in done.stdout.splitlines():
        words = line.split()
        if words and words[0].rstrip(".").isdigit():
            inside = len(words) > 1 and words[1].endswith("Conv")
        elif inside and " estimated " in line:
            names.add(words[1] if words[0] == "*" else words[0])
    return names


def targets(prefix=(), program=PEEL, **environment):
    """The instruction sets that `peel doctor` sees, best first."""
    done = subprocess.run([*prefix, program, "doctor", "--json"], capture_output=True, text=True, check=True,
                          env=dict(os.environ, **environment))
    return json.loads(done.stdout)["cpu"]["targets"]
