"""Processors that this machine is not, emulated by qemu-user: x86-64 without AVX-512, without AVX2 and without
SSE4's companions (`make test-kernels`), and 64-bit Arm (`make test-arm`, which builds for it)."""
import os
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import accuracy  # noqa: E402

PROCESSORS = {"Nehalem": "SCALAR", "Westmere": "SSE4", "Haswell": "AVX2"}
ARM = accuracy.ROOT / "build-arm64" / "peel"
LIBRARIES = accuracy.ROOT / "build-arm64-sysroot" / "usr" / "lib" / "aarch64-linux-gnu"


def emulator(name):
    if os.environ.get("PEEL_TEST_KERNELS", "") in ("", "0"):
        pytest.skip("emulated processors take a while: `make test-kernels` and `make test-arm` run them")
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (apt: qemu-user): no other processor is emulated")
    return path


@pytest.mark.parametrize("processor", PROCESSORS)
def test_older_processors_compute_the_same(processor, tmp_path):
    prefix = [emulator("qemu-x86_64"), "-cpu", processor]
    assert accuracy.targets(prefix)[0] == PROCESSORS[processor]
    result, _ = accuracy.run("embedded", str(tmp_path), prefix, timeout=1800, profile=False)
    accuracy.check("embedded", result)


def test_best_emulated_processor(tmp_path):
    """AVX-512 where the emulator has it; that of Debian 12 does not."""
    prefix = [emulator("qemu-x86_64"), "-cpu", "max"]
    if accuracy.targets(prefix)[0].startswith("AVX3"):
        result, _ = accuracy.run("embedded", str(tmp_path), prefix, timeout=1800, profile=False)
        accuracy.check("embedded", result)
    else:
        pytest.skip("qemu-x86_64 has no AVX-512: its kernels run only where the processor has them")


def test_arm_computes_the_same(tmp_path):
    qemu = emulator("qemu-aarch64")
    if not ARM.exists():
        pytest.skip("nothing is built for 64-bit Arm: `make test-arm` does that")
    prefix = [qemu, "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={LIBRARIES}"]
    assert accuracy.targets(prefix, str(ARM))[0].startswith("NEON")
    result, _ = accuracy.run("embedded", str(tmp_path), prefix, str(ARM), timeout=1800, profile=False)
    accuracy.check("embedded", result)
