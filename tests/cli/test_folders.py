"""Whole folders: what is skipped and what is redone, reports, shards, memory, watching, being killed."""
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time

from cli_support import ball, leftovers
from PIL import Image
import pytest


def pictures(folder, count, width=96, height=72):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        ball(width + i % 7, height + i % 5).save(folder / f"{i:03}.png", compress_level=1)


def contents(folder):
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in leftovers(folder)}


def lines_of(path):
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def states(path):
    return {os.path.basename(line["input"]): line["status"] for line in lines_of(path)}


def test_skip_existing_goes_by_content_and_settings(peel, tmp_path):
    pictures(tmp_path / "in", 4)
    run = ["in", "-O", "out", "--report", "r.jsonl"]
    assert peel(*run).code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"done"}
    assert peel(*run, "--skip-existing").code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"skipped"}

    # The same size, and older than its output: only the content tells.
    source = tmp_path / "in/002.png"
    before = source.stat()
    data = bytearray(source.read_bytes())
    other = ball(98, 74).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    other.save(source, compress_level=1)
    os.utime(source, (before.st_atime, before.st_mtime - 100))
    assert source.read_bytes() != data
    # Touched, but with the content it had.
    os.utime(tmp_path / "in/001.png")
    assert peel(*run, "--skip-existing").code == 0
    assert states(tmp_path / "r.jsonl") == {"000.png": "skipped", "001.png": "skipped",
                                           "002.png": "done", "003.png": "skipped"}

    # Other options, another number of threads.
    assert peel(*run, "--skip-existing", "--threads", 1, "--jobs", 1).code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"skipped"}
    assert peel(*run, "--skip-existing", "--edges", "off").code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"done"}

    # An output that is gone.
    (tmp_path / "out/000.cut.png").unlink()
    assert peel(*run, "--skip-existing", "--edges", "off").code == 0
    assert states(tmp_path / "r.jsonl")["000.png"] == "done"
    assert states(tmp_path / "r.jsonl")["001.png"] == "skipped"


def test_a_changed_model_or_background_is_redone(peel, tmp_path, models):
    pictures(tmp_path / "in", 2)
    shutil.copy(models / "u2netp-fp32.onnx", tmp_path / "m.onnx")
    ball(40, 30).save(tmp_path / "bg.png")
    run = ["in", "-O", "out", "--skip-existing", "--report", "r.jsonl", "--background", "bg.png"]
    assert peel(*run, "-m", "m.onnx").code == 0
    assert peel(*run, "-m", "m.onnx").code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"skipped"}
    ball(41, 30).save(tmp_path / "bg.png")
    assert peel(*run, "-m", "m.onnx").code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"done"}
    assert peel(*run).code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"done"}


def test_a_damaged_manifest_costs_work_only(peel, tmp_path):
    pictures(tmp_path / "in", 3)
    assert peel("in", "-O", "out").code == 0
    manifest = tmp_path / "out/.peel-manifest"
    text = manifest.read_text().splitlines(keepends=True)
    assert len(text) == 3
    flipped = text[1].replace(text[1][5], "0" if text[1][5] != "0" else "1", 1)
    manifest.write_text(text[0] + flipped + text[2][:-4])
    before = contents(tmp_path / "out")
    assert peel("in", "-O", "out", "--skip-existing").code == 0
    assert contents(tmp_path / "out") == before


