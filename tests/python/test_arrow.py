"""peel.arrow: a batch in, a batch out; what is wrong with a row stays in the row."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `pip install .`")
pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

import pyarrow.fs  # noqa: E402

import peel.arrow  # noqa: E402
from peel._runner import runner_for  # noqa: E402
from pictures import ball, encoded, sheets  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM",
                                      pathlib.Path(__file__).resolve().parents[2] / "build/peel"))
CRASH, HANG = b"PEEL-TEST-CRASH", b"PEEL-TEST-HANG"


def picture(number):
    return encoded(ball(60 + 8 * number, 50))


def batch_of(data, **more):
    return pa.record_batch({"id": [f"n{i}" for i in range(len(data))], "bytes": pa.array(data, pa.binary()), **more})


@pytest.fixture(scope="module")
def page():
    return encoded(np.asarray(sheets.photo_of(sheets.CORNERS)), "JPEG", quality=90)


def test_rows_are_what_cut_gives():
    data = [picture(i) for i in range(5)]
    batch = batch_of(data, more=[1.5, None, 2.5, 3.5, 4.5])
    done = peel.arrow.cut(batch)
    assert isinstance(done, pa.RecordBatch) and done.schema == peel.arrow.schema(batch.schema)
    assert done.schema.names == ["id", "more", "bytes", "width", "height", "subject", "status", "error", "device", "ms"]
    for row, before, one in zip(done.to_pylist(), batch.to_pylist(), data):
        assert row["bytes"] == peel.cut(one) and (row["id"], row["more"]) == (before["id"], before["more"])
        assert (row["status"], row["error"], row["device"]) == ("done", None, "cpu") and row["ms"] > 0
        assert row["subject"] is True and (row["width"], row["height"]) == (60 + 8 * data.index(one), 50)


def test_a_bad_row_is_a_row(tmp_path):
    good = picture(0)
    (tmp_path / "a b.png").write_bytes(good)
    data = [good, b"", b"no picture", good[:200], None, None, None, None, None]
    uris = [None, None, None, None, str(tmp_path / "a b.png"), (tmp_path / "a b.png").as_uri(),
            str(tmp_path / "none.png"), "nothing://x/y", None]
    rows = peel.arrow.cut(batch_of(data, uri=uris)).to_pylist()
    assert [row["status"] for row in rows] == ["done"] + ["failed"] * 3 + ["done"] * 2 + ["failed"] * 3
    assert all((row["error"] is None) == (row["status"] == "done") == (row["bytes"] is not None) for row in rows)
    for row, text in zip(rows[6:], ("not found", "no place that pyarrow knows", "neither bytes nor uri")):
        assert text in row["error"]
    assert rows[4]["bytes"] == rows[5]["bytes"] == peel.cut(good)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(5 << 30)
    uris = [str(tmp_path / name) for name in ("pipe", "huge", "")] + ["/dev/zero"]
    errors = peel.arrow.cut(pa.table({"id": uris, "uri": uris})).column("error").to_pylist()
    assert [error.split(":")[0] for error in errors] == [
        "input or output failed", "limit exceeded", "input or output failed", "input or output failed"]
    assert "is no file" in errors[0] and "4 GiB" in errors[1]


def test_every_type_of_column(tmp_path):
    good = picture(0)
    wanted = peel.cut(good)
    (tmp_path / "p.png").write_bytes(good)
    for type in (pa.binary(), pa.large_binary(), pa.binary(len(good)), pa.binary_view()):
        done = peel.arrow.cut(pa.table({"id": [1, None], "bytes": pa.array([good, good], type)}))
        assert isinstance(done, pa.Table) and done.column("bytes").to_pylist() == [wanted, wanted], type
        assert pa.types.is_large_binary(done.schema.field("bytes").type) == (type == pa.large_binary())
    for type in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        uris = pa.array([str(tmp_path / "p.png")] * 2, pa.string()).cast(type)
        assert peel.arrow.cut(pa.table({"id": [1, 2], "uri": uris})).column("bytes").to_pylist() == [wanted] * 2
    empty = peel.arrow.cut(batch_of([good]).slice(0, 0))
    assert empty.num_rows == 0 and empty.schema == peel.arrow.schema(batch_of([good]).schema)
    chunked = pa.concat_tables([pa.Table.from_batches([batch_of([good])])] * 3)
    assert peel.arrow.cut(chunked).num_rows == 3


def test_filesystems(tmp_path):
    good = picture(0)
    (tmp_path / "below").mkdir()
    (tmp_path / "below/p.png").write_bytes(good)
    uris = pa.table({"id": [1, 2], "uri": ["below/p.png", "below/none.png"]})
    sub = pa.fs.SubTreeFileSystem(str(tmp_path), pa.fs.LocalFileSystem())
    rows = peel.arrow.cut(uris, filesystem=sub).to_pylist()
    assert rows[0]["bytes"] == peel.cut(good) and "not found" in rows[1]["error"]
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    memory = fsspec.filesystem("memory")
    memory.pipe("/below/p.png", good)
    assert peel.arrow.cut(uris, filesystem=memory).to_pylist()[0]["bytes"] == peel.cut(good)
    with pytest.raises(TypeError, match="filesystem"):
        peel.arrow.cut(uris, filesystem="s3")


def test_options_count():
    one = [encoded(ball(300, 200))]
    plain = peel.arrow.cut(batch_of(one)).to_pylist()[0]
    assert plain["bytes"].startswith(b"\x89PNG")
    for options, check in (({"format": "jpg", "quality": 40}, lambda row: row["bytes"].startswith(b"\xff\xd8")),
                           ({"max_size": 60}, lambda row: row["width"] == 60),
                           ({"crop": True}, lambda row: row["width"] < 300),
                           ({"mask": True}, lambda row: row["bytes"] == peel.matte(one[0])),
                           ({"background": "white"}, lambda row: row["bytes"] == peel.cut(one[0], background="white"))):
        row = peel.arrow.cut(batch_of(one), **options).to_pylist()[0]
        assert row["status"] == "done" and check(row) and row["bytes"] != plain["bytes"], options
    limited = peel.arrow.cut(batch_of(one), max_pixels=100).to_pylist()[0]
    assert limited["status"] == "failed" and limited["error"].startswith("limit exceeded")


def test_jobs_is_how_many_at_a_time(monkeypatch):
    from peel._work import Row, Work

    at_once, most, lock = 0, 0, threading.Lock()

    def run(self, data):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return Row(data, "done")

    monkeypatch.setattr(Work, "run", run)
    for jobs in (1, 3):
        most = 0
        peel.arrow.cut(batch_of([b"x"] * 12), jobs=jobs)
        assert most == jobs


def test_wrong_usage_is_raised():
    good = batch_of([picture(0)])
    for wrong in (pa.record_batch({"bytes": [b""]}), pa.record_batch({"id": [1]}),
                  pa.record_batch({"id": [1], "bytes": ["text"]}), pa.record_batch({"id": [1], "uri": [3]}),
                  pa.record_batch([pa.array([1])] * 2 + [pa.array([b""])], names=["id", "id", "bytes"])):
        with pytest.raises(peel.InvalidArgument, match="column"):
            peel.arrow.cut(wrong)
    for options in ({"edges": "sharp"}, {"quality": 101}, {"timeout": 3}, {"isolate": True, "timeout": 0},
                    {"jobs": 0}):
        with pytest.raises(peel.InvalidArgument):
            peel.arrow.cut(good, **options)
    for options in ({"bgr": True}, {"colour": 1}, {"trimap": "x.png"}, {"kind": "document"},
                    {"isolate": True, "timeout": "long"}):
        with pytest.raises(TypeError):
            peel.arrow.cut(good, **options)
    with pytest.raises(TypeError, match="RecordBatch"):
        peel.arrow.cut({"id": [1], "bytes": [b""]})
    with pytest.raises(peel.NotFound):
        peel.arrow.cut(good, model="/nowhere/model.onnx")
    with pytest.raises(peel.NotFound):
        peel.arrow.cut(good, model="/nowhere/model.onnx", isolate=True)
    with pytest.raises(peel.InvalidArgument, match="kind"):
        peel.arrow.schema(good.schema, "peel")


def test_what_crashes_or_hangs_costs_itself_alone(monkeypatch):
    monkeypatch.setenv("PEEL_TEST_CHILD", "1")
    data = [picture(i) for i in range(6)]
    broken = [*data[:2], data[2] + CRASH, data[3], data[4] + HANG, data[5]]
    rows = peel.arrow.cut(batch_of(broken), isolate=True, timeout=6, jobs=2).to_pylist()
    for i in (0, 1, 3, 5):
        assert rows[i]["bytes"] == peel.cut(data[i]), rows[i]["error"]
    assert rows[2]["error"] == "given up after 2 tries: the process that worked on it was ended by SIGABRT"
    assert rows[4]["error"] == "given up after 2 tries: took longer than 6 seconds"


def test_the_process_beside_goes_on(monkeypatch):
    """One for all batches, another after it was ended from outside, none left behind."""
    options = {"isolate": True, "timeout": 60, "jobs": 2}
    runner = runner_for("cut", 2, True, 60, {})
    data = [picture(i) for i in range(3)]
    wanted = [peel.cut(one) for one in data]
    for expected_starts in (1, 1):
        assert peel.arrow.cut(batch_of(data), **options).column("bytes").to_pylist() == wanted
        assert runner._guard.starts == expected_starts
    os.kill(runner.child, signal.SIGKILL)
    assert peel.arrow.cut(batch_of(data), **options).column("bytes").to_pylist() == wanted
    assert runner._guard.starts == 2


def test_a_run_that_is_given_up_leaves_nothing_to_the_next():
    runner = runner_for("cut", 2, True, 60, {})
    data = [picture(i) for i in range(6)]
    for _ in runner.run(iter(enumerate(data))):
        break  # the others are at hand

    def breaks():
        yield from enumerate(data[:3])
        raise OSError("no more of them")

    with pytest.raises(OSError, match="no more"):
        list(runner.run(breaks()))
    again = dict(runner.run(iter(enumerate(reversed(data)))))
    assert [again[i].data for i in range(6)] == [peel.cut(one) for one in reversed(data)]


def test_no_process_outlives_its_parent(tmp_path):
    (tmp_path / "p.png").write_bytes(picture(0))
    done = subprocess.run([sys.executable, "-c", f"""
