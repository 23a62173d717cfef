"""A bare machine of one's own to run the program on, and everything that can be seen of a run."""
import dataclasses
import os
import pathlib
import pty
import shutil
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build" / "peel"))
sys.path[:0] = [str(ROOT / "tests" / "cli"), str(ROOT / "tests" / "serve")]

from cli_support import ball  # noqa: E402
from sheets import CORNERS, TWO, photo_of  # noqa: E402, F401
from serve_support import serving  # noqa: E402, F401


def onnxruntime():
    """Its library, or None."""
    try:
        import onnxruntime as package
    except ImportError:
        return None
    return next(iter(sorted(pathlib.Path(package.__file__).parent.glob("capi/libonnxruntime.so*"))), None)


@dataclasses.dataclass
class Effect:
    code: int
    out: bytes
    err: str
    files: dict  # name -> bytes of what was written

    def image(self, name=None):
        """The pixels of the one picture written, or of that name."""
        import io

        data = self.files[name] if name else next(v for k, v in sorted(self.files.items())
                                                  if not k.endswith((".json", ".npy")))
        image = Image.open(io.BytesIO(data))
        return image.format, np.asarray(image)


def wide_network():
    """Its second convolution has so many weights a channel, one of them far out, that clipping pays."""
    rng = np.random.default_rng(5)
    first = rng.standard_normal((320, 3, 3, 3)).astype(np.float32) / 5
    second = rng.standard_normal((1, 320, 3, 3)).astype(np.float32) / 50
    second[0, 0, 0, 0] = 1
    nodes = [helper.make_node("Conv", ["x", "first"], ["c"], name="first", pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["c"], ["r"]),
             helper.make_node("Conv", ["r", "second"], ["l"], name="second", pads=[1, 1, 1, 1]),
             helper.make_node("Sigmoid", ["l"], ["mask"])]
    graph = helper.make_graph(
        nodes, "wide", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 48, 48])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, 48, 48])],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def make_films(folder):
    """clip.mkv: a ball that moves, with sound, a frame of it damaged; hdr.mkv: the same said to be HDR10;
    nothing.mkv: without a subject; films/: two, one in a sub-folder. None where ffmpeg is missing."""
    if shutil.which("ffmpeg") is None:
        return
    (folder / "films/sub").mkdir(parents=True)
    wide = np.asarray(ball(120, 72), np.int16)
    frames = [wide[:, 4 * i:4 * i + 96].copy() for i in range(6)]
    frames[3] += np.random.default_rng(4).integers(-50, 50, (72, 96, 1))
    hdr = ["-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
           "-color_range", "tv"]
    for name, shown, more in (("clip", frames, ["-f", "lavfi", "-i", "sine=duration=0.24", "-c:a", "libopus", "-pix_fmt",
                                                "yuv444p"]),
                              ("hdr", frames, hdr), ("nothing", [np.full_like(frames[0], 100)] * 3, [])):
        inputs, options = (more[:4], more[4:]) if "-i" in more else ([], more)
        raw = b"".join(f.clip(0, 255).astype(np.uint8).tobytes() for f in shown)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x72", "-r", "25", "-i", "-",
                        *inputs, *options, "-c:v", "ffv1", folder / f"{name}.mkv"], input=raw, check=True)
    shutil.copy(folder / "clip.mkv", folder / "films/a.mkv")
    shutil.copy(folder / "clip.mkv", folder / "films/sub/b.mkv")


