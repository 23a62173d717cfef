"""`peel doctor`: the chain to every device, and the proof with --verify."""
SIZES = [640, 1024, 2048]


def devices(doc):
    return {(d["backend"], d["device"]): d for d in doc["devices"]}


def test_without_any_runtime(peel):
    text = peel("doctor", PEEL_ORT_LIB="UNSET")
    doc = peel("doctor", "--json", PEEL_ORT_LIB="UNSET").json
    assert text.code == 0
    assert not doc["onnxruntime"]["found"] and "pip install" in doc["onnxruntime"]["remedy"]
    assert doc["onnxruntime"]["reason"].split(";")[0] in text.out
    found = devices(doc)
    assert found["native", "cpu"]["possible"]
    for device in ("cpu", "cuda", "tensorrt", "openvino"):
        state = found["onnxruntime", device]
        assert not state["possible"] and state["reason"]
    assert doc["auto"] == {"backend": "native", "device": "cpu"}
    assert doc["config"]["path"].endswith("/home/.config/peel/config.yaml") and doc["config"]["values"] == {}


def test_a_build_for_the_cpu(peel, real):
    doc = peel("doctor", "--json", PEEL_ORT_LIB=real).json
    assert doc["onnxruntime"]["found"] and doc["onnxruntime"]["path"] == str(real)
    assert "CPUExecutionProvider" in doc["onnxruntime"]["providers"]
    found = devices(doc)
    assert found["onnxruntime", "cpu"]["possible"]
    assert "without CUDAExecutionProvider" in found["onnxruntime", "cuda"]["reason"]
    assert "onnxruntime-gpu" in found["onnxruntime", "cuda"]["remedy"]


def test_other_installations_are_told(peel, tmp_path, real):
    old = tmp_path / "env/lib/python3.9/site-packages/onnxruntime/capi"
    old.mkdir(parents=True)
    new = tmp_path / "home/.local/lib/python3.12/site-packages"
    new.mkdir(parents=True)
    (new / "onnxruntime").symlink_to(real.parents[1])
    doc = peel("doctor", "--json", PEEL_ORT_LIB="UNSET", VIRTUAL_ENV=tmp_path / "env").json
    assert doc["onnxruntime"]["found"] and doc["onnxruntime"]["path"] == str(real)
    assert doc["onnxruntime"]["passed_over"][0]["path"] == str(old)


def test_ffmpeg_and_what_it_lacks(peel, tmp_path):
    missing = peel("doctor", PEEL_FFMPEG="", PATH=tmp_path)
    assert missing.code == 0 and "apt install ffmpeg" in missing.out
    doc = peel("doctor", "--json", PEEL_FFMPEG="", PATH=tmp_path).json["video"]
    assert not doc["found"] and "apt install ffmpeg" in doc["reason"]
    tool = tmp_path / "ffmpeg"
    tool.write_text("#!/bin/sh\ncase $1 in\n-version) echo 'ffmpeg version 5.1 x'; "
                    "echo 'libavutil 57. 28.100 / 57. 28.100';;\n*) echo ' V..... libvpx-vp9 x';;\nesac\n")
    tool.chmod(0o755)
    (tmp_path / "ffprobe").symlink_to(tool)
    text = peel("doctor", PEEL_FFMPEG=tool).out
    assert f"5.1 ({tool})" in text and "writes       vp9\n" in text
    assert "lacks        prores, h264" in text and "zscale" in text
    assert peel("doctor", "--json", PEEL_FFMPEG=tool).json["video"]["encoders"]["vp9"] == "libvpx-vp9"


def test_driver_and_gpus(peel, stub):
    doc = peel("doctor", "--json", **stub("honest", FAKE_GPUS=2)).json
    assert doc["driver"]["usable"] and doc["driver"]["cuda"] == "13.0"
    assert [g["name"] for g in doc["gpus"]] == ["Made-up GPU 0", "Made-up GPU 1"]
    assert doc["gpus"][0]["memory"] == 8 << 30 and doc["gpus"][0]["compute"] == "8.6"
    assert devices(doc)["onnxruntime", "cuda"]["possible"]
    text = peel("doctor", **stub("honest")).out
    assert "Made-up GPU 0, 8" in text and "serves CUDA 13.0" in text
    broken = peel("doctor", "--json", **stub("honest", FAKE_INIT=803)).json
    assert not broken["driver"]["usable"] and "restart" in broken["driver"]["remedy"]
    assert not devices(broken)["onnxruntime", "cuda"]["possible"]


