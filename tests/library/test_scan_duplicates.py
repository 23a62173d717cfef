"""`peel scan duplicates`: what is shown, planned, edited, moved, linked and taken back; nothing is ever lost."""
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import made_library as made
from scan_support import PEEL

OPTIONS = {"--db", "--tier", "--plan", "--move", "--hardlink", "--merge"}


def test_no_option_without_a_test_here():
    if not PEEL.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    done = subprocess.run([PEEL, "scan", "duplicates", "--help"], capture_output=True, text=True)
    found = {line.split()[0].split(",")[-1] for line in done.stdout.splitlines() if re.match(r"  -", line)}
    assert found - {"--help"} == OPTIONS


class Library:
    """Files with groups of them, as after a scan."""

    def __init__(self, folder):
        self.folder, self.photos = folder, folder / "photos"
        self.path = folder / "l.db"
        self.database = made.empty(self.path)

    def file(self, name, content, **of):
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        info = path.stat()
        return made.add(self.database, str(path), size=info.st_size, mtime_ns=info.st_mtime_ns, **of)

    def group(self, tier, *ids):
        made.groups(self.database, tier, ids)
        self.database.commit()

    def files(self, *below):
        top = self.folder.joinpath(*below) if below else self.photos
        return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


@pytest.fixture
def library(tmp_path):
    """Two exact copies besides the best, one shot saved again, two look-alikes."""
    one = Library(tmp_path)
    best = one.file("a/best.jpg", b"same" * 100, metadata=dict(width=40, height=30, orientation=6, rating=1))
    copy = one.file("b/best.jpg", b"same" * 100, metadata=dict(keywords='["holiday","x"]', rating=5, title="Tram", gps_lat=1.0,
                                                               gps_lon=2.0))
    third = one.file("b/copy.jpg", b"same" * 100)
    large = one.file("c/large.png", b"L" * 300)
    small = one.file("c/small.jpg", b"s" * 30)
    other, alike = one.file("d/1.jpg", b"1"), one.file("d/2.jpg", b"22")
    one.group("exact", best, copy, third)
    one.group("same", large, small)
    one.group("similar", other, alike)
    return one


@pytest.fixture
def duplicates(scan, library):
    return lambda *given, code=0: scan("duplicates", "--db", library.path, *given, code=code)


def test_shows_and_changes_nothing(duplicates, library):
    before = library.files()
    done = duplicates().stdout.decode()
    assert "exact: largest" in done and "keep " + str(library.photos / "a/best.jpg") in done
    assert "3 groups; 4 files besides the best" in done and "Nothing was changed" in done
    assert "keywords holiday, x" in done and "higher rating: 5" in done and "title: Tram" in done and "where it was taken" in done
    assert "30 × 40" in done  # upright
    assert library.files() == before


def test_tier(duplicates):
    only = duplicates("--tier", "same").stdout.decode()
    assert "c/small.jpg" in only and "b/copy.jpg" not in only and "d/2.jpg" not in only
    duplicates("--tier", "alike", code=2)


def test_db(scan, library):
    assert "there is no such library" in scan("duplicates", "--db", "none.db", code=3).err
    assert not (library.folder / "none.db").exists()