def make_inputs(folder):
    """photo.png: two balls, one with a hole, so that every option about the subject has something to
    do; a folder with a sub-folder; a film of two frames."""
    from test_quantize import network

    (folder / "in/sub").mkdir(parents=True)
    (folder / "eight/more").mkdir(parents=True)
    photo = ball(160, 120)
    photo.save(folder / "photo.png")
    photo.convert("L").save(folder / "grey.png")
    for name in ("in/a.png", "in/b.png", "in/sub/c.png"):
        ball(96, 72).save(folder / name)
    wide = np.linspace(0, 255, 40 * 10 * 3).reshape(10, 40, 3).astype(np.uint8)
    Image.fromarray(wide).save(folder / "ground.png")
    # Two islands and a hole, of which a matte is made without any model.
    y, x = np.mgrid[0:120, 0:160]
    trimap = np.where(np.hypot(x - 50, y - 60) < 35, 255, 0)
    trimap[np.hypot(x - 50, y - 60) < 8] = 0
    trimap[np.hypot(x - 130, y - 60) < 15] = 255
    Image.fromarray(trimap.astype(np.uint8)).save(folder / "trimap.png")
    # A band that the trimap leaves open between subject and background, over nothing but one colour.
    glass = np.full((120, 160), 255)
    glass[:, :20] = 0
    glass[:, 20:140] = 128
    Image.fromarray(glass.astype(np.uint8)).save(folder / "glass.png")
    strokes = np.full((120, 160, 3), 255)
    strokes[55:65, 60:100] = 255, 0, 0
    strokes[2:6, 2:30] = 0, 255, 0
    Image.fromarray(strokes.astype(np.uint8)).save(folder / "strokes.png")
    frames = [ball(64, 48), ball(64, 48).rotate(180)]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:], duration=50)
    Image.new("RGB", (64, 48), (90, 120, 90)).save(folder / "empty.png")
    photo_of(CORNERS).save(folder / "page.png")
    photo_of(*TWO).save(folder / "two.png")
    onnx.save(network(), folder / "small.onnx")
    onnx.save(wide_network(), folder / "wide.onnx")
    make_films(folder)
    rng = np.random.default_rng(9)
    for i in range(8):
        picture = np.asarray(ball(96 + 8 * i, 96), np.int16)
        picture = (picture + rng.integers(-20, 20, picture.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / "eight" / ("more" if i > 4 else ".") / f"{i}.png")


def written_to(ours, theirs):
    """What was written to a pseudo-terminal; its buffer has room for what is written here."""
    os.set_blocking(ours, False)
    try:
        return os.read(ours, 1 << 20)
    except BlockingIOError:
        return b""
    finally:
        os.close(ours)
        os.close(theirs)


class Machine:
    """Every run has a fresh folder with the inputs; HOME and the cache are in there as well."""

    def __init__(self, folder):
        self.template = folder / "template"
        self.template.mkdir()
        make_inputs(self.template)
        self.folder = folder
        self.runs = 0
        self.known = {}

    def fresh(self):
        self.runs += 1
        here = self.folder / f"run{self.runs}"
        shutil.copytree(self.template, here)
        return here

    def environment(self, here, more):
        bare = {k: v for k, v in os.environ.items()
                if not k.startswith(("PEEL_", "XDG_", "CONDA_", "U2NET", "REMBG", "SLURM_", "AWS_", "JOB_")) and k != "VIRTUAL_ENV"}
        bare.update(PATH="/nowhere", HOME=str(here / "home"), PEEL_CACHE_DIR=str(here / "cache"),
                    PEEL_ORT_LIB="off")
        bare.update({k: str(v).replace("HERE", str(here)) for k, v in more.items()})
        return {k: v for k, v in bare.items() if v != "UNSET"}

    def run(self, *arguments, stdin=None, here=None, prepare=None, terminal=False, timeout=120, **env):
        """The same run is made once and known from then on, unless it is in a folder of the caller's.
        terminal: standard error is one."""
        key = (arguments, stdin, prepare, terminal, tuple(sorted(env.items())))
        if here is None and key in self.known:
            return self.known[key]
        folder = here or self.fresh()
        if prepare is not None:
            prepare(folder)
        before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
        feed = (folder / stdin).read_bytes() if stdin else b""
        ours, theirs = pty.openpty() if terminal else (None, subprocess.PIPE)
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=feed, stdout=subprocess.PIPE,
                              stderr=theirs, cwd=folder, env=self.environment(folder, env), timeout=timeout)
        err = done.stderr if ours is None else written_to(ours, theirs)
        assert done.returncode >= 0, f"signal {-done.returncode}: {err.decode()}"
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*"))
                 if p.is_file() and before.get(p) != p.stat().st_mtime_ns
                 and not p.name.startswith(".peel-manifest")
                 and p.relative_to(folder).parts[0] not in ("cache", "home")}
        effect = Effect(done.returncode, done.stdout, err.decode(errors="replace"), files)
        if here is None:
            self.known[key] = effect
            shutil.rmtree(folder)
        return effect
