"""Cuts out a folder on a Ray cluster: ray_cut.py SRC DST, paths on a shared disk or URIs of object stores.
Run again it finishes what is missing."""
import sys

import peel.ray

if __name__ == "__main__":
    summary = peel.ray.cut_folder(sys.argv[1], sys.argv[2], max_size=1024, timeout=120, report="report.jsonl",
                                  progress=print)
    sys.exit(1 if summary.failed else 0)
