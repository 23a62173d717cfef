"""bench/fleet/simulate.py, which docs/internals/scale.md rests on: what must be so of any fleet, and that the page
has what it says."""
import dataclasses
import json
import subprocess
import sys

import pytest

from fleet_support import ROOT, WHOLE

sys.path.insert(0, str(ROOT / "bench/fleet"))
import simulate  # noqa: E402

STAGES = json.loads((ROOT / "bench/fleet/stages.json").read_text())
FEW = 20_000
EVEN = dataclasses.replace(simulate.Fleet(), slow_nodes=0, spread=1e-9, lost=1e-12, driver=0, start=0)


def seconds(nodes, fleet=EVEN, store=simulate.STORES[1], **how):
    return simulate.run(STAGES, fleet, store, nodes, FEW, **how)[0]


def test_an_even_fleet_does_what_its_processors_can():
    wanted = FEW * sum(STAGES["milliseconds"].values()) / 1000 / 16
    assert seconds(1) == pytest.approx(wanted, rel=0.01)
    assert seconds(10) == pytest.approx(wanted / 10, rel=0.05)


def test_each_thing_that_holds_up_does():
    base = seconds(10)
    for changed in ({"slow_nodes": 0.2}, {"spread": 0.6}, {"lost": 1 / 60}, {"driver": 0.2}, {"start": 60}):
        assert seconds(10, dataclasses.replace(EVEN, **changed)) > 1.05 * base, changed
    filer = simulate.STORES[2]
    assert seconds(20, store=filer) == pytest.approx(
        FEW * (STAGES["in_bytes"] + STAGES["out_bytes"]) / filer.bandwidth, rel=0.1)
    slow = dataclasses.replace(EVEN, slow_nodes=0.05)
    assert seconds(20, slow, dynamic=False) > 1.6 * seconds(20, slow)
    assert seconds(20, slow, dynamic=False, shards=8) < 1.3 * seconds(20, slow)


def test_a_plot_and_a_table(tmp_path):
    results = simulate.simulate(STAGES, FEW)
    simulate.plot(results, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text().count("<polyline") == 6
    assert len(simulate.table(results).splitlines()) == 2 + len(simulate.NODES)


@pytest.mark.skipif(not WHOLE, reason="the million; `make test-fleet` runs it")
def test_the_page_says_what_it_gives(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "bench/fleet/simulate.py", ROOT / "bench/fleet/stages.json", tmp_path],
                          capture_output=True, text=True, check=True)
    page = (ROOT / "docs/internals/scale.md").read_text()
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(simulate.NODES) and "\n".join(rows) in page
    assert (tmp_path / "scale.svg").read_text() == (ROOT / "docs/images/scale.svg").read_text()
    together = sum(STAGES["milliseconds"].values())
    assert f"| {together:.0f} ms |" in page