def test_a_plan_is_written_edited_and_done(duplicates, library):
    before = library.files()
    duplicates("--plan", "plan.txt")
    plan = library.folder / "plan.txt"
    text = plan.read_text()
    assert library.files() == before and text.count("\nmove ") == 4 and text.count("\nkeep ") == 3
    assert "# kept: largest" in text and "keywords holiday" in text
    # Not written over.
    assert "is there already" in duplicates("--plan", "plan.txt", code=2).err and plan.read_text() == text
    # A person changes their mind: another copy is kept, the look-alikes are left alone.
    best, copy = (str(library.photos / name) for name in ("a/best.jpg", "b/best.jpg"))
    text = text.replace(f"keep {best}", "KEEP").replace(f"move {copy}", f"keep {copy}").replace("KEEP", f"move {best}")
    plan.write_text(text[:text.index("[similar")])
    done = duplicates("--plan", "plan.txt", "--move", "old")
    assert "3 files moved" in done.stdout.decode()
    assert library.files() == {"b/best.jpg": b"same" * 100, "c/large.png": b"L" * 300, "d/1.jpg": b"1", "d/2.jpg": b"22"}
    moved = library.files("old")
    script = moved.pop("undo-duplicates.sh")
    assert moved == {"a/best.jpg": b"same" * 100, "b/copy.jpg": b"same" * 100, "c/small.jpg": b"s" * 30}
    # The library knows, and the script takes it back.
    gone = {row[0] for row in sqlite3.connect(library.path).execute("SELECT path FROM files WHERE status = 'gone'")}
    assert gone == {str(library.photos / name) for name in moved}
    assert b"back " in script
    subprocess.run(["sh", library.folder / "old/undo-duplicates.sh"], check=True)
    assert library.files() == before and set(library.files("old")) == {"undo-duplicates.sh"}


def test_without_a_plan(duplicates, library):
    assert "--tier exact" in duplicates("--move", "old", code=2).err
    assert "--tier exact" in duplicates("--move", "old", "--tier", "similar", code=2).err
    duplicates("--move", "old", "--tier", "same")
    assert "c/small.jpg" not in library.files() and len(library.files()) == 6
    # In the folder that all that was moved has in common.
    assert set(library.files("old")) == {"small.jpg", "undo-duplicates.sh"}


def test_a_plan_that_is_not_there(duplicates):
    assert "no such plan" in duplicates("--plan", "none.txt", "--move", "old", code=3).err
    assert "choose one" in duplicates("--move", "old", "--hardlink", "--tier", "exact", code=2).err


def test_hardlink(duplicates, library):
    before = library.files()
    duplicates("--hardlink", "--tier", "exact")
    names = [library.photos / name for name in ("a/best.jpg", "b/best.jpg", "b/copy.jpg")]
    assert len({name.stat().st_ino for name in names}) == 1 and library.files() == before
    # Once more there is nothing to do.
    assert b"0 files linked" in duplicates("--hardlink", "--tier", "exact").stdout
    subprocess.run(["sh", library.folder / "undo-duplicates.sh"], check=True)
    assert len({name.stat().st_ino for name in names}) >= 2 and library.files() == before


def test_hardlink_is_for_exact_copies(duplicates, library):
    duplicates("--plan", "plan.txt")
    told = duplicates("--plan", "plan.txt", "--hardlink", code=2).err
    assert "is no exact copy" in told and "plan.txt: line " in told
    assert len({p.stat().st_ino for p in library.photos.rglob("*.*")}) == 7  # not even those before it in the plan


def test_what_has_changed_is_left_alone(duplicates, library):
    duplicates("--plan", "plan.txt")
    changed, missing, kept = (library.photos / name for name in ("b/copy.jpg", "c/small.jpg", "d/1.jpg"))
    changed.write_bytes(b"edited")
    missing.unlink()
    kept.write_bytes(b"edited too")
    done = duplicates("--plan", "plan.txt", "--move", "old", code=1)
    for told in ("b/copy.jpg: has changed since it was scanned", "c/small.jpg: is no longer there",
                 f"d/2.jpg: left alone, as {kept} has changed"):
        assert told in done.err, told
    assert set(library.files()) == {"a/best.jpg", "b/copy.jpg", "c/large.png", "d/1.jpg", "d/2.jpg"}


@pytest.mark.parametrize("how", [("--hardlink",), ("--move", "old")])
def test_copies_that_only_look_like_it(duplicates, library, how):
    """Size and time are as they were, the content is not."""
    copy = library.photos / "b/copy.jpg"
    times = copy.stat()
    copy.write_bytes(b"SAME" * 100)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    done = duplicates("--tier", "exact", *how, code=1)
    assert "b/copy.jpg: is no longer the same as" in done.err and copy.read_bytes() == b"SAME" * 100


