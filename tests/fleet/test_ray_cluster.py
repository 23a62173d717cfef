"""peel.ray on a cluster of two nodes on this machine: pipelines, resuming, rows that cannot be done."""
import json
import subprocess

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `make python`")
pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
ray = pytest.importorskip("ray", reason="ray is not installed; `make test-fleet` has it")
pytest.importorskip("ray.data", reason="ray is here without ray[data]; `make test-fleet` has it")

import peel.arrow  # noqa: E402
import peel.ray  # noqa: E402
from fleet_support import (HANG, PROGRAM, cluster_of, contents, folder_of, judge, picture, table_of,  # noqa: E402
                           undisturbed)

ONE = {"num_cpus": 1, "threads": 1}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def two_nodes():
    """For tests that leave them as they are; run before those that have clusters of their own."""
    with cluster_of(1, 1, PEEL_TEST_CHILD="1") as nodes:
        yield nodes


def test_a_picture_that_takes_its_actor_along(two_nodes):
    """Without a process between: the ledger knows it when its batch comes again."""
    table = table_of(12, poisoned=(6,))
    dataset = peel.ray.cut(ray.data.from_arrow(table), actors=1, isolate=False, **ONE)
    rows = dataset.take_all()
    judge(rows, undisturbed(table_of(12)), poisoned={"id-6"})
    assert "its worker was lost each of the 3 times" in [row for row in rows if row["id"] == "id-6"][0]["error"]


def test_folders(two_nodes, tmp_path):
    """The names, bytes and manifest of the program; resumed; what hangs is told."""
    source = folder_of(tmp_path / "in", 20)
    (source / "bad.jpg").write_bytes(b"no picture")
    (source / "a/hangs.png").write_bytes(picture(2) + HANG)
    told = []
    done = peel.ray.cut_folder(source, tmp_path / "out", timeout=20, batch_size=4, progress=told.append,
                               report=tmp_path / "r.jsonl", **ONE)
    assert (done.total, done.done, done.skipped, done.failed) == (23, 21, 0, 2) and told, done
    assert {name: error.split(":")[0] for name, error in done.failures} == {
        "bad.jpg": "unsupported", "a/hangs.png": "given up after 2 tries"}
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert len({line["input"] for line in lines}) == len(lines) == 23
    first = contents(tmp_path / "out")
    assert "p0000.cut.png" in first and "p0000.png.cut.png" in first and "a/b/p0002.cut.png" in first
    assert [path.name for path in (tmp_path / "out").glob(".peel-manifest*")] == [".peel-manifest"]
    (source / "a/hangs.png").unlink()
    (source / "p0003.png").write_bytes(picture(77))
    (tmp_path / "out/p0006.cut.png").unlink()
    again = peel.ray.cut_folder(source, tmp_path / "out", batch_size=4, **ONE)
    assert (again.done, again.skipped, again.failed) == (2, 19, 1), again
    (source / "bad.jpg").unlink()
    other = peel.ray.cut_folder(source, tmp_path / "out", max_size=30, recursive=False, **ONE)
    assert (other.total, other.done) == (8, 8), other  # other settings
    all_anew = peel.ray.cut_folder(source, tmp_path / "out", max_size=30, recursive=False, resume=False, **ONE)
    assert (all_anew.done, all_anew.skipped) == (8, 0)


