"""Which encoded pictures the engine decodes to the very pixels that Pillow would give rembg."""

from __future__ import annotations

import importlib.util
from typing import Optional

_have_pillow: Optional[bool] = None


def have_pillow() -> bool:
    """Whether Pillow could be imported; it is not, which would take longer."""
    global _have_pillow
    if _have_pillow is None:
        _have_pillow = importlib.util.find_spec("PIL") is not None
    return _have_pillow


def plain(data: bytes, grey: bool) -> bool:
    """Whether this is 8-bit RGB or RGBA (or, with `grey`, grey) in a JPEG, PNG or WebP file.

    Palettes, 16 bits, CMYK, colour keys and the like have modes of their own in Pillow, which show in
    rembg's results.
    """
    if b"tiff:Orientation" in data[:1 << 16]:  # in XMP, which Pillow heeds
        return False
    if data.startswith(b"\xff\xd8"):
        parts = _jpeg_components(data)
        return parts == 3 or (grey and parts == 1)
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 33:
        depth, colour = data[24], data[25]
        pixels = data.find(b"IDAT")
        if depth != 8 or (pixels > 0 and data.find(b"tRNS", 0, pixels) > 0):
            return False
        return colour in (2, 6) or (grey and colour == 0)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return data[12:15] == b"VP8" and not (data[12:16] == b"VP8X" and data[20] & 2)
    return False


def _jpeg_components(data: bytes) -> int:
    """From the frame header; 0 where there is none."""
    at = 2
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[at + 9]
        if marker == 0xDA:
            break
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return 0


_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\x00", b"MM\x00*",
          b"\x00\x00\x01\x00", b"8BPS", b"\x00\x00\x00\x0cjP  ")


def known(head: bytes) -> bool:
    """Whether a file that begins with these 16 bytes is a picture, as rembg decides it."""
    if head.startswith(_MAGIC) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"heic", b"heix", b"mif1", b"msf1")


def profiled(data: bytes) -> bool:
    """Whether a JPEG, PNG or WebP file may have an ICC profile."""
    if data.startswith(b"\x89PNG"):
        pixels = data.find(b"IDAT")
        return data.find(b"iCCP", 0, pixels if pixels > 0 else len(data)) > 0
    if data.startswith(b"RIFF"):
        return data[12:16] == b"VP8X" and bool(data[20] & 32)
    return b"ICC_PROFILE\0" in data
