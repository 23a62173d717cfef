"""Devices and backends from Python: what ran is told, and why it is not what was asked for."""
import warnings

import numpy
import pytest

import peel


def test_the_cpu_by_default(session):
    assert session.device == "cpu" and session.device_asked == "auto"
    assert session.device_reason == "" and session.backend == "native"


def test_a_device_that_is_not_there(photo, monkeypatch):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")
    with pytest.warns(RuntimeWarning, match="tensorrt"):
        session = peel.Session(device="tensorrt")
    assert session.device == "cpu" and session.device_asked == "tensorrt"
    assert session.device_reason in session.warning and session.device_reason
    cut = session.run(photo)
    assert cut.device == "cpu" and cut.device_reason == session.device_reason
    with pytest.raises(peel.DeviceRefused, match="--device tensorrt: "):
        peel.Session(device="tensorrt", strict=True)


def test_onnxruntime_of_this_interpreter_is_found(photo, session, monkeypatch):
    pytest.importorskip("onnxruntime")
    for variable in ("PEEL_ORT_LIB", "VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    other = peel.Session(backend="onnxruntime", runtime={"graph": "extended", "arena": False}, strict=True)
    import onnxruntime

    assert other.backend == f"onnxruntime {onnxruntime.__version__}"
    difference = session.matte(photo).astype(int) - other.matte(photo)
    assert numpy.abs(difference).max() <= 2


def test_wrong_options():
    with pytest.raises(peel.InvalidArgument, match="openvino"):
        peel.Session(device="gpu")
    with pytest.raises(peel.InvalidArgument, match="onnxruntime"):
        peel.Session(backend="tensorflow")
    with pytest.raises(peel.InvalidArgument, match="graph"):
        peel.Session(runtime={"graph": "fast"})
    with pytest.raises(TypeError, match="dictionary"):
        peel.Session(runtime=7)


def test_providers_of_rembg_reach_onnxruntime(rembg_home):
    rembg = pytest.importorskip("peel.rembg")
    from peel.rembg.sessions.base import _runtime

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        session = rembg.new_session("u2netp", providers=[
            ("CUDAExecutionProvider", {"device_id": 1}), "CPUExecutionProvider"])
    assert session.inner_session.get_providers()[-1] == "CPUExecutionProvider"
    if session.engine.device == "cpu":
        assert any("cuda was requested" in str(w.message) for w in caught)
    assert _runtime(None, [("CUDAExecutionProvider", {"device_id": 1})]) == {"gpu": 1}
    assert _runtime(None, ["CPUExecutionProvider"]) is None
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    assert _runtime(options, None) is None
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
    options.inter_op_num_threads = 2
    assert _runtime(options, None) == {"graph": "basic", "execution": "parallel", "inter": 2}
