"""The job files in examples/fleet: each is read as its scheduler would, and its command run with the variables
that a task has: together the tasks make the whole, and no picture twice."""
import json
import os
import re
import subprocess

import pytest

from fleet_support import PROGRAM, ROOT, contents, folder_of

JOBS = ROOT / "examples/fleet"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of pictures, and the whole of its results."""
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    here = tmp_path_factory.mktemp("jobs")
    folder_of(here / "photos", 24)
    (here / "bin").mkdir()
    (here / "bin/peel").symlink_to(PROGRAM)
    subprocess.run([PROGRAM, here / "photos", "-O", here / "whole", "--recursive", "--quiet"], check=True)
    return here


def task(place, command, out, environment):
    """What one task makes, in a folder of its own."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "AWS_", "JOB_"))}
    done = subprocess.run([str(part) for part in command], cwd=place, capture_output=True, text=True, timeout=120,
                          env={**bare, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "PEEL_ORT_LIB": "off",
                               **environment})
    assert done.returncode == 0, done.stderr
    return contents(out) if out.exists() else {}


def judge(place, parts, count):
    assert len(parts) == count and sum(map(len, parts)) == 25 and sum(1 for part in parts if part) > 1
    assert {name: data for part in parts for name, data in part.items()} == contents(place / "whole")


def test_slurm(place, tmp_path):
    script = JOBS / "slurm.sbatch"
    given = dict(re.findall(r"^#SBATCH --([a-z-]+)=(\S+)$", script.read_text(), re.M))
    first, last = map(int, re.fullmatch(r"(\d+)-(\d+)", given["array"]).groups())
    assert {"job-name", "cpus-per-task", "mem", "time", "output"} <= set(given)
    parts = []
    for number in range(first, last + 1):
        environment = {"SLURM_ARRAY_TASK_ID": number, "SLURM_ARRAY_TASK_MIN": first, "SLURM_ARRAY_TASK_MAX": last,
                       "SLURM_ARRAY_TASK_STEP": 1, "SLURM_ARRAY_TASK_COUNT": last - first + 1}
        out = tmp_path / f"out{number}"
        parts.append(task(place, ["bash", script, "photos", out], out,
                          {name: str(value) for name, value in environment.items()}))
        (place / f"peel-report-{number}.jsonl").unlink()
    judge(place, parts, 8)


def moved(arguments, out):
    """The command with this machine's folders."""
    return [{"/data/photos": "photos", "/data/cut": out}.get(part, part) for part in arguments]


def test_kubernetes(place, tmp_path):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    job = yaml.safe_load((JOBS / "kubernetes.yaml").read_text())
    spec = job["spec"]
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = spec["template"]["spec"]
    container, = pod["containers"]
    assert pod["restartPolicy"] == "Never"  # podFailurePolicy asks for it
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert {rule["onExitCodes"]["containerName"] for rule in spec["podFailurePolicy"]["rules"]} == {container["name"]}
    assert container["args"][-2:] == ["--shards", str(spec["completions"])]
    parts = []
    for number in range(spec["completions"]):
        out = tmp_path / f"out{number}"
        parts.append(task(place, moved(container["command"] + container["args"], out), out,
                          {"JOB_COMPLETION_INDEX": str(number)}))
    judge(place, parts, 8)


def test_aws_batch(place, tmp_path):
    job = json.loads((JOBS / "aws-batch.json").read_text())
    size = job["arrayProperties"]["size"]
    assert 2 <= size <= 10_000
    parts = []
    for number in range(size):
        out = tmp_path / f"out{number}"
        parts.append(task(place, moved(job["containerOverrides"]["command"], out), out,
                          {"AWS_BATCH_JOB_ARRAY_INDEX": str(number), "AWS_BATCH_JOB_ARRAY_SIZE": str(size)}))
    judge(place, parts, 8)


def test_the_guide_has_these_commands():
    guide = (ROOT / "docs/fleet.md").read_text()
    for name in ("slurm.sbatch", "kubernetes.yaml", "aws-batch.json"):
        assert f"../examples/fleet/{name}" in guide
