"""What phase 1 reads of a picture's headers is what exiftool reads, field by field.

exiftool (Debian's libimage-exiftool-perl) goes over every picture of ../shared, and over its own
samples where PEEL_EXIFTOOL_SAMPLES names a checkout's t/images. FIELDS says of each field which of
exiftool's tags it is, in the order of docs/internals/photo-metadata.md; EXPLAINED is the one place
for what differs, and why. An entry there that no file needs fails the test as well.
"""
import json
import math
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PEEL = pathlib.Path(os.environ.get("PEEL", ROOT / "build/peel"))
SAMPLES = os.environ.get("PEEL_EXIFTOOL_SAMPLES")
PICTURES = {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff", ".btf",
            ".bmp", ".avif", ".heic", ".heif", ".jxl", ".dng", ".nef", ".cr2", ".cr3", ".arw",
            ".orf", ".rw2", ".raf", ".pef", ".srw"}
# Thousands of pictures of one making, without more metadata than the first of them.
MOST_OF_A_FOLDER = 60

LENS = re.compile(r"^[-. N/A0]*$")


def text(value):
    """As Peel keeps text: control characters are blanks, none around it."""
    if value is None:
        return ""
    value = str(value).split("\0")[0]
    return re.sub(r"[\x00-\x1f\x7f\x80-\x9f]", " ", value).strip(" ")


def words(value):
    if value is None:
        return []
    return [w for w in map(text, value if isinstance(value, list) else [value]) if w]


