"""What may go wrong around `peel scan`: the rest is done, the run's report tells, and the library stays whole (every
look into one asks SQLite for its integrity)."""
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
import zlib

import pytest

from scan_support import PEEL, SHARED, contents, last_run, lowered, pictures, rows, scene, value

HEADERS = ("--phases", "1")


def limited(kind, most):
    return lambda: resource.setrlimit(kind, (most, most))


def test_broken_pictures(scan, tmp_path):
    pictures(tmp_path / "in", 2)
    whole = (tmp_path / "in/000.jpg").read_bytes()
    (tmp_path / "in/cut.jpg").write_bytes(whole[:len(whole) // 2])
    (tmp_path / "in/empty.jpg").write_bytes(b"")
    (tmp_path / "in/text.jpg").write_text("no picture at all")
    (tmp_path / "in/zeros.png").write_bytes(bytes(5000))
    done = scan("in", "--db", "l.db", code=1)
    found = dict(rows(tmp_path / "l.db", "SELECT path, status FROM files"))
    status = {os.path.basename(path): kind for path, kind in found.items()}
    assert status["000.jpg"] == status["001.jpg"] == "ok"
    assert status["text.jpg"] == status["empty.jpg"] == status["zeros.png"] == "error"
    assert status["cut.jpg"] in ("partial", "error")
    for name in ("text.jpg", "empty.jpg", "zeros.png"):
        assert name in done.err
        assert value(tmp_path / "l.db", "SELECT error FROM files WHERE path LIKE ?", f"%{name}")
    assert {os.path.basename(line["path"]) for line in last_run(tmp_path / "l.db")[2]} >= {"text.jpg", "cut.jpg"}


@pytest.mark.parametrize("folder", ["broken", "odd"])
def test_the_broken_and_odd_pictures_at_hand(scan, tmp_path, folder):
    if not (SHARED / "images" / folder).is_dir():
        pytest.skip("../shared/images is not at hand")
    shutil.copytree(SHARED / "images" / folder, tmp_path / "in")
    process = scan.start("in", "--db", "l.db", "--phases", "1,2")
    _, err = process.communicate(timeout=600)
    assert process.returncode in (0, 1), err[-2000:]
    figures = last_run(tmp_path / "l.db")[1]
    assert figures["scanned"] + figures["failed"] == figures["files"] > 20
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == figures["files"]
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files WHERE status = 'error' AND error IS NULL") == 0


def test_folders_and_files_that_cannot_be_read(scan, tmp_path):
    pictures(tmp_path / "in/open", 2)
    pictures(tmp_path / "in/shut", 2, first=4)
    scan("in", "--db", "l.db", *HEADERS)
    tmp_path.chmod(0o777)
    for name in os.listdir(tmp_path):
        if name.startswith("l.db"):
            (tmp_path / name).chmod(0o666)
    scene(9).save(tmp_path / "in/open/secret.jpg")
    (tmp_path / "in/open/secret.jpg").chmod(0)
    (tmp_path / "in/shut").chmod(0)
    try:
        command = [PEEL, "scan", "in", "--db", "l.db", *HEADERS]
        if os.geteuid() == 0:
            for part in tmp_path.parents:  # pytest's own folders are for their owner alone
                if part.stat().st_uid == 0 and str(part).startswith("/tmp/pytest"):
                    part.chmod(0o755)
            command = lowered(*command)
        done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=scan.environment, timeout=60)
        err = done.stderr.decode()
        if done.returncode == 127 or "Permission denied" in err and "shut" not in err and "secret" not in err:
            pytest.skip("the program cannot be run by another user here")
        assert done.returncode == 1, err
        assert "shut" in err and "secret.jpg" in err
        # What was known of the folder that is shut is still known: it is not gone.
        assert sorted(rows(tmp_path / "l.db", "SELECT status, count(*) FROM files GROUP BY status")) == [
            ("error", 1), ("ok", 4)]
        assert {line["kind"] for line in last_run(tmp_path / "l.db")[2]} == {"unreadable", "failed"}
    finally:
        (tmp_path / "in/shut").chmod(0o755)


def test_loops_of_links(scan, tmp_path):
    pictures(tmp_path / "in/a", 2)
    (tmp_path / "in/a/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/round.jpg").symlink_to("round.jpg")
    (tmp_path / "in/nowhere.jpg").symlink_to("gone.jpg")
    scan("in", "--db", "l.db", *HEADERS, code=1)
    ok = [path for path, in rows(tmp_path / "l.db", "SELECT path FROM files WHERE status = 'ok'")]
    assert sorted(map(os.path.basename, ok)) == ["000.jpg", "001.jpg"]


def test_names_in_any_encoding(scan, tmp_path):
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    odd = [b"caf\xe9.jpg", b"caf\\xE9.jpg", "süß 日本 \u202e.jpg".encode(), b"new\nline.jpg", b"quote'\"<b>.jpg",
           b"\xff\xfe.jpg"]
    for i, name in enumerate(odd):
        picture = tmp_path / "one.jpg"
        scene(i, 64, 48).save(picture)
        os.rename(picture, os.path.join(folder, name))
    scan("in", "--db", "l.db", *HEADERS)
    found = rows(tmp_path / "l.db", "SELECT path, path_bytes FROM files")
    assert len(found) == len({path for path, _ in found}) == len(odd)
    assert {os.path.basename(kept or os.fsencode(path)) for path, kept in found} == set(odd)
    assert any(path.endswith("caf\\xE9.jpg") for path, _ in found)
    scan("in", "--db", "l.db", *HEADERS)
    assert last_run(tmp_path / "l.db")[1]["unchanged"] == len(odd)


def test_files_that_vanish_change_and_grow(scan, tmp_path):
    pictures(tmp_path / "in", 30)
    stop = threading.Event()

    def disturb():
        i = 0
        while not stop.is_set():
            i += 1
            name = tmp_path / f"in/{i % 10:03}.jpg"
            if i % 3 == 0 and name.exists():
                name.unlink()
            elif i % 3 == 1:
                scene(i % 7, 160, 120).save(name)
            elif name.exists():
                with name.open("ab") as file:
                    file.write(b"x" * 999)
            time.sleep(0.002)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(3):
            process = scan.start("in", "--db", "l.db", "--phases", "1,2")
            _, err = process.communicate(timeout=120)
            assert process.returncode in (0, 1), err
    finally:
        stop.set()
        thread.join()
    for i in range(10):
        scene(i).save(tmp_path / f"in/{i:03}.jpg")
    scan("in", "--db", "l.db", "--phases", "1,2")
    scan("in", "--db", "new.db", "--phases", "1,2")
    assert contents(tmp_path / "l.db") == contents(tmp_path / "new.db")


def test_a_library_that_is_none(scan, tmp_path):
    pictures(tmp_path / "in", 1)
    (tmp_path / "text.db").write_text("x" * 5000)
    assert "no SQLite database" in scan("in", "--db", "text.db", code=3).err
    assert (tmp_path / "text.db").read_text() == "x" * 5000
    with sqlite3.connect(tmp_path / "theirs.db") as theirs:
        theirs.execute("CREATE TABLE files(name)")
    assert "another program" in scan("in", "--db", "theirs.db", code=3).err
    scan("in", "--db", "newer.db", *HEADERS)
    with sqlite3.connect(tmp_path / "newer.db") as newer:
        newer.execute("PRAGMA user_version = 77")
    err = scan("in", "--db", "newer.db", code=3).err
    assert "newer version" in err and "--db" in err
    assert value(tmp_path / "newer.db", "SELECT count(*) FROM files") == 1
    (tmp_path / "folder.db").mkdir()
    assert "is no file" in scan("in", "--db", "folder.db", code=3).err
    assert "nowhere" in scan("in", "--db", "nowhere/l.db", code=3).err


def test_a_locked_library(scan, tmp_path):
    pictures(tmp_path / "in", 2)
    scan("in", "--db", "l.db", *HEADERS)
    scene(7).save(tmp_path / "in/new.jpg")
    other = sqlite3.connect(tmp_path / "l.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    err = scan("in", "--db", "l.db", *HEADERS, code=3).err
    assert "locked" in err and "try again" in err
    other.execute("ROLLBACK")
    other.close()
    scan("in", "--db", "l.db", *HEADERS)
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == 3


def test_readers_beside_a_scan(scan, tmp_path):
    pictures(tmp_path / "in", 20)
    scan("in", "--db", "l.db", *HEADERS)
    reader = sqlite3.connect(f"file:{tmp_path / 'l.db'}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM photos").fetchone() == (20,)
    pictures(tmp_path / "in", 5, first=40)
    scan("in", "--db", "l.db", *HEADERS)
    assert reader.execute("SELECT count(*) FROM photos").fetchone() == (20,)
    reader.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM photos").fetchone() == (25,)


def test_a_disk_that_is_full(scan, tmp_path):
    """By the limit on a file's size, which fails as a full disk does: half-way, and with an error of writing."""
    pictures(tmp_path / "in", 40)
    scan("in", "--db", "l.db", "--phases", "1")
    before = value(tmp_path / "l.db", "SELECT count(*) FROM files")
    done = subprocess.run([PEEL, "scan", "in", "--db", "l.db", "--phases", "1,2"], capture_output=True, cwd=tmp_path,
                          env=scan.environment, timeout=120, preexec_fn=limited(resource.RLIMIT_FSIZE, 200_000))
    assert done.returncode in (1, 3), done.stderr
    assert b"--db" in done.stderr or b"full" in done.stderr or b"large" in done.stderr, done.stderr
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == before
    scan("in", "--db", "l.db", "--phases", "1,2")
    scan("in", "--db", "new.db", "--phases", "1,2")
    assert contents(tmp_path / "l.db") == contents(tmp_path / "new.db")


def test_a_folder_that_cannot_be_written(scan, tmp_path):
    pictures(tmp_path / "in", 1)
    (tmp_path / "in/.peel").write_text("a file where the library's folder would be")
    err = scan("in", code=3).err
    assert "--db" in err
    scan("in", "--db", "elsewhere.db", *HEADERS)


def test_clocks_that_are_wrong(scan, tmp_path):
    pictures(tmp_path / "in", 4)
    for i, moment in enumerate([-10**18, 0, 4 * 10**18, 1]):
        os.utime(tmp_path / f"in/{i:03}.jpg", ns=(moment, moment))
    scan("in", "--db", "l.db", *HEADERS)
    scan("in", "--db", "l.db", *HEADERS)
    assert last_run(tmp_path / "l.db")[1]["unchanged"] == 4
    assert value(tmp_path / "l.db", "SELECT min(mtime) FROM photos") == -10**9


def test_absurd_sizes(scan, tmp_path):
    (tmp_path / "in").mkdir()
    scene(1).save(tmp_path / "in/good.png")
    bomb = bytearray((tmp_path / "in/good.png").read_bytes())
    bomb[16:24] = (200_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    (tmp_path / "in/bomb.png").write_bytes(bomb)
    done = scan("in", "--db", "l.db", "--phases", "1,2", code=1)
    assert "bomb.png" in done.err
    assert value(tmp_path / "l.db", "SELECT count(*) FROM photos WHERE status = 'ok'") == 1
    assert last_run(tmp_path / "l.db")[1]["peak_memory"] < 1 << 30


def test_little_memory(scan, tmp_path):
    pictures(tmp_path / "in", 6)
    scan("in", "--db", "little.db", "--memory", "1M", "--jobs", "4", "--phases", "1,2")
    scan("in", "--db", "much.db", "--memory", "2G", "--jobs", "4", "--phases", "1,2")
    assert contents(tmp_path / "little.db") == contents(tmp_path / "much.db")
    assert last_run(tmp_path / "little.db")[0]["memory"] == 1 << 20
    assert "lots" in scan("in", "--memory", "lots", code=2).err
