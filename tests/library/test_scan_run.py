"""`peel scan` over folders: what is read, what is left alone the second time, files that move, change and vanish."""
import json
import os
import shutil
import signal
import subprocess
import time

from PIL import Image
import pytest

from scan_support import contents, last_run, opened, pictures, rows, scene, value


# Without the networks, which take longest and are written in the same transaction.
PIXELS = ("--phases", "1,2")


def state(database):
    return dict(rows(database, "SELECT path, status FROM files"))


def names(database, where="1"):
    return sorted(os.path.basename(path) for path, in rows(database, f"SELECT path FROM photos WHERE {where}"))


def test_a_folder_becomes_a_library(scan, tmp_path):
    pictures(tmp_path / "in", 3)
    pictures(tmp_path / "in/sub", 1, first=7, suffix=".png")
    done = scan("in")
    # Nothing else is written, and no log is left behind.
    assert {p.name for p in (tmp_path / "in").rglob("*") if p.is_file()} == {
        "000.jpg", "001.jpg", "002.jpg", "007.png", "library.db"}
    database = tmp_path / "in/.peel/library.db"
    assert names(database) == ["000.jpg", "001.jpg", "002.jpg", "007.png"]
    assert value(database, "SELECT count(*) FROM photos WHERE status = 'ok' AND width = 320 AND height = 240 AND "
                 "length(content_hash) = 16 AND length(phash) = 64 AND scene IS NOT NULL AND embedding IS NOT NULL "
                 "AND objects IS NOT NULL AND faces IS NOT NULL AND quality > 0") == 4
    assert "4 read" in done.err and "pictures/s" in done.err
    settings, figures, report = last_run(database)
    assert settings["phases"] == [1, 2, 3] and settings["jobs"] >= 1
    assert figures["phase_1"] == figures["phase_2"] == figures["phase_3"] == figures["scanned"] == 4
    assert figures["peak_memory"] > 0 and figures["seconds"] > 0 and report == []


def test_thumbnails_and_orientation(scan, tmp_path):
    (tmp_path / "in").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(1, 800, 600).save(tmp_path / "in/turned.jpg", exif=exif)
    scan("in", "--phases", "1,2")
    database = tmp_path / "in/.peel/library.db"
    assert rows(database, "SELECT width, height, orientation FROM photos") == [(800, 600, 6)]
    thumbnail = tmp_path / "thumbnail.jpg"
    thumbnail.write_bytes(value(database, "SELECT thumbnail FROM measures"))
    assert Image.open(thumbnail).size == (192, 256)


def test_phases_are_added_to_what_is_there(scan, tmp_path):
    pictures(tmp_path / "in", 3)
    database = tmp_path / "l.db"
    scan("in", "--db", database, "--phases", "1")
    assert rows(database, "SELECT DISTINCT phases, content_hash, models FROM files") == [(1, None, None)]
    assert value(database, "SELECT count(*) FROM photos WHERE phash IS NULL AND faces IS NULL AND objects IS NULL") == 3
    scan("in", "--db", database, "--phases", "1,2")
    assert last_run(database)[1]["phase_2"] == 3 and last_run(database)[1]["phase_3"] == 0
    before = rows(database, "SELECT file_id, phash, hex(thumbnail) FROM measures ORDER BY file_id")
    scan("in", "--db", database)
    settings, figures, _ = last_run(database)
    assert figures["phase_2"] == 0 and figures["phase_3"] == 3 and set(settings["networks"]) >= {"scenes", "matte"}
    assert rows(database, "SELECT file_id, phash, hex(thumbnail) FROM measures ORDER BY file_id") == before
    # The same as all at once.
    scan("in", "--db", tmp_path / "all.db")
    assert contents(database) == contents(tmp_path / "all.db")
    # Fewer are never too many.
    scan("in", "--db", database, "--phases", "1")
    assert last_run(database)[1]["unchanged"] == 3


