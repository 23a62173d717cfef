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

    def load(self, without: str = "") -> None:
        """What all its files say; where they disagree, which was right last is not known: None. Damaged
        lines, and files that cannot be read, cost work and nothing else. without: parts of a run whose
        results are known are not read."""
        from concurrent.futures import ThreadPoolExecutor

        self.made, self._parts = {}, [name for name in self._files() if name != MANIFEST]
        unread = [name for name in self._files() if not without or f"-ray-{without}-" not in name]
        with ThreadPoolExecutor(16) as pool:
            for lines in pool.map(self._lines_of, unread):
                for key, made in lines.items():
                    self.made[key] = made if self.made.get(key, made) == made else None

    def _lines_of(self, name: str) -> Dict[bytes, Made]:
        try:
            return dict(_peel.manifest_lines(read(self._folder.below(name))))
        except Error:
            return {}

    def compact(self, fresh: Dict[bytes, Made], run: str) -> None:
        """One file instead of many. `fresh`: what this run has made, which is right whatever is written;
        run: its name where that is all it has made, else "". peel.IoError. Left for another time while the
        program works in the folder."""
        from concurrent.futures import ThreadPoolExecutor

        self.load(run)
        if not fresh and not self._parts:
            return
        self.made.update(fresh)
        held = _Lock(self._folder)
        if not held.taken:
            return
        try:
            write(self._folder.below(MANIFEST),
                  b"".join(line(name, self.made[name]) for name in sorted(self.made)))
            # Others are those of the program's runs, and may be at work.
            ours = [self._folder.below(name) for name in self._parts if "-ray-" in name]
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(remove, ours))
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
    """A worker's own lines: a file that is written anew for each batch, and another after some of them."""

    _BATCHES = 64

    def __init__(self, folder: Place, run: str, worker: str) -> None:
        self._folder = folder
        self._name = f"{MANIFEST}-ray-{run}-{worker}"
        self._finished = 0
        self._lines: List[bytes] = []

    def begin(self, replaced: Iterable[bytes]) -> None:
        """Before outputs are replaced of which something is known that will not be true any more."""
        added = [line(name, None) for name in replaced]
        if added:
            self._lines += added
            self._write()

    def finish(self, made: Dict[bytes, Made]) -> None:
        """When a batch's are there."""
        if made:
            self._lines += [line(name, value) for name, value in made.items()]
            self._write()
        self._finished += 1
        if self._finished % self._BATCHES == 0:
            self._lines = []

    def _write(self) -> None:
        write(self._folder.below(f"{self._name}-{self._finished // self._BATCHES}"), b"".join(self._lines))
