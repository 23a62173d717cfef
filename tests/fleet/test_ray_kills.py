"""Ray clusters of several nodes on this machine: actors and nodes are killed while pictures run, and each of
them comes out once, with the bytes of an undisturbed run."""
import random

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `make python`")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")
ray = pytest.importorskip("ray", reason="ray is not installed; `make test-fleet` has it")
pytest.importorskip("ray.data", reason="ray is here without ray[data]; `make test-fleet` has it")

import peel.ray  # noqa: E402
from fleet_support import WHOLE, actors_of, cluster_of, judge, kill, table_of, undisturbed  # noqa: E402

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
