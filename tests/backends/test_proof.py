"""A device that never lies: asked for, not there, silently not used, wrong, or at work."""
import json

import pytest

from backends_support import build


def model_run(peel, model, *arguments, **env):
    return peel("model", "run", model, "--json", *arguments, **env)


def refused(peel, model, device, parts, **env):
    """Falls back with the reason told once and recorded, and is exit code 3 when strict."""
    done = model_run(peel, model, "--device", device, **env)
    assert done.code == 0, done.err
    assert done.json["device"] == "cpu" and done.json["device_asked"] == device
    for part in parts:
        assert part in done.err, done.err
        assert part in done.json["device_reason"]
    assert done.err.count(parts[0]) == 1
    strict = model_run(peel, model, "--device", device, "--strict", **env)
    assert strict.code == 3 and strict.out == ""
    assert parts[0] in strict.err
    return done


def test_without_any_runtime(peel, network):
    done = refused(peel, network, "cuda", ["switched off", "pip install onnxruntime-gpu"])
    assert "The CPU is used" in done.err
    refused(peel, network, "openvino", ["switched off", "pip install onnxruntime-openvino"])
    refused(peel, network, "cuda", ["not on this machine", "onnxruntime-gpu"], PEEL_ORT_LIB="UNSET")


def test_a_build_for_the_cpu(peel, network, real):
    refused(peel, network, "cuda", ["a build without CUDAExecutionProvider", "onnxruntime-gpu"],
            PEEL_ORT_LIB=real)


def test_no_driver(peel, network, stub):
    refused(peel, network, "cuda", ["libcuda.so.1", "driver"], **stub("silent", LD_LIBRARY_PATH="/nowhere"))


def test_no_gpu(peel, network, stub):
    refused(peel, network, "cuda", ["sees no GPU"], **stub("silent", FAKE_INIT=100))
    refused(peel, network, "cuda", ["sees no GPU"], **stub("silent", FAKE_GPUS=0))
    refused(peel, network, "cuda", ["kernel module"], **stub("silent", FAKE_INIT=803))


def with_provider(stub, tmp_path, name, needs, present=()):
    """The stub with a provider's library that needs others, of which some are there."""
    here = tmp_path / "gpu"
    here.mkdir()
    (here / "libonnxruntime.so.1").write_bytes((stub.folder / "libonnxruntime.so.1").read_bytes())
    empty = here / "empty.c"
    empty.write_text("int nothing;")
    flags = ["-Wl,--no-as-needed"]
    for library in needs:
        build(here / "needed", library, empty)
        flags.append(str(here / "needed" / library))
    build(here, name, empty, *flags)
    folders = [str(stub.folder / "driver")]
    for library in needs:
        if library not in present:
            (here / "needed" / library).unlink()
    if present:
        folders.append(str(here / "needed"))
    return dict(stub("silent"), PEEL_ORT_LIB=here / "libonnxruntime.so.1",
                LD_LIBRARY_PATH=":".join(folders))


def test_a_missing_library_is_named_with_what_brings_it(peel, network, stub, tmp_path):
    env = with_provider(stub, tmp_path, "libonnxruntime_providers_cuda.so",
                        ["libcudart.so.12", "libcudnn.so.99"], present=["libcudart.so.12"])
    done = refused(peel, network, "cuda", ["libcudnn.so.99", "pip install nvidia-cudnn-cu12"], **env)
    assert "libonnxruntime_providers_cuda.so cannot be loaded" in done.err
    assert "libcudart" not in done.err


def test_all_missing_libraries_are_named(peel, network, stub, tmp_path):
    env = with_provider(stub, tmp_path, "libonnxruntime_providers_tensorrt.so",
                        ["libcudart.so.13", "libnvinfer.so.99", "libcufft.so.99"],
                        present=["libcudart.so.13"])
    done = model_run(peel, network, "--device", "tensorrt", **env)
    for part in ("libnvinfer.so.99", "libcufft.so.99", "tensorrt-cu13", "nvidia-cufft"):
        assert part in done.err


def test_libraries_of_python_packages_are_found(peel, network, stub, tmp_path):
    env = with_provider(stub, tmp_path, "libonnxruntime_providers_cuda.so", ["libcudnn.so.99"])
    packages = tmp_path / "site-packages"
    capi = packages / "onnxruntime/capi"
    capi.parent.mkdir(parents=True)
    (tmp_path / "gpu").rename(capi)
    build(packages / "nvidia/cudnn/lib", "libcudnn.so.99", capi / "empty.c")
    env["PEEL_ORT_LIB"] = capi
    done = model_run(peel, network, "--device", "cuda", **env)
    assert "libcudnn" not in done.err and "did not use it" in done.err


