"""`peel bench`: measured, compared with the CPU, resumable, and applied."""
import csv
import json
import re
import time

import pytest

SMALL = ["--sizes", "96,128", "--rounds", 2, "--warmup", 0]


@pytest.fixture
def bench(peel, photo, tmp_path):
    def run(*arguments, pictures=(photo,), **env):
        return peel("bench", *pictures, *SMALL, "-O", "out", "--json", *arguments,
                    PEEL_CONFIG=tmp_path / "config.yaml", **env)

    return run


def cases(doc):
    return {(c["model"], c["label"], c["asked_precision"]): c for c in doc["cases"]}


def test_a_matrix(bench, tmp_path, real):
    done = bench("--devices", "cpu,onnxruntime,cuda", "--precisions", "fp32", PEEL_ORT_LIB=real)
    assert done.code == 0, done.err
    found = cases(done.json)
    assert list(found) == [("peel", d, "fp32") for d in ("cpu", "onnxruntime", "cuda")]
    for label in ("cpu", "onnxruntime"):
        case = found["peel", label, "fp32"]
        assert case["status"] == "ok" and case["peak_bytes"] > 1 << 20
        assert [s["size"] for s in case["sizes"]] == [96, 128]
        for size in case["sizes"]:
            assert 0 < size["low_ms"] <= size["median_ms"] <= size["high_ms"]
            assert size["network_ms"] < size["median_ms"] and size["runs"] == 2
            assert size["faithful"] and size["iou"] > 0.98
        for name in ("mask-96-0.png", "cut-128-0.png", "thumb-0.png"):
            assert (tmp_path / "out" / case["folder"] / name).stat().st_size > 0
    refused = found["peel", "cuda", "fp32"]
    assert refused["status"] == "refused" and "CUDAExecutionProvider" in refused["reason"]
    assert json.loads((tmp_path / "out/results.json").read_text()) == done.json
    with open(tmp_path / "out/results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5 and rows[0]["device"] == "cpu" and float(rows[0]["median_ms"]) > 0
    assert rows[-1]["status"] == "refused" and rows[-1]["median_ms"] == ""


def test_the_page_stands_alone(bench, tmp_path, real):
    assert bench("--devices", "cpu,onnxruntime", "--precisions", "fp32", PEEL_ORT_LIB=real).code == 0
    page = (tmp_path / "out/report.html").read_text()
    assert page.count("<svg") == 2 and "data:image/png;base64," in page
    assert not re.search(r"(src|href)=\"(?!data:)", page) and "http" not in page
    from xml.dom.minidom import parseString

    for svg in re.findall(r"<svg.*?</svg>", page, re.S):
        parseString(svg)


def test_a_fast_but_wrong_device_is_caught(bench, stub):
    # Only from the second run on, when the proof at loading is long past.
    done = bench("--devices", "cpu,cuda", "--precisions", "fp32", **stub("late"))
    case = cases(done.json)["peel", "cuda", "fp32"]
    assert case["status"] == "ok" and not any(s["faithful"] for s in case["sizes"])
    assert done.json["recommendations"][0]["label"] == "cpu"
    assert "1 left out" in done.json["recommendations"][0]["text"]


def test_a_run_goes_on_where_it_was(bench, tmp_path, photo):
    first = bench("--devices", "cpu", "--precisions", "fp32")
    assert first.code == 0
    again = bench("--devices", "cpu", "--precisions", "fp32,bf16")
    key = ("peel", "cpu", "fp32")
    assert cases(again.json)[key] == cases(first.json)[key]
    assert ("peel", "cpu", "bf16") in cases(again.json)
    fresh = bench("--devices", "cpu", "--precisions", "fp32", "--fresh")
    assert cases(fresh.json)[key]["sizes"] != cases(first.json)[key]["sizes"]
    # Other pictures are another measurement.
    photo.write_bytes(photo.read_bytes() + b" ")
    other = bench("--devices", "cpu", "--precisions", "fp32")
    assert cases(other.json)[key]["key"] != cases(first.json)[key]["key"]


def test_apply(bench, peel, photo, tmp_path, stub, heavy):
    config = tmp_path / "config.yaml"
    config.write_text("jobs: 1\n")
    honest = stub("honest", PEEL_KERNELS_OFF="all")  # so that the made-up GPU is faster
    done = bench("--models", heavy, "--devices", "cpu,cuda", "--precisions", "fp32", **honest)
    assert done.code == 0 and config.read_text() == "jobs: 1\n"
    best = done.json["recommendations"][0]
    assert best["label"] == "cuda" and best["speed_up"] > 1.05
    done = peel("bench", "--apply", "-O", "out", PEEL_CONFIG=config)
    assert done.code == 0 and str(config) in done.err
    assert best["model"] == "heavy" and f"model: {heavy}" in config.read_text()
    assert "device: cuda" in config.read_text() and "jobs: 1" in config.read_text()
    # Now it is the default; what is typed wins.
    env = dict(honest, PEEL_CONFIG=config)
    assert peel(photo, "-o", "a.png", "--report", "a.json", **env).code == 0
    assert json.loads((tmp_path / "a.json").read_text())[0]["device"] == "cuda"
    assert peel(photo, "-o", "b.png", "--device", "cpu", "--backend", "auto", "--report", "b.json",
                **env).code == 0
    assert json.loads((tmp_path / "b.json").read_text())[0]["device"] == "cpu"
    assert peel(photo, "-o", "c.png", "--report", "c.json", **dict(env, PEEL_CONFIG="off")).code == 0
    assert json.loads((tmp_path / "c.json").read_text())[0]["device"] == "cpu"


def test_configuration_counts_for_skip_existing(peel, photo, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("precision: fp32\n")
    arguments = (photo, "-O", "out", "--skip-existing", "-v")
    assert "skipped" not in peel(*arguments, PEEL_CONFIG=config).err
    assert "skipped" in peel(*arguments, PEEL_CONFIG=config).err
    config.write_text("precision: bf16\n")
    assert "up to date" not in peel(*arguments, PEEL_CONFIG=config).err


def test_configuration_counts_for_streams(peel, photo, tmp_path):
    config = tmp_path / "config.yaml"

    def stream(*arguments):
        return peel("stream", "-v", "-o", "s-%03u.png", *arguments, stdin=photo.read_bytes(),
                    PEEL_CONFIG=config)

    config.write_text("jobs: 3\n")
    assert ", 3 jobs" in stream().err
    assert ", 1 jobs" in stream("--jobs", "1").err
    config.write_text("threads: many\n")
    done = stream()
    assert done.code == 2 and "config.yaml:1: threads" in done.err


@pytest.mark.parametrize("text, part", [
    ("devise: cuda\n", "config.yaml:1: there is no key \"devise\""),
    ("jobs: 2\ndevice: abacus\n", "config.yaml:2:"),
    ("threads: many\n", "1 to 1024"),
    ("model: [a, b]\n", "one value"),
    ("- a\n", "key: value"),
    ("device: [cpu\n", "not YAML"),
    ("ort: graph=fast\n", "graph"),
])
def test_a_broken_configuration_is_told(peel, photo, tmp_path, text, part):
    config = tmp_path / "config.yaml"
    config.write_text(text)
    done = peel(photo, "-o", "a.png", PEEL_CONFIG=config)
    assert done.code == 2 and "config.yaml" in done.err and part in done.err
    assert not (tmp_path / "a.png").exists()


def test_home_of_the_configuration(peel, photo, tmp_path):
    for variable, folder in (("XDG_CONFIG_HOME", tmp_path / "xdg"), ("HOME", tmp_path / "home/.config")):
        path = folder / "peel" / "config.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("device: abacus\n")
        value = tmp_path / "xdg" if variable == "XDG_CONFIG_HOME" else tmp_path / "home"
        done = peel(photo, "-o", "a.png", **{variable: value})
        assert done.code == 2 and str(path) in done.err
        path.unlink()


@pytest.mark.parametrize("arguments, code, part", [
    ((), 2, "pictures of yours"),
    (("none.jpg",), 3, "none.jpg"),
    (("photo.jpg", "--sizes", "big"), 2, "full"),
    (("photo.jpg", "--devices", "abacus"), 2, "abacus"),
    (("photo.jpg", "--devices", "auto"), 2, "by name"),
    (("photo.jpg", "--precisions", "fp1"), 2, "fp1"),
    (("photo.jpg", "--models", "peel,peel"), 2, "two are called"),
    (("photo.jpg", "--models", "no-such-model", "--sizes", "96"), 3, "no combination"),
    (("--apply", "-O", "empty"), 3, "peel bench PICTURES"),
])
def test_bad_input(peel, photo, arguments, code, part):
    done = peel("bench", *arguments)
    assert done.code == code and part in done.err, done.err


def test_stopped_and_started_again(peel, photo, tmp_path, program):
    import os
    import signal
    import subprocess

    env = dict(os.environ, PEEL_ORT_LIB="off", PEEL_CACHE_DIR=str(tmp_path / "cache"))
    command = [program, "bench", photo, "--devices", "cpu", "--precisions", "fp32,bf16", "--sizes", "96",
               "--rounds", 40, "--warmup", 0, "-O", "out", "-q"]
    child = subprocess.Popen(list(map(str, command)), env=env, cwd=tmp_path, stdout=subprocess.DEVNULL)
    results = tmp_path / "out/results.json"
    for _ in range(600):
        if results.exists() or child.poll() is not None:
            break
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = json.loads(results.read_text())["cases"][0]
    done = subprocess.run(list(map(str, command)), env=env, cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    doc = json.loads(results.read_text())
    assert doc["cases"][0] == kept and len(doc["cases"]) == 2
