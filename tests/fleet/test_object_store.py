"""Pictures in an object store, by its URI: against a server that speaks S3 on this machine."""
import socket
import subprocess
import sys
import time

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `make python`")
pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pytest.importorskip("moto.server", reason="moto[server] is not installed; `make test-fleet` has it")

import pyarrow.fs  # noqa: E402

import peel.arrow  # noqa: E402
from fleet_support import cluster_of, contents, folder_of, picture  # noqa: E402
from peel._places import Unfinished, exists, files_below, place_of, read_tail, size_and_time, write  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def store():
    """What follows the path in its URIs; there is one bucket, called bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", f"from moto.server import main; main(['-p', '{port}'])"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    patch = pytest.MonkeyPatch()
    for name, value in CREDENTIALS.items():
        patch.setenv(name, value)
    try:
        client = pyarrow.fs.S3FileSystem(endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1",
                                         allow_bucket_creation=True)
        for attempt in range(240):
            try:
                client.create_dir("bucket")
                break
            except OSError:
                assert server.poll() is None and attempt < 239, "the server does not start"
                time.sleep(0.25)
        yield f"?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
    finally:
        patch.undo()
        server.kill()
        server.wait()


def test_tables(store):
    data = [picture(number) for number in range(3)]
    for number, one in enumerate(data):
        write(place_of(f"s3://bucket/in{store}").below(f"a {number}%.png"), one)
    uris = [f"s3://bucket/in/a%20{number}%25.png{store}" for number in range(3)] + [f"s3://bucket/in/none{store}"]
    rows = peel.arrow.cut(pa.table({"id": range(4), "uri": uris})).to_pylist()
    assert [row["bytes"] for row in rows[:3]] == [peel.cut(one) for one in data]
    assert rows[3]["error"].startswith("not found")


def test_objects_are_whole_or_not_there(store):
    there = place_of(f"s3://bucket/whole{store}")
    torn = Unfinished(there.below("x"))
    torn.stream.write(b"half")
    torn.abandon()
    assert not exists(there.below("x"))
    whole = Unfinished(there.below("x"))
    whole.stream.write(b"whole")
    assert not exists(there.below("x"))
    whole.commit()
    assert size_and_time(there.below("x"))[0] == 5 and read_tail(there.below("x"), 2) == b"le"
    with pytest.raises(peel.NotFound):
        files_below(there.below("none"), True)


def test_a_folder_on_a_cluster(store, tmp_path):
    pytest.importorskip("ray.data", reason="ray[data] is not installed; `make test-fleet` has it")
    import peel.ray

    folder_of(tmp_path / "in", 9)
    for name, data in contents(tmp_path / "in").items():
        write(place_of(f"s3://bucket/photos/{name}{store}"), data)
    one = {"num_cpus": 1, "threads": 1, "batch_size": 4}
    with cluster_of(1, **CREDENTIALS):
        done = peel.ray.cut_folder(f"s3://bucket/photos{store}", f"s3://bucket/cut{store}", **one)
        assert (done.done, done.failed) == (10, 0), done.failures
        again = peel.ray.cut_folder(f"s3://bucket/photos{store}", f"s3://bucket/cut{store}", **one)
        assert (again.done, again.skipped) == (0, 10)
        near = peel.ray.cut_folder(f"s3://bucket/photos{store}", tmp_path / "out", **one)
        assert near.done == 10
    there = place_of(f"s3://bucket/cut{store}")
    found = {name: there.filesystem.open_input_file(there.below(name).path).read() for name in files_below(there, True)}
    assert found == contents(tmp_path / "out")
