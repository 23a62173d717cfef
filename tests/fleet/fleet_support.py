"""What the tests of many machines share: pictures, and Ray clusters of several nodes on this one."""
import contextlib
import io
import os
import pathlib
import signal
import sys

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM", ROOT / "build" / "peel"))
sys.path.insert(0, str(ROOT / "tests/cli"))
import cli_support  # noqa: E402

CRASH, HANG = b"PEEL-TEST-CRASH", b"PEEL-TEST-HANG"
WHOLE = os.environ.get("PEEL_TEST_FLEET") == "1"  # the long tests too


def picture(number=0, format="PNG"):
    """A ball; each number's is another."""
    file = io.BytesIO()
    Image.fromarray(np.array(cli_support.ball(60 + number % 50, 50 + number // 50))).save(file, format)
    return file.getvalue()


def folder_of(folder, count):
    """That many pictures, in two sub-folders and above, with two of one stem among them."""
    for number in range(count):
        path = folder / ("", "a", "a/b")[number % 3] / f"p{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    (folder / "p0000.jpg").write_bytes(picture(3, "JPEG"))
    return folder


def contents(folder):
    """The files of a folder by name, but for what is hidden."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")}


@contextlib.contextmanager
def cluster_of(*nodes, **environment):
    """A Ray cluster with a head without processors and a node for each number of them. The environment is
    that of its workers."""
    import ray
    from ray.cluster_utils import Cluster

    quiet = {"RAY_AUTH_MODE": "disabled", "RAY_DATA_DISABLE_PROGRESS_BARS": "1", "RAY_USAGE_STATS_ENABLED": "0",
             "RAY_DEDUP_LOGS": "0", **environment}
    before = {name: os.environ.get(name) for name in quiet}
    os.environ.update(quiet)
    cluster = None
    try:
        for attempt in range(4):  # Ray gives a node thirty seconds, which a busy machine may need twice
            try:
                cluster = Cluster(initialize_head=True, head_node_args={
                    "num_cpus": 0, "include_dashboard": False, "object_store_memory": 200 << 20})
                workers = [cluster.add_node(num_cpus=count, object_store_memory=200 << 20) for count in nodes]
                cluster.wait_for_nodes(timeout=120)
                break
            except Exception:
                if cluster is not None:
                    cluster.shutdown()
                cluster = None
                if attempt == 3:
                    raise
        ray.init(address=cluster.address, logging_level="error", log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield cluster, workers
    finally:
        ray.shutdown()
        if cluster is not None:
            cluster.shutdown()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def actors_of(nodes):
    """The processes of Ray Data's actors on nodes of a cluster."""
    raylets = {entry.process.pid for node in nodes for kind, entries in node.all_processes.items()
               if kind == "raylet" for entry in entries}
    found = []
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            name = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it is gone
        if parent in raylets and b"MapWorker" in name:
            found.append(int(process.name))
    return sorted(found)


def kill(pid):
    """At once; it may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def table_of(count, bad=(), poisoned=()):
    """Pictures with ids and another column; some no pictures, some that crash the process they are in."""
    import pyarrow as pa

    data = [picture(number) for number in range(count)]
    for number in bad:
        data[number] = b"no picture"
    for number in poisoned:
        data[number] += CRASH
    return pa.table({"id": [f"id-{number}" for number in range(count)], "bytes": pa.array(data, pa.binary()),
                     "more": list(range(count))})


def undisturbed(table):
    """What one process makes of it, by id."""
    import peel.arrow

    return {row["id"]: row for row in peel.arrow.cut(table, threads=1, jobs=2).to_pylist()}


def judge(rows, wanted, poisoned=()):
    """Each id once, the same bytes, bad rows as rows."""
    assert sorted(row["id"] for row in rows) == sorted(wanted)
    for row in rows:
        expected = wanted[row["id"]]
        assert row["more"] == expected["more"]
        if row["id"] in poisoned:
            assert row["status"] == "failed" and "given up" in row["error"], row["error"]
            continue
        for name in ("status", "error", "bytes", "width", "height", "subject"):
            assert row[name] == expected[name], (row["id"], name, row["error"])
