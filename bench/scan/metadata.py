#!/usr/bin/env python3
"""Headers a second and core: Peel's reader beside one batch call of exiftool over the same files, warm.

Processor time of both, so that what else the machine does counts little; the median of the rounds. exiftool
gets every file as often as makes its start weigh nothing, and is asked for the tags that Peel reads.
usage: bench/scan/metadata.py [--bench build-bench/library_metadata_bench] [--rounds 5] [--copies 200] FILE...
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile

TAGS = ["ImageSize", "BitsPerSample", "Orientation", "DateTimeOriginal", "CreateDate", "SubSecTimeOriginal",
        "OffsetTimeOriginal", "Make", "Model", "LensModel", "LensInfo", "FocalLength", "FocalLengthIn35mmFormat",
        "FNumber", "ExposureTime", "ISO", "Flash", "GPSLatitude", "GPSLongitude", "GPSAltitude", "Title",
        "Description", "ImageDescription", "Caption-Abstract", "Keywords", "Subject", "Rating", "Software",
        "ProfileDescription"]


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def exiftool(files, copies):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("\n".join(files * copies))
        names.flush()
        before = processor_time()
        subprocess.run(["exiftool", "-n", "-json", "-q", *("-" + tag for tag in TAGS), "-@", names.name],
                       stdout=subprocess.DEVNULL, check=True)
        return len(files) * copies / (processor_time() - before)


def peel(program, files):
    out = subprocess.run([program, "--benchmark_format=json", "--benchmark_min_time=0.5"], check=True,
                         capture_output=True, env={**os.environ, "PEEL_BENCH_IMAGES": ":".join(files)})
    run, = json.loads(out.stdout)["benchmarks"]
    if run.get("error_occurred"):
        raise SystemExit(run["error_message"])
    return len(files) / (run["cpu_time"] * 1e-6)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--bench", default="build-bench/library_metadata_bench")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--copies", type=int, default=200)
    options.add_argument("files", nargs="+", metavar="FILE")
    options = options.parse_args()
    files = [os.path.abspath(file) for file in options.files]
    ours, theirs = [], []
    for _ in range(options.rounds):  # in turns
        ours.append(peel(options.bench, files))
        theirs.append(exiftool(files, options.copies))
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"Peel {ours:,.0f} files/s a core, exiftool {theirs:,.0f}: {ours / theirs:.0f} times")


if __name__ == "__main__":
    main()
