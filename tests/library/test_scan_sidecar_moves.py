"""Sidecars and `peel scan duplicates`: they go where their picture goes, Peel's own are merged into, and a run that is
killed between any two steps is taken back whole."""
import json
import shutil
import signal
import sqlite3
import subprocess

import pytest

import made_library as made
from scan_support import PEEL, scene, value
from sidecar_styles import saying
from test_scan_live import film


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.suffix != ".sh" and ".peel" not in p.parts}


def undo(folder):
    return subprocess.run(["sh", folder / "undo-duplicates.sh"], check=True, capture_output=True, text=True).stderr


@pytest.fixture
def copies(scan, tmp_path):
    """Two copies of a live photo with sidecars; the one that goes has its own and one that is nobody else's."""
    photos = tmp_path / "in"
    for name in "ab":
        (photos / name).mkdir(parents=True)
        scene(1).save(photos / name / "1.jpg", quality=90)
        (photos / name / "1.mov").write_bytes(film(seconds=2 if name == "a" else 3))
    (photos / "a/1.jpg.xmp").write_text(saying(rating=5))
    (photos / "b/1.jpg.xmp").write_text(saying(rating=3))
    (photos / "b/1.xmp").write_text(saying(rating=2))
    scan("in", "--phases", "1,2")
    return photos


def test_it_goes_with_its_picture(scan, copies):
    db = ("--db", copies / ".peel/library.db")
    before = everything(copies)
    assert f"its sidecar: {copies / 'b/1.jpg.xmp'}" in scan("duplicates", *db).stdout.decode()
    scan("duplicates", *db, "--tier", "exact", "--plan", "plan.txt")
    assert f"# its sidecar: {copies / 'b/1.jpg.xmp'}\n" in (copies.parent / "plan.txt").read_text()
    old = copies.parent / "old"
    old.mkdir()
    (old / "1.jpg.xmp").write_text("another's")
    done = scan("duplicates", *db, "--plan", "plan.txt", "--move", "old").stdout.decode()
    assert "1 file moved with 1 film and 2 sidecars" in done and f"with its sidecar {copies / 'b/1.xmp'}" in done
    assert set(everything(copies)) == {"a/1.jpg", "a/1.mov", "a/1.jpg.xmp"}
    assert {name: text for name, text in everything(old).items() if "xmp" in name} == {
        "1.jpg.xmp": b"another's", "1 (2).jpg.xmp": before["b/1.jpg.xmp"], "1 (2).xmp": before["b/1.xmp"]}
    undo(old)
    assert everything(copies) == before and set(everything(old)) == {"1.jpg.xmp"}


