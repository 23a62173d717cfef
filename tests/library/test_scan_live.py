"""Live photos: a still and its film are found, kept together when duplicates are moved, and shown; films are counted."""
import os
import shutil
import signal
import sqlite3
import struct
import subprocess

import pytest

import made_library as made
from scan_support import contents, last_run, opened, rows, scene, value

FIRST, SECOND = "F4BD8C3E-0E07-4E2A-9C0A-1D6D9D6F9A11", "0A1B2C3D-0000-4E2A-9C0A-1D6D9D6F9A11"


def box(kind, content):
    return struct.pack(">I", 8 + len(content)) + kind + content


def film(identifier=None, seconds=2.5):
    """A MOV of a header alone."""
    movie = box(b"mvhd", bytes(12) + struct.pack(">II", 600, int(seconds * 600)) + bytes(80))
    if identifier:
        key = b"com.apple.quicktime.content.identifier"
        keys = struct.pack(">III", 0, 1, 8 + len(key)) + b"mdta" + key
        data = box(b"data", struct.pack(">II", 1, 0) + identifier.encode())
        movie += box(b"meta", box(b"hdlr", bytes(8) + b"mdta" + bytes(12)) + box(b"keys", keys) +
                     box(b"ilst", struct.pack(">II", 8 + len(data), 1) + data))
    return box(b"ftyp", b"qt  " + bytes(4) + b"qt  ") + box(b"mdat", bytes(4)) + box(b"moov", movie)


def apple(identifier):
    """EXIF of Apple's, its notes with the identifier."""
    text = identifier.encode() + b"\0"
    notes = b"Apple iOS\0\0\1MM" + struct.pack(">HHHIII", 1, 0x11, 2, len(text), 32, 0) + text
    make = b"Apple\0"
    first = struct.pack(">HHHII", 2, 0x10F, 2, len(make), 38) + struct.pack(">HHIII", 0x8769, 4, 1, 44, 0)
    exif = struct.pack(">HHHIII", 1, 0x927C, 7, len(notes), 62, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + first + make + exif + notes


def still(path, seed, identifier=None, **of):
    path.parent.mkdir(parents=True, exist_ok=True)
    scene(seed).save(path, "JPEG", **({"exif": apple(identifier)} if identifier else {}), **{"quality": 90, **of})


def stacks(database, kind="live"):
    found = {}
    for number, path, is_film in rows(database, "SELECT stack_id, path, is_film FROM stacks WHERE kind = ?", kind):
        found.setdefault(number, set()).add((os.path.basename(path), bool(is_film)))
    return sorted(found.values(), key=sorted)


@pytest.fixture
def live(scan, tmp_path):
    """Two copies of a live photo, a film of its own, a film with its poster."""
    photos = tmp_path / "in"
    still(photos / "a/IMG_1.JPG", 1)
    (photos / "a/IMG_1.MOV").write_bytes(film())
    shutil.copytree(photos / "a", photos / "b")
    (photos / "party.mp4").write_bytes(film())
    still(photos / "movie.jpg", 2)
    (photos / "movie.mkv").write_bytes(b"\x1aE\xdf\xa3")
    (photos / "movie.mov").write_bytes(film(seconds=5400))
    return photos


def test_films_are_counted_and_found(scan, live):
    done = scan("in", "--phases", "1,2")
    database = live / ".peel/library.db"
    assert "5 films passed over" in done.err and "2 stacks (with 2 films of live photos)" in done.err
    assert stacks(database) == [{("IMG_1.JPG", False), ("IMG_1.MOV", True)}] * 2
    _, figures, report = last_run(database)
    assert figures["films"] == 5 and figures["live_photo_films"] == 2 and figures["stacks"] == 2
    told = [line for line in report if line["kind"] == "film"]
    assert len(told) == 1 and "4 more films" in told[0]["message"]
    # Unchanged, and told again; then one film is gone, and one comes.
    scan("in", "--phases", "1,2")
    assert last_run(database)[1]["live_photo_films"] == 2 and last_run(database)[1]["scanned"] == 0
    os.remove(live / "b/IMG_1.MOV")
    (live / "movie.mov").write_bytes(film(seconds=3))
    scan("in", "--phases", "1,2")
    assert stacks(database) == [{("IMG_1.JPG", False), ("IMG_1.MOV", True)}, {("movie.jpg", False), ("movie.mov", True)}]
    # What another folder's scan does not see stays.
    scan("in/a", "--phases", "1,2", "--db", database)
    assert value(database, "SELECT count(*) FROM films") == 3


def test_identifiers_decide(scan, tmp_path):
    folder = tmp_path / "in"
    still(folder / "IMG_1.JPG", 1, FIRST)
    (folder / "IMG_1.MOV").write_bytes(film(SECOND))  # another capture that got the name
    (folder / "renamed.MOV").write_bytes(film(FIRST, seconds=60))
    scan("in", "--phases", "1")
    database = folder / ".peel/library.db"
    assert stacks(database) == [{("IMG_1.JPG", False), ("renamed.MOV", True)}]
    assert value(database, "SELECT content_identifier FROM metadata") == FIRST


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_identifiers_are_exiftools(scan, tmp_path):
    folder = tmp_path / "in"
    still(folder / "IMG_1.JPG", 1, FIRST)
    (folder / "IMG_2.MOV").write_bytes(film(FIRST))
    scan("in", "--phases", "1")
    told = subprocess.run(["exiftool", "-s3", "-ContentIdentifier", "-MediaGroupUUID",  # the still's name in some versions
                           folder / "IMG_1.JPG", folder / "IMG_2.MOV"],
                          capture_output=True, text=True).stdout
    assert told.count(FIRST) == 2
    connection = opened(folder / ".peel/library.db")
    assert connection.execute("SELECT content_identifier FROM metadata UNION ALL SELECT content_identifier FROM "
                              "films").fetchall() == [(FIRST,)] * 2


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_a_film_by_ffmpeg(scan, tmp_path):
    still(tmp_path / "in/IMG_1.jpg", 1)
    for name in ("IMG_1.mov", "IMG_1.mp4"):
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red:s=16x16:d=1", "-movflags", "use_metadata_tags",
                        "-metadata", f"com.apple.quicktime.content.identifier={FIRST}", tmp_path / "in" / name], check=True)
    scan("in", "--phases", "1")
    assert rows(tmp_path / "in/.peel/library.db", "SELECT content_identifier, duration_s, error FROM films") == [
        (FIRST, 1.0, None)] * 2


