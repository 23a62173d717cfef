"""The examples of README.md and docs/ do what they say: every block marked `runnable` runs in a scratch folder
with sample pictures, and the comment below it names what has to be there afterwards:

    <!-- gives: NAME [cut|opaque|mask] [WxH] [frames=N]; NAME … -->

cut: an alpha channel with a transparent corner and pixels that are fully subject; opaque: nothing shines
through; mask: grey, with black and white in it. A name alone is a file that is not empty."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from sheets import CORNERS, page, photo_of  # noqa: E402
from pages import ROOT, blocks, name_of, pages

PROGRAM = ROOT / "build/peel"
GUIDE = [p for p in pages() if name_of(p) == "README.md" or
         (p.parent == ROOT / "docs" and p.name != "README.md")]
BLOCKS = [(page, *block) for page in GUIDE for block in blocks(page)]
# Pages of the guide without a command of their own that could be run here; the examples of migrate.md
# are run by tests/serve/test_migration.py, and tests/web is about the page.
NO_EXAMPLES = {"docs/library.md", "docs/install.md", "docs/migrate.md", "docs/page.md"}


def test_guide_pages_have_examples():
    with_blocks = {name_of(page) for page, *_ in BLOCKS}
    assert {name_of(p) for p in GUIDE} - with_blocks <= NO_EXAMPLES


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with what the examples name, at sizes that cost no time."""
    folder = tmp_path_factory.mktemp("pictures")
    samples = {name: Image.open(ROOT / f"samples/{name}.jpg").convert("RGB")
               for name in ("cactus", "chick", "duck", "mug")}

    def small(name, width=480):
        image = samples[name]
        return image.resize((width, round(image.height * width / image.width)), Image.LANCZOS)

    for name, source in {"photo": "chick", "portrait": "duck", "shoe": "mug", "beach": "cactus"}.items():
        small(source).save(folder / f"{name}.jpg", quality=92)
    (folder / "photos/deep").mkdir(parents=True)
    for place, source in {"one": "duck", "deep/two": "mug", "deep/three": "cactus", "four": "chick"}.items():
        small(source, 320).save(folder / f"photos/{place}.jpg", quality=92)
    photo_of(CORNERS).save(folder / "page.jpg", quality=95)
    photo_of((((200, 180), (600, 200), (620, 450), (190, 430)), page(856, 540, 7))).save(folder / "card.jpg", quality=95)
    frames = [small("duck", w).resize((160, 120)) for w in (160, 170, 180)]
    frames = [f.rotate(4 * i, expand=False) for i, f in enumerate(frames)]
    frames[0].save(folder / "animation.gif", save_all=True, append_images=frames[1:], duration=80)
    raw = small("mug", 64).resize((64, 48)).tobytes()
    (folder / "frames.rgb").write_bytes(raw + raw)
    trimap = np.full((small("duck").height, 480), 0, np.uint8)
    height, width = trimap.shape
    trimap[height // 8:-height // 8, width // 8:-width // 8] = 128
    trimap[2 * height // 5:-2 * height // 5, 2 * width // 5:-2 * width // 5] = 255
    Image.fromarray(trimap).save(folder / "trimap.png")
    strokes = np.zeros((height, width, 4), np.uint8)
    strokes[height // 2:height // 2 + 6, 2 * width // 5:-2 * width // 5] = 0, 255, 0, 255
    Image.fromarray(strokes).save(folder / "strokes.png")
    shutil.copy(ROOT / "models/peel.onnx", folder / "model.onnx")
    if shutil.which("ffmpeg") is not None:
        make_films(folder, small("duck", 340).crop((0, 0, 320, 240)))
    return folder


def make_films(folder, picture):
    """clip.mp4, half a second with sound, and a folder of two."""
    frames = [np.asarray(picture.rotate(i / 2)) for i in range(10)]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "320x240", "-r", "25", "-i", "-",
                    "-f", "lavfi", "-i", "sine=duration=0.4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac",
                    str(folder / "clip.mp4")], input=b"".join(f.tobytes() for f in frames), check=True)
    (folder / "films/deep").mkdir(parents=True)
    for name in ("one", "deep/two"):
        shutil.copy(folder / "clip.mp4", folder / f"films/{name}.mp4")


@pytest.fixture
def scratch(pictures, tmp_path):
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    folder = tmp_path / "work"
    shutil.copytree(pictures, folder)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/peel").symlink_to(PROGRAM)
    (tmp_path / "home").mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PEEL_", "XDG_", "REMBG_", "U2NET_"))}
    return folder, {**kept, "HOME": str(tmp_path / "home"), "PEEL_ORT_LIB": "off",
                    "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}


@pytest.mark.parametrize("page,line,language,text,gives", BLOCKS,
                         ids=[f"{name_of(p)}:{line}" for p, line, *_ in BLOCKS])
def test_example(scratch, page, line, language, text, gives):
    folder, environment = scratch
    assert gives, "a block that runs names below it what it gives"
    if "peel video" in text and shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: tools/install_deps.sh test")
    if language == "python":
        pytest.importorskip("peel", reason="the module is not installed; run `make python` first")
        for module in ("pyarrow", "ray"):
            if re.search(rf"^import .*\b{module}\b", text, re.M):
                pytest.importorskip(module, reason=f"{module} is not installed; `make test-fleet` has it")
        command = [sys.executable, "-c", text]
    else:
        command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, f"{name_of(page)}:{line}\n{done.stdout.decode()}{done.stderr.decode()}"
    for entry in gives.split(";"):
        judge(folder, *entry.split())


def judge(folder, name, *wanted):
    path = folder / name
    assert path.is_file() and path.stat().st_size > 0, f"{name} was not made"
    if path.suffix == ".json":
        json.loads(path.read_text())
    if path.suffix == ".jsonl":
        assert [json.loads(one) for one in path.read_text().splitlines()]
    if path.suffix == ".npy":
        assert np.isfinite(np.load(path)).all()
    for word in wanted:
        image = Image.open(path)
        if word == "cut":
            alpha = np.asarray(image.convert("RGBA"))[..., 3]
            assert image.mode == "RGBA" and alpha[0, 0] < 8 and alpha.max() > 247, name
        elif word == "opaque":
            assert np.asarray(image.convert("RGBA"))[..., 3].min() == 255, name
        elif word == "mask":
            grey = np.asarray(image)
            assert image.mode == "L" and grey.min() < 8 and grey.max() > 247, name
        elif word.startswith("frames="):
            assert image.n_frames == int(word[7:]), name
        else:
            assert re.fullmatch(r"\d+x\d+", word), f"unknown word: {word}"
            assert image.size == tuple(map(int, word.split("x"))), name
