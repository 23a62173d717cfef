"""Broken, hostile and odd input: a clear error with the file's name and the right exit code, the other
inputs still done, no partial file, no crash."""
import os
import pathlib
import resource
import signal
import struct
import subprocess
import time
import zlib

from cli_support import ROOT, ball, leftovers
import numpy as np
from PIL import Image
import pytest


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, bits=8, colour=2, data=b""):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) +
            png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b""))


def jpeg_claiming(photo, width, height):
    data = bytearray(photo.read_bytes())
    at = data.index(b"\xff\xc0")
    data[at + 5:at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


HVCC = bytes.fromhex(  # x265's header for a plain picture of 64 x 64, and the picture
    "0103700000000000000000001ef000fcfdf8f800000f03200001001840010c01ffff0370000003009000000300"
    "0003001eba0240210001002b42010103700000030090000003000003001ea020810596e939292e6e04040c0800"
    "0003000800000300084022000100064401c0718112")
HEVC = bytes.fromhex("000000132801ac4e6eecffa6baff52ea7f7393fc119f80")


def box(kind, *payload):
    payload = b"".join(payload)
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def heic_with_overlay(x, y, primary):
    """Item 1 is a picture of 64 x 64, item 2 an overlay of 100 x 90 with it at (x, y)."""
    overlay = b"\0\1" + b"\xff" * 8 + struct.pack(">IIii", 100, 90, x, y)
    items = [(1, b"hvc1", HEVC, b"\1\2"), (2, b"iovl", overlay, b"\3")]
    full = b"\0\0\0\0"

    def meta(at):
        iloc, iinf, ipma = b"", b"", b""
        for number, kind, data, properties in items:
            iloc += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
            iinf += box(b"infe", b"\2\0\0\0", struct.pack(">HH4sB", number, 0, kind, 0))
            ipma += struct.pack(">HB", number, len(properties)) + properties
        sizes = [box(b"ispe", full, struct.pack(">II", *size)) for size in ((64, 64), (100, 90))]
        return box(
            b"meta", full, box(b"hdlr", full, full, b"pict", bytes(13)),
            box(b"pitm", full, struct.pack(">H", primary)),
            box(b"iloc", full, b"\x44\0", struct.pack(">H", len(items)), iloc),
            box(b"iinf", full, struct.pack(">H", len(items)), iinf),
            box(b"iprp", box(b"ipco", box(b"hvcC", HVCC), *sizes),
                box(b"ipma", full, struct.pack(">I", len(items)), ipma)),
            box(b"iref", full, box(b"dimg", struct.pack(">HHH", 2, 1, 1))))

    head = box(b"ftyp", b"heic", full, b"mif1heic")
    return (head + meta(len(head) + len(meta(0)) + 8) +
            box(b"mdat", *(data for _, _, data, _ in items)))


def test_a_heic_that_ends_libheif_ends_no_run(peel, tmp_path):
    for place in ((-40, 0), (0, -40), (-63, -63)):
        line = fails(peel, tmp_path, "overlay.heic", heic_with_overlay(*place, primary=2))
        assert "libheif" in line and "damaged" not in line


def test_a_frame_that_ends_libheif_ends_its_file_only(peel, tmp_path):
    (tmp_path / "frames.heic").write_bytes(heic_with_overlay(0, -40, primary=1))
    ball().save(tmp_path / "good.png")
    done = peel("frames.heic", "good.png", "--all-frames", "-O", "out")
    assert done.code == 1 and "frames.heic" in done.err, done.err
    names = leftovers(tmp_path / "out")
    assert "good.cut.png" in names and "frames-002.cut.png" not in names
    (tmp_path / "inside.heic").write_bytes(heic_with_overlay(36, 26, primary=2))
    assert peel("inside.heic").code == 0


def fails(peel, tmp_path, name, content, *words):
    """The file is refused by name, a good one beside it is done, nothing else is left."""
    (tmp_path / name).write_bytes(content)
    ball().save(tmp_path / "good.png")
    done = peel(name, "good.png", "-O", "out")
    assert done.code == 1, done.err
    line = next(line for line in done.err.splitlines() if "error" in line)
    assert name in line
    for word in words:
        assert word.lower() in line.lower(), line
    assert leftovers(tmp_path / "out") == ["good.cut.png"]
    return line


def test_empty_file(peel, tmp_path):
    fails(peel, tmp_path, "empty.jpg", b"", "empty")


def test_truncated(peel, photo, tmp_path):
    whole = photo.read_bytes()
    fails(peel, tmp_path, "t.jpg", whole[:len(whole) // 2])
    ball().save(tmp_path / "w.png")
    whole = (tmp_path / "w.png").read_bytes()
    fails(peel, tmp_path, "t.png", whole[:len(whole) // 2])
    ball().save(tmp_path / "w.webp")
    whole = (tmp_path / "w.webp").read_bytes()
    fails(peel, tmp_path, "t.webp", whole[:len(whole) // 2])


def test_every_length_of_a_small_png(peel, tmp_path):
    ball(32, 24).save(tmp_path / "w.png")
    whole = (tmp_path / "w.png").read_bytes()
    names = []
    for length in range(0, len(whole) - 12, max(1, len(whole) // 40)):
        (tmp_path / f"cut{length:05}.png").write_bytes(whole[:length])
        names.append(f"cut{length:05}.png")
    done = peel(*names, "-O", "out")
    assert done.code == 1
    assert done.err.count("error:") == len(names)
    assert not (tmp_path / "out").exists() or leftovers(tmp_path / "out") == []


@pytest.mark.parametrize("name,content,word", [
    ("text.jpg", b"this is a letter, not a picture\n" * 20, ""),
    ("page.png", b"<!DOCTYPE html><html><body>404</body></html>", "html"),
    ("doc.jpg", b"%PDF-1.7\n%abc\n", "pdf"),
    ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "svg"),
    ("anim.jpg", b"GIF89a" + bytes(40), "gif"),
    ("photo.heic", bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(20), "heic"),
    ("noise.png", bytes(range(256)) * 8, ""),
])
def test_no_pictures_peel_reads(peel, tmp_path, name, content, word):
    fails(peel, tmp_path, name, content, word)


def test_mislabelled_pictures_are_read_by_content(peel, tmp_path):
    ball().save(tmp_path / "really.png", format="JPEG")
    ball().save(tmp_path / "truly.jpg", format="PNG")
    ball().save(tmp_path / "surely.gif", format="WEBP")
    assert peel("really.png", "truly.jpg", "surely.gif", "-O", "out").code == 0
    assert len(leftovers(tmp_path / "out")) == 3


@pytest.mark.parametrize("width,height", [(0, 10), (10, 0)])
def test_zero_sides(peel, tmp_path, width, height):
    fails(peel, tmp_path, "zero.png", png_of(width, height))


def test_huge_headers_cost_nothing(peel, photo, tmp_path):
    def limited():  # what a decoder that believes the header would need is not to be had
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

    (tmp_path / "huge.png").write_bytes(png_of(100000, 100000, data=bytes(100)))
    (tmp_path / "huge2.png").write_bytes(png_of(0x7FFFFFFF, 0x7FFFFFFF))
    (tmp_path / "huge.jpg").write_bytes(jpeg_claiming(photo, 65500, 65500))
    done = peel("huge.png", "huge2.png", "huge.jpg", preexec_fn=limited)
    assert done.code == 1 and done.err.count("error:") == 3
    for name in ("huge.png", "huge2.png", "huge.jpg"):
        assert f"{name}: " in done.err
    assert "pixel" in done.err


def test_the_limit_can_be_set(peel, photo, tmp_path):
    done = peel(photo, "--max-pixels", 1000)
    assert done.code == 1 and "pixel" in done.err
    assert peel(photo, "--max-pixels", 320 * 240).code == 0


@pytest.mark.parametrize("width,height", [(1, 1), (1, 20000), (20000, 1), (2, 3), (16, 16)])
def test_odd_sizes_work(peel, tmp_path, width, height):
    Image.new("RGB", (width, height), (200, 30, 30)).save(tmp_path / "odd.png")
    for extra in ([], ["--compat", "rembg"], ["--background", "blur"], ["--edges", "refine"],
                  ["--crop"], ["--max-size", 100]):
        done = peel("odd.png", "-o", "a.png", *extra)
        assert done.code == 0, (extra, done.err)
        if "--crop" not in extra and "--max-size" not in extra:
            assert Image.open(tmp_path / "a.png").size == (width, height)


def test_sixteen_bits(peel, tmp_path):
    grey = (np.linspace(0, 65535, 200 * 150).reshape(150, 200)).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    rgb = np.repeat(grey[..., None], 3, axis=-1)
    (tmp_path / "deep3.png").write_bytes(
        png_of(200, 150, 16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in rgb)))
    assert peel("deep.png", "deep3.png", "-O", "out").code == 0
    for name in ("deep.cut.png", "deep3.cut.png"):
        assert Image.open(tmp_path / "out" / name).size == (200, 150)


def test_animations_give_their_first_frame(peel, tmp_path):
    frames = [ball(), Image.new("RGB", (320, 240), (0, 0, 0))]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    ball().save(tmp_path / "still.png")
    assert peel("a.webp", "-o", "w.png").code == 0
    assert peel("a.png", "-o", "p.png").code == 0
    assert peel("still.png", "-o", "s.png").code == 0
    still = np.asarray(Image.open(tmp_path / "s.png"))
    assert (np.asarray(Image.open(tmp_path / "p.png")) == still).all()
    assert (np.asarray(Image.open(tmp_path / "w.png")) == still).all()


def test_missing_files(peel, tmp_path):
    ball().save(tmp_path / "good.png")
    done = peel("nowhere.jpg", "good.png", "no/such/folder/x.png")
    assert done.code == 1 and "nowhere.jpg" in done.err and "x.png" in done.err
    assert (tmp_path / "good.cut.png").exists()
    assert peel("nowhere.jpg").code == 1


def test_folders_without_pictures(peel, tmp_path):
    (tmp_path / "empty").mkdir()
    done = peel("empty")
    assert done.code == 1 and "empty" in done.err


def test_places_that_cannot_be_written(peel, photo, tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (["-o", "file/a.png"], ["-o", "nowhere/a.png"], ["-O", "file/sub"],
                  ["-o", "/proc/a.png"], ["-O", "/proc/peel"]):
        done = peel(photo, *place)
        assert done.code == 1, (place, done.err)
        assert "error" in done.err
    assert leftovers(tmp_path) == ["file", "photo.jpg"]


def test_read_only_folder(peel, photo, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "locked").mkdir(mode=0o500)
    done = peel(photo, "-O", "locked")
    assert done.code == 1 and "locked" in done.err


def test_full_disk(peel, photo, tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    for extra in (["-O", "out"], ["-o", "a.png"]):
        done = peel(photo, *extra, preexec_fn=small_files)
        assert done.code == 1, done.err
        assert "photo.cut.png" in done.err or "a.png" in done.err
    assert leftovers(tmp_path) == ["photo.jpg"]


def test_full_disk_behind_stdout(peel, photo, tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([ROOT / "build/peel", photo, "-o", "-"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_full_file_system(peel, photo, tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", place],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no small file system can be mounted here")
    try:
        (place / "old.png").write_bytes(b"precious")
        done = peel(photo, "-o", "disk/old.png")
        assert done.code == 1 and "No space left" in done.err
        assert (place / "old.png").read_bytes() == b"precious"
        assert leftovers(place) == ["old.png"]
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_reader_that_goes_away(peel, photo):
    process = subprocess.Popen([ROOT / "build/peel", photo, "-o", "-"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(timeout=60) in (0, 1)
    assert process.returncode == 0 or b"error" in error


def test_interrupted_batches_leave_whole_files(program, tmp_path):
    count = 200  # so many that the run is not over when the signal comes, however late that is
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    ball(900, 700).save(folder / "000.jpg", quality=90)
    for i in range(1, count):
        os.link(folder / "000.jpg", folder / f"{i:03}.jpg")
    process = subprocess.Popen([program, folder, "-O", out], stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not out.exists() or len(os.listdir(out)) < 4):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == -signal.SIGINT, rest
    assert "interrupted" in rest
    made = leftovers(out)
    assert 3 <= len(made) < count
    for name in made:
        Image.open(out / name).load()
    done = subprocess.run([program, folder, "-O", out, "--skip-existing"],
                          capture_output=True, timeout=120)
    assert done.returncode == 0 and len(leftovers(out)) == count


def onnx_models(folder):
    import onnx
    from onnx import TensorProto, helper

    def write(name, nodes, shape=(1, 3, 320, 320), initialisers=()):
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(initialisers))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        (folder / name).write_bytes(model.SerializeToString())

    write("cyclic.onnx", [helper.make_node("Add", ["x", "b"], ["a"]),
                          helper.make_node("Relu", ["a"], ["b"]),
                          helper.make_node("Relu", ["b"], ["y"])])
    write("missing_input.onnx", [helper.make_node("Add", ["x", "nowhere"], ["y"])])
    write("unknown_op.onnx", [helper.make_node("Frobnicate", ["x"], ["y"], name="odd")])
    write("absurd.onnx", [helper.make_node("Relu", ["x"], ["y"])], shape=(1, 3, 1 << 40, 1 << 40))
    write("wrong_shapes.onnx",
          [helper.make_node("Conv", ["x", "w"], ["y"])],
          initialisers=[helper.make_tensor("w", TensorProto.FLOAT, (4, 5, 3, 3), [0.0] * 180)])
    write("no_picture.onnx", [helper.make_node("Relu", ["x"], ["y"])], shape=(7,))
    weights = helper.make_tensor("w", TensorProto.FLOAT, (2, 2), [0.0] * 4)
    weights.dims[0] = 1 << 40
    write("lying_weights.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])],
          initialisers=[weights])
    whole = (folder / "missing_input.onnx").read_bytes()
    (folder / "truncated.onnx").write_bytes(whole[:len(whole) // 2])
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "noise.onnx").write_bytes(bytes(range(256)) * 16)
    return sorted(folder.glob("*.onnx"))


def test_broken_models(peel, photo, tmp_path):
    (tmp_path / "models").mkdir()
    for path in onnx_models(tmp_path / "models"):
        done = peel(photo, "-m", path, "-o", "a.png")
        assert done.code == 3, (path.name, done.err)
        assert path.name in done.err, done.err
        assert not (tmp_path / "a.png").exists()
    assert "Frobnicate" in peel(photo, "-m", "models/unknown_op.onnx").err
    missing = peel(photo, "-m", "no-such-model")
    assert missing.code == 3 and "no-such-model" in missing.err
    assert peel(photo, "-m", tmp_path / "absent.onnx").code == 3
    assert leftovers(tmp_path / "models") == sorted(p.name for p in (tmp_path / "models").iterdir())


def test_truncated_real_model(peel, photo, models, tmp_path):
    whole = (models / "u2netp-fp32.onnx").read_bytes()
    for length in (1, 100, 5000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "u2netp.onnx").write_bytes(whole[:length])
        done = peel(photo, "-m", "./u2netp.onnx")
        assert done.code == 3 and "u2netp.onnx" in done.err, (length, done.err)


def shared_files(folder):
    base = ROOT.parent / "shared/images" / folder
    return sorted(p for p in base.iterdir() if p.is_file()) if base.is_dir() else []


@pytest.mark.parametrize("folder", ["broken", "odd"])
def test_collections_of_bad_and_odd_files(peel, shared, tmp_path, quick_model, folder):
    """Each gives a picture or one error line with its name; a good one among them is done."""
    ball().save(tmp_path / "good.png")
    files = shared_files(folder)
    assert len(files) > 20
    # Names may differ in the extension alone: one run for each file's output would take long, so
    # they get names of their own.
    names = []
    for i, path in enumerate(files):
        link = tmp_path / f"{i:03}-{path.stem}{path.suffix}"
        link.symlink_to(path)
        names.append(link.name)
    done = peel(*names, "good.png", "-O", "out", "--max-size", 200, "-m", quick_model, timeout=500)
    made = set(leftovers(tmp_path / "out"))
    errors = [line for line in done.err.splitlines() if "error:" in line]
    assert done.code == (1 if errors else 0)
    assert "good.cut.png" in made
    assert len(made) + len(errors) == len(names) + 1
    for name in names:
        output = pathlib.Path(name).stem + ".cut.png"
        assert (output in made) != any(name in line for line in errors), name
    for name in made:
        Image.open(tmp_path / "out" / name).load()


def test_temporary_folders_stay_clean(peel, photo, tmp_path, monkeypatch):
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    peel(photo)
    peel(photo, "-m", "nothing")
    assert leftovers(scratch) == []