def test_libraries_tell_their_versions(peel, stub, tmp_path):
    from backends_support import build

    source = tmp_path / "libraries.c"
    source.write_text("int cudaRuntimeGetVersion(int* v) { *v = 12040; return 0; }\n"
                      "unsigned long cudnnGetVersion(void) { return 91002; }\n"
                      "int getInferLibVersion(void) { return 100300; }\n")
    for name in ("libcudart.so.13", "libcudnn.so.9", "libnvinfer.so.10"):
        build(tmp_path / "cuda", name, source)
    env = stub("honest")
    env["LD_LIBRARY_PATH"] = f"{env['LD_LIBRARY_PATH']}:{tmp_path / 'cuda'}"
    links = {link["name"]: link for link in peel("doctor", "--json", **env).json["libraries"]}
    assert links["CUDA runtime"]["version"] == "12.4"
    assert links["cuDNN"]["version"] == "9.10.2"
    assert links["TensorRT"]["version"] == "10.3.0"
    assert links["TensorRT"]["path"] == str(tmp_path / "cuda" / "libnvinfer.so.10")


def verify(peel, *arguments, **env):
    done = peel("doctor", "--verify", "--runs", 1, "--json", *arguments, **env)
    assert done.code == 0, done.err
    return done.json


def test_verify_refuses_what_lies(peel, stub):
    doc = verify(peel, **stub("silent"))
    found = devices(doc)
    assert found["native", "cpu"]["proven"] and found["onnxruntime", "cpu"]["proven"]
    assert [t["size"] for t in found["native", "cpu"]["times"]] == SIZES
    assert found["onnxruntime", "cpu"]["iou"] > 0.98
    for device in ("cuda", "tensorrt"):
        assert not found["onnxruntime", device]["proven"]
        assert "did not use it" in found["onnxruntime", device]["reason"]
    assert not found["onnxruntime", "openvino"]["proven"]


def test_auto_takes_the_fastest_that_was_proven(peel, stub, network, heavy):
    # The native engine held back to plain code, so that the made-up GPU is faster.
    slow = {"PEEL_KERNELS_OFF": "all"}
    honest = stub("honest", **slow)
    before = peel("model", "run", network, "--json", **honest)
    assert before.json["device"] == "cpu" and before.json["backend"] == "native"
    doc = verify(peel, "-m", heavy, **honest)
    assert devices(doc)["onnxruntime", "cuda"]["proven"], doc
    assert doc["auto"]["backend"] == "onnxruntime"
    fastest = doc["auto"]["device"]
    text = peel("doctor", **honest).out
    assert "proven, " in text and f"--device auto is {fastest} (onnxruntime)" in text
    done = peel("model", "run", network, "--json", **honest)
    assert done.json["backend"] == "onnxruntime" and done.json["device"] == fastest
    assert done.json["device_asked"] == "auto"
    # The proof is made anew at each start; without it there is a line and the CPU.
    done = peel("model", "run", network, "--json", **dict(honest, PEEL_ORT_LIB="off"))
    assert done.code == 0 and done.json["backend"] == "native" and "switched off" in done.err
    # --strict is about what was asked for; auto asks for nothing in particular.
    assert peel("model", "run", network, "--strict", **dict(honest, PEEL_ORT_LIB="off")).code == 0
    assert peel("model", "run", network, "--device", "cpu", "--backend", "native", "--json",
                **honest).json["backend"] == "native"


def test_auto_stays_with_the_cpu_unless_something_is_a_tenth_faster(peel, stub):
    doc = verify(peel, **stub("honest"))
    times = {key: d["times"][1]["median_ms"] for key, d in devices(doc).items() if d["proven"]}
    native = times.pop(("native", "cpu"))
    fastest = min(times, key=times.get)
    taken = fastest if times[fastest] < 0.9 * native else ("native", "cpu")
    assert (doc["auto"]["backend"], doc["auto"]["device"]) == taken


def test_verify_as_text(peel):
    done = peel("doctor", "--verify", "--runs", 1)
    assert done.code == 0
    for part in ("640 px", "1024 px", "2048 px", "native", "tensorrt", "no: ", "--device auto is now cpu (native)"):
        assert part in done.out
    missing = peel("doctor", "--verify", "-m", "none.onnx")
    assert missing.code == 3 and "none.onnx" in missing.err
