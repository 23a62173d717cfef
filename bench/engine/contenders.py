"""The engines in their precisions, and how one run of each is started."""
import dataclasses
import json
import os
import subprocess
import sys
import time

import models

WORKER = os.path.join(models.HERE, "worker.py")


@dataclasses.dataclass(frozen=True)
class Contender:
    engine: str
    precision: str

    @property
    def key(self):
        return f"{self.engine}/{self.precision}"


CONTENDERS = [Contender(*text.split("/")) for text in (
    "peel/fp32", "peel/auto", "peel/bf16", "peel/int8",
    "onnxruntime/fp32", "onnxruntime/int8",
    "openvino/fp32", "openvino/bf16", "openvino/int8", "ncnn/fp32")]
TITLES = {"peel": "Peel", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "ncnn": "ncnn"}


class Unavailable(Exception):
    """This contender cannot run this model here; the text says why."""


def busy_ticks():
    """Time that all processors together have spent on anything, in clock ticks."""
    with open("/proc/stat", encoding="utf-8") as stat:
        fields = [int(v) for v in stat.readline().split()[1:]]
    idle = fields[3] + fields[4]
    return sum(fields[:8]) - idle


def children_seconds():
    usage = os.times()
    return usage.children_user + usage.children_system


def start(command, environment=None):
    """Runs it to the end. Returns (what it printed as JSON, share of the machine that others used)."""
    spent, before, begin = children_seconds(), busy_ticks(), time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env=dict(os.environ, **(environment or {})))
    out, err = child.communicate()
    wall = time.perf_counter() - begin
    if child.returncode != 0:
        raise Unavailable((err.strip() or out.strip() or f"exit code {child.returncode}")[-300:])
    own = children_seconds() - spent
    others = (busy_ticks() - before) / os.sysconf("SC_CLK_TCK") - own
    return json.loads(out), max(0.0, others / (wall * os.cpu_count()))


def fetch(path):
    """Reads the file once: the first engine of a round would else pay for what the system keeps for the others."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


def run(contender, model, peel, threads, warmup, repeat, source, target, held=None):
    """One run in a process of its own, on a processor as `held` makes it. Raises Unavailable."""
    environment = held.environment(contender) if held else {}
    if contender.engine == "peel":
        fetch(model.path)
        entry, _, output = model.port()
        result, noise = start([
            peel, "model", "run", model.path, "--threads", str(threads), "--repeat", str(repeat),
            "--warmup", str(warmup), "--json", "--precision", contender.precision, "--strict",
            "--input", f"{entry}={source}", "--output", f"{output}={target}"], environment)
        if held:
            held.check(result)
        result["first_ms"] += result["load_ms"]
    else:
        path = model.path
        if contender.precision == "int8":
            path = model.int8_path()
            if not os.path.exists(path):
                raise Unavailable(f"no {os.path.basename(path)}")
        if contender.engine == "ncnn":
            path, why = models.to_ncnn(model)
            if why:
                raise Unavailable(why)
        fetch(path)
        result, noise = start([sys.executable, WORKER, contender.engine, path, contender.precision,
                               str(threads), str(warmup), str(repeat), source, target], environment)
    result["others_share"] = noise
    return result
