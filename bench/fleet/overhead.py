#!/usr/bin/env python3
"""What Ray costs: peel.ray.cut_folder beside `peel DIR` on the same processors and files, rembg in the same
actors with the same model, and the driver's time for a batch.

usage: bench/fleet/overhead.py PEEL MODEL.onnx OUTPUT_FOLDER COUNT [--rembg-count N] [--rounds N] [--batch N] PHOTO...

Runs with the Python that has peel, ray and rembg (bench/fleet/requirements.txt). COUNT mixed photos of
0.3 to 12 megapixels (bench/make_folder.py). All contenders have the processors that this process may use; they
take turns. Of Ray two figures: the whole call, which starts actors and loads the model, and what comes after
the first batch, which is what a long run has. MODEL is U2-Net-p, for Peel and for rembg alike.
"""
import argparse
import logging
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import ray
import ray.data

import peel.ray

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import measure  # noqa: E402

BATCH = 16  # --batch changes it


class Nothing:
    """An actor that gives back what it gets: what is left is Ray's."""

    def __call__(self, batch):
        return batch


class RembgCut:
    """What somebody would write around rembg: the session made once, a batch's files one after the other."""

    def __init__(self, home, out, threads):
        os.environ.update(REMBG_HOME=home, MODEL_CHECKSUM_DISABLED="1", OMP_NUM_THREADS=str(threads))
        import rembg

        self._out = out
        self._rembg, self._session = rembg, rembg.new_session("u2netp")

    def __call__(self, batch):
        for name, path in zip(batch.column("id").to_pylist(), batch.column("uri").to_pylist()):
            with open(path, "rb") as file:
                data = self._rembg.remove(file.read(), session=self._session)
            with open(os.path.join(self._out, name.replace("/", "_") + ".png"), "wb") as file:
                file.write(data)
        return batch.select(["id"])


def mapped(table, actor, processors, **arguments):
    """A Dataset of the table's batches through one actor that has all processors."""
    blocks = [table.slice(at, BATCH) for at in range(0, table.num_rows, BATCH)]
    return ray.data.from_arrow(blocks).map_batches(
        actor, batch_format="pyarrow", batch_size=BATCH, num_cpus=processors, udf_modifying_row_count=False,
        compute=ray.data.ActorPoolStrategy(size=1), fn_constructor_kwargs=arguments)


def times_of(dataset):
    """(seconds in all, seconds a row after the first batch)."""
    start = time.perf_counter()
    first, early, rows = None, 0, 0
    for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        rows += batch.num_rows
        if first is None:
            first, early = time.perf_counter(), rows
    end = time.perf_counter()
    return end - start, (end - first) / max(1, rows - early)