def test_shards_are_the_whole_list_once(peel, tmp_path):
    pictures(tmp_path / "in/a", 12)
    pictures(tmp_path / "in/b", 12)
    assert peel("in", "-O", "whole", "--recursive").code == 0
    seen = []
    for i in (1, 2, 3):
        assert peel("in", "-O", "out", "--recursive", "--shard", f"{i}/3", "--report",
                    "r.jsonl").code == 0
        seen.append({line["input"] for line in lines_of(tmp_path / "r.jsonl")})
    assert sum(map(len, seen)) == 24 and len(set.union(*seen)) == 24
    assert all(2 <= len(part) <= 14 for part in seen)
    assert contents(tmp_path / "whole") == contents(tmp_path / "out")
    # Another machine mounts the folder elsewhere.
    shutil.copytree(tmp_path / "in", tmp_path / "mnt/x")
    assert peel("mnt/x", "-O", "o2", "--recursive", "--shard", "2/3", "--report", "r.jsonl").code == 0
    assert {line["input"].replace("mnt/x", "in") for line in lines_of(tmp_path / "r.jsonl")} == seen[1]
    # One run afterwards knows what the parts did.
    assert peel("in", "-O", "out", "--recursive", "--skip-existing", "--report", "r.jsonl").code == 0
    assert {line["status"] for line in lines_of(tmp_path / "r.jsonl")} == {"skipped"}
    for bad in ("0/3", "4/3", "3", "a/b", "1/0", "1/3x"):
        assert peel("in", "-O", "out", "--shard", bad).code == 2


def test_two_folders_sources_of_one_name_are_both_refused(peel, tmp_path):
    for folder in ("a", "b"):
        pictures(tmp_path / folder, 1)
    pictures(tmp_path / "c", 2)
    done = peel("a/000.png", "b/000.png", "c/001.png", "-O", "out", "--report", "r.jsonl")
    assert done.code == 1
    assert done.err.count("same name") == 2 and "a/000.png" in done.err and "b/000.png" in done.err
    assert leftovers(tmp_path / "out") == ["001.cut.png"]
    assert states(tmp_path / "r.jsonl") == {"000.png": "failed", "001.png": "done"}


def test_extensions_keep_results_of_one_name_apart(peel, tmp_path):
    """The same files whatever the order, the part of a sharded run, and what was there before."""
    folder = tmp_path / "in"
    folder.mkdir()
    ball(60, 40).save(folder / "IMG.JPG")
    ball(70, 50).save(folder / "IMG.png")
    ball(80, 60).save(folder / "IMG.webp")
    ball(90, 70).save(folder / "b.png")
    expected = {"IMG.cut.png": (60, 40), "IMG.png.cut.png": (70, 50), "IMG.webp.cut.png": (80, 60),
                "b.cut.png": (90, 70)}

    def sizes(place):
        return {name: Image.open(place / name).size for name in leftovers(place)}

    assert peel("in", "-O", "out", "--report", "r.jsonl").code == 0
    assert sizes(tmp_path / "out") == expected
    names = [folder / name for name in ("b.png", "IMG.webp", "IMG.png", "IMG.JPG")]
    assert peel(*names, "-O", "reversed").code == 0
    assert sizes(tmp_path / "reversed") == expected
    for part in ("2/2", "1/2"):
        assert peel("in", "-O", "parts", "--shard", part).code == 0
    assert sizes(tmp_path / "parts") == expected
    for place in ("out", "parts"):
        assert peel("in", "-O", place, "--skip-existing", "--report", "r.jsonl").code == 0
        assert set(states(tmp_path / "r.jsonl").values()) == {"skipped"}
    # Beside the sources, and none of the results is taken for a picture.
    for _ in range(2):
        assert peel("in").code == 0
        assert set(expected) <= set(leftovers(folder)) and len(leftovers(folder)) == 8
    assert sizes(folder).items() >= expected.items()