def test_what_has_not_changed_is_left_alone(scan, tmp_path):
    pictures(tmp_path / "in", 4)
    database = tmp_path / "l.db"
    scan("in", "--db", database)
    before = contents(database)
    scan("in", "--db", database)
    assert last_run(database)[1]["unchanged"] == 4 and last_run(database)[1]["bytes_read"] == 0
    assert contents(database) == before
    # Another time of modification, the same content: known again without its pixels.
    os.utime(tmp_path / "in/001.jpg", ns=(1, 1))
    scan("in", "--db", database)
    figures = last_run(database)[1]
    assert figures["unchanged"] == 4 and figures["phase_1"] == 0 and figures["bytes_read"] > 0
    assert value(database, "SELECT mtime_ns FROM files WHERE path LIKE '%001.jpg'") == 1
    # Other content under the name.
    scene(50).save(tmp_path / "in/002.jpg")
    scan("in", "--db", database)
    assert last_run(database)[1]["scanned"] == 1
    os.utime(tmp_path / "in/001.jpg", ns=(1, 1))
    scan("in", "--db", tmp_path / "new.db")
    assert contents(database) == contents(tmp_path / "new.db")


def test_a_moved_file_keeps_its_row(scan, tmp_path):
    pictures(tmp_path / "in", 3)
    database = tmp_path / "l.db"
    scan("in", "--db", database)
    numbers = dict(rows(database, "SELECT path, id FROM files"))
    (tmp_path / "in/later").mkdir()
    os.rename(tmp_path / "in/001.jpg", tmp_path / "in/later/other.jpg")
    scan("in", "--db", database)
    figures = last_run(database)[1]
    assert figures["moved"] == 1 and figures["scanned"] == 0 and figures["gone"] == 0
    assert dict(rows(database, "SELECT path, id FROM files")) == {
        str(tmp_path / "in/000.jpg"): numbers[str(tmp_path / "in/000.jpg")],
        str(tmp_path / "in/later/other.jpg"): numbers[str(tmp_path / "in/001.jpg")],
        str(tmp_path / "in/002.jpg"): numbers[str(tmp_path / "in/002.jpg")]}
    # A copy is a file of its own.
    shutil.copy2(tmp_path / "in/000.jpg", tmp_path / "in/copy.jpg")
    scan("in", "--db", database)
    assert value(database, "SELECT count(*) FROM files") == 4
    assert sorted(rows(database, "SELECT tier, path FROM duplicates")) == [
        ("exact", str(tmp_path / "in/000.jpg")), ("exact", str(tmp_path / "in/copy.jpg"))]


def test_what_vanished_is_marked_and_forgotten_on_demand(scan, tmp_path):
    pictures(tmp_path / "in", 3)
    database = tmp_path / "l.db"
    scan("in", "--db", database)
    kept = (tmp_path / "in/001.jpg").read_bytes()
    mtime = os.stat(tmp_path / "in/001.jpg").st_mtime_ns
    before = contents(database)
    os.remove(tmp_path / "in/001.jpg")
    scan("in", "--db", database)
    assert state(database)[str(tmp_path / "in/001.jpg")] == "gone"
    assert last_run(database)[1]["gone"] == 1
    scan("in", "--db", database)
    assert last_run(database)[1]["gone"] == 0
    (tmp_path / "in/001.jpg").write_bytes(kept)
    os.utime(tmp_path / "in/001.jpg", ns=(mtime, mtime))
    scan("in", "--db", database)
    assert contents(database) == before
    os.remove(tmp_path / "in/001.jpg")
    scan("in", "--db", database, "--forget")
    assert names(database) == ["000.jpg", "002.jpg"]
    assert value(database, "SELECT count(*) FROM metadata") == 2


def test_another_folder_is_not_taken_for_gone(scan, tmp_path):
    pictures(tmp_path / "a", 1)
    pictures(tmp_path / "b", 1, first=5)
    database = tmp_path / "l.db"
    scan("a", "b", "--db", database, "--phases", "1")
    shutil.rmtree(tmp_path / "b")  # a disk that is not attached
    scan("a", "--db", database, "--phases", "1")
    assert set(state(database).values()) == {"ok"}


def test_recursion(scan, tmp_path):
    pictures(tmp_path / "in", 1)
    pictures(tmp_path / "in/sub", 1, first=3)
    scan("in", "--db", "a.db", "--phases", "1", "--no-recursive")
    scan("in", "--db", "b.db", "--phases", "1", "--recursive")
    assert names(tmp_path / "a.db") == ["000.jpg"] and names(tmp_path / "b.db") == ["000.jpg", "003.jpg"]
    assert "opposite" in scan("in", "--recursive", "--no-recursive", code=2).err


