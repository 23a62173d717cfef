"""The manifest that peel.ray writes, and names of results: those of the program, without Ray."""
import os
import pathlib
import subprocess

import pytest

peel = pytest.importorskip("peel", reason="the module peel is not installed; run `pip install .`")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")

import pyarrow.fs  # noqa: E402

from peel import _peel  # noqa: E402
from peel._fleet import _Known, batch_size_for, large_first, pictures_of, plan_names  # noqa: E402
from peel._places import Place, Unfinished, files_below, read, read_tail, write  # noqa: E402
from peel._record import MANIFEST, Part, Record, escaped, line, settings_of  # noqa: E402
from pictures import ball, encoded  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("PEEL_PROGRAM",
                                      pathlib.Path(__file__).resolve().parents[2] / "build/peel"))
NAMES = ("a.png", "a.jpg", "b.webp", "b b.png", "sub/a.png", "sub/a.PNG", "c.cut.png", "d.png", "d.cut.png", "e%.jpg",
         "f.tar.png", "sub/deep/x.jpeg", ".hidden.png", "notes.txt")


def program(*given):
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    done = subprocess.run([PROGRAM, *map(str, given)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encoded(ball(48 + number, 40)) if name != "notes.txt" else b"text")
    return folder


@pytest.fixture(params=["this machine's", "an object store's", "another's"])
def place(request, tmp_path):
    """A folder on each kind of file system."""
    if request.param == "this machine's":
        return Place(None, str(tmp_path / "out"))
    if request.param == "an object store's":
        mock = pyarrow.fs._MockFileSystem()
        mock.create_dir("bucket/out/a", recursive=True)  # stores make none, this one wants them
        return Place(mock, "bucket/out")
    return Place(pyarrow.fs.SubTreeFileSystem(str(tmp_path), pyarrow.fs.LocalFileSystem()), "out")


@pytest.mark.parametrize("options,given", [({}, []), ({"mask": True}, ["--mask"]),
                                           *(({"format": name}, ["--format", name])
                                             for name in ("jpg", "jpeg", "webp", "tif", "tiff", "avif", "png"))])
def test_names_are_the_programs(source, tmp_path, options, given):
    out = Place(None, str(tmp_path / "out"))
    program(source, "-O", out.path, "--recursive", "--quiet", "--max-size", "16", *given)
    jobs, clashes = plan_names(list(pictures_of(Place(None, str(source)), out, True, {})), options.get("format", "png"),
                               bool(options.get("mask")), {})
    assert sorted(output for _, output in jobs) == sorted(files_below(out, True)) and not clashes


def test_names_that_were_given_stay():
    assert plan_names(["a.jpg", "a.png"], "png", False, {}) == ([("a.jpg", "a.cut.png"), ("a.png", "a.png.cut.png")], [])
    made = {escaped("a.jpg.cut.png"): None}
    assert plan_names(["a.jpg", "a.png"], "png", False, made)[0] == [("a.jpg", "a.jpg.cut.png"), ("a.png", "a.cut.png")]
    # What nothing tells apart: the long name is another picture's own.
    assert plan_names(["a.jpg", "a.png", "a.png.cut.png"], "png", False, {})[1] == ["a.png"]


def test_own_results_are_no_pictures(source, tmp_path):
    """Neither below the folder of results nor beside the pictures."""
    here = tmp_path / "in"
    program(source, "-O", here / "out", "--recursive", "--quiet", "--max-size", "16")
    (here / "p.png").write_bytes((source / "a.png").read_bytes())
    (here / "p.cut.png").write_bytes((source / "a.png").read_bytes())
    size = (here / "p.png").stat().st_size
    assert pictures_of(Place(None, str(here)), Place(None, str(here / "out")), True, {}) == {"p.png": size}
    assert pictures_of(Place(None, str(here)), Place(None, str(tmp_path)), False, {}) == {"p.png": size}


@pytest.mark.parametrize("options,given", [
    ({}, []), ({"format": "webp", "quality": 70}, ["--format", "webp", "--quality", "70"]), ({"mask": True}, ["--mask"]),
    ({"edges": "off"}, ["--edges", "off"]), ({"max_size": 30}, ["--max-size", "30"]), ({"crop": 2}, ["--crop", "2"]),
    ({"background": "white"}, ["--background", "white"]), ({"background": (1, 2, 3)}, ["--background", "#010203"]),
    ({"compat": "rembg"}, ["--compat", "rembg"]), ({"rectify": True}, ["--rectify"]),
    ({"format": "webp", "lossless": True}, ["--format", "webp", "--lossless"]),
    ({"threads": 1, "strict": True, "max_pixels": 10**6}, []), ({"device": "cpu"}, ["--device", "cpu"]),
    ({"precision": "fp32"}, ["--precision", "fp32"]), ({"backend": "native"}, ["--backend", "native"])])
def test_settings_are_the_programs(tmp_path, options, given):
    """The program's line for the same picture and options has the same hashes."""
    (tmp_path / "in").mkdir()
    data = encoded(ball(48, 40))
    (tmp_path / "in/p.png").write_bytes(data)
    program(tmp_path / "in", "-O", tmp_path / "out", "--quiet", *given)
    (_, made), = _peel.manifest_lines((tmp_path / "out" / MANIFEST).read_bytes())
    assert made == (_peel.hash64(data), settings_of("cut", options))


def test_settings_differ():
    every = [{}, {"keep_metadata": False}, {"work_size": 100}, {"crop": True}, {"mask": True}, {"family": "isnet"}]
    assert len({settings_of("cut", options) for options in every}) == len(every)
    assert settings_of("rectify", {}) != settings_of("cut", {})


def test_parts_are_gathered(place):
    names = [escaped(f"sub/n {number}") for number in range(4)]
    write(place.below(MANIFEST), line(names[0], (1, 1)) + line(names[1], (2, 2)) + b"+ torn")
    part, other = Part(place, "run", "one"), Part(place, "run", "two")
    part.begin([names[1]])
    part.finish({names[1]: (3, 3), names[2]: (4, 4)})
    other.begin([names[0]])
    record = Record(place)
    record.load()
    # What two files do not agree on is made again.
    assert record.made == {names[0]: None, names[1]: None, names[2]: (4, 4)}
    record.compact({names[0]: (5, 5), names[1]: (3, 3), names[2]: (4, 4)}, "run")
    assert list(record._files()) == [MANIFEST]
    again = Record(place)
    again.load()
    assert again.made == {names[0]: (5, 5), names[1]: (3, 3), names[2]: (4, 4)}


def test_a_stopped_run_keeps_what_it_did(place):
    """Parts whose rows never came are read."""
    Part(place, "run", "one").finish({escaped("x"): (1, 2)})
    Record(place).compact({}, "")
    again = Record(place)
    again.load()
    assert again.made == {escaped("x"): (1, 2)} and list(again._files()) == [MANIFEST]


def test_a_part_is_several_files_in_the_end(place):
    part = Part(place, "run", "one")
    for number in range(130):
        part.finish({escaped(str(number)): (number, 1)})
    record = Record(place)
    assert len(list(record._files())) == 3
    record.load()
    assert len(record.made) == 130


def test_nothing_is_gathered_while_the_program_works(tmp_path):
    fcntl = pytest.importorskip("fcntl", reason="there are no such locks here")
    place = Place(None, str(tmp_path))
    write(place.below(MANIFEST), b"")
    Part(place, "run", "one").finish({escaped("x"): (1, 2)})
    with open(tmp_path / MANIFEST, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        Record(place).compact({}, "")
        assert len(list(Record(place)._files())) == 2
    Record(place).compact({}, "")
    assert len(list(Record(place)._files())) == 1


def test_known():
    made = {escaped(f"n{number}"): (number, 2**64 - 1 - number) for number in range(100)}
    known = _Known({**made, escaped("begun"): None})
    assert all(known.get(name) == value for name, value in made.items())
    assert known.get(escaped("begun")) == (0, 0) and known.get(escaped("n100")) is None
    assert _Known({}).get(b"x") is None


def test_files_are_whole_or_not_there(place):
    write(place.below("a/b.bin"), b"12345")
    assert read(place.below("a/b.bin")) == b"12345" and read_tail(place.below("a/b.bin"), 2) == b"45"
    assert read_tail(place.below("a/b.bin"), 99) == b"12345"
    unfinished = Unfinished(place.below("c.bin"))
    unfinished.stream.write(b"half")
    unfinished.abandon()
    whole = Unfinished(place.below("d.bin"))
    whole.stream.write(b"whole")
    whole.commit()
    assert sorted(files_below(place, True)) == ["a/b.bin", "d.bin"]
    with pytest.raises(peel.NotFound):
        read(place.below("none"))
    with pytest.raises(peel.NotFound):
        files_below(place.below("none"), True)


def test_damaged_manifests_cost_work_alone():
    good = line(escaped("x"), (1, 2))
    for damaged in (good[:-3], good.replace(b"x", b"y"), b"\xff" * 50, good[: len(good) // 2] + b"\n"):
        assert _peel.manifest_lines(damaged) == []
    assert _peel.manifest_lines(b"junk\n" + good) == [(b"x", (1, 2))]
    assert _peel.manifest_lines(line(escaped("x"), None)) == [(b"x", None)]


def test_many_pictures_come_in_larger_batches():
    assert [batch_size_for(*given) for given in ((100, None), (50_001, None), (50_001, 5))] == [16, 64, 5]
    for wrong in (0, -1):
        with pytest.raises(peel.InvalidArgument):
            batch_size_for(100, wrong)


def test_large_pictures_come_first_in_their_batch():
    sizes = {"a": 1, "b": 3, "c": 2, "d": 9, "e": 5}
    jobs = [(name, name + ".cut.png") for name in sizes]
    assert [name for name, _ in large_first(jobs, sizes, 3)] == ["b", "c", "a", "d", "e"]
