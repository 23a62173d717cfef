"""Every convolution kernel forced in turn, and every CPU level, over the accuracy suite. PEEL_TEST_KERNELS=1
(`make test-kernels`) adds U²-Net-p, which takes minutes with the plain kernels."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import accuracy  # noqa: E402

ALL = os.environ.get("PEEL_TEST_KERNELS", "") not in ("", "0")
MODELS = [m for m in accuracy.MODELS if ALL or m != "u2netp"]
# What each level of PEEL_CPU takes on x86-64, as `peel doctor` names it.
LEVELS = {"scalar": {"SCALAR", "EMU128"}, "sse4": {"SSE4"}, "avx2": {"AVX2"}, "avx512": {"AVX3", "AVX3_DL"}}


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
@pytest.mark.parametrize("level", LEVELS)
def test_every_cpu_level(level, model, tmp_path):
    skip_if_absent(model)
    have = accuracy.targets()
    if not LEVELS[level] & set(have):
        pytest.skip(f"this processor has no {level}: its kernels are not run ({', '.join(have)} are)")
    assert accuracy.targets(PEEL_CPU=level)[0] in LEVELS[level]
    result, _ = accuracy.run(model, str(tmp_path), PEEL_CPU=level)
    accuracy.check(model, result)