def test_a_broken_film_is_told_and_still_its_pictures(scan, live):
    (live / "a/IMG_1.MOV").write_bytes(film()[:32])
    (live / "b/IMG_1.MOV").write_bytes(b"")
    scan("in", "--phases", "1")
    database = live / ".peel/library.db"
    told = [line["message"] for line in last_run(database)[2] if line["kind"] == "film"]
    assert any("not whole" in message for message in told) and len(stacks(database)) == 2


def everything(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")
            if p.is_file() and p.suffix != ".sh" and ".peel" not in p.parts}


def test_a_plan_moves_both_and_back(scan, live):
    scan("in", "--phases", "1,2")
    db = ("--db", live / ".peel/library.db")
    before = everything(live)
    shown = scan("duplicates", *db).stdout.decode()
    assert f"its film: {live / 'a/IMG_1.MOV'}" in shown and f"its film: {live / 'b/IMG_1.MOV'}" in shown
    scan("duplicates", *db, "--plan", "plan.txt")
    assert f"# its film: {live / 'b/IMG_1.MOV'}\n" in (live.parent / "plan.txt").read_text()
    done = scan("duplicates", *db, "--plan", "plan.txt", "--move", "old").stdout.decode()
    assert "1 file moved with 1 film" in done and f"with its film {live / 'b/IMG_1.MOV'}" in done
    assert set(everything(live.parent / "old")) == {"IMG_1.JPG", "IMG_1.MOV"}
    assert "b/IMG_1.MOV" not in everything(live) and "a/IMG_1.MOV" in everything(live)
    assert {("IMG_1.JPG", False), ("IMG_1.MOV", True)} in stacks(db[1])
    assert value(db[1], "SELECT count(*) FROM stacks WHERE is_film") == 1
    subprocess.run(["sh", live.parent / "old/undo-duplicates.sh"], check=True)
    assert everything(live) == before
    scan("in", "--phases", "1,2")
    assert value(db[1], "SELECT count(*) FROM stacks WHERE is_film") == 2


def test_the_copy_with_its_film_is_kept(scan, live):
    os.remove(live / "a/IMG_1.MOV")
    scan("in", "--phases", "1,2")
    db = ("--db", live / ".peel/library.db")
    assert rows(db[1], "SELECT path, reason FROM duplicates WHERE best") == [
        (str(live / "b/IMG_1.JPG"), "the first with its film of 2 with the same bytes")]
    # Told where a person decides otherwise.
    scan("duplicates", *db, "--tier", "exact", "--move", "old")
    assert "a/IMG_1.JPG" not in everything(live) and "b/IMG_1.MOV" in everything(live)