def test_a_source_that_is_named_like_a_result_is_cut_out(peel, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    ball(60, 40).save(folder / "fabric.cut.jpg")
    ball(70, 50).save(folder / "photo.jpg")
    done = peel("in", "--report", "r.jsonl")
    assert done.code == 0 and "passed over" not in done.err
    assert states(tmp_path / "r.jsonl") == {"fabric.cut.jpg": "done", "photo.jpg": "done"}
    assert Image.open(folder / "fabric.cut.cut.png").size == (60, 40)
    # What lies beside its source is Peel's own result, and that is told.
    for report in ("r.json", "r.jsonl"):
        done = peel("in", "--report", report)
        assert done.code == 0 and "2 earlier results" in done.err
        text = (tmp_path / report).read_text()
        told = json.loads(text) if report == "r.json" else lines_of(tmp_path / report)
        passed = {e["input"]: e for e in told if e["status"] == "skipped"}
        assert set(passed) == {"in/photo.cut.png", "in/fabric.cut.cut.png"}
        assert "photo.jpg" in passed["in/photo.cut.png"]["reason"]
        assert len(told) == 4
    # A record says so where no source lies beside it.
    assert peel("in", "-O", "out").code == 0
    done = peel("out", "-O", "again", "--report", "r.jsonl")
    assert done.code == 0 and not (tmp_path / "again").exists()
    assert [line["status"] for line in lines_of(tmp_path / "r.jsonl")] == ["skipped"] * 2
    assert all("record" in line["reason"] for line in lines_of(tmp_path / "r.jsonl"))
    # Named itself, it is cut out all the same.
    assert peel("out/photo.cut.png", "-O", "again").code == 0
    assert leftovers(tmp_path / "again") == ["photo.cut.cut.png"]


def test_links_are_made_or_told(peel, tmp_path):
    pictures(tmp_path / "in", 1)
    pictures(tmp_path / "elsewhere/deep", 1)
    (tmp_path / "in/alias.png").symlink_to("000.png")
    (tmp_path / "in/linked").symlink_to("../elsewhere")
    (tmp_path / "in/twice").symlink_to("../elsewhere")
    (tmp_path / "in/loop").symlink_to(".")
    (tmp_path / "elsewhere/up").symlink_to("..")
    done = peel("in", "-O", "out", "--recursive", "--report", "r.jsonl")
    assert done.code == 0
    assert leftovers(tmp_path / "out") == ["000.cut.png", "alias.cut.png", "linked/deep/000.cut.png"]
    passed = {line["input"]: line["reason"] for line in lines_of(tmp_path / "r.jsonl")
              if line["status"] == "skipped"}
    assert set(passed) == {"in/twice", "in/loop", "in/linked/up"}
    for name, reason in passed.items():
        assert "link" in reason and f"{name}: passed over, as it {reason}" in done.err
    assert peel("in", "-O", "out", "--recursive", "--skip-existing", "-q").err == ""


def test_a_file_that_is_a_mount_point_is_written_in_place(program, peel, tmp_path):
    """As a file is that has been bound into a container."""
    ball(60, 40).save(tmp_path / "photo.png")
    assert peel("photo.png", "-o", "plain.png").code == 0
    place = tmp_path / "place"
    place.mkdir()
    for name in ("there.png", "bound.png"):
        (place / name).write_bytes(b"old" * 100_000)
    script = f"""set -e
mount --bind {place}/there.png {place}/bound.png
{program} photo.png -o {place}/bound.png
mount --rbind {place} {place}
mount -o remount,bind,ro {place}
! {program} photo.png -o {place}/new.png
{program} photo.png -o {place}/bound.png
"""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespace is to be had here")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True,
                          cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (place / "there.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
    assert (place / "bound.png").read_bytes() == b"old" * 100_000  # what the mount covered
    assert leftovers(place) == ["bound.png", "there.png"]


def test_a_replaced_file_keeps_its_mode(peel, photo, tmp_path):
    for mode in (0o600, 0o640, 0o666):
        (tmp_path / "out.png").write_bytes(b"old")
        (tmp_path / "out.png").chmod(mode)
        assert peel(photo, "-o", "out.png").code == 0
        assert (tmp_path / "out.png").stat().st_mode & 0o7777 == mode
        Image.open(tmp_path / "out.png").load()


def test_two_runs_on_one_output_folder_lose_nothing(program, peel, tmp_path):
    """One that begins first and ends last does not overwrite what the other has written down."""
    pictures(tmp_path / "quick", 2)
    slow = tmp_path / "slow"
    slow.mkdir()
    pipe = tmp_path / "wait.png"
    os.mkfifo(pipe)
    ball(60, 40).save(tmp_path / "data.png")
    ball(61, 41).save(slow / "first.png")
    # The pipe is given by name: the run has opened its manifest, and waits.
    child = subprocess.Popen([program, slow, pipe, "-O", tmp_path / "out", "--jobs", "1"])
    wait_for(lambda: (tmp_path / "out/first.cut.png").exists())
    assert peel("quick", "-O", "out").code == 0
    pipe.write_bytes((tmp_path / "data.png").read_bytes())
    assert child.wait(timeout=60) == 0
    assert len((tmp_path / "out/.peel-manifest").read_text().splitlines()) == 4
    done = peel("quick", slow, "-O", "out", "--skip-existing", "--report", "r.jsonl")
    assert done.code == 0
    assert set(states(tmp_path / "r.jsonl").values()) == {"skipped"}


def test_sources_behind_links_are_never_overwritten(peel, tmp_path):
    pictures(tmp_path / "in", 2)
    (tmp_path / "out").mkdir()
    os.link(tmp_path / "in/001.png", tmp_path / "out/000.cut.png")
    (tmp_path / "out/001.cut.png").symlink_to(tmp_path / "in/000.png")
    before = contents(tmp_path / "in")
    done = peel("in", "-O", "out")
    assert done.code == 1 and done.err.count("overwrite") == 2
    assert contents(tmp_path / "in") == before
    assert peel("in", "-O", "out", "--report", "in/000.png").code == 2
    assert contents(tmp_path / "in") == before


def test_long_lists_take_little_memory(program, peak_memory, tmp_path):
    """Everything that is known of a file, its name twice, its result's record and its report."""
    ball(4, 3).save(tmp_path / "tiny.png")
    data = (tmp_path / "tiny.png").read_bytes()
    count = 20_000
    for number in (10, count):
        for folder, ending in (("in", ".png"), ("out", ".cut.png")):
            (tmp_path / f"{folder}{number}").mkdir()
            for i in range(number):
                (tmp_path / f"{folder}{number}" / f"IMG_{i:06}_holiday{ending}").write_bytes(data)
    few, many = (peak_memory([program, tmp_path / f"in{number}", "-O", tmp_path / f"out{number}",
                              "--skip-existing", "--jobs", "1", "--report", tmp_path / "r.json"])
                 for number in (10, count))
    assert len(json.loads((tmp_path / "r.json").read_text())) == count
    assert (many - few) * 2**20 / count < 400, (few, many)


def test_memory_stays_below_the_cap(program, peak_memory, tmp_path):
    """Large pictures do not multiply, however many jobs there are."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(6):
        ball(2400, 1800).save(folder / f"{i}.jpg", quality=80)

    run = [program, folder, "-O", tmp_path / "out", "--jobs", "6", "--threads", "6"]
    free, capped = peak_memory(run), peak_memory([*run, "--memory", "200M"])
    assert capped < 200 < free, (capped, free)


def test_sizes_of_memory(peel, photo):
    for good in ("300M", "1g", "1.5GiB", "400000000", "500MB"):
        assert peel(photo, "-o", "a.png", "--memory", good).code == 0
    for bad in ("-1", "lots", "5X", "0", "1GG"):
        assert peel(photo, "-o", "a.png", "--memory", bad).code == 2, bad


def test_progress_tells_rate_and_time_left(program, tmp_path):
    import pty
    pictures(tmp_path / "in", 6)
    try:
        main, end = pty.openpty()
    except OSError:
        pytest.skip("no pseudo-terminal is to be had here")
    child = subprocess.Popen([program, tmp_path / "in", "-O", tmp_path / "out"], stderr=end)
    os.close(end)
    text = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(main)
    assert child.wait(timeout=60) == 0
    assert b"images/s" in text and b" left" in text


# ---- signals ----

def test_ctrl_c_finishes_what_is_at_hand(program, tmp_path):
    pictures(tmp_path / "in", 1, 500, 400)
    [first] = (tmp_path / "in").iterdir()
    count = 200  # so many that the run is not over when the signal comes, however late that is
    for i in range(1, count):
        os.link(first, first.with_stem(f"again-{i:03}"))
    out = tmp_path / "out"
    child = subprocess.Popen([program, tmp_path / "in", "-O", out, "--report", tmp_path / "r.jsonl", "--jobs", "2"],
                             stderr=subprocess.PIPE, text=True)
    while child.poll() is None and (not out.exists() or len(os.listdir(out)) < 3):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    rest = child.communicate(timeout=60)[1]
    assert child.returncode == -signal.SIGINT and "interrupted" in rest
    made = leftovers(out)
    assert 2 <= len(made) < count
    # Everything that was begun has been finished and told.
    assert sorted(line["output"] for line in lines_of(tmp_path / "r.jsonl")) == sorted(
        str(tmp_path / "out" / name) for name in made)


def test_a_second_ctrl_c_stops_at_once(program, tmp_path):
    ball(600, 500).save(tmp_path / "first.jpg")
    os.mkfifo(tmp_path / "endless.jpg")
    # Held open and never written to: the picture stays in flight however fast the program is.
    pipe = os.open(tmp_path / "endless.jpg", os.O_RDWR)
    child = subprocess.Popen([program, tmp_path / "first.jpg", tmp_path / "endless.jpg",
                              "-O", tmp_path / "out"])
    waiting = time.monotonic() + 60
    while not (tmp_path / "out/first.cut.png").exists() and time.monotonic() < waiting:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.5)  # One Ctrl-C waits for what is in flight.
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == -signal.SIGINT
    assert time.monotonic() - start < 2
    os.close(pipe)
    assert leftovers(tmp_path / "out") == ["first.cut.png"]
    Image.open(tmp_path / "out/first.cut.png").load()


def test_killed_again_and_again(program, tmp_path):
    """SIGKILL at any moment: nothing is torn, nothing is lost, and in the end all is as if it had
    never happened."""
    pictures(tmp_path / "in/a", 24)
    pictures(tmp_path / "in/b/c", 24)
    sources = contents(tmp_path / "in")
    command = [program, tmp_path / "in", "--recursive", "--skip-existing"]
    # An undisturbed run over results of other settings: most writes replace something.
    for folder in ("whole", "out"):
        subprocess.run([*command, "-O", tmp_path / folder, "--mask", "--shard", "1/3"], check=True)
        subprocess.run([*command, "-O", tmp_path / folder, "--edges", "off", "--shard", "1/2"],
                       check=True)
    start = time.monotonic()
    subprocess.run([*command, "-O", tmp_path / "whole"], check=True, timeout=120)
    whole = time.monotonic() - start
    dice = random.Random(5)
    report = tmp_path / "r.jsonl"
    kills = 0
    for _ in range(15):
        child = subprocess.Popen([*command, "-O", tmp_path / "out", "--report", report])
        try:
            child.wait(timeout=dice.uniform(0.02, max(0.15, whole / 3)))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            kills += 1
        for name in leftovers(tmp_path / "out"):
            if name.endswith(".png") and not os.path.basename(name).startswith("."):
                Image.open(tmp_path / "out" / name).load()
        if report.exists():
            lines_of(report)
    assert kills >= 3
    # What a killed process was about to rename is removed once it has aged.
    for name in (tmp_path / "out").rglob(".*.peel-*"):
        os.utime(name, (time.time() - 3600,) * 2)
    subprocess.run([*command, "-O", tmp_path / "out", "--report", report], check=True, timeout=120)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        p.name for p in (tmp_path / "whole").iterdir())
    assert (tmp_path / "out/.peel-manifest").read_bytes() == (
        tmp_path / "whole/.peel-manifest").read_bytes()
    assert contents(tmp_path / "in") == sources


# ---- bad input ----

def test_a_folder_of_a_thousand_with_fifty_bad_ones(peel, tmp_path, quick_model):
    place = tmp_path / "in"
    place.mkdir()
    good = tmp_path / "good.png"
    ball(24, 18).save(good)
    data = good.read_bytes()
    names = [b"p%04d.png" % i for i in range(940)]
    names += [b"line\nend%d.png" % i for i in range(5)] + [b"bad\xff\xfe%d.png" % i for i in range(5)]
    for name in names:
        with open(os.path.join(os.fsencode(place), name), "wb") as out:
            out.write(data)
    bad = 0
    for i in range(10):
        (place / f"empty{i}.jpg").write_bytes(b"")
        (place / f"torn{i}.png").write_bytes(data[:len(data) // 2])
        (place / f"letter{i}.jpg").write_bytes(b"Dear reader,\n" * 9)
        (place / f"loop{i}.png").symlink_to(f"loop{i}.png")
        bad += 4
    for i in range(4):
        (place / f"nowhere{i}.png").symlink_to("no/such/file")
        os.mkfifo(place / f"pipe{i}.png")
        bad += 2
    (place / "broken\n.png").write_bytes(data[:40])
    (place / "p-target.png").write_bytes(data)
    (tmp_path / "out/p-target.cut.png").mkdir(parents=True)
    bad += 2
    (place / "around").symlink_to(".")  # a circle of folders, told once
    (place / "notes.txt").write_text("no picture, and not taken for one")
    done = peel("in", "-O", "out", "--recursive", "--report", "r.jsonl", "-m", quick_model,
                timeout=300)
    assert bad == 50 and done.code == 1
    errors = [line for line in done.err.splitlines() if "error: " in line]
    assert len(errors) == bad, done.err
    assert len(done.err.splitlines()) == done.err.count("peel: ")  # a line each, none torn
    assert done.err.count("around: passed over") == 1
    entries = lines_of(tmp_path / "r.jsonl")
    failed = [e for e in entries if e["status"] == "failed"]
    assert len(entries) == 1001 and len(failed) == bad
    assert [e["input"] for e in entries if e["status"] == "skipped"] == ["in/around"]
    assert all(e["error"]["message"] and e["error"]["code"] for e in failed)
    made = [n for n in os.listdir(os.fsencode(tmp_path / "out")) if n.endswith(b".cut.png")]
    assert len(made) == 950 + 1  # and the folder that was in the way
    assert b"line\nend3.cut.png" in made and b"bad\xff\xfe4.cut.png" in made


def test_unreadable_files(peel, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read anything")
    pictures(tmp_path / "in", 2)
    (tmp_path / "in/000.png").chmod(0)
    done = peel("in", "-O", "out")
    assert done.code == 1 and "000.png" in done.err and done.err.count("error") == 1
    assert leftovers(tmp_path / "out") == ["001.cut.png"]


def test_a_disk_that_fills_up_half_way(peel, tmp_path):
    pictures(tmp_path / "in", 12, 200, 150)
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place],
                      capture_output=True).returncode != 0:
        pytest.skip("no small file system can be mounted here")
    try:
        done = peel("in", "-O", "disk", "--report", "r.jsonl", "--jobs", 2)
        assert done.code == 1 and "No space left" in done.err
        told = states(tmp_path / "r.jsonl")
        made = leftovers(place)
        assert 0 < len(made) < 12 and len(told) == 12
        assert len(made) == list(told.values()).count("done")
        for name in made:
            Image.open(place / name).load()
        (tmp_path / "rest").mkdir()
        subprocess.run(["mount", "-o", "remount,size=8m", place], check=True)
        assert peel("in", "-O", "disk", "--skip-existing").code == 0
        assert len(leftovers(place)) == 12
        assert peel("in", "-O", "plain").code == 0
        assert contents(place) == contents(tmp_path / "plain")
    finally:
        subprocess.run(["umount", place], check=True)


def test_files_too_large_for_the_limit(peel, tmp_path):
    pictures(tmp_path / "in", 2)
    ball(900, 700).save(tmp_path / "in/large.png")

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))

    done = peel("in", "-O", "out", preexec_fn=small_files)
    assert done.code == 1 and done.err.count("error") == 1 and "large.cut.png" in done.err
    assert leftovers(tmp_path / "out") == ["000.cut.png", "001.cut.png"]


def test_a_file_that_changes_while_it_is_read(program, tmp_path):
    """Never a mixture: either it comes out whole or the change is the reason given."""
    pictures(tmp_path / "in", 3)
    target = tmp_path / "in/busy.bmp.png"
    noise = os.urandom(40 << 20)
    target.write_bytes(noise)
    writer = subprocess.Popen(["python3", "-c", (
        "import sys, time\n"
        "f = open(sys.argv[1], 'r+b')\n"
        "while True:\n"
        "    f.seek(0); f.write(b'x'); f.flush(); time.sleep(0.0005)\n"), target])
    try:
        before = target.stat().st_mtime_ns
        while target.stat().st_mtime_ns == before:
            time.sleep(0.01)
        for _ in range(10):  # on a busy machine the writer may have to wait for as long as a file is read
            done = subprocess.run([program, tmp_path / "in", "-O", tmp_path / "out"],
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 1
            if "keeps changing while it is read" in done.stderr:
                break
    finally:
        writer.kill()
        writer.wait()
    assert "keeps changing while it is read" in done.stderr
    assert len(leftovers(tmp_path / "out")) == 3


# ---- watching ----

class Watching:
    def __init__(self, program, folder, *arguments):
        self.child = subprocess.Popen([program, *map(str, arguments), "--watch"], cwd=folder,
                                      stderr=subprocess.PIPE, text=True)
        line = self.child.stderr.readline()
        while ": passed over, " in line:
            line = self.child.stderr.readline()
        assert "watching" in line, line

    def end(self):
        self.child.send_signal(signal.SIGINT)
        error = self.child.stderr.read()
        return self.child.wait(timeout=60), error


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_watch(program, tmp_path):
    pictures(tmp_path / "in", 2)
    out = tmp_path / "out"
    run = Watching(program, tmp_path, "in", "-O", "out", "--recursive", "--report", "r.jsonl")
    try:
        wait_for(lambda: (out / "001.cut.png").exists())  # what is there already

        # Written slowly: nothing is done before the writer closes it.
        data = (tmp_path / "in/000.png").read_bytes()
        with open(tmp_path / "in/slow.png", "wb") as slow:
            slow.write(data[:1000])
            slow.flush()
            time.sleep(1.5)
            assert not (out / "slow.cut.png").exists()
            slow.write(data[1000:])
        wait_for(lambda: (out / "slow.cut.png").exists())

        # Under a temporary name, then renamed; as editors and browsers do it.
        for temporary in (".renamed.png.swp", "renamed.png.part", "renamed.png~"):
            (tmp_path / "in" / temporary).write_bytes(data)
        time.sleep(0.8)
        os.rename(tmp_path / "in/renamed.png.part", tmp_path / "in/renamed.png")
        wait_for(lambda: (out / "renamed.cut.png").exists())
        os.link(tmp_path / "in/000.png", tmp_path / "in/linked.png")
        wait_for(lambda: (out / "linked.cut.png").exists())

        # New folders, made there or moved in; a folder that is renamed.
        pictures(tmp_path / "in/new/deep", 1)
        wait_for(lambda: (out / "new/deep/000.cut.png").exists())
        pictures(tmp_path / "elsewhere", 1)
        os.rename(tmp_path / "elsewhere", tmp_path / "in/moved")
        wait_for(lambda: (out / "moved/000.cut.png").exists())
        os.rename(tmp_path / "in/moved", tmp_path / "in/again")
        wait_for(lambda: (out / "again/000.cut.png").exists())
        shutil.copy(tmp_path / "in/000.png", tmp_path / "in/again/x.png")
        wait_for(lambda: (out / "again/x.cut.png").exists())

        # A source that changes is done again.
        before = (out / "001.cut.png").read_bytes()
        ball(200, 100).save(tmp_path / "in/001.png")
        wait_for(lambda: (out / "001.cut.png").read_bytes() != before)
        # Broken files are told, and do not stop anything.
        (tmp_path / "in/broken.png").write_bytes(data[:500])
        wait_for(lambda: "broken.png" in (tmp_path / "r.jsonl").read_text())
        shutil.copy(tmp_path / "in/000.png", tmp_path / "in/last.png")
        wait_for(lambda: (out / "last.cut.png").exists())
        time.sleep(0.2)
    finally:
        code, error = run.end()
    assert code == 1 and error.count("error:") == 1 and "broken.png" in error, error
    told = states(tmp_path / "r.jsonl")
    assert "renamed.png~" not in told and "renamed.png.part" not in told
    for name in leftovers(out):
        Image.open(out / name).load()


def test_watch_tells_pictures_from_results(program, tmp_path):
    folder = tmp_path / "in"
    pictures(folder, 1)
    pictures(tmp_path / "elsewhere", 1)
    run = Watching(program, tmp_path, "in", "--recursive", "--report", "r.jsonl")
    try:
        wait_for(lambda: (folder / "000.cut.png").exists())
        # A picture whose name is like a result's, a second one of a name that is taken, links.
        ball(60, 40).save(folder / "fabric.cut.jpg")
        wait_for(lambda: (folder / "fabric.cut.cut.png").exists())
        ball(70, 50).save(folder / "000.jpg")
        wait_for(lambda: (folder / "000.jpg.cut.png").exists())
        (folder / "linked").symlink_to("../elsewhere")
        wait_for(lambda: (folder / "linked/000.cut.png").exists())
        (folder / "loop").symlink_to(".")
        wait_for(lambda: "in/loop" in (tmp_path / "r.jsonl").read_text())
        time.sleep(1)  # would results be taken for pictures, they would be made now
    finally:
        code, error = run.end()
    assert code == 0, error
    assert leftovers(folder) == ["000.cut.png", "000.jpg", "000.jpg.cut.png", "000.png",
                                 "fabric.cut.cut.png", "fabric.cut.jpg"]
    assert states(tmp_path / "r.jsonl") == {"000.png": "done", "fabric.cut.jpg": "done",
                                           "000.jpg": "done", "loop": "skipped"}
    assert leftovers(tmp_path / "elsewhere") == ["000.cut.png", "000.png"]

    # Another run goes on with the same names, however it orders the pictures.
    before = contents(folder)
    run = Watching(program, tmp_path, "in", "--recursive", "--report", "r.jsonl")
    try:
        wait_for(lambda: (tmp_path / "r.jsonl").read_text().count("up to date") == 4)
    finally:
        code, error = run.end()
    assert code == 0 and "0 done, 4 skipped" in error, error
    assert contents(folder) == before


def test_watch_goes_on_where_it_ended(program, tmp_path):
    pictures(tmp_path / "in", 2)
    for expected in ("done", "skipped"):
        run = Watching(program, tmp_path, "in", "-O", "out", "--report", "r.jsonl")
        wait_for(lambda: len((tmp_path / "r.jsonl").read_text().splitlines()) == 2)
        code, error = run.end()
        assert code == 0, error
        assert set(states(tmp_path / "r.jsonl").values()) == {expected}


def test_watch_wants_folders(peel, photo):
    for arguments in ([photo], ["nowhere"], [".", "-o", "x.png"]):
        done = peel(*arguments, "--watch")
        assert done.code == 2 and "--watch" in done.err
