"""The command line itself: help, version, exit codes 2 and 3, names of outputs."""
import io
import json
import re
import subprocess

from cli_support import ball, leftovers
from PIL import Image
import pytest


def test_version(peel):
    done = peel("--version")
    assert done.code == 0 and re.fullmatch(rb"peel \d+\.\d+\.\d+\n", done.out)


@pytest.mark.parametrize("arguments", [["--help"], ["cut", "--help"], ["models", "--help"],
                                       ["model", "run", "--help"], ["doctor", "--help"]])
def test_help(peel, arguments):
    done = peel(*arguments)
    assert done.code == 0 and b"--help" in done.out and done.err == ""


def test_every_flag_of_the_contract_is_in_the_help(peel):
    text = peel("cut", "--help").out.decode()
    for flag in ("-o -O -m --model --mask --format --quality --lossless --background --edges "
                 "--compat --crop --max-size --threads --jobs --device --strict --precision "
                 "--recursive --skip-existing --report -q -v --progress").split():
        assert re.search(rf"(^|[\s,]){flag}\b", text), flag


@pytest.mark.parametrize("arguments", [
    [],
    ["cut"],
    ["x.jpg", "--no-such-option"],
    ["x.jpg", "-o"],
    ["x.jpg", "-o", "a.png", "-O", "out"],
    ["x.jpg", "y.jpg", "-o", "a.png"],
    ["x.jpg", "-o", "noextension"],
    ["x.jpg", "-o", "a.bmp"],
    ["x.jpg", "--format", "heic"],
    ["x.jpg", "--format", "bmp"],
    ["x.jpg", "--quality", "0"],
    ["x.jpg", "--quality", "abc"],
    ["x.jpg", "--background", "nocolour"],
    ["x.jpg", "--background", "blur:x"],
    ["x.jpg", "--compat", "photoshop"],
    ["x.jpg", "--edges", "sharp"],
    ["x.jpg", "--device", "abacus"],
    ["x.jpg", "--precision", "fp7"],
    ["x.jpg", "--threads", "-1"],
    ["x.jpg", "--max-size", "0"],
    ["x.jpg", "--watch"],
    ["models", "nonsense"],
])
def test_wrong_usage_is_2(peel, arguments, tmp_path):
    done = peel(*arguments)
    assert done.code == 2, done.err
    assert done.out == b"" and done.err.strip()
    assert leftovers(tmp_path) == []


def test_default_name_is_beside_the_photo(peel, photo, tmp_path):
    assert peel(photo).code == 0
    assert leftovers(tmp_path) == ["photo.cut.png", "photo.jpg"]
    assert Image.open(tmp_path / "photo.cut.png").mode == "RGBA"


def test_cut_may_be_said(peel, photo, tmp_path):
    assert peel("cut", photo, "-o", "a.png").code == 0
    assert peel("-o", "b.png", photo).code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_stdin_and_stdout(peel, photo, tmp_path):
    piped = peel("-", stdin=photo.read_bytes())
    assert piped.code == 0
    assert Image.open(io.BytesIO(piped.out)).size == (320, 240)
    assert peel(photo, "-o", "-").out == piped.out
    assert peel(photo).code == 0
    assert (tmp_path / "photo.cut.png").read_bytes() == piped.out
    assert peel("-", "-o", "x.webp", stdin=photo.read_bytes()).code == 0
    assert Image.open(tmp_path / "x.webp").format == "WEBP"


