"""Which instruction set's code runs, by the marks that it leaves itself (PEEL_CPU_TRACE), in every file that
dispatches and at every level of PEEL_CPU."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest

sys.path.insert(0, os.path.dirname(__file__))
import accuracy  # noqa: E402

PIL = pytest.importorskip("PIL.Image")
SOURCES = [p for top in ("src", "apps", "python/src") for p in sorted((accuracy.ROOT / top).rglob("*"))
           if p.suffix in (".cc", ".h")]
FFMPEG = shutil.which("ffmpeg")  # without it the files of films are left out
SEEDS = accuracy.ROOT / "fuzz" / "seeds" / "onnx_reader_fuzz"


def files_that_dispatch():
    return {p.relative_to(accuracy.ROOT).as_posix() for p in SOURCES
            if "PEEL_DISPATCH(" in p.read_text(encoding="utf-8") and not p.name.endswith("_test.cc")
            and p.name != "dispatch-inl.h" and (FFMPEG or "video" not in p.parts)}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A photograph as opaque, grey and transparent PNG, small enough for plain code."""
    folder = tmp_path_factory.mktemp("dispatch")
    photo = PIL.open(accuracy.ROOT / "samples" / "cactus.jpg").convert("RGB").resize((180, 240))
    photo.save(folder / "rgb.png")
    photo.convert("L").save(folder / "grey.png")
    photo.putalpha(200)
    photo.save(folder / "rgba.png")
    if FFMPEG:
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", folder / "rgb.png", "-frames:v", "3",
                        "-vf", "scale=480:640,crop=472:632:n*2:n,format=yuv420p", "-c:v", "mpeg4", "-q:v", "3",
                        folder / "film.mp4"], check=True)
    return folder


def byte_model(path):
    """Convolutions, one of them depthwise, a function of one element and a resize, all of them on bytes; and two
    convolutions of floats, one of them depthwise."""
    nodes, constants = [], []

    def constant(array):
        constants.append(onnx.numpy_helper.from_array(np.asarray(array), f"k{len(constants)}"))
        return constants[-1].name

    def op(kind, *operands, **attributes):
        nodes.append(onnx.helper.make_node(kind, operands, [f"v{len(nodes)}"], f"n{len(nodes)}", **attributes))
        return nodes[-1].output[0]

    grid = constant(np.float32(0.05)), constant(np.uint8(128))

    def bytes_of(x):
        return op("DequantizeLinear", op("QuantizeLinear", x, *grid), *grid)

    def weights(shape):
        values = np.random.default_rng(1).integers(-20, 20, shape).astype(np.int8)
        return op("DequantizeLinear", constant(values), constant(np.float32(0.01)), constant(np.int8(0)))

    x = bytes_of("x")
    x = bytes_of(op("Conv", x, weights((32, 16, 3, 3)), pads=[1] * 4))
    x = bytes_of(op("Conv", x, weights((32, 1, 3, 3)), pads=[1] * 4, group=32))
    x = bytes_of(op("Sigmoid", x))
    x = bytes_of(op("Resize", x, "", constant(np.float32([1, 1, 2, 2])), mode="linear"))
    y = op("Conv", "x", constant(np.full((64, 16, 3, 3), 0.1, np.float32)), pads=[1] * 4)
    y = op("Conv", y, constant(np.full((64, 1, 3, 3), 0.1, np.float32)), pads=[1] * 4, group=64)
    y = op("Conv", y, constant(np.full((64, 64, 3, 3), 0.1, np.float32)), pads=[1] * 4)
    ports = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 16, 32, 32]), (x, None), (y, None))]
    graph = onnx.helper.make_graph(nodes, "bytes", ports[:1], ports[1:], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, path)
    return path


def commands(inputs, out):
    """Runs that together come through every file that dispatches."""
    for i, options in enumerate((["rgb.png", "--edges", "matting", "--precision", "fp32"],
                                 ["rgba.png", "--edges", "refine", "--background", "blur:5"],
                                 ["grey.png", "--compat", "rembg", "-a"],
                                 ["rgb.png", "--max-size", "100", "--background", "white"])):
        yield ["cut", str(inputs / options[0]), *options[1:], "-o", str(out / f"{i}.png")]
    yield ["rectify", str(inputs / "rgb.png"), "--corners", "20,10,160,20,170,230,10,220", "--enhance", "bw",
           "-o", str(out / "page.png")]
    yield ["rectify", str(inputs / "rgb.png"), "--keep", "-o", str(out / "found.png")]
    if FFMPEG:
        yield ["video", str(inputs / "film.mp4"), "-o", str(out / "film.webm")]
    yield ["scan", str(inputs), "--db", str(out / "library.db"), "--quiet"]
    yield ["model", "run", str(byte_model(out / "bytes.onnx")), "--threads", "1"]
    yield ["model", "run", str(accuracy.MODELS["embedded"]), "--precision", "bf16", "--threads", "1"]
    for seed in sorted(SEEDS.glob("*.onnx")):
        yield ["model", "run", str(seed), "--threads", "1"]


def run(command, trace, **environment):
    return subprocess.run([accuracy.PEEL, *command], capture_output=True, text=True, check=False,
                          env=dict(os.environ, PEEL_CPU_TRACE=str(trace), PEEL_CACHE_DIR="off", **environment))