import os, pyarrow, peel.arrow
from peel._runner import runner_for
batch = pyarrow.record_batch({{"id": [1], "uri": [{str(tmp_path / "p.png")!r}]}})
assert peel.arrow.cut(batch, isolate=True, jobs=1).column("status")[0].as_py() == "done"
print(runner_for("cut", 1, True, None, {{}}).child, flush=True)
os.kill(os.getpid(), 9)
"""], capture_output=True, text=True, timeout=120)
    child = int(done.stdout)
    for _ in range(200):
        try:
            state = pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


def test_rectify(page):
    batch = batch_of([page, picture(0), b"no picture"])
    done = peel.arrow.rectify(batch, max_size=300)
    assert done.schema == peel.arrow.schema(batch.schema, "rectify")
    found, _, bad = done.to_pylist()
    single = peel.rectify(page, max_size=300)
    assert found["bytes"] == single.image and found["corners"] == single.corners.ravel().tolist()
    assert (found["status"], found["kind"], found["turn"]) == ("done", single.kind, single.turn)
    assert bad["status"] == "failed"
    nothing = peel.arrow.rectify(batch_of([encoded(ball(64, 48) * 0)])).to_pylist()[0]
    assert nothing["status"] == "abstained" and nothing["error"] and nothing["bytes"] is None
    bw = peel.arrow.rectify(batch, max_size=300, enhance="bw").to_pylist()[0]
    assert bw["bytes"] != found["bytes"]
    with pytest.raises(TypeError, match="corners"):
        peel.arrow.rectify(batch, corners=[(0, 0)] * 4)


def test_scan(tmp_path):
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    (tmp_path / "p.jpg").write_bytes(encoded(ball(90, 70), "JPEG"))
    batch = batch_of([picture(0), b"no picture", None, None], uri=[None, None, str(tmp_path / "p.jpg"), "none.jpg"])
    done = peel.arrow.scan(batch, program=str(PROGRAM), phases="1,2")
    assert done.schema == peel.arrow.schema(batch.schema, "scan") and "bytes" not in done.schema.names
    rows = done.to_pylist()
    assert [row["status"] for row in rows] == ["done", "failed", "done", "failed"]
    assert (rows[0]["format"], rows[0]["width"], rows[2]["format"], rows[2]["width"]) == ("png", 60, "jpeg", 90)
    assert rows[0]["phash"] and rows[0]["objects"] is None and "no picture" not in rows[1]["error"]
    assert "peel-scan-" not in rows[1]["error"] and "not found" in rows[3]["error"]
    headers = peel.arrow.scan(batch, program=str(PROGRAM), phases="1", jobs=1).to_pylist()
    assert headers[0]["width"] == 60 and headers[0]["phash"] is None
    assert "longer than" in peel.arrow.scan(batch, program=str(PROGRAM), timeout=1e-3).to_pylist()[0]["error"]
    with pytest.raises(peel.NotFound):
        peel.arrow.scan(batch, program="/nowhere/peel")
    with pytest.raises(peel.InvalidArgument, match="phases"):
        peel.arrow.scan(batch, program=str(PROGRAM), phases="2")


def test_without_pyarrow():
    done = subprocess.run([sys.executable, "-c", """
import sys
sys.modules["pyarrow"] = None
import peel, peel.arrow, peel.ray
try:
    peel.arrow.cut(None)
except ImportError as error:
    print(error)
sys.modules["ray"] = None
try:
    peel.ray.cut(None)
except ImportError as error:
    print(error)
"""], capture_output=True, text=True, timeout=120)
    assert "pip install 'peel[arrow]'" in done.stdout and "pip install 'peel[ray]'" in done.stdout, done.stderr
