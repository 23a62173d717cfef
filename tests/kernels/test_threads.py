"""Threads: the same bytes whatever their number, and no more of them than the process may use."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.dirname(__file__))
import accuracy  # noqa: E402

GROUPS = pathlib.Path("/sys/fs/cgroup/cpu")


def threads_in_use(*prefix):
    done = subprocess.run([*prefix, accuracy.PEEL, "doctor", "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["threads"]["in_use"]


@pytest.mark.parametrize("model", ["embedded", "u2netp"])
def test_same_bytes_for_every_number_of_threads(model, tmp_path):
    if not accuracy.MODELS[model].exists():
        pytest.skip(f"{accuracy.MODELS[model].name} is not there")
    alone, _ = accuracy.run(model, str(tmp_path), threads=1, profile=False)
    for threads in (2, 3, 7):
        result, _ = accuracy.run(model, str(tmp_path), threads=threads, profile=False)
        assert np.array_equal(alone.view(np.uint32), result.view(np.uint32)), f"{threads} threads"


def test_affinity_is_respected():
    processor = min(os.sched_getaffinity(0))
    assert threads_in_use("taskset", "-c", str(processor)) == 1


def test_quota_of_a_control_group_is_respected():
    """In a group of its own with half a processor; needs to be root where version 1 is mounted."""
    group = GROUPS / f"peel-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.cfs_quota_us").write_text("50000")
    except OSError as why:
        pytest.skip(f"no control group of its own to be had: {why}")
    try:
        join = f"echo $$ > {group}/cgroup.procs && exec \"$@\""
        assert threads_in_use("sh", "-c", join, "sh") == 1
    finally:
        group.rmdir()
