"""BMP in: what Pillow sees in files of every usual kind is what is cut out."""
import io
import struct

from cli_support import ball
import numpy as np
from PIL import Image
import pytest

SIZE = (61, 43)  # rows need padding at every depth


def bmp(header, bits, pixels, *, palette=b"", masks=b"", compression=0, top_down=False):
    width, height = SIZE
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression,
                           0, 2835, 2835, 0, 0)
        head = struct.pack("<I", header) + head[4:]
        head = (head + masks).ljust(header, b"\0")[:max(header, 40 + len(masks))]
    at = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + head + palette + pixels


def rows(array, top_down=False):
    """Rows of bytes, padded to four."""
    array = array if top_down else array[::-1]
    padding = -array.shape[1] % 4
    return np.pad(array, ((0, 0), (0, padding))).tobytes()


def colours(image, count):
    indexed = image.quantize(count)
    table = np.array(indexed.getpalette()[:3 * count], np.uint8).reshape(-1, 3)
    table = np.pad(table, ((0, count - len(table)), (0, 0)))
    return np.asarray(indexed), table[:, ::-1]


def packed(indices, bits):
    per = 8 // bits
    wide = np.pad(indices, ((0, 0), (0, -indices.shape[1] % per))).reshape(len(indices), -1, per)
    shifts = np.arange(per)[::-1] * bits
    return (wide << shifts).sum(-1).astype(np.uint8)


def run_lengths(indices):
    """Runs alone, the simplest of what is allowed."""
    out = bytearray()
    for row in indices[::-1]:
        at = 0
        while at < len(row):
            count = 1
            while at + count < len(row) and count < 255 and row[at + count] == row[at]:
                count += 1
            out += bytes([count, row[at]])
            at += count
        out += b"\0\0"
    return bytes(out + b"\0\1")


def kinds():
    picture = ball(*SIZE)
    rgb = np.asarray(picture)
    bgr = rgb[..., ::-1].reshape(SIZE[1], -1)
    rgba = np.concatenate([rgb[..., ::-1], np.full((*rgb.shape[:2], 1), 9, np.uint8)], -1).reshape(SIZE[1], -1)
    for header in (12, 40, 108, 124):
        yield f"rgb24-{header}", bmp(header, 24, rows(bgr))
    yield "rgb24-above", bmp(40, 24, rows(bgr, True), top_down=True)
    for header in (40, 108, 124):
        yield f"rgb32-{header}", bmp(header, 32, rows(rgba))
    for bits in (1, 4, 8):
        indices, table = colours(picture, 1 << bits)
        four = np.pad(table, ((0, 0), (0, 1))).tobytes()
        pixels = rows(packed(indices, bits))
        yield f"pal{bits}", bmp(40, bits, pixels, palette=four)
        yield f"pal{bits}-os2", bmp(12, bits, pixels, palette=table.tobytes())
        if bits == 8:
            yield "rle8", bmp(40, 8, run_lengths(indices), palette=four, compression=1)
    five = rgb.astype(np.uint16) >> 3
    yield "rgb16-555", bmp(40, 16, rows((five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2])
                                        .astype("<u2").view(np.uint8)))
    six = rgb[..., 1].astype(np.uint16) >> 2
    yield "rgb16-565", bmp(40, 16, rows((five[..., 0] << 11 | six << 5 | five[..., 2]).astype("<u2")
                                        .view(np.uint8)),
                           masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F), compression=3)


@pytest.mark.parametrize("name,data", list(kinds()), ids=lambda v: v if isinstance(v, str) else "")
def test_pixels_are_those_that_pillow_sees(everything, tmp_path, name, data):
    want = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    (tmp_path / "in.bmp").write_bytes(data)
    got = np.asarray(Image.open(io.BytesIO(everything("in.bmp", SIZE))))
    assert got.shape == (*want.shape[:2], 4) and got[..., 3].min() == 255
    assert np.array_equal(got[..., :3], want)


def test_alpha_by_a_mask_stays(everything, tmp_path):
    rgba = np.dstack([np.asarray(ball(*SIZE)), np.full(SIZE[::-1], 255, np.uint8)])
    rgba[:20, :, 3] = 100
    data = bmp(124, 32, rows(rgba.reshape(SIZE[1], -1)),
               masks=struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000), compression=3)
    (tmp_path / "in.bmp").write_bytes(data)
    got = np.asarray(Image.open(io.BytesIO(everything("in.bmp", SIZE))))
    assert np.array_equal(got[..., 3], rgba[..., 3])


def test_a_reported_file_is_cut_out(peel, shared):
    assert peel(shared / "reports/base.bmp", "-o", "out.png").code == 0
    out = np.asarray(Image.open("out.png"))
    want = np.asarray(Image.open(shared / "reports/base.bmp").convert("RGB"))
    sure = out[..., 3] == 255
    assert sure.mean() > 0.02
    assert np.array_equal(out[sure][:, :3], want[sure])


def test_truncated_and_foreign_kinds_are_told(peel, tmp_path):
    whole = dict(kinds())["rgb24-40"]
    (tmp_path / "cut.bmp").write_bytes(whole[:len(whole) // 2])
    done = peel("cut.bmp", "-o", "out.png")
    assert done.code == 1 and "truncated" in done.err and f"of {SIZE[1]}" in done.err
    (tmp_path / "jpeg.bmp").write_bytes(bmp(40, 0, b"\xff\xd8\xff", compression=4))
    done = peel("jpeg.bmp", "-o", "out.png")
    assert done.code == 1 and "JPEG inside" in done.err
    assert not (tmp_path / "out.png").exists()


def test_in_a_stream_and_in_the_doctor(peel):
    data = dict(kinds())
    done = peel("stream", stdin=data["rgb24-40"] + data["rle8"] + data["pal4-os2"])
    assert done.code == 0, done.err
    assert done.out.count(b"IHDR") == 3
    assert "BMP" in peel("doctor").out.decode()
