"""`peel scan --export`: every form holds the view `photos` whole, as other readers see it."""
import csv
import json
import os
import sqlite3

import numpy as np
import pytest

import made_library as made

# Rows that a scan may well give: nothing known, everything known, text that has to be quoted.
ODD = 'comma, "quotes"\r\nand a line; =SUM(A1) <b>'


@pytest.fixture
def library(tmp_path):
    database = made.empty(tmp_path / "l.db")
    made.add(database, "/p/none.jpg", status="error", error="no picture", phases=0)
    made.add(database, "/p/" + ODD + ".jpg", content_hash="00", metadata=dict(
        width=40, height=30, orientation=6, title=ODD, description="", keywords=json.dumps(["a", ODD, "ü"]), iso=2**40,
        flash=1, is_animated=0, motion_photo=1, exposure_s=1 / 3, gps_lat=-0.1, gps_lon=1e-7, rating=-1, bit_depth=16),
        measures=dict(phash="0" * 64, quality=0.25, dominant_colors='[{"hex":"#010203","share":0.5}]'),
        scene="tabby cat", embedding=[3, 4, 0], objects=["dog", "cat"], faces=[(0, 0, 1, 1)])
    made.add(database, "/p/empty.jpg", metadata=dict(width=1, height=1, keywords="[]"), phases=7)
    database.commit()
    database.close()
    (tmp_path / "in").mkdir()
    return tmp_path / "l.db"


def view(library):
    connection = sqlite3.connect(library)
    cursor = connection.execute("SELECT * FROM photos ORDER BY path")
    names = [column[0] for column in cursor.description]
    return names, [dict(zip(names, row)) for row in cursor]


def exported(scan, library, name):
    scan("in", "--db", library, "--phases", "1", "--export", name)
    return scan.folder / name


LISTS = ("keywords", "objects")
BOOLEANS = ("flash", "is_animated", "motion_photo")


def wanted(row):
    """A row of the view as JSON and Parquet should have it."""
    row = dict(row)
    for name in (*LISTS, "dominant_colors"):
        row[name] = json.loads(row[name]) if row[name] is not None else None
    for name in BOOLEANS:
        row[name] = bool(row[name]) if row[name] is not None else None
    if row["embedding"] is not None:
        row["embedding"] = np.frombuffer(row["embedding"], "<f2").astype(float).tolist()
    return row


def test_csv(scan, library):
    path = exported(scan, library, "out.csv")
    names, rows = view(library)
    text = path.read_bytes()
    assert text.endswith(b"\r\n") and b"\n" not in text.replace(b"\r\n", b"")
    with open(path, newline="", encoding="utf-8") as file:
        table = list(csv.reader(file, strict=True))
    assert table[0] == names and len(table) == 1 + len(rows)
    import base64
    for cells, row in zip(table[1:], rows):
        for name, cell in zip(names, cells):
            value = row[name]
            if value is None:
                assert cell == "", name
            elif name == "embedding":
                assert base64.b64decode(cell) == value
            elif isinstance(value, float):
                assert float(cell) == value, name
            else:
                assert cell == str(value), name
    # What is not known is told from what is empty.
    assert b',"",' in text


@pytest.mark.parametrize("name", ["out.json", "out.jsonl", "OUT.JSONL"])
def test_json(scan, library, name):
    path = exported(scan, library, name)
    names, rows = view(library)
    text = path.read_text(encoding="utf-8")
    found = [json.loads(line) for line in text.splitlines()] if name.lower().endswith("l") else json.loads(text)
    assert [list(row) for row in found] == [names] * len(rows)
    for got, row in zip(found, map(wanted, rows)):
        embedding, true = got.pop("embedding"), row.pop("embedding")
        assert (embedding is None) == (true is None) and np.allclose(embedding or [], true or [], atol=1e-7)
        assert got == row


def test_an_empty_library(scan, tmp_path):
    made.empty(tmp_path / "l.db").close()
    (tmp_path / "in").mkdir()
    assert json.loads(exported(scan, tmp_path / "l.db", "x.json").read_text()) == []
    assert exported(scan, tmp_path / "l.db", "x.jsonl").read_bytes() == b""
    assert exported(scan, tmp_path / "l.db", "x.csv").read_bytes().count(b"\r\n") == 1
    assert exported(scan, tmp_path / "l.db", "x.parquet").read_bytes()[-4:] == b"PAR1"


def test_parquet(scan, library):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: tests/requirements.txt")
    path = exported(scan, library, "out.parquet")
    names, rows = view(library)
    table = parquet.read_table(path)
    assert table.column_names == names
    types = {field.name: str(field.type) for field in table.schema}
    assert types["path"] == "string" and types["size"] == types["iso"] == "int64" and types["mtime"] == "double"
    assert types["flash"] == "bool" and types["keywords"].startswith("list<") and "string" in types["objects"]
    assert types["embedding"].startswith("list<") and "float" in types["embedding"]
    for got, row in zip(table.to_pylist(), map(wanted, rows), strict=True):
        if got["dominant_colors"] is not None:
            got["dominant_colors"] = json.loads(got["dominant_colors"])
        embedding, true = got.pop("embedding"), row.pop("embedding")
        assert (embedding is None) == (true is None) and np.allclose(embedding or [], true or [], atol=1e-7)
        assert got == row
    metadata = parquet.ParquetFile(path).metadata
    assert metadata.row_group(0).column(0).compression == "GZIP" and metadata.created_by.startswith("peel")


def test_parquet_in_several_groups(scan, tmp_path):
    """More rows than one group takes."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: tests/requirements.txt")
    database = made.empty(tmp_path / "l.db")
    database.executemany("INSERT INTO files(path, size, mtime_ns, status, scanned_at) VALUES (?, ?, 0, 'ok', '')",
                         ((f"/p/{i:06}.jpg", i) for i in range(70000)))
    database.commit()
    database.close()
    (tmp_path / "in").mkdir()
    path = exported(scan, tmp_path / "l.db", "x.parquet")
    assert parquet.ParquetFile(path).num_row_groups == 2
    assert parquet.read_table(path, columns=["size"])["size"].to_pylist() == list(range(70000))


def test_other_names_are_refused_before_anything_is_done(scan, library):
    for name in ("out.xlsx", "out", ".csv/out"):
        done = scan("in", "--db", library, "--phases", "1", "--export", name, code=2)
        assert ".parquet" in done.err and name in done.err


def test_what_cannot_be_written_is_told(scan, library, tmp_path):
    done = scan("in", "--db", library, "--phases", "1", "--export", "no/such/x.csv", code=1)
    assert "no/such/x.csv" in done.err
    (tmp_path / "old.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("old.csv")
    exported(scan, library, "link.csv")
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "old.csv").read_text().startswith("path,size")
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix not in (".db-wal", ".db-shm")) == [
        "in", "l.db", "link.csv", "old.csv"]
    assert os.path.getsize(tmp_path / "old.csv") > 100
