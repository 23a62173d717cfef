"""Photographs with known corners, made for these tests by bench/rectify/generate, and the program."""
import dataclasses
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PROGRAM = ROOT / "build" / "peel"
sys.path.insert(0, str(ROOT / "bench" / "rectify"))

from generate import nothing, scene, sensor, words  # noqa: E402
from generate.photos import Pool  # noqa: E402

# Not the seeds of the sets that Peel is tuned on or reported with.
SEED = 77
LONGEST = 600


@dataclasses.dataclass
class Graded:
    folder: pathlib.Path
    records: list


@pytest.fixture(scope="session")
def fonts():
    try:
        words.folder()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def pool():
    if not (SHARED / "data" / "train" / "images").is_dir():
        pytest.skip("../shared/data/train is not at hand")
    return Pool([ROOT / "samples"], [SHARED / "data" / "train" / "images"])


@pytest.fixture(scope="session")
def graded(fonts, pool, tmp_path_factory):
    """Sets of photographs, made once where they are asked for: graded("clean", 16)."""
    made = {}

    def make(name, count):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            made[name] = Graded(folder, [record_of(folder, name, k, pool) for k in range(count)])
        return made[name]

    return make


def record_of(folder, name, k, pool):
    if name == "none":
        none = pool.named(ROOT / "bench" / "rectify" / "none.txt")
        shot = nothing.make([SEED, 3, k], pool, none, LONGEST)
    else:
        shot = scene.make([SEED, k], k % 2 + (2 if name == "cluttered" else 0), pool, longest=LONGEST)
    file = f"{name}-{k:02}.jpg"
    sensor.save(folder / file, shot.pixels, shot.quality, shot.focal_35mm)
    return {"file": file, **shot.truth}


@pytest.fixture(scope="session")
def rectified(graded, tmp_path_factory):
    """(record, entry of the report) of each picture of a set, by one run of the program."""
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    done = {}

    def run(name, count):
        if name not in done:
            pictures = graded(name, count)
            out = tmp_path_factory.mktemp(f"{name}-out")
            report = out / "report.jsonl"
            ran = subprocess.run(
                [
                    PROGRAM,
                    "rectify",
                    *[pictures.folder / r["file"] for r in pictures.records],
                    "-O",
                    out,
                    "--report",
                    report,
                    "-q",
                ],
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert ran.returncode == 0, ran.stderr
            entries = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
            by_name = {pathlib.Path(e["input"]).name: e for e in entries if "input" in e}
            done[name] = [(r, by_name[r["file"]]) for r in pictures.records]
        return done[name]

    return run