def peel_in_ray(source, out, processors, model):
    """The same two figures of cut_folder."""
    marks = []
    start = time.perf_counter()
    summary = peel.ray.cut_folder(source, out, actors=1, num_cpus=processors, batch_size=BATCH, model=model,
                                  progress=lambda s: marks.append((time.perf_counter(), s.done)))
    if summary.failed:
        raise RuntimeError(f"{summary.failures[0]}")
    (first, early), (last, done) = marks[0], marks[-1]
    return time.perf_counter() - start, (last - first) / max(1, done - early)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("peel", "model", "folder"):
        parser.add_argument(name, type=lambda text: os.path.abspath(text))
    parser.add_argument("count", type=int)
    parser.add_argument("--rembg-count", type=int, default=0, help="rembg gets the first N files alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=BATCH, help="pictures in a batch; more of them than one batch has")
    parser.add_argument("photos", nargs="+")
    a = parser.parse_args()
    if min(a.count, a.rembg_count or a.count) <= a.batch:
        parser.error("what comes after the first batch is timed: there have to be more pictures than one has")
    globals()["BATCH"] = a.batch
    os.makedirs(a.folder, exist_ok=True)
    made = os.path.join(a.folder, f"photos-{a.count}")
    if not os.path.isdir(made):
        maker = pathlib.Path(__file__).resolve().parents[1] / "make_folder.py"
        subprocess.run([sys.executable, maker, made + ".part", str(a.count), *a.photos], check=True)
        os.rename(made + ".part", made)
    files = sorted(path for path in pathlib.Path(made).rglob("*") if path.is_file())
    processors = len(os.sched_getaffinity(0))
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_DATA_DISABLE_PROGRESS_BARS="1")
    ray.init("local", num_cpus=processors, include_dashboard=False, logging_level="error", log_to_driver=False)
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    rows = pa.table({"id": [path.relative_to(made).as_posix() for path in files], "uri": list(map(str, files))})
    some = rows.slice(0, a.rembg_count or len(files))

    with tempfile.TemporaryDirectory(dir=a.folder) as scratch:
        home = os.path.join(scratch, "models", "u2netp")
        os.makedirs(home)
        shutil.copy(a.model, os.path.join(home, "u2netp.onnx"))
        number = 0

        def out():
            nonlocal number
            number += 1
            path = os.path.join(scratch, f"out{number}")
            os.mkdir(path)
            return path

        def alone(*model):
            def go():
                start = time.perf_counter()
                subprocess.run([a.peel, made, "-O", out(), "--recursive", "--quiet", *model], check=True)
                return (time.perf_counter() - start,)
            return go

        contenders = {
            "peel DIR": alone("-m", a.model), "peel DIR, embedded model": alone(),
            "peel.ray": lambda: peel_in_ray(made, out(), processors, a.model),
            "peel.ray, embedded model": lambda: peel_in_ray(made, out(), processors, None),
            "rembg in Ray": lambda: times_of(mapped(some, RembgCut, processors, home=scratch, out=out(),
                                                    threads=processors))}
        found = measure.take_turns(contenders, a.rounds, warmup=0)
        idle = pa.table({"id": list(range(BATCH * 500))})
        found["the driver"] = [times_of(mapped(idle, Nothing, 1)) for _ in range(a.rounds)]

    medians = {name: [statistics.median(values) for values in zip(*runs)] for name, runs in found.items()}
    count = len(files)
    for name in ("peel DIR", "peel DIR, embedded model"):
        medians[name].append(medians[name][0] / count)
    result = {
        "pictures": count, "processors": processors, "rounds": a.rounds, "medians": medians, "runs": found,
        "overhead": medians["peel.ray"][1] / medians["peel DIR"][1] - 1,
        "overhead, start included": medians["peel.ray"][0] / medians["peel DIR"][0] - 1,
        "overhead, embedded model": medians["peel.ray, embedded model"][1] / medians["peel DIR, embedded model"][1] - 1,
        "times rembg": medians["rembg in Ray"][1] / medians["peel.ray"][1],
        "times rembg, embedded model": medians["rembg in Ray"][1] / medians["peel.ray, embedded model"][1],
        "driver, seconds a batch": medians["the driver"][1] * BATCH}
    lines = ["| | whole, s | a picture, ms | pictures a second |", "|---|---:|---:|---:|"]
    for name in contenders:
        lines.append(f"| {name} | {medians[name][0]:.1f} | {1000 * medians[name][1]:.0f} | {1 / medians[name][1]:.2f} |")
    lines.append(f"\n{count} pictures on {processors} processors, medians of {a.rounds} rounds. Ray costs "
                 f"{100 * result['overhead']:.1f} % ({100 * result['overhead, start included']:.1f} % with its start); "
                 f"rembg in the same actors takes {result['times rembg']:.1f} times as long, "
                 f"{result['times rembg, embedded model']:.1f} times that of Peel's own model. Ray's driver needs "
                 f"{1000 * result['driver, seconds a batch']:.1f} ms for a batch.")
    text = {"title": "On a Ray cluster",
            "about": "`peel.ray.cut_folder` beside `peel DIR` on the same processors and files, and rembg in the same "
                     "actors; a picture's time is taken after the first batch, when actors have started.",
            "peers": f"Ray {ray.__version__}, rembg 2.0.86, both with U2-Net-p where nothing else is said",
            "notes": [lines[-1].strip()]}
    measure.write(a.folder, "fleet", {**result, "text": text}, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