@pytest.mark.parametrize("level", accuracy.LEVELS)
def test_every_file_that_dispatches_runs_the_level_it_is_held_to(level, inputs, tmp_path):
    accuracy.skip_unless_there(level)
    trace = tmp_path / "trace"
    for command in commands(inputs, tmp_path):
        done = run(command, trace, PEEL_CPU=level)
        assert done.returncode == 0 or command[0] == "model", done.stderr
        assert "PEEL_CPU" not in done.stderr
    ran = accuracy.read_trace(trace)
    assert set().union(*ran.values()) <= accuracy.LEVELS[level]
    assert {file for file, _ in ran} == files_that_dispatch()


def test_no_file_dispatches_without_a_mark():
    """Highway's own macros leave none, and go by a choice that any library of the process may change."""
    raw = re.compile(r"\bHWY_(EXPORT|DYNAMIC_DISPATCH|DYNAMIC_POINTER)|hwy::(GetChosenTarget|SupportedTargets)|"
                     r"SetSupportedTargetsForTest")
    allowed = {"src/base/dispatch-inl.h", "src/base/dispatch.h", "src/base/cpu.cc", "src/base/dispatch_test.cc"}
    found = {p.relative_to(accuracy.ROOT).as_posix() for p in SOURCES if raw.search(p.read_text(encoding="utf-8"))}
    assert found <= allowed


def test_nothing_asks_for_features_behind_the_level():
    """Extensions that Highway has no target for are asked for inside the code of a target."""
    asks = re.compile(r"__builtin_cpu_(supports|is)|\b__cpuid|<cpuid\.h>|getauxval\(|\bHasArmDotProduct\(")
    found = {p.relative_to(accuracy.ROOT).as_posix() for p in SOURCES if asks.search(p.read_text(encoding="utf-8"))}
    answers = {p for p in found if p.startswith("src/base/os/")}  # where the question is put to the system
    assert found - answers <= files_that_dispatch()


def test_the_library_leaves_the_environment_alone():
    writes = re.compile(r"\b(setenv|unsetenv|_?putenv(_s)?|clearenv|SetDefaultVariable)\(")
    found = {p.relative_to(accuracy.ROOT).as_posix() for p in SOURCES
             if writes.search(p.read_text(encoding="utf-8"))
             and not p.name.endswith(("_test.cc", "test_pool.h", "test_films.h"))}
    assert found - {p for p in found if p.startswith("src/base/os/")} <= {"apps/peel/main.cc"}


def test_a_trace_of_several_processes_adds_up(inputs, tmp_path):
    trace = tmp_path / "trace"
    for _ in range(2):
        assert run(["cut", str(inputs / "rgb.png"), "-o", str(tmp_path / "x.png")], trace).returncode == 0
    lines = trace.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 * len(set(lines)) > 0


@pytest.mark.parametrize("command", ["cut", "model", "models"])
@pytest.mark.parametrize("value,words", [("avx9", ("avx9", "none of scalar")), ("", ())])
def test_a_level_that_cannot_be_had_is_told(command, value, words, inputs, tmp_path):
    arguments = {"cut": ["cut", str(inputs / "rgb.png"), "-o", str(tmp_path / "x.png")],
                 "model": ["model", "info", str(accuracy.MODELS["embedded"])], "models": ["models", "list"]}[command]
    done = run(arguments, tmp_path / "trace", PEEL_CPU=value)
    assert done.returncode == 0
    for word in words:
        assert word in done.stderr
    assert words or not done.stderr


LIBRARY = accuracy.ROOT / "build" / "libpeel.so"
THROUGH_THE_LIBRARY = """
import ctypes, sys
peel = ctypes.CDLL(sys.argv[1])
for name, result, arguments in (
        ("peel_engine_create", ctypes.c_void_p, [ctypes.c_void_p]),
        ("peel_engine_warning", ctypes.c_char_p, [ctypes.c_void_p]),
        ("peel_cut", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]),
        ("peel_result_status", ctypes.c_int, [ctypes.c_void_p])):
    getattr(peel, name).restype, getattr(peel, name).argtypes = result, arguments
engine = peel.peel_engine_create(None)
picture = open(sys.argv[2], "rb").read()
assert peel.peel_result_status(peel.peel_cut(engine, picture, len(picture), None)) == 0
print(peel.peel_engine_warning(engine).decode())
"""


@pytest.mark.skipif(not LIBRARY.exists(), reason="build/libpeel.so is not built")
@pytest.mark.parametrize("level", ["avx2", "scalar", "avx9"])
def test_the_library_is_held_as_well(level, inputs, tmp_path):
    if level in accuracy.LEVELS:
        accuracy.skip_unless_there(level)
    trace = tmp_path / "trace"
    done = subprocess.run([sys.executable, "-c", THROUGH_THE_LIBRARY, str(LIBRARY), str(inputs / "rgb.png")],
                          capture_output=True, text=True, check=False,
                          env=dict(os.environ, PEEL_CPU=level, PEEL_CPU_TRACE=str(trace)))
    assert done.returncode == 0, done.stderr
    ran = set().union(*accuracy.read_trace(trace).values())
    if level in accuracy.LEVELS:
        assert ran <= accuracy.LEVELS[level] and done.stdout == "\n"
    else:
        assert ran == {accuracy.targets()[0]} and "PEEL_CPU=avx9" in done.stdout
