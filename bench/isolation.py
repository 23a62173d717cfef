#!/usr/bin/env python3
"""What decoding in helper processes costs: each FILE eight times in a folder, cut out with PEEL_ISOLATE=always and
=never in turns. Processor time of all processes a file, an eighth of a helper's start included, and the program's peak memory.
usage: bench/isolation.py [--program build/peel] [--rounds 9] FILE...
"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

COPIES = 8


def peak(pid):
    """Resident bytes at the most so far, kB; 0 once it is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(program, folder, isolate):
    """Milliseconds of processor time of the run and its helpers, and the program's own peak in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([program, folder / "in", "-O", folder / "out", "--jobs", "1", "--threads", "1",
                                "--max-size", "64", "--mask", "--quiet"],
                               env={**os.environ, "PEEL_ISOLATE": isolate, "PEEL_CONFIG": "off"})
    most = 0
    while process.poll() is None:
        most = max(most, peak(process.pid))
        time.sleep(0.005)
    if process.returncode != 0:
        raise SystemExit(f"{program} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent * 1000, most / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/peel")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    print("| file | ms without | added ms | peak MB without | with |\n|---|---|---|---|---|")
    for file in arguments.files:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "in").mkdir()
            for i in range(COPIES):
                shutil.copy(file, folder / "in" / f"{i}{file.suffix}")
            times, peaks = {"always": [], "never": []}, {"always": 0, "never": 0}
            for i in range(arguments.rounds):
                for isolate in ("always", "never") if i % 2 else ("never", "always"):
                    spent, most = run(arguments.program, folder, isolate)
                    times[isolate].append(spent / COPIES)
                    peaks[isolate] = max(peaks[isolate], most)
            added = statistics.median(a - n for a, n in zip(times["always"], times["never"]))
            print(f"| {file.name} | {statistics.median(times['never']):.1f} | {added:.1f} | "
                  f"{peaks['never']:.0f} | {peaks['always']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
