"""Every option of `peel scan`, `scan tune` and `scan bench` has a row here in which it changes something; one without
a row fails, and so does a row without its option. The other commands of scan: test_scan_find.py, test_scan_duplicates.py."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from scan_support import PEEL, contents, last_run, pictures, rows, value

ROWS = {}
COMMANDS = ("scan", "scan tune", "scan bench")


def options_of(command):
    if not PEEL.exists():
        return []
    done = subprocess.run([PEEL, *command.split(), "--help"], capture_output=True, text=True)
    found = [line.split()[0].split(",")[-1] for line in done.stdout.splitlines() if re.match(r"  -", line)]
    return [name for name in found if name not in ("--help", "--version")]


def row(*names, command="scan"):
    def keep(check):
        for name in names:
            assert (command, name) not in ROWS
            ROWS[command, name] = check
        return check

    return keep


@pytest.mark.parametrize("command,option", [(c, o) for c in COMMANDS for o in options_of(c)])
def test_option(scan, tmp_path, command, option):
    assert (command, option) in ROWS, f"`peel {command}` has an option without a row here: {option}"
    pictures(tmp_path / "in", 3)
    ROWS[command, option](scan, tmp_path)


def test_no_row_is_of_yesterday():
    if PEEL.exists():
        assert set(ROWS) == {(c, o) for c in COMMANDS for o in options_of(c)}


def settings(scan, folder, *given, code=0):
    scan("in", "--db", "l.db", *given, code=code)
    return last_run(folder / "l.db")[0]


@row("--db")
def _(scan, folder):
    scan("in", "--phases", "1", "--db", "there.db")
    assert (folder / "there.db").exists() and not (folder / "in/.peel").exists()


@row("--phases")
def _(scan, folder):
    assert settings(scan, folder, "--phases", "1,2")["phases"] == [1, 2]
    assert rows(folder / "l.db", "SELECT DISTINCT scene IS NULL, phash IS NULL FROM photos") == [(1, 0)]


@row("--recursive", "--no-recursive")
def _(scan, folder):
    pictures(folder / "in/sub", 1, first=5)
    assert settings(scan, folder, "--no-recursive", "--phases", "1")["recursive"] is False
    assert value(folder / "l.db", "SELECT count(*) FROM files") == 3
    assert settings(scan, folder, "--recursive", "--phases", "1")["recursive"] is True
    assert value(folder / "l.db", "SELECT count(*) FROM files") == 4
    scan("in", "--recursive", "--no-recursive", code=2)


@row("--forget")
def _(scan, folder):
    settings(scan, folder, "--phases", "1")
    os.remove(folder / "in/001.jpg")
    settings(scan, folder, "--phases", "1")
    assert value(folder / "l.db", "SELECT count(*) FROM files") == 3
    settings(scan, folder, "--phases", "1", "--forget")
    assert value(folder / "l.db", "SELECT count(*) FROM files") == 2


@row("--report")
def _(scan, folder):
    scan("in", "--phases", "1", "--report", "r.html")
    assert "<html" in (folder / "r.html").read_text()


@row("--export")
def _(scan, folder):
    scan("in", "--phases", "1", "--export", "x.jsonl")
    assert len((folder / "x.jsonl").read_text().splitlines()) == 3


@row("--watch")
def _(scan, folder):
    process = scan.start("in", "--db", "l.db", "--phases", "1", "--watch")
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


@row("--jobs")
def _(scan, folder):
    assert settings(scan, folder, "--phases", "1", "--jobs", "7")["jobs"] == 7
    scan("in", "--jobs", "0", code=2)


@row("--batch")
def _(scan, folder):
    assert settings(scan, folder, "--batch", "3")["batch"] == 3
    scan("in", "--batch", "25", code=2)


@row("--precision")
def _(scan, folder):
    assert "fp32" in settings(scan, folder, "--precision", "fp32")["runs_on"]
    assert "fp12" in scan("in", "--precision", "fp12", code=2).err


@row("--memory")
def _(scan, folder):
    assert settings(scan, folder, "--phases", "1", "--memory", "300M")["memory"] == 300 << 20


@row("--device")
def _(scan, folder):
    assert "cuda" in scan("in", "--db", "l.db", "--device", "cuda").err  # what it is not, and why
    assert "toaster" in scan("in", "--device", "toaster", code=2).err


@row("--strict")
def _(scan, folder):
    scan("in", "--db", "l.db", "--device", "cuda", "--strict", code=3)


@row("--clip")
def _(scan, folder):
    assert "nowhere" in scan("in", "--db", "l.db", "--clip", "nowhere", code=3).err


@row("--quiet")
def _(scan, folder):
    assert scan("in", "--phases", "1", "--quiet").err == ""


@row("--verbose")
def _(scan, folder):
    assert "seconds of all threads" in scan("in", "--phases", "1", "--verbose").err


@row("--progress")
def _(scan, folder):
    assert "3/3" in scan("in", "--phases", "1", "--progress", "always").err


# ---- tune and bench ------------------------------------------------------------------------------

def tune(scan, *given, code=0):
    return scan("tune", "in", "--sample", "1", *given, timeout=300, code=code)


def bench(scan, *given, code=0):
    return scan("bench", "in", "--sample", "1", "--json", *given, timeout=300, code=code)


@row("--sample", command="scan tune")
@row("--json", command="scan tune")
def _(scan, folder):
    assert json.loads(tune(scan, "--json").stdout)["pictures"] == 1


@row("--sample", command="scan bench")
@row("--json", command="scan bench")
def _(scan, folder):
    assert json.loads(bench(scan).stdout)["scan"]["pictures"] == 1
    assert b"gate: passed" in scan("bench", "in", "--sample", "2", timeout=300).stdout


@row("--jobs", command="scan bench")
@row("--batch", command="scan bench")
def _(scan, folder):
    told = json.loads(bench(scan, "--jobs", "3", "--batch", "2").stdout)
    assert (told["jobs"], told["batch"]) == (3, 2)


@row("--precision", command="scan bench")
def _(scan, folder):
    assert "fp12" in bench(scan, "--precision", "fp12", code=2).err


for command, run in (("scan tune", tune), ("scan bench", bench)):
    @row("--memory", command=command)
    def _(scan, folder, run=run):
        assert "lots" in run(scan, "--memory", "lots", code=2).err

    @row("--device", "--strict", command=command)
    def _(scan, folder, run=run):
        assert "cuda" in run(scan, "--device", "cuda", "--strict", code=3).err

    @row("--clip", command=command)
    def _(scan, folder, run=run):
        assert "nowhere" in run(scan, "--clip", "nowhere", code=3).err

    @row("--quiet", command=command)
    def _(scan, folder, run=run):
        assert run(scan, "--quiet").err == ""


def test_the_users_configuration(scan, tmp_path):
    pictures(tmp_path / "in", 1)
    (tmp_path / "c.yaml").write_text("jobs: 5\ndevice: cpu\n")
    scan.environment["PEEL_CONFIG"] = str(tmp_path / "c.yaml")
    assert settings(scan, tmp_path, "--phases", "1")["jobs"] == 5
    assert settings(scan, tmp_path, "--phases", "1", "--jobs", "2")["jobs"] == 2
    (tmp_path / "c.yaml").write_text("colour: red\n")
    assert "colour" in scan("in", code=2).err
    assert contents(tmp_path / "l.db")["files"]