def test_one_that_is_shared_stays_with_who_stays(scan, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("1.jpg", "1.jpeg", "2.jpg"):  # 1.jpeg is another picture
        scene(2 if name == "1.jpeg" else 1).save(folder / name, quality=90)
    (folder / "1.xmp").write_text(saying(title="both's"))
    scan("in", "--phases", "1,2")
    db = ("--db", folder / ".peel/library.db")
    plan = tmp_path / "plan.txt"
    plan.write_text(f"[exact]\nkeep {folder}/2.jpg\nmove {folder}/1.jpg\n")
    scan("duplicates", *db, "--plan", plan, "--move", "old")
    assert set(everything(folder)) == {"1.jpeg", "1.xmp", "2.jpg"}
    undo(tmp_path / "old")
    (folder / "1.jpeg").unlink()
    scan("in", "--phases", "1,2")
    scan("duplicates", *db, "--plan", plan, "--move", "old2")
    assert set(everything(folder)) == {"2.jpg"} and set(everything(tmp_path / "old2")) == {"1.jpg", "1.xmp"}


def test_one_that_has_changed_keeps_its_picture(scan, copies):
    (copies / "b/1.jpg.xmp").write_text(saying(rating=1, title="since"))
    before = everything(copies)
    done = scan("duplicates", "--db", copies / ".peel/library.db", "--tier", "exact", "--move", "old", code=3)
    assert "its sidecar" in done.err and "scan again" in done.err and everything(copies) == before
    scan("in", "--phases", "1,2")
    scan("duplicates", "--db", copies / ".peel/library.db", "--tier", "exact", "--move", "old")
    assert "b/1.jpg" not in everything(copies)


@pytest.fixture
def merged(scan, tmp_path):
    """A sidecar of Peel's own beside the kept file, scanned, and one more copy that knows something."""
    photos = tmp_path / "in"
    photos.mkdir()
    picture = scene(3, 640, 480)
    picture.save(photos / "large.png")
    picture.resize((320, 240)).save(photos / "first.jpg", quality=92)
    (photos / "first.jpg.xmp").write_text(saying(title="Tram", keywords=["one"]))  # stars would make it the best one
    scan("in", "--phases", "1,2")
    db = photos / ".peel/library.db"
    scan("duplicates", "--db", db, "--tier", "same", "--merge", "--move", "old1")
    picture.resize((300, 225)).save(photos / "second.jpg", quality=90)
    (photos / "second.xmp").write_text(saying(keywords=["one", "two"]))
    scan("in", "--phases", "1,2")
    return photos, ("--db", db, "--tier", "same", "--merge")


def test_peels_own_is_merged_into(scan, merged):
    photos, same = merged
    before = everything(photos)
    assert set(before) == {"large.png", "large.png.xmp", "second.jpg", "second.xmp"}
    assert value(same[1], "SELECT keywords FROM photos WHERE path LIKE '%large.png'") == '["one"]'
    shown = scan("duplicates", *same).stdout.decode()
    assert f"merge into {photos / 'large.png.xmp'}: keywords one, two\n" in shown
    done = scan("duplicates", *same, "--move", "old2").stdout.decode()
    assert "1 file moved with 1 sidecar" in done and "1 sidecar written" in done and "merged with: keywords" in done
    now = everything(photos)
    assert set(now) == {"large.png", "large.png.xmp"}
    if shutil.which("exiftool"):
        told = json.loads(subprocess.run(["exiftool", "-n", "-json", photos / "large.png.xmp"], capture_output=True).stdout)[0]
        assert told["Subject"] == ["one", "two"] and told["Title"] == "Tram"
    scan("in", "--phases", "1,2")
    assert value(same[1], "SELECT title || keywords FROM photos WHERE status = 'ok'") == 'Tram["one","two"]'
    # The earlier one comes back, and nothing is lost.
    assert undo(photos.parent / "old2") == ""
    assert everything(photos) == before and now["large.png.xmp"] in everything(photos.parent / "old2").values()


def test_what_is_said_beside_it_already_is_not_missing(scan, tmp_path):
    """Foreign, and not touched: the group goes all the same, as nothing is missing there."""
    photos = tmp_path / "in"
    photos.mkdir()
    for name in ("a.jpg", "b.jpg"):
        scene(1).save(photos / name, quality=90)
    for name in ("a.xmp", "b.jpg.xmp"):
        (photos / name).write_text(saying(title="Tram", keywords=["x"]))
    scan("in", "--phases", "1,2")
    same = ("--db", photos / ".peel/library.db", "--tier", "exact", "--merge")
    assert "merge into" not in scan("duplicates", *same).stdout.decode()
    scan("duplicates", *same, "--move", "old")
    assert set(everything(photos)) == {"a.jpg", "a.xmp"}


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_beside_the_kept_one_nothing_may_have_changed(scan, tmp_path, change):
    photos = tmp_path / "in"
    photos.mkdir()
    for name in ("a.jpg", "b.jpg"):
        scene(1).save(photos / name, quality=90)
    (photos / "a.xmp").write_text(saying(title="Tram"))
    (photos / "b.xmp").write_text(saying(title="Tram", rating=5))
    scan("in", "--phases", "1,2")
    if change == "gone":
        (photos / "a.xmp").unlink()
    else:
        (photos / "a.xmp").write_text(saying(rating=5))
    before = everything(photos)
    done = scan("duplicates", "--db", photos / ".peel/library.db", "--tier", "exact", "--merge", "--move", "old", code=3)
    assert "has changed since it was scanned" in done.err and everything(photos) == before


@pytest.mark.parametrize("edit", ["<dc:rights>mine</dc:rights></rdf:Description>", "</rdf:Description><!-- mine -->"])
def test_what_somebody_added_to_peels_own_is_theirs(scan, merged, edit):
    photos, same = merged
    sidecar = photos / "large.png.xmp"
    sidecar.write_text(sidecar.read_text().replace("</rdf:Description>", edit))
    scan("in", "--phases", "1,2")
    before = everything(photos)
    done = scan("duplicates", *same, "--move", "old2", code=3)
    assert "large.png.xmp is not written over" in done.err and everything(photos) == before


# Every call by which a name comes or goes.
CALLS = ("link", "linkat", "unlink", "unlinkat", "rename", "renameat", "renameat2")


def killed_at(call, number, scan, arguments):
    """The program, killed at so manieth call of this kind, before it happens (strace counts each kind by
    itself). False: it has come to its end."""
    done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                           f"inject={call}:signal=SIGKILL:when={number}", PEEL, "scan", *map(str, arguments)],
                          cwd=scan.folder, env=scan.environment, capture_output=True, timeout=120)
    if done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return True
    assert done.returncode == 0, done.stderr
    return False


@pytest.mark.parametrize("which", ["copies", "merged"])
def test_killed_between_any_two_steps(scan, tmp_path, which, request):
    """Picture, film, sidecars and the merging: whatever was done until then is taken back by the script, and every
    content is somewhere meanwhile. What each kill leaves the next one finds."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed (apt-get install strace)")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("strace may not trace here")
    made_by = request.getfixturevalue(which)
    photos = made_by[0] if which == "merged" else made_by
    before = everything(photos)
    library = photos / ".peel/library.db"
    connection = sqlite3.connect(library)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    kept = library.read_bytes()
    kills, calls, number = 0, list(CALLS), 0
    while calls:
        call, number = calls[0], number + 1
        assert number < 40, "it never came to its end"
        folder = tmp_path / f"killed-{call}-{number}"
        tier = ("--tier", "same", "--merge") if which == "merged" else ("--tier", "exact")
        was_killed = killed_at(call, number, scan, ["duplicates", "--db", library, *tier, "--move", folder])
        there = {**{("in", n): c for n, c in everything(photos).items()},
                 **({("old", n): c for n, c in everything(folder).items()} if folder.exists() else {})}
        assert set(before.values()) <= set(there.values()), (call, number)
        if (folder / "undo-duplicates.sh").exists():
            undo(folder)
        now = everything(photos)
        for name in set(now) - set(before):  # not yet a file, under a hidden name that says so
            assert name.rsplit("/")[-1].startswith("."), name
            (photos / name).unlink()
        assert {name: now.get(name) for name in before} == before, (call, number)
        library.write_bytes(kept)
        for more in ("-wal", "-shm"):
            library.with_name(library.name + more).unlink(missing_ok=True)
        kills += was_killed
        if not was_killed:
            calls, number = calls[1:], 0
    assert kills >= 6  # two calls a file that is moved