def test_a_driver_that_is_too_old(peel, network, stub, tmp_path):
    env = with_provider(stub, tmp_path, "libonnxruntime_providers_cuda.so", ["libcudart.so.13"],
                        present=["libcudart.so.13"])
    refused(peel, network, "cuda", ["too old", "CUDA 12.4", "580"], FAKE_CUDA=12040, **env)


def test_a_driver_without_what_is_called(peel, network, stub):
    refused(peel, network, "cuda", ["too old", "cuTensorMapEncodeTiled", "update the NVIDIA driver"],
            **stub("symbol"))


def test_out_of_memory(peel, network, stub):
    refused(peel, network, "cuda", ["the device is out of memory", "smaller model"], **stub("memory"))


def test_a_silent_fall_back_is_caught(peel, network, stub):
    done = refused(peel, network, "cuda", ["did not use it", "CPUExecutionProvider"], **stub("silent"))
    assert "CUDAExecutionProvider" in done.err
    done = model_run(peel, network, "--device", "tensorrt", **stub("silent"))
    assert done.json["device"] == "cpu"
    assert "tensorrt: " in done.json["device_reason"] and "cuda: " in done.json["device_reason"]


def test_a_wrong_result_is_caught(peel, network, stub):
    refused(peel, network, "cuda", ["not the CPU's"], **stub("wrong"))
    # Also when the CPU's answer comes from the cache.
    refused(peel, network, "cuda", ["not the CPU's"], **stub("wrong"))
    refused(peel, network, "cuda", ["not the CPU's"], **dict(stub("wrong"), PEEL_CACHE_DIR="off"))


@pytest.mark.parametrize("device, provider", [("cuda", "CUDAExecutionProvider"),
                                              ("tensorrt", "TensorrtExecutionProvider")])
def test_a_device_at_work_is_accepted(peel, network, stub, device, provider):
    done = model_run(peel, network, "--device", device, "--strict", **stub("honest"))
    assert done.code == 0, done.err
    assert done.err == ""
    assert done.json["device"] == device == done.json["device_asked"]
    assert done.json["device_reason"] == "" and set(done.json["nodes"]) == {provider}


def test_reports_tell_what_ran(peel, photo, tmp_path, stub):
    done = peel(photo, "-o", "a.png", "--device", "cuda", "--report", "a.json", **stub("honest"))
    assert done.code == 0, done.err
    entry = json.loads((tmp_path / "a.json").read_text())[0]
    assert entry["device"] == "cuda" == entry["device_asked"] and "device_reason" not in entry
    assert entry["nodes"]["CUDAExecutionProvider"] > 10
    done = peel(photo, "-o", "b.png", "--device", "tensorrt", "--report", "b.jsonl", **stub("silent"))
    assert done.code == 0 and done.err.count("warning") == 1
    entry = json.loads((tmp_path / "b.jsonl").read_text())
    assert entry["device"] == "cpu" and entry["device_asked"] == "tensorrt"
    assert "did not use it" in entry["device_reason"]
    assert peel(photo, "-o", "c.png", "--device", "cuda", "--strict", **stub("silent")).code == 3
    assert not (tmp_path / "c.png").exists()


def test_a_stream_tells_what_ran(peel, photo, tmp_path, stub):
    arguments = ("stream", "-o", "s-%03u.png", "--device", "cuda")
    twice = photo.read_bytes() * 2
    done = peel(*arguments, "-v", stdin=twice, **stub("honest"))
    assert done.code == 0 and "warning" not in done.err and "cuda (onnxruntime" in done.err
    done = peel(*arguments, stdin=twice, **stub("silent"))
    assert done.code == 0 and done.err.count("warning") == 1 and "did not use it" in done.err
    (tmp_path / "s-000.png").unlink()
    assert peel(*arguments, "--strict", stdin=twice, **stub("silent")).code == 3
    assert not (tmp_path / "s-000.png").exists()


def test_nothing_is_left_nor_phoned_home(peel, network, stub, tmp_path):
    (tmp_path / "tmp").mkdir()
    # Nor the identifier that ONNX Runtime's telemetry keeps in the folder of temporary files.
    for mode in ("honest", "silent", "wrong"):
        model_run(peel, network, "--device", "cuda", TMPDIR=tmp_path / "tmp", **stub(mode))
    assert list((tmp_path / "tmp").iterdir()) == []
    done = model_run(peel, network, "--device", "cuda", TMPDIR=tmp_path / "none", **stub("honest"))
    assert done.code == 0
