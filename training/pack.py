"""The whole training set in one file of under 50 MB, for a machine that is lent briefly.

A pack is a ZIP archive: rows.csv, and for each picture `N.image.webp` (colour),
`N.soft.webp` (its soft target, grey) and, where there is one,
`N.mask.webp`. Packing finds the quality that fits; unpacking makes an ordinary
store whose only teacher is that mean.
"""

import csv
import io
import pathlib
import zipfile

import numpy as np
from PIL import Image

from training import store as store_lib

LIMIT = 50_000_000  # bytes
_TRIED = (80, 70, 60, 50, 40, 30, 20, 10)


class PackError(RuntimeError):
    """The pack cannot be made or read; the message says why."""


def _webp(pixels: np.ndarray, size: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(pixels)).resize((size, size), Image.LANCZOS)
    image.save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()


def _entries(store: store_lib.Store, i: int, size: int, quality: int) -> dict[str, bytes]:
    entries = {f"{i}.image.webp": _webp(store.images[i], size, quality),
               f"{i}.soft.webp": _webp(store.soft(i), size, quality)}
    if store.rows[i]["has_mask"] == "1":
        entries[f"{i}.mask.webp"] = _webp(store.masks[i], size, quality)
    return entries


def _fitting_quality(store: store_lib.Store, chosen: list[int], size: int) -> int:
    """The highest quality at which a sample of 150 pictures promises to fit."""
    sample = chosen[::max(1, len(chosen) // 150)]
    for quality in _TRIED:
        total = sum(len(data) + 120 for i in sample
                    for data in _entries(store, i, size, quality).values())
        if total * len(chosen) / len(sample) < 0.96 * LIMIT:
            return quality
    raise PackError(f"{len(chosen)} pictures of {size} pixels do not fit into {LIMIT} bytes")


def pack(store: store_lib.Store, path: pathlib.Path, size: int) -> int:
    """Writes the pictures that have soft targets; returns the quality used."""
    chosen = [int(i) for i in np.flatnonzero(store.soft_ready())]
    quality = _fitting_quality(store, chosen, size)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(store.rows[0]))
        writer.writeheader()
        for new, i in enumerate(chosen):
            writer.writerow(store.rows[i])
            for name, data in _entries(store, i, size, quality).items():
                archive.writestr(name.replace(f"{i}.", f"{new}.", 1), data)
        archive.writestr("rows.csv", text.getvalue())
    if path.stat().st_size > LIMIT:
        raise PackError(f"{path}: {path.stat().st_size} bytes, over the limit of {LIMIT}")
    return quality


def unpack(path: pathlib.Path, folder: pathlib.Path, size: int) -> int:
    """Makes a store of `size` pixels from a pack; returns the number of pictures."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise PackError(f"{path}: not a pack ({error})") from error
    with archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("rows.csv").decode())))
        names = set(archive.namelist())
        shape = (len(rows), size, size)
        images = store_lib.open_array(folder / "images.npy", (*shape, 3))
        masks = store_lib.open_array(folder / "masks.npy", shape)
        soft = store_lib.open_array(folder / "soft_mean.npy", shape)
        done = store_lib.open_array(folder / "soft_mean_done.npy", (len(rows),))
        for i in range(len(rows)):
            for kind, target, mode in (("image", images, "RGB"), ("soft", soft, "L"),
                                       ("mask", masks, "L")):
                name = f"{i}.{kind}.webp"
                if name in names:
                    picture = Image.open(io.BytesIO(archive.read(name))).convert(mode)
                    target[i] = np.asarray(picture.resize((size, size), Image.LANCZOS))
            done[i] = 1
        (folder / "rows.csv").write_bytes(archive.read("rows.csv"))
    return len(rows)
