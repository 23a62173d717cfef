"""Pictures of a table through `peel scan`: the module has no scanner of its own, the program has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ._errors import InternalError, InvalidArgument, NotFound
from ._needs import need
from ._work import DONE, FAILED, Row

_PHASES = ("1", "1,2", "1,2,3")
# The library's columns (docs/scan.md) that say something of a picture by itself, and their types.
_TEXT = ("content_hash", "format", "taken_at", "taken_offset", "make", "model", "lens", "city", "country", "title",
         "description", "label", "creator", "copyright", "software", "color_profile", "phash", "dominant_colors",
         "scene", "model_versions")
_NUMBERS = ("size", "width", "height", "orientation", "iso", "rating", "bit_depth", "faces")
_TRUTHS = ("flash", "is_animated", "motion_photo")
_LISTS = ("keywords", "objects")
_ORDER = ("size", "content_hash", "format", "width", "height", "orientation", "taken_at", "taken_offset", "make",
          "model", "lens", "focal_mm", "focal35_mm", "aperture", "exposure_s", "iso", "flash", "gps_lat", "gps_lon",
          "gps_alt", "city", "country", "title", "description", "keywords", "rating", "label", "creator", "copyright",
          "software", "color_profile", "bit_depth", "is_animated", "motion_photo", "phash", "sharpness",
          "subject_sharpness", "exposure", "contrast", "noise", "colorfulness", "subject_share", "subject_score",
          "faces", "dominant_colors", "quality", "embedding", "scene", "scene_score", "objects", "model_versions")


def scan_fields(pa: Any, phases: str) -> List[Tuple[str, Any]]:
    """Names and types of what scan_batch gives, whatever the phases."""
    _check_phases(phases)
    fields = []
    for name in _ORDER:
        if name in _TEXT:
            type = pa.string()
        elif name in _NUMBERS:
            type = pa.int64()
        elif name in _TRUTHS:
            type = pa.bool_()
        elif name in _LISTS:
            type = pa.list_(pa.string())
        else:
            type = pa.list_(pa.float32()) if name == "embedding" else pa.float64()
        fields.append((name, type))
    return [*fields, ("status", pa.string()), ("error", pa.string())]


def scan_batch(pictures: Iterator[Tuple[int, Any]], count: int, phases: str, program: Optional[str], jobs: int,
               timeout: Optional[float]) -> List[Tuple[str, Any, Any]]:
    """(name, type, array) for each column. pictures: (number, bytes, or a Row that says why there are none).
    peel.NotFound where the program is not here; what it cannot do is in the rows."""
    pa = need("pyarrow", "arrow")
    fields = scan_fields(pa, phases)
    command = _program(program)
    rows: List[Dict[str, Any]] = [{} for _ in range(count)]
    with tempfile.TemporaryDirectory(prefix="peel-scan-") as folder:
        inputs = os.path.join(folder, "in")
        os.mkdir(inputs)
        for number, data in pictures:
            if isinstance(data, Row):
                rows[number] = {"status": FAILED, "error": data.error}
                continue
            with open(os.path.join(inputs, f"{number:08d}.jpg"), "wb") as file:  # its content counts
                file.write(data)
        if any(not row for row in rows):
            limit = 300.0 + 10 * count if timeout is None else timeout
            problem = _scan_folder(command, folder, phases, jobs, limit)
            for row in _exported(folder):
                number = int(os.path.basename(row["path"])[:8])
                fine = row["status"] == "ok"
                rows[number] = {**row, "status": DONE if fine else FAILED,
                                "error": None if fine else _without(row["error"], row["path"])}
            for row in rows:
                if not row:
                    row.update(status=FAILED, error=problem or "peel scan says nothing of it")
    return [(name, type, pa.array([row.get(name) for row in rows], type)) for name, type in fields]


def _check_phases(phases: str) -> None:
    if phases not in _PHASES:
        raise InvalidArgument(f"phases is one of {', '.join(map(repr, _PHASES))}, not {phases!r}")


def _program(program: Optional[str]) -> str:
    found = shutil.which("peel" if program is None else os.fspath(program))
    if found is None:
        raise NotFound("the program peel, which scans, is not here" if program is None else
                       f"{program}: there is no such program")
    return found


def _scan_folder(command: str, folder: str, phases: str, jobs: int, limit: float) -> str:
    """What went wrong with the run as a whole; "" for nothing."""
    try:
        done = subprocess.run(
            [command, "scan", os.path.join(folder, "in"), "--db", os.path.join(folder, "library.db"), "--phases",
             phases, "--export", os.path.join(folder, "found.parquet"), "--jobs", str(min(jobs, 256)), "--quiet"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"peel scan took longer than {limit:g} seconds for its batch"
    except OSError as error:
        raise InternalError(f"{command}: cannot be run ({error})") from None
    if done.returncode in (0, 1):
        return ""
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"peel scan ended with code {done.returncode}" + (f": {last[0]}" if last else "")


def _exported(folder: str) -> List[Dict[str, Any]]:
    path = os.path.join(folder, "found.parquet")
    if not os.path.exists(path):
        return []
    rows: List[Dict[str, Any]] = need("pyarrow.parquet", "arrow").read_table(path).to_pylist()
    return rows


def _without(error: Optional[str], path: str) -> Optional[str]:
    """The text without the name that the picture had here alone."""
    return error if error is None else error.replace(f"{path}: ", "").replace(path, "the picture")