def test_links_are_no_files(duplicates, library):
    copy = library.photos / "b/copy.jpg"
    copy.unlink()
    copy.symlink_to(library.photos / "a/best.jpg")
    assert "is no regular file" in duplicates("--tier", "exact", "--move", "old", code=1).err
    assert copy.is_symlink() and (library.photos / "a/best.jpg").read_bytes() == b"same" * 100


def test_names_that_are_taken_are_numbered(duplicates, library):
    (library.folder / "old").mkdir()
    (library.folder / "old/small.jpg").write_bytes(b"there before")
    duplicates("--tier", "same", "--move", "old")
    moved = library.files("old")
    assert moved["small.jpg"] == b"there before" and moved["small (2).jpg"] == b"s" * 30
    subprocess.run(["sh", library.folder / "old/undo-duplicates.sh"], check=True)
    assert (library.photos / "c/small.jpg").read_bytes() == b"s" * 30
    assert (library.folder / "old/small.jpg").read_bytes() == b"there before"


def plan_of(library, *lines):
    (library.folder / "plan.txt").write_text("\n".join(lines) + "\n")


def test_a_plan_moves_nothing_but_duplicates(duplicates, library, tmp_path):
    """Files that the library does not know, or that are no duplicates of what is kept: refused, all of it."""
    (tmp_path / "secret").write_text("mine")
    photos = library.photos
    for lines, told in (
            (["[exact]", f"keep {photos}/a/best.jpg", f"move {tmp_path}/secret"], "line 3: .*not in the library"),
            (["[exact]", f"keep {photos}/a/best.jpg", f"move {photos}/../secret"], "line 3: .*not in the library"),
            (["[exact]", f"keep {photos}/a/best.jpg", f"move {photos}/c/small.jpg"], "line 3: .*none of the files"),
            (["[exact]", f"move {photos}/a/best.jpg"], "line 1: this group keeps nothing"),
            (["[exact]", f"remove {photos}/a/best.jpg"], "line 2: a line is"),
            (["\0\xff"], "line 1")):
        plan_of(library, *lines)
        before = library.files()
        assert re.search(told, duplicates("--plan", "plan.txt", "--move", "old", code=2).err), told
        assert library.files() == before and not (tmp_path / "old").exists()


def test_names_of_every_kind(scan, tmp_path):
    library = Library(tmp_path)
    names = ["a b.jpg", "-rf", "it's \"quoted\" $(x) `y`", "two\nlines", " spaces ", "Ünïcode.jpg", "#comment"]
    ids = [library.file(name, b"same") for name in ["0", *names]]
    library.group("exact", *ids)
    odd = os.fsencode(library.photos) + b"/\xe4.jpg"
    with open(odd, "wb") as file:
        file.write(b"same")
    info = os.stat(odd)
    ids.append(made.add(library.database, str(library.photos) + "/\\xE4.jpg", path_bytes=odd, size=4,
                        mtime_ns=info.st_mtime_ns))
    library.group("exact", ids[0], ids[-1])
    before = {os.fsencode(p) for p in library.photos.iterdir()}
    scan("duplicates", "--db", library.path, "--tier", "exact", "--plan", "plan.txt")
    done = scan("duplicates", "--db", library.path, "--plan", "plan.txt", "--move", "old")
    assert f"{len(names)} files moved" in done.stdout.decode() or f"{len(names) + 1} files moved" in done.stdout.decode()
    subprocess.run(["sh", tmp_path / "old/undo-duplicates.sh"], check=True)
    assert {os.fsencode(p) for p in library.photos.iterdir()} == before


def test_to_another_disk(scan, tmp_path):
    """Copied, times and all, before the old name goes."""
    disk = pathlib.Path("/dev/shm")
    if not disk.is_dir() or disk.stat().st_dev == tmp_path.stat().st_dev or not os.access(disk, os.W_OK):
        pytest.skip("there is no second file system at /dev/shm")
    import tempfile
    with tempfile.TemporaryDirectory(dir=disk) as away:
        library = Library(tmp_path)
        library.group("exact", library.file("a.jpg", b"x" * 3_000_000), library.file("b.jpg", b"x" * 3_000_000))
        time_ns = (library.photos / "b.jpg").stat().st_mtime_ns
        scan("duplicates", "--db", library.path, "--tier", "exact", "--move", away)
        moved = pathlib.Path(away) / "b.jpg"
        assert moved.read_bytes() == b"x" * 3_000_000 and moved.stat().st_mtime_ns == time_ns
        assert set(library.files()) == {"a.jpg"} and len(list(pathlib.Path(away).iterdir())) == 2


