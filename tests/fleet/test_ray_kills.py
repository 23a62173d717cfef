"""Ray clusters of several nodes on this machine: actors and nodes are killed while pictures run, and each of
them comes out once, with the bytes of an undisturbed run."""
import random
import subprocess
import sys
import time

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `make python`")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")
ray = pytest.importorskip("ray", reason="ray is not installed; `make test-fleet` has it")
pytest.importorskip("ray.data", reason="ray is here without ray[data]; `make test-fleet` has it")

import peel.ray  # noqa: E402
from fleet_support import (WHOLE, actors_of, cluster_of, contents, folder_of, judge, kill, table_of,  # noqa: E402
                           undisturbed)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def disturbed(table, kills, nodes, lost_node=None, batch_size=4, **options):
    """The rows of a run in which actors are killed when so many rows have come, and a node with what it has."""
    cluster, workers = nodes
    dataset = peel.ray.cut(ray.data.from_arrow([table.slice(at, 8) for at in range(0, table.num_rows, 8)]),
                           batch_size=batch_size, num_cpus=1, threads=1, **options)
    chance = random.Random(7)
    rows, killed = [], 0
    for batch in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        rows += batch.to_pylist()
        while kills and len(rows) >= kills[0]:
            kills = kills[1:]
            actors = actors_of(workers)
            if actors:
                kill(chance.choice(actors))
                killed += 1
        if lost_node is not None and len(rows) >= lost_node:
            lost_node = None
            cluster.remove_node(workers.pop(), allow_graceful=False)
            killed += 1
    return rows, killed


def test_killed_actors_and_a_node_cost_nothing():
    """A small one; test_five_hundred is the proof."""
    table = table_of(64, bad=(5, 40), poisoned=(9,))
    with cluster_of(1, 1, PEEL_TEST_CHILD="1") as nodes:
        rows, killed = disturbed(table, [8, 24], nodes, lost_node=32)
    assert killed >= 2
    judge(rows, undisturbed(table_of(64, bad=(5, 40))), poisoned={"id-9"})


@pytest.mark.skipif(not WHOLE, reason="the long one; `make test-fleet` runs it")
def test_five_hundred():
    bad, poisoned = range(17, 500, 50), (33, 250, 499)
    table = table_of(500, bad, poisoned)
    with cluster_of(1, 1, 1, PEEL_TEST_CHILD="1") as nodes:
        rows, killed = disturbed(table, list(range(20, 480, 60)), nodes, lost_node=240)
    assert killed >= 5
    judge(rows, undisturbed(table_of(500, bad)), poisoned={f"id-{number}" for number in poisoned})


@pytest.mark.skipif(not WHOLE, reason="a long one; `make test-fleet` runs it")
def test_a_folder_whose_workers_are_killed(tmp_path):
    """The files are those of an undisturbed run, and the manifest knows all of them."""
    source = folder_of(tmp_path / "in", 90)
    options = {"num_cpus": 1, "threads": 1, "batch_size": 4}
    with cluster_of(1, 1) as (cluster, workers):
        left = [8, 24, 40]

        def disturb(summary):
            if left and summary.done >= left[0]:
                if left.pop(0) == 40:
                    cluster.remove_node(workers.pop(), allow_graceful=False)
                for actor in actors_of(workers)[:1]:
                    kill(actor)

        done = peel.ray.cut_folder(source, tmp_path / "out", progress=disturb, **options)
        assert (done.done, done.failed, left) == (91, 0, []), done.failures
        assert peel.ray.cut_folder(source, tmp_path / "out", **options).skipped == 91
        assert peel.ray.cut_folder(source, tmp_path / "whole", **options).done == 91
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert not list((tmp_path / "out").rglob("*.part"))


@pytest.mark.skipif(not WHOLE, reason="a long one; `make test-fleet` runs it")
def test_a_folder_whose_driver_is_killed(tmp_path):
    """What was done is known to the next run by the workers' own lines."""
    source = folder_of(tmp_path / "in", 40)
    options = {"num_cpus": 1, "threads": 1, "batch_size": 4}
    with cluster_of(1) as (cluster, _):
        driver = subprocess.Popen([sys.executable, "-c", f"""
import ray, peel.ray
ray.init(address={cluster.address!r}, log_to_driver=False)
peel.ray.cut_folder({str(source)!r}, {str(tmp_path / "out")!r}, **{options!r})
"""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(1200):
                if driver.poll() is not None or len(contents(tmp_path / "out")) >= 12:
                    break
                time.sleep(0.1)
            assert driver.poll() is None, "it ended before it was killed"
        finally:
            driver.kill()
            driver.wait()
        done = peel.ray.cut_folder(source, tmp_path / "out", **options)
        assert done.skipped >= 4 and done.done + done.skipped == 41 and done.failed == 0, done
        assert [path.name for path in (tmp_path / "out").glob(".peel-manifest*")] == [".peel-manifest"]
        assert peel.ray.cut_folder(source, tmp_path / "whole", **options).done == 41
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
