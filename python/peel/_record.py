"""What results were made from: Peel's manifest, over any file system that pyarrow has.

The format, and which outputs a line speaks for, are the program's (src/pipeline/folder/manifest.h). What is
different here: an object store cannot append, and many machines write. So each of them puts files of its
own, `.peel-manifest-ray-…`, a batch's lines in each, which the program reads as the parts of a sharded run;
the run's driver gathers them into `.peel-manifest`.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, Optional, Tuple

from . import _peel
from ._errors import Error
from ._needs import need
from ._options import background_text
from ._places import Place, read, remove, write

MANIFEST = ".peel-manifest"
Made = Optional[Tuple[int, int]]  # hashes of content and settings; None: its making was interrupted

_FLAGS = {"mask": "--mask", "lossless": "--lossless", "rectify": "--rectify"}
_VALUES = {"format": "--format", "quality": "--quality", "edges": "--edges", "compat": "--compat",
           "max_size": "--max-size", "device": "--device", "precision": "--precision", "backend": "--backend"}
_WITHOUT_EFFECT = ("model", "threads", "strict", "memory_limit", "max_pixels")


def settings_of(kind: str, options: Dict[str, Any]) -> int:
    """The hash of what results depend on beside the picture: that of the same options typed to the program,
    where it has them, so that each leaves alone what the other has made."""
    typed: List[Tuple[str, List[str]]] = []
    for name, value in options.items():
        if name in _WITHOUT_EFFECT:
            continue
        if kind == "cut" and name in _FLAGS:
            if value:
                typed.append((_FLAGS[name], ["true"]))
        elif kind == "cut" and name in _VALUES:
            typed.append((_VALUES[name], [str(value)]))
        elif name == "background":
            if value is not None:
                typed.append(("--background", [background_text(value) or ""]))
        elif kind == "cut" and name == "crop" and value is not True and value not in (None, False):
            typed.append(("--crop", [str(value)]))
        else:
            typed.append((name, [repr(value)]))
    if kind != "cut":
        typed.append((f"peel.{kind}", []))
    model = options.get("model")
    if isinstance(model, bytes):
        typed.append(("model", [str(_peel.hash64(model))]))
        model = None
    return _peel.settings_hash(sorted(typed), "" if model is None else os.fspath(model))


def escaped(name: str) -> bytes:
    """A name as it stands in the manifest."""
    return _peel.escape_name(os.fsencode(name))


def line(name: bytes, made: Made) -> bytes:
    """A line for an escaped name."""
    return _peel.manifest_line(name, made)


class Record:
    """The manifest of a folder of results."""

    def __init__(self, folder: Place) -> None:
        self._folder = folder
        self._parts: List[str] = []
        self.made: Dict[bytes, Made] = {}

    def load(self) -> None:
        """What all its files say; where they disagree, which was right last is not known: None. Damaged
        lines, and files that cannot be read, cost work and nothing else."""
        self.made, self._parts = {}, []
        for name in self._files():
            try:
                text = read(self._folder.below(name))
            except Error:
                continue
            if name != MANIFEST:
                self._parts.append(name)
            for key, made in dict(_peel.manifest_lines(text)).items():
                self.made[key] = made if self.made.get(key, made) == made else None

    def compact(self, fresh: Dict[bytes, Made]) -> None:
        """One file instead of many. `fresh`: what this run has made, which is right whatever is written.
        peel.IoError. Left for another time while the program works in the folder."""
        self.load()
        if not fresh and not self._parts:
            return
        self.made.update(fresh)
        held = _Lock(self._folder)
        if not held.taken:
            return
        try:
            write(self._folder.below(MANIFEST),
                  b"".join(line(name, self.made[name]) for name in sorted(self.made)))
            for name in self._parts:
                if "-ray-" in name:  # others are those of the program's runs, and may be at work
                    remove(self._folder.below(name))
        finally:
            held.release()

    def _files(self) -> Iterable[str]:
        if self._folder.filesystem is None:
            try:
                names = os.listdir(self._folder.path or ".")
            except OSError:
                return []
        else:
            fs = need("pyarrow.fs", "arrow")
            found = self._folder.filesystem.get_file_info(
                fs.FileSelector(self._folder.path, recursive=False, allow_not_found=True))
            names = [info.base_name for info in found if info.type == fs.FileType.File]
        return sorted(name for name in names if _peel.is_manifest_name(name))


class _Lock:
    """The manifest's lock on this machine's file systems: the program holds it, shared, while it works."""

    def __init__(self, folder: Place) -> None:
        self.taken = True
        self._file: Optional[int] = None
        if folder.filesystem is not None:
            return
        try:
            import fcntl

            self._file = os.open(folder.below(MANIFEST).path, os.O_RDWR)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            pass
        except BlockingIOError:
            self.taken = False
            self.release()
        except (ImportError, OSError):
            pass  # a file system without locks

    def release(self) -> None:
        """Once."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Part:
    """A machine's own lines, in a file for each batch."""

    def __init__(self, folder: Place, run: str, name: str) -> None:
        self._place = folder.below(f"{MANIFEST}-ray-{run}-{name}")

    def begin(self, replaced: Iterable[bytes]) -> None:
        """Before outputs are replaced of which something is known that will not be true any more."""
        text = b"".join(line(name, None) for name in replaced)
        if text:
            write(self._place, text)

    def finish(self, made: Dict[bytes, Made]) -> None:
        """When they are there."""
        if made:
            write(self._place, b"".join(line(name, value) for name, value in made.items()))
