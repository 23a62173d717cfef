#!/usr/bin/env python3
"""Every distinct convolution of U²-Net-p, U²-Net, IS-Net and MODNet, in every kernel that takes it (but those
that are estimated at many times the cheapest), against the measured peak of the processor and the measured
bandwidth of its memory.

usage: bench/shapes/run.py KERNELS_BENCH OUTPUT_FOLDER [--networks u2netp,...] [--seconds N]

KERNELS_BENCH is the Google Benchmark program of src/engine/kernels. A layer's rate is that of the plain
convolution's multiply-adds, whatever the kernel does in their place: Winograd may pass the peak. Every
measured layer is kept in OUTPUT_FOLDER/shapes-runs.jsonl; with --seconds the program ends with code 75 when
that time is over and there is more to do. When all is done it writes shapes.json, shapes.md and shapes.png.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [BENCH, os.path.join(BENCH, "models")]
import ledger      # noqa: E402
import make        # noqa: E402
import measure     # noqa: E402
import report      # noqa: E402

REPETITIONS = 3


def network_layers(network, folder):
    """The network's convolutions in order; kept in a file, since building the network takes a second."""
    path = os.path.join(folder, f"shapes-{network}.json")
    if not os.path.exists(path):
        _, builder = make.build(network, make.PUBLISHED[network][0], 13)
        with open(path, "w", encoding="utf-8") as out:
            json.dump(builder.layers, out)
    with open(path, encoding="utf-8") as layers:
        return [tuple(layer) for layer in json.load(layers)]


def layers_of(networks, folder):
    """{layer: {network: how often}} in the order of their work, most first."""
    found = {}
    for network in networks:
        for layer in network_layers(network, folder):
            users = found.setdefault(layer, {})
            users[network] = users.get(network, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -report.multiply_adds(item[0])))


def benchmark(program, pattern, layer=None):
    """Runs the benchmarks whose names match. Returns [{"kernel", "threads", "ms": [...], counters}]."""
    with tempfile.TemporaryDirectory() as scratch:
        listing = os.path.join(scratch, "layers")
        with open(listing, "w", encoding="utf-8") as out:
            out.write(" ".join(map(str, layer or ())) + "\n")
        target = os.path.join(scratch, "result.json")
        subprocess.run([program, f"--benchmark_filter={pattern}", f"--benchmark_repetitions={REPETITIONS}",
                        f"--benchmark_out={target}", "--benchmark_out_format=json"],
                       env=dict(os.environ, PEEL_BENCH_LAYERS=listing), check=True, capture_output=True)
        with open(target, encoding="utf-8") as result:
            rows = json.load(result)["benchmarks"]
    unit = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
    merged = {}
    for row in rows:
        if row["run_type"] != "iteration":
            continue
        words = row["run_name"].split("/")
        kernel, threads = (words[6], words[7]) if layer else (words[0], words[2])
        entry = merged.setdefault((kernel, int(threads.split(":")[-1])), {"ms": [], "rates": []})
        entry["ms"].append(row["real_time"] * unit[row["time_unit"]])
        entry["rates"].append(row.get("GFLOP/s", row.get("GB/s")))
        if "estimate_ms" in row:
            entry["estimate_ms"] = row["estimate_ms"]
    return [dict(entry, kernel=kernel, threads=threads) for (kernel, threads), entry in merged.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--networks", default="u2netp,u2net,isnet,modnet")
    parser.add_argument("--seconds", type=float, default=0)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    book = ledger.Ledger(os.path.join(args.folder, "shapes-runs.jsonl"),
                         ledger.stamp(args.program, measure.machine()), ("layer",))
    layers = layers_of(args.networks.split(","), args.folder)
    begin, longest = time.perf_counter(), 0.0
    for layer in ["machine", *layers]:
        name = layer if layer == "machine" else " ".join(map(str, layer))
        if (name,) in book.rows:
            continue
        if args.seconds and args.seconds - (time.perf_counter() - begin) < longest:
            print(f"{len(book.rows)} of {len(layers) + 1} done, more to do", flush=True)
            return ledger.MORE
        start = time.perf_counter()
        if layer == "machine":
            book.add({"layer": name, "runs": benchmark(args.program, "^(peak|bandwidth)/")})
        else:
            book.add({"layer": name, "runs": benchmark(args.program, "/threads:", layer)})
            longest = max(longest, time.perf_counter() - start)
    report.write(args.folder, layers, {row["layer"]: row["runs"] for row in book.rows.values()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
