"""What is written of a photo goes along: resolution, EXIF, XMP and IPTC, in whichever place a format has for it."""
import io
import json
import shutil
import struct
import subprocess
import zlib

from cli_support import ball
import numpy as np
from PIL import Image, IptcImagePlugin, TiffImagePlugin
import pytest

SIZE = (96, 64)
RATIONAL = TiffImagePlugin.IFDRational


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def exiftool(path):
    """Every tag as ExifTool sees it, by group and name."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (apt-get install libimage-exiftool-perl)")
    done = subprocess.run(["exiftool", "-j", "-a", "-G1", "-n", "-struct", path], capture_output=True, check=True)
    return json.loads(done.stdout)[0]


def opened(everything, source, name, size=SIZE, *extra):
    return Image.open(io.BytesIO(everything(source, size, name, *extra)))


# Resolution

def png_phys(path, x, y, unit):
    buffer = io.BytesIO()
    ball(*SIZE).save(buffer, "PNG")
    data = buffer.getvalue()
    path.write_bytes(data[:33] + chunk(b"pHYs", struct.pack(">IIB", x, y, unit)) + data[33:])


def with_resolution(path, x=300, y=300):
    if path.suffix == ".png":
        ball(*SIZE).save(path, dpi=(x, y))
    elif path.name == "exif.jpg":  # a camera's: EXIF without JFIF
        exif = Image.Exif()
        exif[0x011A], exif[0x011B], exif[0x0128] = float(x), float(y), 2
        buffer = io.BytesIO()
        ball(*SIZE).save(buffer, "JPEG", exif=exif)
        data = buffer.getvalue()
        at = data.index(b"\xff\xe0")
        path.write_bytes(data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]:])
        assert "jfif" not in Image.open(path).info
    else:
        ball(*SIZE).save(path, dpi=(x, y))


@pytest.mark.parametrize("source", ["in.png", "in.jpg", "exif.jpg", "in.tif"])
@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.tif"])
def test_300_dpi_stay_300_dpi(everything, tmp_path, source, target):
    with_resolution(tmp_path / source)
    out = opened(everything, source, target)
    want = 299.9994 if target == "out.png" else 300  # 11811 pixels a metre
    assert tuple(map(float, out.info["dpi"])) == (want, want)
    # And back again.
    again = opened(everything, target, "again.tif")
    assert tuple(map(float, again.info["dpi"])) == (300, 300)


@pytest.mark.parametrize("target", ["out.webp", "out.avif"])
def test_300_dpi_where_only_exif_can_say_so(everything, tmp_path, target):
    with_resolution(tmp_path / "in.png", 300, 150)
    exif = opened(everything, "in.png", target).getexif()
    assert (exif[0x011A], exif[0x011B], exif[0x0128]) == (300, 150, 2)
    again = opened(everything, target, "again.tif")
    assert tuple(map(float, again.info["dpi"])) == (300, 150)


@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.tif"])
def test_two_resolutions_and_centimetres(everything, tmp_path, target):
    ball(*SIZE).save(tmp_path / "in.tif", x_resolution=118.11, y_resolution=50.5, resolution_unit=3)
    out = opened(everything, "in.tif", target)
    if target == "out.tif":
        assert (out.tag_v2[282], out.tag_v2[283], out.tag_v2[296]) == (RATIONAL(11811, 100), RATIONAL(505, 10), 3)
    elif target == "out.png":
        assert b"pHYs" + struct.pack(">IIB", 11811, 5050, 1) in (tmp_path / target).read_bytes()
    else:
        assert out.info["dpi"] == (300, 128)


@pytest.mark.parametrize("source", ["in.png", "in.jpg", "in.tif"])
@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.tif"])
def test_the_shape_of_pixels_alone(everything, tmp_path, source, target):
    if source == "in.png":
        png_phys(tmp_path / source, 2, 1, 0)
    elif source == "in.jpg":
        ball(*SIZE).save(tmp_path / source)
        data = bytearray((tmp_path / source).read_bytes())
        at = data.index(b"JFIF\0") + 7
        data[at:at + 5] = struct.pack(">BHH", 0, 2, 1)
        (tmp_path / source).write_bytes(data)
    else:
        ball(*SIZE).save(tmp_path / source, x_resolution=2, y_resolution=1, resolution_unit=1)
    out = opened(everything, source, target)
    if target == "out.tif":
        assert (out.tag_v2[282], out.tag_v2[283], out.tag_v2[296]) == (2, 1, 1)
    elif target == "out.png":
        assert out.info["aspect"] == (2, 1)
    else:
        assert out.info["jfif_unit"] == 0 and out.info["jfif_density"] == (2, 1)


@pytest.mark.parametrize("target", ["out.png", "out.jpg", "out.tif", "out.webp"])
def test_turned_pictures_swap_their_resolutions(everything, tmp_path, target):
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x011B], exif[0x0128] = 6, 200.0, 100.0, 2
    ball(*SIZE).save(tmp_path / "in.jpg", dpi=(200, 100), exif=exif)
    out = opened(everything, "in.jpg", target, SIZE[::-1])
    assert out.size == SIZE[::-1]
    if target != "out.webp":
        assert tuple(round(float(v)) for v in out.info["dpi"]) == (100, 200)
    if target != "out.tif":
        assert (out.getexif()[0x011A], out.getexif()[0x011B]) == (100, 200)


def test_resolution_of_scaled_results_and_masks(everything, tmp_path):
    with_resolution(tmp_path / "in.jpg")
    for extra in (["--max-size", "48"], ["--size", "50x50"], ["--mask"]):
        assert opened(everything, "in.jpg", "out.tif", SIZE, *extra).info["dpi"] == (300, 300), extra


@pytest.mark.parametrize("x, y, unit", [(0, 0, 1), (0, 11811, 1), (5, 5, 0), (0, 0, 0)])
def test_resolutions_that_say_nothing_are_not_written(everything, tmp_path, x, y, unit):
    png_phys(tmp_path / "in.png", x, y, unit)
    out = opened(everything, "in.png", "out.png")
    assert "dpi" not in out.info and "aspect" not in out.info


def test_resolutions_others_reported(everything, shared):
    for name, size in (("dpi300.png", (192, 348)), ("dpi300.jpg", (192, 348)), ("d300.jpg", (200, 150))):
        for target in ("o.png", "o.jpg", "o.tif"):
            out = opened(everything, shared / "reports" / name, target, size)
            assert tuple(round(float(v), 2) for v in out.info["dpi"]) == (300, 300)


# Raw profiles of PNG

def raw_profile(kind, data, packed=True):
    text = f"\n{kind}\n{len(data):8}\n".encode()
    hexed = data.hex().encode()
    text += b"".join(hexed[i:i + 72] + b"\n" for i in range(0, len(hexed), 72))
    keyword = f"Raw profile type {kind}".encode() + b"\0"
    return (b"zTXt", keyword + b"\0" + zlib.compress(text)) if packed else (b"tEXt", keyword + text)


def png_text(path, *chunks):
    buffer = io.BytesIO()
    ball(*SIZE).save(buffer, "PNG")
    data = buffer.getvalue()
    path.write_bytes(data[:-12] + b"".join(chunk(*c) for c in chunks) + data[-12:])


XMP = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
       b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"%s>%s'
       b'</rdf:Description></rdf:RDF></x:xmpmeta>')


@pytest.mark.parametrize("kind", ["exif", "APP1"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("packed", [True, False])
def test_exif_as_a_raw_profile(everything, tmp_path, kind, prefix, packed):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    block = exif.tobytes()
    png_text(tmp_path / "in.png", raw_profile(kind, prefix + block[6:], packed))
    out = opened(everything, "in.png", "out.png", SIZE[::-1])
    assert out.size == SIZE[::-1], "turned upright"
    assert out.getexif()[0x010F] == "Maker" and out.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("kind, prefix", [("xmp", b""), ("APP1", b"http://ns.adobe.com/xap/1.0/\0"),
                                          ("xmp", b"http://ns.adobe.com/xap/1.0/\0")])
def test_xmp_as_a_raw_profile(everything, tmp_path, kind, prefix):
    packet = XMP % (b"", b"")
    png_text(tmp_path / "in.png", raw_profile(kind, prefix + packet))
    assert opened(everything, "in.png", "out.jpg").info["xmp"] == packet


def test_raw_profiles_others_reported(everything, shared):
    out = opened(everything, shared / "reports" / "bench_oriented_brg-ref.png", "o.png", (500, 606))
    assert out.size == (500, 606)
    source = shared / "reports" / "imagemagick-raw-xmp.png"
    out = opened(everything, source, "o.png", (403, 302))
    assert b"x:xmpmeta" in out.info["xmp"]


# EXIF

def test_a_second_directory_that_is_nonsense_costs_only_itself(everything, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0xA434] = "Lens 50"
    block = bytearray(exif.tobytes()[6:])
    order = "<" if block[:2] == b"II" else ">"
    first = struct.unpack(order + "I", block[4:8])[0]
    count = struct.unpack(order + "H", block[first:first + 2])[0]
    link = first + 2 + 12 * count
    # At the end of the block: a thumbnail that claims to begin where the first directory is.
    block[link:link + 4] = struct.pack(order + "I", len(block))
    block += struct.pack(order + "HHHIIHHIII", 2, 0x0201, 4, 1, 8, 0x0202, 4, 1, 5000, 0)
    ball(*SIZE).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + bytes(block))
    out = opened(everything, "in.jpg", "out.jpg").getexif()
    assert out[0x010F] == "Maker" and out.get_ifd(0x8769)[0xA434] == "Lens 50"
    assert not out.get_ifd(1)


def large_exif(tmp_path, note=b"N" * 70_000):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0xA434] = "Lens 50"
    exif.get_ifd(0x8769)[0x927C] = note
    ball(*SIZE).save(tmp_path / "in.png", exif=exif)


def test_exif_over_64_kb_into_jpeg_loses_what_is_large_and_says_so(peel, tmp_path):
    large_exif(tmp_path)
    Image.new("L", SIZE, 255).save(tmp_path / "white.png")
    done = peel("in.png", "--trimap", "white.png", "-o", "out.jpg")
    assert done.code == 0 and "maker notes" in done.err and "64 KB" in done.err
    exif = Image.open(tmp_path / "out.jpg").getexif()
    assert exif[0x010F] == "Maker" and exif.get_ifd(0x8769)[0xA434] == "Lens 50"
    assert 0x927C not in exif.get_ifd(0x8769)
    # Other formats have room.
    done = peel("in.png", "--trimap", "white.png", "-o", "out.png")
    assert done.err == "" and len(Image.open(tmp_path / "out.png").getexif().get_ifd(0x8769)[0x927C]) == 70_000


def test_exif_others_reported(peel, shared, tmp_path):
    Image.new("L", (192, 348), 255).save(tmp_path / "white.png")
    done = peel(shared / "reports" / "exif90k.png", "--trimap", "white.png", "-o", "out.jpg")
    assert done.code == 0 and "its EXIF data was left out" in done.err, "its one text is too long"


# XMP

def test_xmp_over_64_kb_into_jpeg_and_back(peel, everything, tmp_path):
    text = b"".join(b"word%06d " % i for i in range(20_000))
    packet = XMP % (b' xmlns:dc="http://purl.org/dc/elements/1.1/"',
                    b'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">' + text + b"</rdf:li></rdf:Alt></dc:description>")
    png_text(tmp_path / "in.png", (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    Image.new("L", SIZE, 255).save(tmp_path / "white.png")
    done = peel("in.png", "--trimap", "white.png", "-o", "out.jpg")
    assert done.code == 0 and done.err == ""
    main = Image.open(tmp_path / "out.jpg").info["xmp"]
    assert b"xmp:Rating" in main and b"HasExtendedXMP" in main and len(main) < 65_536
    back = opened(everything, "out.jpg", "back.png").info["xmp"]
    assert text in back and b"xmp:Rating" in back and b"HasExtendedXMP" not in back
    tags = exiftool(tmp_path / "out.jpg")
    assert tags["XMP-dc:Description"].encode() == text.strip() or tags["XMP-dc:Description"].encode() == text
    assert tags["XMP-xmp:Rating"] == 3
    assert not any("Warning" in key for key in tags)


def test_extended_xmp_with_a_part_missing_is_told(peel, tmp_path):
    packet = XMP % (b"", b'<a:b xmlns:a="a/">' + b"y" * 150_000 + b"</a:b>")
    png_text(tmp_path / "in.png", (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    Image.new("L", SIZE, 255).save(tmp_path / "white.png")
    peel("in.png", "--trimap", "white.png", "-o", "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    at = data.index(b"http://ns.adobe.com/xmp/extension/\0") - 4
    length = struct.unpack(">H", data[at + 2:at + 4])[0]
    (tmp_path / "part.jpg").write_bytes(data[:at] + data[at + 2 + length:])
    done = peel("part.jpg", "--trimap", "white.png", "-o", "out.jpg")
    assert done.code == 0 and "XMP" in done.err
    assert b"xmp:Rating" in Image.open(tmp_path / "out.jpg").info["xmp"]


def test_large_xmp_others_reported(everything, shared):
    source = shared / "reports" / "xmp90k.png"
    everything(source, (192, 348), "out.jpg")
    back = opened(everything, "out.jpg", "back.png", (192, 348)).info["xmp"]
    assert b"y" * 90_000 in back


def test_xmp_with_a_thumbnail_loses_only_that(everything, tmp_path):
    thumbnail = (b'<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:image '
                 b'xmlns:xmpGImg="g/">QUJD</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>')
    packet = XMP % (b' xmlns:tiff="t/" tiff:Orientation="6" xmlns:hdrgm="h/" hdrgm:Version="1.0"',
                    thumbnail + b"<xmp:Label>blue</xmp:Label>")
    ball(*SIZE).save(tmp_path / "in.jpg", xmp=packet)
    for target in ("out.png", "out.jpg", "out.webp"):
        xmp = opened(everything, "in.jpg", target, SIZE[::-1]).info["xmp"]
        assert b'xmp:Rating="3"' in xmp and b"<xmp:Label>blue</xmp:Label>" in xmp
        assert b'tiff:Orientation="1"' in xmp
        assert b"Thumbnails" not in xmp and b"hdrgm:" not in xmp


# IPTC

IPTC = b"\x1c\2\5\0\5Title" + b"\x1c\2\x19\0\3one" + b"\x1c\2\x19\0\3two"


def photoshop(iptc):
    data = b"8BIM\x03\xed\0\0\0\0\0\x01x\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc
    return data + b"\0" * (len(data) % 2)


def with_iptc(path, iptc=IPTC):
    if path.suffix == ".png":
        png_text(path, raw_profile("iptc" if "bim" not in path.name else "8bim", photoshop(iptc)))
    elif path.suffix == ".tif":
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info[33723], info.tagtype[33723] = iptc, 7
        ball(*SIZE).save(path, tiffinfo=info)
    else:
        buffer = io.BytesIO()
        ball(*SIZE).save(buffer, "JPEG")
        data, block = buffer.getvalue(), b"Photoshop 3.0\0" + photoshop(iptc)
        path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + data[2:])


@pytest.mark.parametrize("source", ["in.jpg", "in.png", "bim.png", "in.tif"])
@pytest.mark.parametrize("target", ["out.jpg", "out.png", "out.tif"])
def test_iptc_goes_along(everything, tmp_path, source, target):
    with_iptc(tmp_path / source)
    out = opened(everything, source, target)
    if target != "out.png":  # Pillow does not look for it there
        records = IptcImagePlugin.getiptcinfo(out)
        assert records[2, 5] == b"Title" and records[2, 25] == [b"one", b"two"]
    tags = exiftool(tmp_path / target)
    assert tags["IPTC:ObjectName"] == "Title" and tags["IPTC:Keywords"] == ["one", "two"]
    assert not any("Warning" in key for key in tags), tags


@pytest.mark.parametrize("target", ["out.webp", "out.avif"])
def test_iptc_where_there_is_no_place_is_told(peel, tmp_path, target):
    with_iptc(tmp_path / "in.jpg")
    Image.new("L", SIZE, 255).save(tmp_path / "white.png")
    done = peel("in.jpg", "--trimap", "white.png", "-o", target)
    assert done.code == 0 and "IPTC" in done.err


def test_previews_in_iptc_are_left_out(everything, tmp_path):
    with_iptc(tmp_path / "in.jpg", IPTC + b"\x1c\2\xca\0\4PREV")
    data = everything("in.jpg", SIZE, "out.jpg")
    assert b"Title" in data and b"PREV" not in data


def test_a_file_of_everything_reads_well(everything, tmp_path):
    """ExifTool, which is strict, finds nothing to complain about in any format."""
    with_iptc(tmp_path / "in.jpg")
    exif = Image.Exif()
    exif[0x010F], exif[0x011A], exif[0x011B], exif[0x0128] = "Maker", 300.0, 300.0, 2
    image = Image.open(tmp_path / "in.jpg")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, xmp=XMP % (b"", b""), dpi=(300, 300))
    data, block = buffer.getvalue(), b"Photoshop 3.0\0" + photoshop(IPTC)
    (tmp_path / "all.jpg").write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + data[2:])
    for target in ("out.jpg", "out.png", "out.tif", "out.webp", "out.avif"):
        everything("all.jpg", SIZE, target)
        tags = exiftool(tmp_path / target)
        assert not any("Warning" in key for key in tags), (target, tags)
        assert tags["IFD0:Make"] == "Maker" and tags["IFD0:XResolution"] == 300
        assert tags["XMP-xmp:Rating"] == 3
