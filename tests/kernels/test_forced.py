"""Every convolution kernel forced in turn, and every CPU level, over the accuracy suite. PEEL_TEST_KERNELS=1
(`make test-kernels`) adds U²-Net-p, which takes minutes with the plain kernels."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import accuracy  # noqa: E402

ALL = os.environ.get("PEEL_TEST_KERNELS", "") not in ("", "0")
MODELS = [m for m in accuracy.MODELS if ALL or m != "u2netp"]


def skip_if_absent(model):
    if not accuracy.MODELS[model].exists():
        pytest.skip(f"{accuracy.MODELS[model].name} is not there")


@pytest.mark.parametrize("model", MODELS)
def test_every_convolution_kernel_forced(model, tmp_path):
    """All others are switched off but the plain reference, which computes what the forced one cannot."""
    skip_if_absent(model)
    kernels = accuracy.convolution_kernels(model) - {"reference"}
    assert {"winograd_f4", "winograd_f2", "direct_blocked", "conv_reference"} <= kernels
    for kernel in sorted(kernels):
        off = ",".join(sorted(kernels - {kernel, "conv_reference"}))
        result, used = accuracy.run(model, str(tmp_path), PEEL_KERNELS_OFF=off)
        assert kernel in used, f"{kernel} computed nothing"
        assert used <= {kernel, "conv_reference", "reference"}
        accuracy.check(model, result)


def test_no_fast_kernel_at_all(tmp_path):
    result, used = accuracy.run("embedded", str(tmp_path), PEEL_KERNELS_OFF="all")
    assert used == {"reference"}
    accuracy.check("embedded", result)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("level", accuracy.LEVELS)
def test_every_cpu_level(level, model, tmp_path):
    """By what the code itself says has run, not by what the program says it would run."""
    skip_if_absent(model)
    accuracy.skip_unless_there(level)
    trace = tmp_path / "trace"
    result, _ = accuracy.run(model, str(tmp_path), PEEL_CPU=level, PEEL_CPU_TRACE=str(trace))
    accuracy.check(model, result)
    ran = accuracy.read_trace(trace)
    assert any(file.startswith("src/engine/kernels/") for file, _ in ran)
    assert set().union(*ran.values()) <= accuracy.LEVELS[level]