def test_killed_at_any_moment(tmp_path, scan):
    """Every content is still under one name at least, and the script brings back what was moved."""
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        library = Library(folder)
        for i in range(20):
            library.group("exact", *(library.file(f"{i}/{name}.jpg", b"%d" % i * 50) for name in "abc"))
        before = library.files()
        running = subprocess.Popen([PEEL, "scan", "duplicates", "--db", library.path, "--tier", "exact", "--move",
                                    folder / "old"], env=scan.environment, stdout=subprocess.PIPE)
        for _ in range(1 + 6 * attempt):
            running.stdout.readline()
        running.send_signal(signal.SIGKILL)
        running.wait()
        there = {**library.files(), **(library.files("old") if (folder / "old").exists() else {})}
        assert {content for name, content in there.items() if name.endswith(".jpg")} == set(before.values())
        assert len([name for name in there if name.endswith(".jpg")]) >= len(before)
        if (folder / "old/undo-duplicates.sh").exists():
            subprocess.run(["sh", folder / "old/undo-duplicates.sh"], check=True, capture_output=True)
            assert library.files() == before
        assert sqlite3.connect(library.path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_ctrl_c_stops_between_files(tmp_path, scan):
    library = Library(tmp_path)
    for i in range(60):
        library.group("exact", library.file(f"{i}/a.jpg", b"%d" % i), library.file(f"{i}/b.jpg", b"%d" % i))
    running = subprocess.Popen([PEEL, "scan", "duplicates", "--db", library.path, "--tier", "exact", "--move",
                                tmp_path / "old"], env=scan.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    moved = [name for name in library.files("old") if name.endswith(".jpg")]
    assert len(moved) + len(library.files()) == 120
    if running.returncode != 0:  # otherwise it was through before the signal came
        assert running.returncode == -signal.SIGINT and b"stopped" in err and 0 < len(moved) < 60


def test_a_library_that_cannot_be_written_is_no_reason_to_stop(duplicates, library):
    """Another program holds it: what was moved is gone at the next scan."""
    holder = sqlite3.connect(library.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    duplicates("--tier", "same", "--move", "old")
    assert time.monotonic() - begun < 60 and set(library.files("old")) == {"small.jpg", "undo-duplicates.sh"}
    holder.execute("ROLLBACK")


@pytest.fixture
def knowing(tmp_path):
    """One shot saved again twice: what the smaller files know the kept one does not."""
    one = Library(tmp_path)
    kept = one.file("large.jpg", b"L" * 300, metadata=dict(keywords='["sea"]', rating=0, title="Mine"))
    first = one.file("b/small.jpg", b"s" * 30, metadata=dict(
        keywords='["sand & <sea>","sea"]', rating=3, title="Theirs", description='A "wall"', gps_lat=-33.8585, gps_lon=18.5))
    second = one.file("c/tiny.jpg", b"t" * 3, metadata=dict(keywords='["ünï"]', rating=5, gps_lat=1.0, gps_lon=2.0))
    one.group("same", kept, first, second)
    return one


def merged(library, name="large.jpg"):
    return library.photos / (name + ".xmp")


def test_merge(scan, knowing):
    db = ("--db", knowing.path)
    before = knowing.files()
    shown = scan("duplicates", *db, "--merge").stdout.decode()
    assert f"merge into {merged(knowing)}: keywords sea, sand & <sea>, ünï; rating 5; description" in shown
    assert "merge into" not in scan("duplicates", *db).stdout.decode()
    scan("duplicates", *db, "--merge", "--plan", "plan.txt")
    plan = (knowing.folder / "plan.txt").read_text()
    assert "\nmerge keywords, rating, description, place\n" in plan and knowing.files() == before
    done = scan("duplicates", *db, "--plan", "plan.txt", "--move", "old").stdout.decode()
    assert "2 files moved" in done and "1 sidecar written" in done
    assert set(knowing.files()) == {"large.jpg", "large.jpg.xmp"} and knowing.files()["large.jpg"] == b"L" * 300
    if shutil.which("exiftool"):
        told = json.loads(subprocess.run(["exiftool", "-n", "-json", merged(knowing)], capture_output=True).stdout)[0]
        assert told["Subject"] == ["sea", "sand & <sea>", "ünï"] and told["Rating"] == 5 and "Title" not in told
        assert told["Description"] == 'A "wall"'
        assert abs(told["GPSLatitude"] + 33.8585) < 1e-7 and abs(told["GPSLongitude"] - 18.5) < 1e-7
    subprocess.run(["sh", knowing.folder / "old/undo-duplicates.sh"], check=True)
    assert knowing.files() == before and "large.jpg.xmp" in knowing.files("old")


def test_merge_what_a_person_leaves_in_the_plan(scan, knowing):
    db = ("--db", knowing.path)
    scan("duplicates", *db, "--merge", "--plan", "plan.txt")
    plan = knowing.folder / "plan.txt"
    plan.write_text(plan.read_text().replace("merge keywords, rating, description, place", "merge rating"))
    assert "--merge is for writing" in scan("duplicates", *db, "--plan", plan, "--move", "old", "--merge", code=2).err
    scan("duplicates", *db, "--plan", plan, "--move", "old")
    text = merged(knowing).read_text()
    assert "<xmp:Rating>5<" in text and "dc:subject>" not in text and "GPS" not in text


def test_without_merge_nothing_is_written_beside(scan, knowing):
    scan("duplicates", "--db", knowing.path, "--tier", "same", "--move", "old")
    assert set(knowing.files()) == {"large.jpg"}


@pytest.mark.parametrize("name", ["large.jpg.xmp", "large.xmp"])
def test_merge_never_writes_over_a_sidecar(scan, knowing, name):
    (knowing.photos / name).write_text("mine")
    before = knowing.files()
    done = scan("duplicates", "--db", knowing.path, "--tier", "same", "--move", "old", "--merge", code=3)
    assert f"{name} is not written over" in done.err and knowing.files() == before
    assert "sidecar written" not in done.stdout.decode()


def test_merge_taken_up_again_after_a_stop(scan, knowing):
    """Stopped between the sidecar and the files: what it wrote itself keeps nothing from going on."""
    db = ("--db", knowing.path, "--tier", "same", "--merge", "--move", "old")
    scan("duplicates", *db)
    text = merged(knowing).read_bytes()
    subprocess.run(["sh", knowing.folder / "old/undo-duplicates.sh"], check=True)
    merged(knowing).write_bytes(text)
    knowing.database.execute("UPDATE files SET status = 'ok'")
    knowing.database.commit()
    assert b"2 files moved" in scan("duplicates", *db).stdout and merged(knowing).read_bytes() == text


def test_merge_is_not_for_hard_links(scan, library):
    assert "is for --move" in scan("duplicates", "--db", library.path, "--tier", "exact", "--hardlink", "--merge", code=2).err
    plan = library.folder / "plan.txt"
    best, copy = (library.photos / name for name in ("a/best.jpg", "b/best.jpg"))
    plan.write_text(f"[exact]\nkeep {best}\nmove {copy}\nmerge title\n")
    assert "line 3" in scan("duplicates", "--db", library.path, "--plan", plan, "--hardlink", code=2).err
    assert not os.path.exists(f"{best}.xmp")


def test_nothing_to_do(scan, tmp_path):
    Library(tmp_path).database.commit()
    assert "0 groups; 0 files" in scan("duplicates", "--db", tmp_path / "l.db").stdout.decode()
    scan("duplicates", "--db", tmp_path / "l.db", "--plan", "plan.txt")
    scan("duplicates", "--db", tmp_path / "l.db", "--plan", "plan.txt", "--move", "old")
    assert not (tmp_path / "old").exists()
