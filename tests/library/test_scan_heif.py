"""HEIC's and AVIF's own turns (irot, imir) in a library: the column `orientation` and the pixels that are measured."""
import io
import json
import shutil
import struct
import subprocess

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat, features

from scan_support import rows, value

pillow_heif = pytest.importorskip("pillow_heif", reason="pillow_heif is not installed")


def picture():
    """Four corners that no turn or mirroring brings onto each other."""
    made = Image.new("RGB", (192, 128))
    for x, y, colour in ((0, 0, (220, 30, 30)), (96, 0, (30, 200, 30)), (0, 64, (30, 30, 220)), (96, 64, (240, 240, 240))):
        made.paste(colour, (x, y, x + 96, y + 64))
    return made


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size or len(data) - at
        yield kind, data[at + 8:at + size]
        at += size


def box(kind, content):
    return struct.pack(">I", 8 + len(content)) + kind + content


def with_shift(iloc, shift):
    """The places of all items moved by so much."""
    version, sizes = iloc[0], struct.unpack_from(">H", iloc, 4)[0]
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    out, at = bytearray(iloc), 6 + (2 if version < 2 else 4)
    count = int.from_bytes(iloc[6:at], "big")
    for _ in range(count):
        at += 2 if version < 2 else 4
        method = 0
        if version > 0:
            method = struct.unpack_from(">H", iloc, at)[0] & 15
            at += 2
        at += 2
        shift_base = base > 0 and method == 0
        if shift_base:
            out[at:at + base] = (int.from_bytes(iloc[at:at + base], "big") + shift).to_bytes(base, "big")
        at += base
        extents = struct.unpack_from(">H", iloc, at)[0]
        at += 2
        for _ in range(extents):
            at += index if version > 0 else 0
            if method == 0 and not shift_base:
                place = int.from_bytes(iloc[at:at + offset], "big") + shift
                out[at:at + offset] = place.to_bytes(offset, "big")
            at += offset + length
    return bytes(out)


def with_properties(data, properties):
    """The same file with these properties of its primary item, in their order."""
    def rebuilt(shift):
        out = b""
        for kind, content in boxes(data):
            if kind != b"meta":
                out += box(kind, content)
                continue
            primary = next(struct.unpack_from(">H", c, 4)[0] for k, c in boxes(content[4:]) if k == b"pitm")
            meta = content[:4]
            for inner, part in boxes(content[4:]):
                if inner == b"iloc":
                    part = with_shift(part, shift)
                if inner == b"iprp":
                    part = iprp(part, primary)
                meta += box(inner, part)
            out += box(b"meta", meta)
        return out

    def iprp(part, primary):
        old = dict(boxes(part))
        known = len(list(boxes(old[b"ipco"])))
        ipco = old[b"ipco"] + b"".join(box(kind, content) for kind, content in properties)
        ipma, at = bytearray(old[b"ipma"][:8]), 8
        assert old[b"ipma"][0] == 0 and old[b"ipma"][3] & 1 == 0  # numbers of 2 bytes, indices of 1
        for _ in range(struct.unpack_from(">I", ipma, 4)[0]):
            item, count = struct.unpack_from(">HB", old[b"ipma"], at)
            own = old[b"ipma"][at + 3:at + 3 + count]
            at += 3 + count
            if item == primary:
                own += bytes(0x80 | known + 1 + i for i in range(len(properties)))
            ipma += struct.pack(">HB", item, len(own)) + own
        return box(b"ipco", ipco) + box(b"ipma", bytes(ipma))

    return rebuilt(len(rebuilt(0)) - len(data))


TURNS = [(None, None, 1)] + [
    (turn, mirror, first) for turn in (None, 0, 1, 2, 3) for mirror in (None, 0, 1) for first in (0, 1)
    if (turn, mirror) != (None, None) and not (first and None in (turn, mirror))]


def properties(turn, mirror, mirror_first):
    parts = [(b"irot", bytes([turn]))] if turn is not None else []
    if mirror is not None:
        parts.insert(0 if mirror_first else len(parts), (b"imir", bytes([mirror])))
    return parts


def alike(a, b):
    assert a.size == b.size, (a.size, b.size)
    return max(ImageStat.Stat(ImageChops.difference(a.convert("RGB"), b.convert("RGB"))).mean) < 12


def turned(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    copy = image.copy()
    copy.info["exif"] = exif.tobytes()
    packed = io.BytesIO()
    copy.save(packed, "PNG", exif=exif)
    return ImageOps.exif_transpose(Image.open(packed))


def check(scan, folder, decode):
    """Each file's row against another decoder's upright picture, and against its own orientation."""
    scan("in", "--phases", "1,2")
    database = folder / ".peel/library.db"
    found = rows(database, "SELECT path, width, height, orientation, thumbnail FROM photos JOIN files USING (path) JOIN measures "
                 "ON file_id = files.id")
    assert len(found) == len(TURNS) and len({row[3] for row in found}) == 8
    assert value(database, "SELECT count(*) FROM files WHERE status <> 'ok'") == 0
    for path, width, height, orientation, thumbnail in found:
        upright = decode(path)
        assert (width, height) == (192, 128), path
        assert alike(turned(picture(), orientation), upright), (path, orientation)
        assert alike(Image.open(io.BytesIO(thumbnail)), upright), path


def test_heic_as_libheif_shows_it(scan, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    packed = io.BytesIO()
    pillow_heif.from_pillow(picture()).save(packed, quality=90)
    for i, turn in enumerate(TURNS):
        (folder / f"{i}.heic").write_bytes(with_properties(packed.getvalue(), properties(*turn)))

    def decode(path):
        return pillow_heif.open_heif(path).to_pillow()

    check(scan, folder, decode)
    if shutil.which("exiftool"):  # which knows of irot alone, anticlockwise
        told = json.loads(subprocess.run(["exiftool", "-n", "-json", "-Rotation", folder], capture_output=True).stdout)
        ours = dict(rows(folder / ".peel/library.db", "SELECT path, orientation FROM photos"))
        for i, (turn, mirror, _) in enumerate(TURNS):
            if turn is not None and mirror is None:
                rotation = next(t["Rotation"] for t in told if t["SourceFile"].endswith(f"/{i}.heic"))
                assert {0: 1, 90: 8, 180: 3, 270: 6}[rotation] == ours[str(folder / f"{i}.heic")]


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_as_pillow_shows_it(scan, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    packed = io.BytesIO()
    picture().save(packed, "AVIF", quality=90)
    for i, turn in enumerate(TURNS):
        (folder / f"{i}.avif").write_bytes(with_properties(packed.getvalue(), properties(*turn)))
    check(scan, folder, lambda path: ImageOps.exif_transpose(Image.open(path)))
