"""What `peel rectify` says of many pictures."""
import json
import pathlib
import subprocess


def run(peel, folder, files, out, extra=()):
    """{file: (corners or None, ratio, milliseconds, what it says)} from one run of `peel rectify` over the files."""
    return {file: entries[0] for file, entries in run_all(peel, folder, files, out, extra).items()}


def run_all(peel, folder, files, out, extra=("--all",)):
    """The same with a list for each file, in the order of the report: one for each sheet."""
    report = pathlib.Path(out) / "report.jsonl"
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [
        peel,
        "rectify",
        *[str(folder / f) for f in files],
        "-O",
        str(out),
        "--report",
        str(report),
        "-q",
        *extra,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(f"peel rectify left no report: {done.stderr[-2000:]}")
    found, names = {}, {pathlib.Path(f).name: f for f in files}
    for line in report.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "input" not in entry:
            continue
        ok = entry["status"] == "ok"
        found.setdefault(names[pathlib.Path(entry["input"]).name], []).append(
            (entry["corners"] if ok else None, entry.get("ratio"), entry.get("ms") or {},
             entry.get("reason") or entry.get("error", {}).get("message", "")))
    missing = set(files) - set(found)
    if missing:
        raise RuntimeError(f"peel rectify reported nothing of {sorted(missing)[:3]} …: {done.stderr[-2000:]}")
    return found