def positive(value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number > 0 and math.isfinite(number) else None


def moment(value, subseconds=None):
    """exiftool's "2024:05:01 12:30:05.12+02:00" as ("2024-05-01T12:30:05.12", "+02:00")."""
    match = re.match(r"\s*(\d{4})[:\-/](\d\d)[:\-/](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?"
                     r"(Z|[+-]\d\d:?\d\d)?)?\s*$", str(value or ""))
    if not match:
        return "", ""
    y, m, d, hour, minute, second, fraction, zone = match.groups()
    if not (1 <= int(m) <= 12 and 1 <= int(d) <= 31 and int(y) > 0):
        return "", ""
    at = f"{y}-{m}-{d}T{hour or '00'}:{minute or '00'}:{second or '00'}{fraction or ''}"
    if subseconds is not None and not fraction and re.match(r"\s*\d", str(subseconds)):
        at += "." + re.match(r"\d+", str(subseconds).strip())[0][:9]
    zone = {"Z": "+00:00", None: ""}.get(zone, zone)
    return at, zone


def first(record, *tags):
    for tag in tags:
        value = record.get(tag)
        if value not in (None, "", "undef", "inf") and text(value):
            return value
    return None


def taken(record):
    iptc = record.get("IPTC:DateCreated")
    if iptc and record.get("IPTC:TimeCreated"):
        iptc = f"{iptc} {record['IPTC:TimeCreated']}"
    for value, subseconds, zone in (
            (first(record, "ExifIFD:DateTimeOriginal", "IFD0:DateTimeOriginal"),
             record.get("ExifIFD:SubSecTimeOriginal"), record.get("ExifIFD:OffsetTimeOriginal")),
            (iptc, None, None),
            (record.get("XMP-exif:DateTimeOriginal"), None, None),
            (record.get("XMP-photoshop:DateCreated"), None, None),
            (record.get("ExifIFD:CreateDate"), record.get("ExifIFD:SubSecTimeDigitized"),
             record.get("ExifIFD:OffsetTimeDigitized")),
            (record.get("XMP-exif:DateTimeDigitized"), None, None),
            (record.get("XMP-xmp:CreateDate"), None, None)):
        at, offset = moment(value, subseconds)
        if at:
            return at, moment(f"2000:01:01 00:00:00{zone}")[1] if zone else offset
    return "", ""


def place(record):
    """Latitude, longitude, altitude: EXIF's where it has a point, else XMP's."""
    for lat, lon, alt in (("Composite:GPSLatitude", "Composite:GPSLongitude",
                           "Composite:GPSAltitude"),
                          ("GPS:GPSLatitude", "GPS:GPSLongitude", "GPS:GPSAltitude"),
                          ("XMP-exif:GPSLatitude", "XMP-exif:GPSLongitude", "XMP-exif:GPSAltitude")):
        try:
            point = float(record[lat]), float(record[lon])
        except (KeyError, TypeError, ValueError):
            continue
        if abs(point[0]) > 90 or abs(point[1]) > 180:
            continue
        try:
            return *point, float(record.get(alt))
        except (TypeError, ValueError):
            return *point, None
    return None, None, None


def spec(value):
    """Four numbers of a lens as "18-70mm f/3.5-4.5"."""
    numbers = [positive(part) or 0 for part in str(value or "").split()][:4]
    if len(numbers) < 4 or not numbers[0]:
        return ""
    short, long, wide, narrow = numbers
    lens = f"{short:g}" + (f"-{long:g}" if long > short else "") + "mm"
    if wide:
        lens += f" f/{wide:g}" + (f"-{narrow:g}" if narrow > wide else "")
    return lens


def lens(record):
    named = first(record, "ExifIFD:LensModel", "IFD0:LensModel", "Canon:LensModel",
                  "Olympus:LensModel", "Panasonic:LensType", "XMP-exifEX:LensModel",
                  "XMP-aux:Lens")
    if named is not None and not LENS.match(text(named)):
        return text(named)
    if positive(record.get("Canon:MinFocalLength")):
        return spec(f"{record['Canon:MinFocalLength']} {record['Canon:MaxFocalLength']} 0 0")
    if positive(record.get("FujiFilm:MinFocalLength")):
        return spec(" ".join(str(record.get(f"FujiFilm:{name}", 0)) for name in (
            "MinFocalLength", "MaxFocalLength", "MaxApertureAtMinFocal", "MaxApertureAtMaxFocal")))
    return spec(first(record, "Nikon:Lens", "ExifIFD:LensInfo", "IFD0:LensInfo"))


def iptc_first(record):
    """Whether another program has changed IPTC since Photoshop wrote XMP (MWG guidance)."""
    return (record.get("Photoshop:IPTCDigest") is not None
            and record["Photoshop:IPTCDigest"] != record.get("File:CurrentIPTCDigest"))


def profile(record):
    icc = first(record, "ICC_Profile:ProfileDescription")
    if icc is not None:
        return text(icc)
    if record.get("PNG:SRGBRendering") is not None:
        return "sRGB"
    space = first(record, "ExifIFD:ColorSpace", "XMP-exif:ColorSpace")
    return "sRGB" if space == 1 else None  # what no tag of exiftool tells is not compared


def rating(record):
    value = first(record, "XMP-xmp:Rating", "IFD0:Rating", "ExifIFD:Rating")
    return None if value is None else max(-1, min(5, round(float(value))))


def keywords(record):
    xmp, iptc = words(record.get("XMP-dc:Subject")), words(record.get("IPTC:Keywords"))
    if iptc_first(record):
        xmp, iptc = iptc, xmp
    return xmp or iptc or words(str(record.get("IFD0:XPKeywords") or "").split(";"))


def description(record):
    order = ["XMP-dc:Description", "IPTC:Caption-Abstract"]
    if iptc_first(record):
        order.reverse()
    return text(first(record, "IFD0:ImageDescription", *order, "PNG:Description"))


def bits(record):
    value = first(record, "File:BitsPerSample", "PNG:BitDepth", "IFD0:BitsPerSample")
    return None if value is None else int(str(value).split()[0])


FIELDS = {
    "width": lambda r: first(r, "File:ImageWidth", "PNG:ImageWidth", "GIF:ImageWidth",
                             "RIFF:ImageWidth", "IFD0:ImageWidth", "Meta:ImageSpatialExtent"),
    "height": lambda r: first(r, "File:ImageHeight", "PNG:ImageHeight", "GIF:ImageHeight",
                              "RIFF:ImageHeight", "IFD0:ImageHeight"),
    "orientation": lambda r: first(r, "IFD0:Orientation", "XMP-tiff:Orientation") or 1,
    "taken_at": lambda r: taken(r)[0],
    "taken_offset": lambda r: taken(r)[1],
    "make": lambda r: text(first(r, "IFD0:Make", "XMP-tiff:Make")),
    "model": lambda r: text(first(r, "IFD0:Model", "XMP-tiff:Model")),
    "lens": lens,
    "focal_mm": lambda r: positive(first(r, "ExifIFD:FocalLength", "IFD0:FocalLength",
                                         "XMP-exif:FocalLength")),
    "focal35_mm": lambda r: positive(first(r, "ExifIFD:FocalLengthIn35mmFormat",
                                           "XMP-exif:FocalLengthIn35mmFormat")),
    "aperture": lambda r: positive(first(r, "ExifIFD:FNumber", "IFD0:FNumber",
                                         "ExifIFD:ApertureValue", "XMP-exif:FNumber",
                                         "XMP-exif:ApertureValue")),
    "exposure_s": lambda r: positive(first(r, "ExifIFD:ExposureTime", "IFD0:ExposureTime",
                                           "ExifIFD:ShutterSpeedValue", "XMP-exif:ExposureTime",
                                           "XMP-exif:ShutterSpeedValue")),
    "iso": lambda r: positive(str(words(first(r, "ExifIFD:ISO", "IFD0:ISO", "XMP-exif:ISO")
                                        or "0")[0]).split()[0]),
    "flash": lambda r: None if first(r, "ExifIFD:Flash") is None else bool(r["ExifIFD:Flash"] & 1),
    "gps_lat": lambda r: place(r)[0],
    "gps_lon": lambda r: place(r)[1],
    "gps_alt": lambda r: place(r)[2],
    "title": lambda r: text(first(r, "XMP-dc:Title", "IPTC:ObjectName", "IFD0:XPTitle",
                                  "PNG:Title")),
    "description": description,
    "keywords": keywords,
    "rating": rating,
    "software": lambda r: text(first(r, "IFD0:Software", "XMP-xmp:CreatorTool", "PNG:Software")),
    "color_profile": profile,
    "bit_depth": bits,
    "is_animated": lambda r: (r.get("GIF:FrameCount") or r.get("PNG:AnimationFrames") or 1) > 1,
    "motion_photo": lambda r: 1 in (r.get("XMP-GCamera:MotionPhoto"),
                                    r.get("XMP-GCamera:MicroVideo"))
                              or "Samsung:EmbeddedVideoType" in r,
}
# Not compared where exiftool has no tag for it.
ONE_SIDED = {"width", "height", "color_profile", "bit_depth"}

# (pattern of a path, field): why Peel says something else.
RAW = r"\.(dng|nef|cr2|raf|rw2|arw|orf|pef|srw)$"
BROTLI = r"/JXL2\.jxl$"
EXPLAINED = {
    # Directories that point to themselves or name a tag twice: which one is read is chance.
    (r"images/broken/.*\.tif$", "width height bit_depth"): "damaged on purpose",
    # Two sizes for one picture: exiftool takes the last one in the file, Peel the primary picture's.
    (r"images/broken/libheif_.*\.heic$", "width height software"): "damaged on purpose",
    (r"\.(heic|heif|avif)$", "orientation"): "the format's own turn counts, not EXIF's",
    (r"\.(webp|avif|heic|heif)$", "is_animated"): "exiftool has no tag for it",
    (r"images/reports/.*90k\.png$", "description"): "more than 64 KiB of a text are cut",
    (BROTLI, "keywords"): "packed by Brotli, for which exiftool wants a module that Debian leaves out",
    (RAW, "width height bit_depth"): "the sensor's picture, where exiftool's plain tag is the preview's",
}


def same(field, peel, oracle):
    if isinstance(oracle, float) or isinstance(peel, float):
        if peel is None or oracle is None:
            return peel is None and oracle is None
        return math.isclose(float(peel), float(oracle), rel_tol=1e-6, abs_tol=1e-9)
    if field in ("flash", "is_animated", "motion_photo") and peel is not None:
        return bool(peel) == oracle
    return peel == oracle


def pictures():
    found = []
    for top in [SHARED / "images", SHARED / "data"] + ([pathlib.Path(SAMPLES)] if SAMPLES else []):
        for folder, _, names in os.walk(top):
            names = sorted(n for n in names if pathlib.Path(n).suffix.lower() in PICTURES)
            found += [pathlib.Path(folder) / n for n in names[:MOST_OF_A_FOLDER]]
    return found


def ask_exiftool(files, tmp_path):
    arguments = tmp_path / "files.txt"
    arguments.write_text("\n".join(map(str, files)), encoding="utf-8")
    out = subprocess.run(["exiftool", "-n", "-json", "-G1", "-q", "-q", "-@", str(arguments)],
                         capture_output=True, check=False)
    # Numbers as they stand: a software of "1.00" is no 1.0.
    return {r["SourceFile"]: r for r in json.loads(out.stdout.decode("utf-8", "replace"),
                                                   parse_float=str)}


def compare(records, oracle):
    """What differs without an entry in EXPLAINED, and the entries that explained something."""
    wrong, used = [], set()
    for path, record in records.items():
        told = oracle.get(path, {})
        if "Error" in told or "ExifTool:Error" in told:
            continue
        for field, ask in FIELDS.items():
            expected = ask(told)
            if expected is None and field in ONE_SIDED:
                continue
            got = record.get(field)
            if same(field, got, expected):
                continue
            for (pattern, name), _ in EXPLAINED.items():
                if field in name.split() and re.search(pattern, path):
                    used.add((pattern, name))
                    break
            else:
                wrong.append(f"{path}: {field} is {got!r}, exiftool says {expected!r}")
    return wrong, used


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.skipif(not (SHARED / "images").is_dir(), reason="../shared/images is not there")
def test_every_field_is_exiftools(tmp_path):
    files = pictures()
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = {}
    for i, file in enumerate(files):
        # Links: the scan sees one folder, and each file has a name of its own.
        link = folder / f"{i:05d}{file.suffix}"
        link.symlink_to(file)
        names[str(link)] = str(file)
    export = tmp_path / "photos.jsonl"
    subprocess.run([PEEL, "scan", str(folder), "--phases", "1", "--db", str(tmp_path / "photos.db"),
                    "--export", str(export)], check=False, capture_output=True)
    records = {}
    for line in export.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["status"] == "error":
            continue
        if isinstance(record.get("keywords"), str):
            record["keywords"] = json.loads(record["keywords"])
        for field in ("keywords",):
            record[field] = record.get(field) or []
        for field in ("taken_at", "taken_offset", "make", "model", "lens", "title", "description",
                      "software", "color_profile"):
            record[field] = record.get(field) or ""
        records[names[record["path"]]] = record
    assert len(records) > 0.8 * len(files)
    wrong, used = compare(records, ask_exiftool(list(records), tmp_path))
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:50])
    # Raw files are among exiftool's samples alone; some machines have its module.
    unused = [key for key in EXPLAINED
              if key not in used and key[0] != BROTLI and (SAMPLES or key[0] != RAW)]
    assert not unused, f"nothing needs these explanations any more: {unused}"
