"""Paired measuring: two or more contenders take turns, so that a drift of the machine hits all alike."""
import json
import os
import platform
import statistics
import subprocess
import time


def run_process(command, env=None):
    """Runs a command to its end; returns (wall seconds, peak resident MB). Raises if it fails."""
    full_env = dict(os.environ, **(env or {}))
    start = time.perf_counter()
    child = subprocess.Popen(command, env=full_env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    message = child.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed with {child.returncode}: {message[-2000:]}")
    return wall, usage.ru_maxrss / 1024.0


def take_turns(contenders, rounds, warmup=1):
    """contenders: {name: callable returning a tuple of numbers}. Returns {name: [tuples]}.

    Every round begins with another one: whoever runs after a large process pays for the memory that a
    virtual machine's host took back meanwhile.
    """
    results = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds + warmup):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            value = contenders[name]()
            if turn >= warmup:
                results[name].append(value)
    return results


def median(values):
    return statistics.median(values)


def machine():
    """One line that says what the figures were measured on."""
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    model = line.split(":", 1)[1].strip()
                    break
    except OSError:
        pass
    flags = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            text = info.read()
        best = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if f in text]
        flags = f" ({', '.join(best)})" if best else ""
    except OSError:
        pass
    return f"{model}{flags}, {os.cpu_count()} cores, {platform.system()}"


def write(folder, name, record, markdown):
    """Writes NAME.json and NAME.md into the folder and prints the table."""
    os.makedirs(folder, exist_ok=True)
    record = dict(record, machine=machine(), date=time.strftime("%Y-%m-%d"))
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
        json.dump(record, out, indent=1)
    with open(os.path.join(folder, name + ".md"), "w", encoding="utf-8") as out:
        out.write(markdown + f"\nMachine: {record['machine']}.\n")
    print(markdown + f"\nMachine: {record['machine']}.\n", flush=True)
