"""Runs a case through `peel model run` and says what became of it."""
import dataclasses
import os
import pathlib
import subprocess
import tempfile

import ml_dtypes
import numpy as np
import onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEEL = os.environ.get("PEEL_PROGRAM", str(ROOT / "build" / "peel"))

# Element types that a .npy file and the engine can hold.
TYPES = {np.dtype(t) for t in ("float16", "float32", "float64", "bool", "int8", "int16", "int32",
                               "int64", "uint8", "uint16", "uint32", "uint64", ml_dtypes.bfloat16)}
UNSUPPORTED = 3  # exit code where nothing could be done, a missing operator among the reasons


@dataclasses.dataclass
class Outcome:
    case: str
    operator: str
    verdict: str  # passed, unsupported, failed
    reason: str = ""


class Unsupported(Exception):
    pass


def program():
    """The program under test; None where it is not built."""
    return PEEL if os.access(PEEL, os.X_OK) else None


def run_model(model, inputs, outputs, folder, threads=1, timeout=120):
    """Feeds arrays by name; returns the arrays of the outputs asked for.

    Unsupported where the program names something that it lacks, AssertionError for whatever else
    goes wrong.
    """
    command = [PEEL, "model", "run", str(model), "--threads", str(threads)]
    for number, (name, array) in enumerate(inputs.items()):
        path = os.path.join(folder, f"in{number}.npy")
        np.save(path, array)
        command += ["--input", f"{name}={path}"]
    paths = {name: os.path.join(folder, f"out{i}.npy") for i, name in enumerate(outputs)}
    for name, path in paths.items():
        command += ["--output", f"{name}={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    message = done.stderr.strip().replace(folder + os.sep, "")
    if done.returncode == UNSUPPORTED and "support" in message:
        raise Unsupported(message)
    assert done.returncode == 0, f"exit code {done.returncode}: {message}"
    results = {}
    for name, path in paths.items():
        array = np.load(path)
        # NumPy has no name for bfloat16: it comes as two plain bytes.
        results[name] = array.view(ml_dtypes.bfloat16) if array.dtype == np.dtype("V2") else array
    return results


def compare(name, result, expected, rtol, atol):
    """As onnx.backend.test compares: same type, same shape, values within the tolerances."""
    assert result.dtype == expected.dtype, f"{name} is {result.dtype}, not {expected.dtype}"
    assert result.shape == expected.shape, f"{name} has shape {result.shape}, not {expected.shape}"
    if expected.dtype == ml_dtypes.bfloat16:
        rtol = max(rtol, 2**-6)  # two units in the last place
        result, expected = result.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_allclose(result, expected, rtol=rtol, atol=atol, err_msg=name)


def _refused_type(array):
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    return None if array.dtype in TYPES else str(array.dtype)


def run_case(case):
    with tempfile.TemporaryDirectory(prefix="peel-conformance-") as folder:
        model = os.path.join(folder, "model.onnx")
        onnx.save(case.model, model)
        arrays = [*case.inputs.values(), *case.outputs.values()]
        refused = next(filter(None, map(_refused_type, arrays)), None)
        try:
            if refused:
                # Cannot be fed; the program must refuse the model by itself, and say so.
                run_model(model, {}, {}, folder)
                return Outcome(case.name, case.operator, "failed",
                               f"ran a model of type {refused}")
            results = run_model(model, case.inputs, case.outputs, folder)
            for name, expected in case.outputs.items():
                compare(name, results[name], expected, case.rtol, case.atol)
        except Unsupported as reason:
            return Outcome(case.name, case.operator, "unsupported", str(reason))
        except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError) as reason:
            return Outcome(case.name, case.operator, "failed", str(reason))
    return Outcome(case.name, case.operator, "passed")
