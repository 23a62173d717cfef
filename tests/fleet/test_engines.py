"""Spark, Dask and Daft: the programs in examples/fleet, run as they stand."""
import os
import shutil
import subprocess
import sys

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `make python`")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")

import pyarrow.parquet as parquet  # noqa: E402

from fleet_support import ROOT, contents, folder_of, table_of  # noqa: E402

COUNT = 9


def run(example, *given):
    done = subprocess.run([sys.executable, ROOT / "examples/fleet" / example, *map(str, given)], capture_output=True,
                          text=True, timeout=280, env={**os.environ, "PYSPARK_PYTHON": sys.executable,
                                                       "SPARK_LOCAL_IP": "127.0.0.1"})
    assert done.returncode == 0, done.stderr[-3000:]


def rows_of(folder):
    files = sorted(path for path in folder.rglob("*.parquet") if not path.name.startswith((".", "_")))
    return [row for path in files for row in parquet.read_table(path, partitioning=None).to_pylist()]


def judge(rows, wanted):
    """Each id once, with the bytes that peel.cut gives; what is no picture as a row."""
    assert sorted(row["id"] for row in rows) == sorted(wanted)
    for row in rows:
        data = wanted[row["id"]]
        if data == b"no picture":
            assert row["status"] == "failed" and row["error"] and row["bytes"] is None
        else:
            assert row["status"] == "done" and row["bytes"] == peel.cut(data, max_size=1024), row["error"]


def test_spark(tmp_path):
    pytest.importorskip("pyspark", reason="pyspark is not installed; `make test-fleet` has it")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    source = folder_of(tmp_path / "in", COUNT)
    (source / "bad.jpg").write_bytes(b"no picture")
    run("spark_cut.py", source, tmp_path / "out")
    judge(rows_of(tmp_path / "out"), {(source / name).as_uri().replace("file:///", "file:/"): data
                                      for name, data in contents(source).items()})


@pytest.mark.parametrize("engine", ["dask", "daft"])
def test_of_parquet(engine, tmp_path):
    pytest.importorskip(engine, reason=f"{engine} is not installed; `make test-fleet` has it")
    table = table_of(COUNT, bad=(4,))
    parquet.write_table(table, tmp_path / "in.parquet", row_group_size=4)
    run(f"{engine}_cut.py", tmp_path / "in.parquet", tmp_path / "out")
    judge(rows_of(tmp_path / "out"), dict(zip(table.column("id").to_pylist(), table.column("bytes").to_pylist())))


def test_ray(tmp_path):
    pytest.importorskip("ray", reason="ray is not installed; `make test-fleet` has it")
    source = folder_of(tmp_path / "in", COUNT)
    done = subprocess.run([sys.executable, ROOT / "examples/fleet/ray_cut.py", source, tmp_path / "out"], timeout=280,
                          capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(contents(tmp_path / "out")) == COUNT + 1 and (tmp_path / "report.jsonl").exists()
