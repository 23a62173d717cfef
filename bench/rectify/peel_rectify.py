"""What `peel rectify` says of many pictures."""
import json
import pathlib
import subprocess


def run(peel, folder, files, out, extra=()):
    """{file: (corners or None, ratio, milliseconds, what it says)} from one run of `peel rectify` over the files."""
    report = pathlib.Path(out) / "report.jsonl"
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [peel, "rectify", *[str(folder / f) for f in files], "-O", str(out), "--report", str(report), "-q", *extra]
    done = subprocess.run(command, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(f"peel rectify left no report: {done.stderr[-2000:]}")
    found, names = {}, {pathlib.Path(f).name: f for f in files}
    for line in report.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "input" not in entry:
            continue
        ok = entry["status"] == "ok"
        found[names[pathlib.Path(entry["input"]).name]] = (entry["corners"] if ok else None, entry.get("ratio"),
                                                            entry.get("ms") or {}, entry.get("reason", ""))
    missing = set(files) - set(found)
    if missing:
        raise RuntimeError(f"peel rectify reported nothing of {sorted(missing)[:3]} …: {done.stderr[-2000:]}")
    return found
