#!/usr/bin/env python3
"""A million pictures of 12 megapixels on 1 to 200 nodes, on paper: where it stops scaling, and why.

usage: bench/fleet/simulate.py STAGES.json OUTPUT_FOLDER [--pictures N]

A discrete simulation in seconds of the clock. STAGES.json is what stages.py measured of one picture on one
processor; everything else stands in the class Fleet below with where it comes from. Batches are handed to
whichever actor is free first (peel.ray), or are divided beforehand (--shard auto). A batch takes the longer of
its computing and its transfers, which run beside each other; transfers share what a node's link and the store
let through. Nodes differ in speed, batches in length, nodes are lost and come back; the driver takes batches
one after the other. Writes scale.json, scale.svg and the tables of docs/internals/scale.md.
"""
import argparse
import dataclasses
import heapq
import json
import math
import pathlib
import random

NODES = (1, 2, 5, 10, 20, 50, 100, 150, 200)


@dataclasses.dataclass(frozen=True)
class Store:
    """Where pictures come from and go to, for all nodes together."""
    name: str
    gets: float  # requests a second
    puts: float
    bandwidth: float  # bytes a second
    latency: float  # seconds to the first byte


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What is not measured here."""
    cores: int = 16  # of a node
    actor_cores: int = 4
    batch: int = 16  # pictures
    link: float = 12.5e9 / 8  # bytes a second: "up to 12.5 Gbit/s" of a cloud's node with 16 processors
    driver: float = 0.012  # seconds of its processor that the driver spends on a batch (bench/fleet/overhead.py)
    start: float = 40.0  # seconds until a node's actors have loaded everything
    slow_nodes: float = 0.05  # of the nodes have half the speed: noisy neighbours, throttling
    spread: float = 0.15  # of a batch's time, lognormal: pictures differ
    lost: float = 1 / (500 * 3600)  # a node's chance to be lost, a second: one in 500 hours
    replaced: float = 180.0  # seconds until there is another


# S3: 5,500 GETs and 3,500 PUTs a second for each prefix, 100 to 200 ms for the first byte (AWS, "Best practices
# design patterns: optimizing Amazon S3 performance"); 100 Gbit/s is a common first limit of an account's
# buckets. A filer: one that a 10-gigabit link leads to, as many a cluster has.
STORES = (
    Store("object store, one prefix", 5500, 3500, 100e9 / 8, 0.15),
    Store("object store, 16 prefixes", 16 * 5500, 16 * 3500, 400e9 / 8, 0.15),
    Store("shared filer on 10 Gbit/s", 1e9, 1e9, 10e9 / 8, 0.002),
)


def batch_times(stages, fleet, store, nodes):
    """Seconds of computing and of transfers of a batch on one actor, all actors at work; and which is more."""
    actors = nodes * (fleet.cores // fleet.actor_cores)
    seconds = sum(stages["milliseconds"].values()) / 1000
    compute = fleet.batch * seconds / fleet.actor_cores
    moved = fleet.batch * (stages["in_bytes"] + stages["out_bytes"])
    share = min(fleet.link / (fleet.cores // fleet.actor_cores), store.bandwidth / actors)
    # Eight reads at a time hide the latency; requests are the store's to give.
    waits = {"computing": compute,
             "the node's link": moved / (fleet.link / (fleet.cores // fleet.actor_cores)),
             "the store's bandwidth": moved / (store.bandwidth / actors),
             "the store's requests": fleet.batch * actors * max(1 / store.gets, (1 + 1 / fleet.batch) / store.puts)}
    transfer = max(moved / share, waits["the store's requests"]) + fleet.batch * store.latency / 8
    return compute, transfer, max(waits, key=waits.get)


def run(stages, fleet, store, nodes, pictures, dynamic=True, shards=1, seed=1):
    """Seconds until the last picture, and how long the driver was at work. shards: per node, where the list
    is divided beforehand; each node takes its own one after the other."""
    chance = random.Random(seed * 1000 + nodes)
    compute, transfer, _ = batch_times(stages, fleet, store, nodes)
    slow = set(chance.sample(range(nodes), round(fleet.slow_nodes * nodes)))
    speeds = [0.5 if node in slow else 1.0 for node in range(nodes)]
    per_node = fleet.cores // fleet.actor_cores
    batches = math.ceil(pictures / fleet.batch)

    def length(node):
        return max(compute / speeds[node], transfer) * chance.lognormvariate(-fleet.spread ** 2 / 2, fleet.spread)

    if not dynamic:
        # A node's own list; with more shards than nodes, the next shard goes to the node that is free first,
        # as an array's tasks do.
        tasks = [batches // (nodes * shards)] * (nodes * shards)
        free = [(fleet.start, node) for node in range(nodes)]
        heapq.heapify(free)
        end = 0.0
        for task in tasks:
            at, node = heapq.heappop(free)
            mean = max(compute / speeds[node], transfer) / per_node
            took = task * mean
            if chance.random() < 1 - math.exp(-fleet.lost * took):
                took += fleet.replaced  # what was done stays done: --skip-existing
            at += took
            end = max(end, at)
            heapq.heappush(free, (at, node))
        return end, 0.0
    free = [(fleet.start, node, actor) for node in range(nodes) for actor in range(per_node)]
    heapq.heapify(free)
    gone = [chance.expovariate(fleet.lost) for _ in range(nodes)]
    driver_free, driver_busy, end, left = 0.0, 0.0, 0.0, batches
    while left:
        at, node, actor = heapq.heappop(free)
        took = length(node)
        if gone[node] < at + took:  # lost with what it was at, which goes to another
            back = max(gone[node], at) + fleet.replaced
            if actor == per_node - 1:
                gone[node] = back + chance.expovariate(fleet.lost)
            heapq.heappush(free, (back, node, actor))
            continue
        at += took
        driver_free = max(driver_free, at) + fleet.driver
        driver_busy += fleet.driver
        # Two batches wait at every actor: the driver holds up only whom it is two behind.
        heapq.heappush(free, (max(at, driver_free - 2 * took), node, actor))
        end = max(end, at, driver_free)
        left -= 1
    return end, driver_busy


def simulate(stages, pictures):
    """A row for each way and number of nodes."""
    results = []
    many = STORES[1]
    large = dataclasses.replace(Fleet(), batch=64)
    ways = [(f"peel.ray, {store.name}", large, store, {}) for store in STORES]
    ways += [("peel.ray, 16 prefixes, batches of 16", Fleet(), many, {}),
             ("--shard auto, a shard a node", Fleet(), many, {"dynamic": False}),
             ("--shard auto, 8 shards a node", Fleet(), many, {"dynamic": False, "shards": 8})]
    for way, fleet, store, how in ways:
        for nodes in NODES:
            end, busy = run(stages, fleet, store, nodes, pictures, **how)
            results.append({"way": way, "nodes": nodes, "hours": end / 3600, "pictures_per_second": pictures / end,
                            "driver": busy / end, "bound": batch_times(stages, fleet, store, nodes)[2]})
    return results


def table(results):
    """Markdown: hours and efficiency, a line for each number of nodes."""
    ways = list(dict.fromkeys(r["way"] for r in results))
    cell = {(r["way"], r["nodes"]): r for r in results}
    lines = ["| nodes | " + " | ".join(way.replace("--shard auto", "`--shard auto`") for way in ways) + " |",
             "|---:|" + "---:|" * len(ways)]
    for nodes in NODES:
        parts = []
        for way in ways:
            one, this = cell[way, 1], cell[way, nodes]
            parts.append(f"{this['hours']:.2f} h, {100 * one['hours'] / this['hours'] / nodes:.0f} %")
        lines.append(f"| {nodes} | " + " | ".join(parts) + " |")
    return "\n".join(lines)


COLOURS = ("#1b6ca8", "#0a9396", "#ca6702", "#333333", "#9b2226", "#7b5ea7")


def plot(results, path):
    """Pictures a second over nodes, both logarithmic."""
    width, height, left, bottom = 760, 440, 70, 50
    ways = list(dict.fromkeys(r["way"] for r in results))
    most = max(r["pictures_per_second"] for r in results) * 1.3
    least = min(r["pictures_per_second"] for r in results) / 1.3

    def x(nodes):
        return left + (width - left - 20) * math.log(nodes) / math.log(NODES[-1])

    def y(rate):
        return 20 + (height - bottom - 20) * (1 - math.log(rate / least) / math.log(most / least))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             'font-size="13">', f'<rect width="{width}" height="{height}" fill="white"/>']
    for nodes in NODES:
        parts.append(f'<line x1="{x(nodes):.1f}" y1="20" x2="{x(nodes):.1f}" y2="{height - bottom}" stroke="#ddd"/>'
                     f'<text x="{x(nodes):.1f}" y="{height - bottom + 18}" text-anchor="middle">{nodes}</text>')
    for power in range(0, 6):
        for digit in (1, 2, 5):
            rate = digit * 10 ** power
            if least <= rate <= most:
                parts.append(f'<line x1="{left}" y1="{y(rate):.1f}" x2="{width - 20}" y2="{y(rate):.1f}" stroke="#ddd"/>'
                             f'<text x="{left - 8}" y="{y(rate) + 4:.1f}" text-anchor="end">{rate:,}</text>')
    first = results[0]["pictures_per_second"]
    parts.append(f'<line x1="{x(1):.1f}" y1="{y(first):.1f}" x2="{x(NODES[-1]):.1f}" '
                 f'y2="{y(min(most, first * NODES[-1])):.1f}" stroke="#999" stroke-dasharray="5 4"/>')
    for number, way in enumerate(ways):
        line = [(x(r["nodes"]), y(r["pictures_per_second"])) for r in results if r["way"] == way]
        dash = "" if way.startswith("peel.ray") else ' stroke-dasharray="2 3"'
        parts.append('<polyline fill="none" stroke-width="2.2" stroke="%s"%s points="%s"/>' % (
            COLOURS[number], dash, " ".join(f"{a:.1f},{b:.1f}" for a, b in line)))
        top = 34 + 19 * number
        parts.append(f'<line x1="{left + 14}" y1="{top}" x2="{left + 44}" y2="{top}" stroke="{COLOURS[number]}" '
                     f'stroke-width="2.2"{dash}/><text x="{left + 52}" y="{top + 4}">{way}</text>')
    top = 34 + 19 * len(ways)
    parts.append(f'<line x1="{left + 14}" y1="{top}" x2="{left + 44}" y2="{top}" stroke="#999" '
                 f'stroke-dasharray="5 4"/><text x="{left + 52}" y="{top + 4}">as many times as nodes</text>')
    parts.append(f'<text x="{(left + width) / 2}" y="{height - 10}" text-anchor="middle">nodes of 16 processors</text>'
                 f'<text x="16" y="{height / 2 - 20}" text-anchor="middle" transform="rotate(-90 16 {height / 2 - 20})">'
                 'pictures a second</text></svg>')
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("stages", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    a = parser.parse_args()
    results = simulate(json.loads(a.stages.read_text()), a.pictures)
    a.output.mkdir(parents=True, exist_ok=True)
    (a.output / "scale.json").write_text(json.dumps(results, indent=1) + "\n")
    plot(results, a.output / "scale.svg")
    print(table(results))
    for result in results:
        print(f"{result['way']:42} {result['nodes']:4} nodes: {result['pictures_per_second']:8.0f} a second, driver "
              f"{100 * result['driver']:5.1f} %, bound by {result['bound']}")


if __name__ == "__main__":
    main()