def test_the_program_goes_on_where_ray_stopped(two_nodes, tmp_path):
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    source = folder_of(tmp_path / "in", 10)

    def program(out, *given):
        done = subprocess.run([PROGRAM, source, "-O", out, "--recursive", "--skip-existing", "-v", *given],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stderr.strip().splitlines()[-1]

    for given, options in (([], {}), (["--max-size", "40", "--format", "webp", "--quality", "70"],
                                      {"max_size": 40, "format": "webp", "quality": 70}),
                           (["--mask", "--edges", "off"], {"mask": True, "edges": "off"}),
                           (["--background", "#ff0000", "--crop", "3"], {"background": (255, 0, 0), "crop": 3})):
        name = "-".join(options) or "plain"
        assert peel.ray.cut_folder(source, tmp_path / f"ray-{name}", **options, **ONE).done == 11
        assert "0 done, 11 skipped" in program(tmp_path / f"ray-{name}", *given), given
        assert "11 done" in program(tmp_path / f"peel-{name}", *given)
        assert contents(tmp_path / f"ray-{name}") == contents(tmp_path / f"peel-{name}")
        assert peel.ray.cut_folder(source, tmp_path / f"peel-{name}", **options, **ONE).skipped == 11, given


def test_parquet(two_nodes, tmp_path):
    import pyarrow.parquet as parquet

    table = table_of(20, bad=(7,))
    parquet.write_table(table, tmp_path / "one.parquet", row_group_size=8)
    done = peel.ray.cut_parquet(tmp_path / "one.parquet", tmp_path / "out", batch_size=3,
                                report=tmp_path / "r.jsonl", **ONE)
    assert (done.total, done.done, done.failed) == (20, 19, 1), done
    again = peel.ray.cut_parquet(tmp_path / "one.parquet", tmp_path / "out", **ONE)
    assert (again.done, again.skipped) == (0, 20)
    (tmp_path / "out/one-00001.parquet").unlink()
    assert peel.ray.cut_parquet(tmp_path / "one.parquet", tmp_path / "out", **ONE).done == 8
    (tmp_path / "two.parquet").write_bytes(b"no Parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(peel.InvalidArgument, match="parquet"):
        peel.ray.cut_parquet(tmp_path / "empty", tmp_path / "out")
    bad = peel.ray.cut_parquet(tmp_path, tmp_path / "out", **ONE)
    assert "two.parquet" in dict(bad.failures)
    files = sorted((tmp_path / "out").glob("one-*.parquet"))
    assert [file.name for file in files] == ["one-00000.parquet", "one-00001.parquet", "one-00002.parquet"]
    rows = [row for file in files for row in parquet.read_table(file).to_pylist()]
    judge(rows, undisturbed(table))
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 3


def test_wrong_usage_is_told_by_the_driver(two_nodes, tmp_path):
    data = ray.data.from_arrow(table_of(2))
    for wrong in ({"actors": (3, 2)}, {"batch_size": 0}, {"edges": "sharp"}, {"timeout": -1},
                  {"isolate": False, "timeout": 3}):
        with pytest.raises(peel.InvalidArgument):
            peel.ray.cut(data, **wrong)
    with pytest.raises(TypeError, match="progress"):
        peel.ray.cut(data, progress=print)
    with pytest.raises(peel.NotFound):
        peel.ray.cut_folder(tmp_path / "nowhere", tmp_path / "out")


def test_other_filesystems(two_nodes, tmp_path):
    """Through pyarrow's file systems, as object stores are: the same files."""
    import pyarrow.fs

    folder_of(tmp_path / "in", 6)
    there = pyarrow.fs.SubTreeFileSystem(str(tmp_path), pyarrow.fs.LocalFileSystem())
    done = peel.ray.cut_folder("in", "far", filesystem=there, dst_filesystem=there, **ONE)
    assert (done.done, done.failed) == (7, 0), done.failures
    plain = peel.ray.cut_folder((tmp_path / "in").as_uri(), tmp_path / "near", **ONE)
    assert plain.done == 7 and contents(tmp_path / "near") == contents(tmp_path / "far")
    assert peel.ray.cut_folder("in", tmp_path / "far", filesystem=there, **ONE).skipped == 7


def test_rectify_and_scan(two_nodes):
    table = table_of(5, bad=(2,))
    rows = {row["id"]: row for row in peel.ray.rectify(ray.data.from_arrow(table), **ONE).take_all()}
    wanted = {row["id"]: row for row in peel.arrow.rectify(table, threads=1, jobs=1).to_pylist()}
    assert rows.keys() == wanted.keys()
    for name, row in rows.items():
        assert (row["status"], row["bytes"], row["kind"]) == tuple(wanted[name][key] for key in ("status", "bytes", "kind"))
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    dataset = peel.ray.scan(ray.data.from_arrow(table), phases="1", program=str(PROGRAM), num_cpus=1)
    assert {row["id"]: row["format"] for row in dataset.take_all()} == {
        f"id-{number}": None if number == 2 else "png" for number in range(5)}
    with pytest.raises(peel.InvalidArgument, match="phases"):
        peel.ray.scan(ray.data.from_arrow(table), phases="4")
    with pytest.raises(TypeError):
        peel.ray.scan(ray.data.from_arrow(table), edges="off")


def test_what_ray_is_told(two_nodes):
    """The options that are Ray's: how many actors, with what each."""
    class Told:
        def map_batches(self, kind, **how):
            return how

    def told(**options):
        return peel.ray.cut(Told(), **options)

    plain = told()
    assert (plain["num_cpus"], plain["batch_size"], plain["udf_modifying_row_count"]) == (1, 16, False)
    assert (plain["compute"].min_size, plain["compute"].max_size) == (1, 2)
    assert told(actors=3)["compute"].min_size == 3 and told(actors=(2, 5))["compute"].max_size == 5
    assert told(num_cpus=0.5)["compute"].max_size == 4 and told(batch_size=7)["batch_size"] == 7
    assert told(ray_options={"num_gpus": 1})["num_gpus"] == 1 and "num_gpus" not in plain
