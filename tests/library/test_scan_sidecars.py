"""XMP sidecars beside pictures: read in phase 1 above what the file says, again when they change, and nothing else
with them."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

import made_library as made
from scan_support import PEEL, contents, last_run, opened, pictures, rows, scene, value
from sidecar_styles import DIGIKAM, STYLES, saying

FIELDS = ("rating", "label", "title", "description", "keywords", "creator", "copyright", "taken_at", "taken_offset",
          "gps_lat", "gps_lon", "gps_alt", "orientation", "sidecar")


def photo(folder, name, **of):
    """A picture whose own file says something."""
    folder.mkdir(parents=True, exist_ok=True)
    exif = of.pop("exif", None)
    scene(of.pop("seed", 1)).save(folder / name, "JPEG", quality=90, **({"exif": exif} if exif else {}))
    return folder / name


def own_words():
    from PIL import Image
    exif = Image.Exif()
    exif[0x10E] = "the file's"
    exif[0x112] = 6
    exif[0x13B] = "the file's creator"
    exif[0x8298] = "the file's copyright"
    exif.get_ifd(0x8769)[0x9003] = "2001:02:03 04:05:06"
    return exif


def said(database, path):
    names = ", ".join(FIELDS)
    return dict(zip(FIELDS, rows(database, f"SELECT {names} FROM photos WHERE path = ?", str(path))[0]))


def run_figures(scan, *given, folder="in", **how):
    scan(folder, *given, **how)
    return last_run(scan.folder / folder / ".peel/library.db")[1]


@pytest.mark.parametrize("style", STYLES)
def test_what_exiftool_reads_of_it(scan, tmp_path, style):
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed (apt-get install libimage-exiftool-perl)")
    path = photo(tmp_path / "in", "one.jpg", exif=own_words())
    sidecar = tmp_path / "in/one.jpg.xmp"
    sidecar.write_bytes(STYLES[style])
    figures = run_figures(scan, "--phases", "1")
    assert figures["sidecars"] == 1 and figures["sidecars_unread"] == 0
    told = json.loads(subprocess.run(["exiftool", "-n", "-json", "-G1", sidecar], capture_output=True, check=True).stdout)[0]
    found = said(tmp_path / "in/.peel/library.db", path)
    as_list = lambda value: value if isinstance(value, list) else [] if value is None else [value]
    assert found["rating"] == told["XMP-xmp:Rating"]
    assert found["label"] == told.get("XMP-xmp:Label")
    assert found["title"] == told.get("XMP-dc:Title")
    assert found["description"] == told.get("XMP-dc:Description", "the file's")
    assert json.loads(found["keywords"]) == as_list(told["XMP-dc:Subject"])
    assert found["creator"] == ("; ".join(as_list(told.get("XMP-dc:Creator"))) or "the file's creator")
    assert found["copyright"] == told.get("XMP-dc:Rights", "the file's copyright")
    taken = str(told["XMP-exif:DateTimeOriginal"])
    assert found["taken_at"] == taken[:10].replace(":", "-") + "T" + taken[11:]
    if "XMP-exif:GPSLatitude" in told:
        assert abs(found["gps_lat"] - told["XMP-exif:GPSLatitude"]) < 1e-9
        assert abs(found["gps_lon"] - told["XMP-exif:GPSLongitude"]) < 1e-9
        assert value(tmp_path / "in/.peel/library.db", "SELECT country FROM photos") in ("Portugal", "Australia")
    if "XMP-exif:GPSAltitude" in told:
        assert abs(found["gps_alt"] - told["XMP-exif:GPSAltitude"]) < 1e-9
    assert found["orientation"] == 6  # of the pixels, whatever the sidecar says
    assert found["sidecar"] == str(sidecar)


def test_as_exiftool_copies_it_into_the_picture(scan, tmp_path):
    """The sidecar beside one picture, and written by exiftool into another that says nothing of its own."""
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed (apt-get install libimage-exiftool-perl)")
    beside, within = photo(tmp_path / "in", "beside.jpg"), photo(tmp_path / "in", "within.jpg")
    (tmp_path / "in/beside.xmp").write_bytes(DIGIKAM.encode())
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-tagsFromFile", tmp_path / "in/beside.xmp", "-xmp:all", within],
                   check=True)
    scan("in", "--phases", "1")
    one, other = (said(tmp_path / "in/.peel/library.db", path) for path in (beside, within))
    assert one.pop("sidecar") == str(tmp_path / "in/beside.xmp") and other.pop("sidecar") is None
    assert one == other and one["rating"] == 3


def test_names(scan, tmp_path):
    folder = tmp_path / "in"
    for i, name in enumerate(["a.jpg", "b.JPG", "b.jpeg", "c.jpg", "d.e.jpg", "f.jpg"]):
        photo(folder, name, seed=i)
    for name, title in {"a.jpg.xmp": "long", "a.xmp": "short", "b.XMP": "both's", "c.jpg.Xmp": "odd", "d.xmp": "nobody's",
                        "d.e.xmp": "d.e", "sub/f.xmp": "elsewhere"}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(saying(title=title))
    scan("in", "--phases", "1")
    database = folder / ".peel/library.db"
    titles = {os.path.basename(path): title for path, title in rows(database, "SELECT path, title FROM photos")}
    assert titles == {"a.jpg": "long", "b.JPG": "both's", "b.jpeg": "both's", "c.jpg": "odd", "d.e.jpg": "d.e", "f.jpg": None}
    assert value(database, "SELECT count(*) FROM photos WHERE path LIKE '%.xmp'") == 0
    # Named alone a picture has the same one, and nothing is to be done again.
    done = scan(folder / "a.jpg", folder / "c.jpg", "--phases", "1", "--db", database)
    assert last_run(database)[1]["unchanged"] == 2, done.err
    # The other name counts where the first is gone.
    os.remove(folder / "a.jpg.xmp")
    scan("in", "--phases", "1")
    assert value(database, "SELECT title FROM photos WHERE path LIKE '%/a.jpg'") == "short"


def test_what_changed_beside_it_alone_is_read_again(scan, tmp_path):
    folder, database = tmp_path / "in", tmp_path / "in/.peel/library.db"
    pictures(folder, 4)
    scene(4).save(folder / "004.png")
    with open(folder / "003.jpg", "r+b") as file:  # damaged: told by phase 2 alone, and kept
        file.truncate(os.path.getsize(folder / "003.jpg") * 2 // 3)
    scan("in", "--phases", "1,2", code=1)
    before = contents(database)
    assert any(row[6] == "partial" and row[7] for row in before["files"])

    def changed(title, **other):
        figures = run_figures(scan, "--phases", "1,2")
        assert figures["phase_1"] == other.get("read", 1) and figures["phase_2"] == 0, figures
        assert value(database, "SELECT title FROM photos WHERE path LIKE '%/003.jpg'") == title
        now = contents(database)
        for table in ("files", "measures", "scenes", "objects", "duplicates"):
            assert now[table] == before[table], table
        return figures

    sidecar = folder / "003.jpg.xmp"
    sidecar.write_text(saying(title="added", keywords=["k"]))
    assert changed("added")["unchanged"] == 4
    assert changed("added", read=0)["unchanged"] == 5
    sidecar.write_text(saying(title="changed", keywords=["k"]))
    changed("changed")
    os.utime(sidecar, (1, 1))
    changed("changed")
    os.remove(sidecar)
    changed(None)
    assert contents(database)["metadata"] == before["metadata"]


def test_nothing_changed_reads_no_sidecar(scan, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed (apt-get install strace)")
    pictures(tmp_path / "in", 3)
    (tmp_path / "in/001.xmp").write_text(saying(rating=2))
    scan("in", "--phases", "1")

    def calls(which):
        trace = tmp_path / "trace"
        subprocess.run(["strace", "-f", "-o", trace, "-e", f"trace={which}", PEEL, "scan", "in", "--phases", "1"], cwd=tmp_path,
                       env=scan.environment, capture_output=True, check=True)
        return [line for line in trace.read_text(errors="replace").splitlines() if ".xmp" in line.lower()]

    assert calls("open,openat") == []
    # One look at the one that is there, none for those that are not.
    assert len(calls("stat,lstat,newfstatat,statx")) == 1
    (tmp_path / "in/001.xmp").write_text(saying(rating=3))
    assert len(calls("open,openat")) == 1


def test_what_cannot_be_read_is_told(scan, tmp_path):
    folder, database = tmp_path / "in", tmp_path / "in/.peel/library.db"
    for i, name in enumerate(["cut", "html", "empty", "large", "fine"]):
        photo(folder, name + ".jpg", seed=i, exif=own_words())
    (folder / "cut.xmp").write_bytes(DIGIKAM.encode()[:-200])
    (folder / "html.jpg.xmp").write_text("<html><body>Not found</body></html>")
    (folder / "empty.xmp").write_bytes(b"")
    with open(folder / "large.xmp", "wb") as file:
        file.truncate((16 << 20) + 1)
    (folder / "fine.xmp").write_text(saying(rating=1))
    done = scan("in", "--phases", "1")
    _, figures, report = last_run(database)
    told = {os.path.basename(line["path"]): line["message"] for line in report if line["kind"] == "sidecar"}
    assert set(told) == {"cut.xmp", "html.jpg.xmp", "empty.xmp", "large.xmp"} and figures["sidecars_unread"] == 4
    assert "damaged" in told["cut.xmp"] and "holds no XMP" in told["html.jpg.xmp"] and all(t in done.err for t in told)
    assert rows(database, "SELECT DISTINCT status, description FROM photos") == [("ok", "the file's")]
    assert value(database, "SELECT count(rating) FROM photos") == 1
    # Bytes stay as they are: they are not read again until they change.
    assert run_figures(scan, "--phases", "1")["unchanged"] == 5
    (folder / "cut.xmp").write_text(saying(rating=5))
    assert run_figures(scan, "--phases", "1")["phase_1"] == 1
    assert value(database, "SELECT rating FROM photos WHERE path LIKE '%/cut.jpg'") == 5


def test_a_picture_that_moves_with_its_sidecar(scan, tmp_path):
    folder, database = tmp_path / "in", tmp_path / "in/.peel/library.db"
    photo(folder, "one.jpg")
    (folder / "one.jpg.xmp").write_text(saying(rating=4))
    scan("in", "--phases", "1,2")
    (folder / "sub").mkdir()
    for name in ("one.jpg", "one.jpg.xmp"):
        os.rename(folder / name, folder / "sub" / name)
    figures = run_figures(scan, "--phases", "1,2")
    assert figures["moved"] == 1 and figures["phase_1"] == 0
    assert rows(database, "SELECT rating, sidecar FROM photos") == [(4, str(folder / "sub/one.jpg.xmp"))]
    # Without it: its file's words count again, and nothing else is done.
    os.rename(folder / "sub/one.jpg", folder / "two.jpg")
    figures = run_figures(scan, "--phases", "1,2")
    assert figures["phase_1"] == 1 and figures["phase_2"] == 0
    assert rows(database, "SELECT rating, sidecar, status, content_hash IS NULL FROM photos") == [(None, None, "ok", 0)]


def test_one_that_is_written_while_it_watches(scan, tmp_path):
    folder, database = tmp_path / "in", tmp_path / "in/.peel/library.db"
    photo(folder, "one.jpg")
    photo(folder, "one.jpeg", seed=2)
    process = scan.start("in", "--phases", "1", "--watch")
    while b"watching" not in process.stderr.readline():
        assert process.poll() is None
    (folder / "one.part").write_text(saying(title="written"))
    os.rename(folder / "one.part", folder / "one.xmp")
    end = time.monotonic() + 60
    while value(database, "SELECT count(title) FROM photos") < 2 and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert rows(database, "SELECT title, count(*) FROM photos GROUP BY 1") == [("written", 2)]


def test_found_and_exported(scan, tmp_path):
    photo(tmp_path / "in", "one.jpg")
    (tmp_path / "in/one.xmp").write_text(saying(title="Tram", keywords=["yellow"], rating=5))
    scan("in", "--phases", "1", "--export", "out.jsonl", "--report", "r.html")
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert row["title"] == "Tram" and row["keywords"] == ["yellow"] and row["sidecar"].endswith("one.xmp")
    db = tmp_path / "in/.peel/library.db"
    assert b"one.jpg" in scan("find", "--db", db, "yellow", "tram").stdout
    assert b"one.jpg" in scan("find", "--db", db, "--where", "rating = 5 AND sidecar IS NOT NULL").stdout


def test_a_library_from_before_sidecars(scan, tmp_path):
    """Made anew from the layout before: headers are read once more, and nothing else."""
    folder, database = tmp_path / "in", tmp_path / "in/.peel/library.db"
    pictures(folder, 3)
    scan("in", "--phases", "1,2")
    before = contents(database)
    connection = opened(database, "rw")
    made.without_sidecars(connection)
    connection.close()
    (folder / "001.xmp").write_text(saying(title="new"))
    figures = run_figures(scan, "--phases", "1,2")
    assert figures["phase_1"] == 3 and figures["phase_2"] == 0 and figures["sidecars"] == 1
    now = contents(database)
    assert now["files"] == before["files"] and now["measures"] == before["measures"]
    assert run_figures(scan, "--phases", "1,2")["unchanged"] == 3