def test_jobs_and_batches_change_nothing(scan, tmp_path):
    pictures(tmp_path / "in", 9)
    scan("in", "--db", "one.db", "--jobs", "1")
    scan("in", "--db", "many.db", "--jobs", "5", "--batch", "4")
    assert contents(tmp_path / "one.db") == contents(tmp_path / "many.db")
    assert last_run(tmp_path / "many.db")[0]["batch"] == 4


def test_one_name_for_one_file(scan, tmp_path):
    pictures(tmp_path / "in/deep", 2)
    (tmp_path / "way").symlink_to(tmp_path / "in")
    scan("in", "--db", "l.db", "--phases", "1")
    scan("way/deep/..", "in/deep", "--db", "l.db", "--phases", "1")
    assert last_run(tmp_path / "l.db")[1]["unchanged"] == 2
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == 2


def test_interrupted_and_taken_up_again(scan, tmp_path):
    pictures(tmp_path / "in", 40)
    scan("in", "--db", "whole.db", *PIXELS)
    for number in (signal.SIGINT, signal.SIGTERM):
        database = tmp_path / f"{number}.db"
        process = scan.start("in", "--db", database, "--jobs", "1", *PIXELS)
        while not database.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(number)
        process.communicate(timeout=60)
        if process.returncode == 0:
            continue  # it was done before
        assert process.returncode == -number
        assert last_run(database)[1]["interrupted"] is True
        scan("in", "--db", database, *PIXELS)
        assert contents(database) == contents(tmp_path / "whole.db")


def test_killed_at_any_moment(scan, tmp_path):
    """Twenty kills, then one scan to the end: the library is what an undisturbed scan makes."""
    pictures(tmp_path / "in", 30)
    pictures(tmp_path / "in/more", 6, first=90, suffix=".png")
    shutil.copy2(tmp_path / "in/000.jpg", tmp_path / "in/copy.jpg")
    start = time.monotonic()
    scan("in", "--db", "whole.db", *PIXELS)
    whole = time.monotonic() - start
    database = tmp_path / "killed.db"
    for attempt in range(20):
        process = scan.start("in", "--db", database, "--jobs", "2", *PIXELS)
        time.sleep(min(whole, 2) * 0.7 * (attempt + 1) / 20)
        process.kill()
        process.communicate()
        if database.exists() and database.stat().st_size > 0:
            opened(database, "rw").close()
        if attempt == 9 and database.exists():  # half-way: gone is gone, and what is new is met again
            os.utime(tmp_path / "in/003.jpg")
    scan("in", "--db", database, *PIXELS)
    scan("in", "--db", "whole.db", *PIXELS)
    assert contents(database) == contents(tmp_path / "whole.db")


def test_two_scans_at_once(scan, tmp_path):
    pictures(tmp_path / "in", 30)
    first = scan.start("in", "--db", "l.db", "--jobs", "1", *PIXELS)
    while not (tmp_path / "l.db.lock").exists() and first.poll() is None:
        time.sleep(0.005)
    second = subprocess.run([*first.args], capture_output=True, cwd=tmp_path, env=scan.environment, timeout=60)
    if second.returncode != 0:  # else the first was done before the second began
        assert second.returncode == 3 and b"another scan" in second.stderr and b"--db" in second.stderr
    assert first.wait(timeout=120) == 0, first.stderr.read()
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == 30
    assert not (tmp_path / "l.db.lock").exists()