def test_output_folder_is_made_and_keeps_subfolders(peel, tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    ball().save(tmp_path / "in/a.png")
    ball().save(tmp_path / "in/sub/b.jpg")
    assert peel("in", "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == ["a.cut.png"]
    assert peel("in", "-O", "out/deep", "--recursive", "--format", "webp").code == 0
    assert leftovers(tmp_path / "out/deep") == ["a.cut.webp", "sub/b.cut.webp"]


def test_a_folder_twice_does_not_cut_out_cut_outs(peel, tmp_path):
    ball().save(tmp_path / "a.png")
    assert peel(".").code == 0
    assert peel(".").code == 0
    assert leftovers(tmp_path) == ["a.cut.png", "a.png"]


def test_patterns(peel, tmp_path):
    ball().save(tmp_path / "a.png")
    ball().save(tmp_path / "b.png")
    assert peel("?.png", "-O", "out").code == 0
    assert leftovers(tmp_path / "out") == ["a.cut.png", "b.cut.png"]
    none = peel("*.tiff")
    assert none.code == 1 and "*.tiff" in none.err


def test_sources_are_never_overwritten(peel, tmp_path):
    ball().save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    done = peel("a.png", "-o", "./a.png")
    assert done.code == 1 and "overwrite" in done.err
    assert (tmp_path / "a.png").read_bytes() == before


def test_two_inputs_never_share_an_output(peel, tmp_path):
    ball(60, 40).save(tmp_path / "a.png")
    ball(70, 50).save(tmp_path / "a.jpg")
    assert peel("a.png", "a.jpg").code == 0
    assert leftovers(tmp_path) == ["a.cut.png", "a.jpg", "a.png", "a.png.cut.png"]
    assert Image.open(tmp_path / "a.cut.png").size == (70, 50)
    assert Image.open(tmp_path / "a.png.cut.png").size == (60, 40)


def test_skip_existing(peel, photo, tmp_path):
    (tmp_path / "photo.cut.png").write_bytes(b"here already")
    assert peel(photo, "--skip-existing", "--report", "r.json").code == 0
    assert (tmp_path / "photo.cut.png").read_bytes() == b"here already"
    assert json.loads((tmp_path / "r.json").read_text())[0]["status"] == "skipped"
    assert peel(photo).code == 0
    assert (tmp_path / "photo.cut.png").read_bytes() != b"here already"


def test_report(peel, photo, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(photo.read_bytes()[:500])
    done = peel(photo, "broken.jpg", "missing.jpg", "--report", "r.json", "-q")
    assert done.code == 1
    good, broken, missing = json.loads((tmp_path / "r.json").read_text())
    assert good["status"] == "done" and good["model"] == "peel" and good["device"] == "cpu"
    assert 0 <= good["coverage"] <= 1 and 0 <= good["subject_score"] <= 1
    assert (good["width"], good["height"]) == (320, 240)
    assert good["output_bytes"] == (tmp_path / "photo.cut.png").stat().st_size
    times = good["times_ms"]
    assert list(times)[0] == "read" and list(times)[-2:] == ["write", "total"]
    assert {"decode", "network", "encode"} <= set(times)
    assert sum(v for k, v in times.items() if k != "total") <= times["total"] * 1.02 + 0.1
    assert broken["status"] == "failed" and broken["error"]["code"] == "corrupt"
    assert missing["error"]["code"] == "not_found" and "missing.jpg" in missing["error"]["message"]


def test_quiet_and_verbose(peel, photo):
    assert peel(photo, "-q").err == ""
    loud = peel(photo, "-v").err
    assert "decode" in loud and "network" in loud and "cpu" in loud


def test_progress(peel, photo, tmp_path):
    ball().save(tmp_path / "b.png")
    assert "1/2" not in peel(photo, "b.png").err
    assert "2/2" in peel(photo, "b.png", "--progress", "always").err
    assert "2/2" not in peel(photo, "b.png", "--progress", "never").err


def test_device_falls_back_aloud_or_refuses(peel, photo, tmp_path, monkeypatch):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")  # as on a machine without it
    done = peel(photo, "--device", "cuda", "-o", "a.png")
    assert done.code == 0 and "cuda" in done.err and "CPU" in done.err
    strict = peel(photo, "--device", "tensorrt", "--strict", "-o", "b.png")
    assert strict.code == 3 and "tensorrt" in strict.err and not (tmp_path / "b.png").exists()
    assert peel(photo, "--device", "cpu", "--strict", "-o", "c.png").code == 0


def test_precision_falls_back_aloud_or_refuses(peel, photo):
    # In use, or missed aloud.
    err = peel(photo, "--precision", "bf16", "-v", "-o", "a.png").err
    assert "cpu (native) bf16" in err or ("--precision bf16" in err and "fp32 is used" in err)
    assert peel(photo, "--precision", "int8", "--strict", "-o", "b.png").code == 3
    assert peel(photo, "--precision", "fp32", "--strict", "-o", "c.png").err.count("fp32") == 0


def test_doctor(peel):
    text = peel("doctor").out.decode()
    doc = json.loads(peel("doctor", "--json").out)
    assert doc["cpu"]["target"] in text
    assert doc["threads"]["in_use"] >= 1
    devices = {(d["backend"], d["device"]): d for d in doc["devices"]}
    assert devices["native", "cpu"]["possible"]
    for device in ("cuda", "tensorrt"):
        state = devices["onnxruntime", device]
        assert state["possible"] or (state["reason"] and state["reason"] in text)
    assert [c["format"] for c in doc["codecs"] if c["writes"]] == ["JPEG", "PNG", "WebP", "TIFF", "AVIF", "GIF"]
    first = doc["models"][0]
    assert (first["name"], first["path"]) == ("peel", "(embedded)")
    assert "250 megapixels" in text


def test_doctor_sees_forced_kernels(peel, monkeypatch):
    monkeypatch.setenv("PEEL_CPU", "scalar")
    assert json.loads(peel("doctor", "--json").out)["cpu"]["target"] in ("EMU128", "SCALAR")


def test_models_list_and_info(peel):
    listed = json.loads(peel("models", "list", "--json").out)
    assert listed[0]["name"] == "peel" and listed[0]["installed"]
    assert {"u2net", "u2netp", "isnet-general-use"} <= {m["name"] for m in listed}
    assert peel("models").out == peel("models", "list").out
    info = peel("models", "info", "peel")
    assert info.code == 0 and b"embedded" in info.out
    assert peel("models", "info", "u2nett").code == 3


def test_models_of_scan(peel):
    """What looks at a library's pictures, its licence and where it comes from."""
    listed = {m["name"]: m for m in json.loads(peel("models", "list", "--json").out) if m["family"] == "scan"}
    assert set(listed) == {"yolox-nano", "yunet-n", "mobilenet-v2", "clip"}
    text = peel("models").out.decode()
    for name, network in listed.items():
        assert name in text and network["licence"] in text and network["url"] in text
        info = peel("models", "info", name)
        assert info.code == 0 and network["url"] in info.out.decode() and network["licence"] in info.out.decode()
        assert network["installed"] == (name != "clip") == (b"\ninput " in info.out)
    verified = peel("models", "verify", "yolox-nano", "yunet-n", "mobilenet-v2").out.decode()
    assert verified.count(" good") == 3


def test_models_are_found_by_name(peel, photo, models, tmp_path, monkeypatch):
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "home"))
    assert peel(photo, "-m", "u2netp").code == 3
    (tmp_path / "home").mkdir()
    (tmp_path / "home/u2netp.onnx").symlink_to((models / "u2netp-fp32.onnx").resolve())
    assert peel(photo, "-m", "u2netp", "-v").code == 0
    verified = peel("models", "verify")
    assert verified.code == 0 and b"u2netp" in verified.out


def test_models_verify_finds_damage(peel, models, tmp_path):
    whole = (models / "u2netp-fp32.onnx").read_bytes()
    (tmp_path / "u2netp.onnx").write_bytes(whole[:len(whole) // 2])
    done = peel("models", "verify", "./u2netp.onnx")
    assert done.code == 3 and b"BROKEN" in done.out


def test_pull_is_honest(peel, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", str(tmp_path))  # no curl here
    assert peel("models", "pull", "no-such-model").code == 2
    done = peel("models", "pull", "u2netp")
    assert done.code == 3 and "curl" in done.err and "u2netp.onnx" in done.err
    url = peel("models", "pull", "https://localhost:1/x.onnx")  # never reached
    assert url.code == 3 and leftovers(tmp_path / "data") == []


@pytest.mark.parametrize("arguments", [["doctor"], ["models", "list"], ["cut", "--help"]])
def test_standard_output_that_takes_no_more(program, arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 3 and b"standard output" in done.stderr


def test_a_reader_that_goes_away(program):
    process = subprocess.Popen([program, "models", "list"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.close()
    message = process.stderr.read()
    assert process.wait(60) == 3 and b"standard output" in message