def test_a_film_stays_with_the_still_that_stays(scan, tmp_path):
    """A JPEG beside the HEIC of a live photo, here a second JPEG: the film is both's."""
    folder = tmp_path / "in"
    still(folder / "IMG_1.JPG", 1)
    still(folder / "IMG_1.jpeg", 1, quality=70)
    (folder / "IMG_1.MOV").write_bytes(film())
    scan("in", "--phases", "1,2")
    db = ("--db", folder / ".peel/library.db")
    assert stacks(db[1]) == [{("IMG_1.JPG", False), ("IMG_1.jpeg", False), ("IMG_1.MOV", True)}]
    done = scan("duplicates", *db, "--tier", "same", "--move", "old").stdout.decode()
    assert "1 file moved," in done and set(everything(folder)) == {"IMG_1.JPG", "IMG_1.MOV"}


def test_what_changed_is_left_alone_with_its_picture(scan, live):
    scan("in", "--phases", "1,2")
    db = ("--db", live / ".peel/library.db")
    (live / "b/IMG_1.MOV").write_bytes(film(seconds=1) + bytes(8))
    before = everything(live)
    done = scan("duplicates", *db, "--tier", "exact", "--move", "old", code=3)
    assert "its film" in done.err and "has changed since it was scanned" in done.err and everything(live) == before
    # One that is gone keeps nothing from moving.
    os.remove(live / "b/IMG_1.MOV")
    scan("duplicates", *db, "--tier", "exact", "--move", "old")
    assert set(everything(live.parent / "old")) == {"IMG_1.JPG"}


def test_names_that_are_taken(scan, live):
    scan("in", "--phases", "1,2")
    old = live.parent / "old"
    old.mkdir()
    (old / "IMG_1.MOV").write_bytes(b"another's")
    scan("duplicates", "--db", live / ".peel/library.db", "--tier", "exact", "--move", "old")
    assert set(everything(old)) == {"IMG_1.MOV", "IMG_1 (2).MOV", "IMG_1 (2).JPG"}
    assert (old / "IMG_1.MOV").read_bytes() == b"another's"


def test_the_report_shows_them(scan, live):
    scan("in", "--phases", "1,2", "--report", "r.html")
    page = (live.parent / "r.html").read_text()
    assert "Live photos" in page and "IMG_1.MOV" in page and "with its film" in page and "2 stacks of 4 files" in page


def test_a_library_from_before_films(scan, live):
    """Made anew from the first layout: nothing is lost, headers are read once more."""
    database = live / ".peel/library.db"
    still(live / "c/IMG_7.JPG", 7, FIRST)
    (live / "c/other.MOV").write_bytes(film(FIRST))
    scan("in", "--phases", "1,2")
    before = contents(database)
    connection = sqlite3.connect(database)
    made.without_sidecars(connection)
    connection.executescript("DROP VIEW stacks; DROP TABLE stack_films; DROP TABLE films; "
                             "CREATE VIEW stacks AS SELECT s.stack_id AS stack_id, s.kind AS kind, f.path AS path "
                             "FROM stack_members s JOIN files f ON f.id = s.file_id; "
                             "ALTER TABLE metadata DROP COLUMN content_identifier; PRAGMA user_version = 1;")
    connection.close()
    scan("in", "--phases", "1,2")
    assert last_run(database)[1]["phase_1"] == 4 and last_run(database)[1]["phase_2"] == 0
    now = contents(database)
    assert now["files"] == before["files"] and now["measures"] == before["measures"]
    assert {("IMG_7.JPG", False), ("other.MOV", True)} in stacks(database) and len(stacks(database)) == 3


def test_films_that_come_while_it_watches(scan, live):
    """Behind their picture, and nothing else comes."""
    os.remove(live / "a/IMG_1.MOV")
    database = live / ".peel/library.db"
    process = scan.start("in", "--phases", "1", "--watch")
    while b"watching" not in process.stderr.readline():
        assert process.poll() is None
    (live / "a/IMG_1.MOV").write_bytes(film())
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 0 and "2 films of live photos" in err and len(stacks(database)) == 2


def test_pictures_alone_say_nothing_of_films(scan, tmp_path):
    still(tmp_path / "in/a.jpg", 1)
    assert "film" not in scan("in", "--phases", "1").err