def test_watching(scan, tmp_path):
    pictures(tmp_path / "in", 1)
    database = tmp_path / "l.db"
    process = scan.start("in", "--db", database, "--phases", "1,2", "--watch")

    def wait_for(count):
        for _ in range(600):
            assert process.poll() is None, process.stderr.read()
            try:
                if value(database, "SELECT count(*) FROM files") == count:
                    return
            except Exception:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{count} files never came")

    wait_for(1)
    time.sleep(0.5)
    scene(8).save(tmp_path / "in/new.jpg")
    wait_for(2)
    shutil.copy2(tmp_path / "in/new.jpg", tmp_path / "in/twin.jpg")
    wait_for(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert len(rows(database, "SELECT path FROM duplicates WHERE tier = 'exact'")) == 2
    assert value(database, "SELECT count(*) FROM runs WHERE ended_at IS NOT NULL") == 1


def test_report_and_export(scan, tmp_path):
    pictures(tmp_path / "in", 2)
    scan("in", "--report", "r.html", "--export", "x.jsonl", "--export", "x.csv")
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [str(tmp_path / "in/000.jpg"), str(tmp_path / "in/001.jpg")]
    assert "<html" in (tmp_path / "r.html").read_text() and len((tmp_path / "x.csv").read_text().splitlines()) == 3
    assert "parquet" in scan("in", "--export", "x.doc", code=2).err


def test_progress_and_quiet(scan, tmp_path):
    pictures(tmp_path / "in", 3)
    assert "3/3" in scan("in", "--progress", "always").err
    assert scan("in", "-q").err == ""
    assert "seconds of all threads" in scan("in", "-v").err


def test_tuning_is_taken_by_later_scans(scan, tmp_path):
    pictures(tmp_path / "in", 4)
    done = scan("tune", "in", "--sample", "3", "--json", timeout=300)
    told = json.loads(done.stdout)
    assert {trial["batch"] for trial in told["trials"]} >= {1, 2} and told["pictures"] == 3
    config = tmp_path / "in/.peel/optimized_config.yaml"
    assert f"jobs: {told['best']['jobs']}\n" in config.read_text()
    scan("in", "--db", "before.db")
    assert last_run(tmp_path / "before.db")[0]["jobs"] == told["best"]["jobs"]
    config.write_text("jobs: 3\nbatch: 7\n")
    scan("in", "--db", "after.db")
    settings = last_run(tmp_path / "after.db")[0]
    assert (settings["jobs"], settings["batch"]) == (3, 7) and settings["from"].endswith("optimized_config.yaml")
    scan("in", "--db", "after.db", "--jobs", "2")
    settings = last_run(tmp_path / "after.db")[0]
    assert (settings["jobs"], settings["batch"]) == (2, 7)
    for bad in ("jobs: 0\n", "bath: 3\n", "- jobs\n", "jobs: [1\n", "precision: fp12\n"):
        config.write_text(bad)
        err = scan("in", code=2).err
        assert "optimized_config.yaml:" in err and "delete it" in err, err


def test_bench_measures_and_holds_the_gate(scan, tmp_path):
    pictures(tmp_path / "in", 4)
    told = json.loads(scan("bench", "in", "--sample", "3", "--json", timeout=300).stdout)
    assert told["gate"]["passes"] is True and told["gate"]["pictures"] == 3
    assert told["gate"]["labels"] == 1 and told["gate"]["cosine"] > 0.9999
    assert told["baseline"]["pictures_per_second"] > 0 and told["scan"]["pictures_per_second"] > 0
    assert not (tmp_path / "in/.peel").exists()


@pytest.mark.parametrize("given", [("--shard", "1/2"), ("--shard", "auto"), ("--shards", "2")])
def test_shards_are_refused_in_words(scan, tmp_path, given):
    pictures(tmp_path / "in", 1)
    err = scan("in", *given, code=2).err
    assert "library of its own" in err and "peel.arrow.scan" in err and not (tmp_path / "in/.peel").exists()
    assert b"--shard" not in scan("--help").stdout


def test_unknown_names(scan, tmp_path):
    assert "no such file" in scan("nowhere", "--db", "l.db", code=3).err
    assert "give a folder" in scan(code=2).err
    pictures(tmp_path / "in", 1)
    assert "--phases" in scan("in", "--phases", "3", code=2).err
    # One that is there is scanned all the same.
    assert "no such file" in scan("nowhere", "in", "--db", "l.db", "--phases", "1", code=1).err
    assert value(tmp_path / "l.db", "SELECT count(*) FROM files") == 1
    assert last_run(tmp_path / "l.db")[2][0]["kind"] == "unreadable"


@pytest.mark.parametrize("name", ["clip", "device"])
def test_networks_that_are_not_there(scan, tmp_path, name):
    pictures(tmp_path / "in", 1)
    given = {"clip": ["--clip", "nowhere"], "device": ["--device", "cuda", "--strict"]}[name]
    assert scan("in", *given, code=3).err
    assert "000.jpg" not in scan("in", *given, code=3).err  # no fault of the picture's
