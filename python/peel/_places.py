"""Where pictures lie and results go: this machine's files, and whatever pyarrow has a file system for."""

from __future__ import annotations

import os
import secrets
import stat
from threading import Lock
from typing import Any, Dict, NamedTuple, Optional, Tuple
from urllib.parse import unquote

from ._errors import InvalidArgument, IoError, LimitExceeded, NotFound
from ._inputs import read_file
from ._needs import need

_MOST_BYTES = 4 << 30  # of a picture's file
# Where a file is there once it is whole: nothing has to be renamed.
_OBJECT_STORES = ("s3", "gcs", "abfs", "mock")


class Place(NamedTuple):
    """A folder or file; filesystem None: this machine's own."""

    filesystem: Any
    path: str

    def below(self, name: str) -> Place:
        """What is called `name` in it."""
        return Place(self.filesystem, f"{self.path.rstrip('/')}/{name}" if self.path else name)


_known: Dict[str, Tuple[Any, str]] = {}  # file systems by their root's URI, and what goes before a path
_lock = Lock()


def place_of(uri: Any, filesystem: Any = None) -> Place:
    """A local path, file://…, any URI that pyarrow.fs takes, or with `filesystem` a path in that."""
    text = os.fspath(uri)
    if not isinstance(text, str):
        raise TypeError(f"a place is a path or a URI, not {uri!r}")
    if filesystem is not None:
        return _plain(filesystem, text)
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.replace("+", "").isalnum():
        return Place(None, text)
    fs = need("pyarrow.fs", "arrow")
    rest, _, query = rest.partition("?")
    host, _, below = rest.partition("/")
    root, below = f"{scheme}://{host}?{query}", unquote(below)
    with _lock:
        known = _known.get(root)
    if known is not None:  # one client for a store, with its connections
        return _plain(known[0], known[1] + below)
    try:
        found, path = fs.FileSystem.from_uri(text)
    except (ValueError, OSError, NotImplementedError) as error:
        raise InvalidArgument(f"{text}: no place that pyarrow knows ({error})") from None
    if path.endswith(below):
        with _lock:
            _known.setdefault(root, (found, path[:len(path) - len(below)]))
    return _plain(found, path)


def _plain(filesystem: Any, path: str) -> Place:
    return Place(None if getattr(filesystem, "type_name", "") == "local" else filesystem, path)


def lasting_place(place: Place) -> Place:
    """One that is the same in a process with another working folder."""
    return place if place.filesystem is not None else Place(None, os.path.abspath(place.path))


def as_filesystem(filesystem: Any) -> Any:
    """None, a pyarrow FileSystem, or one of fsspec wrapped as one; TypeError for the rest."""
    if filesystem is None:
        return None
    fs = need("pyarrow.fs", "arrow")
    if isinstance(filesystem, fs.FileSystem):
        return filesystem
    if hasattr(filesystem, "protocol"):
        return fs.PyFileSystem(fs.FSSpecHandler(filesystem))
    raise TypeError(f"filesystem is one of pyarrow.fs or fsspec, not {filesystem!r}")


def read(place: Place) -> bytes:
    """All of a file; peel.NotFound, peel.IoError, peel.LimitExceeded."""
    filesystem, path = place
    if filesystem is None:
        return _read_local(path)
    try:
        with filesystem.open_input_file(path) as file:
            if file.size() > _MOST_BYTES:
                raise LimitExceeded(f"{path}: is larger than {_MOST_BYTES >> 30} GiB")
            data: bytes = file.read()
            return data
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such file") from None
    except OSError as error:
        raise IoError(f"{path}: cannot read it ({error})") from None


def _read_local(path: str) -> bytes:
    try:
        info = os.stat(path)
    except OSError:
        return read_file(path)  # which says what is wrong
    if not stat.S_ISREG(info.st_mode):
        raise IoError(f"{path}: is no file")  # a pipe might never have anything to say
    if info.st_size > _MOST_BYTES:
        raise LimitExceeded(f"{path}: is larger than {_MOST_BYTES >> 30} GiB")
    return read_file(path)


def write(place: Place, data: Any) -> None:
    """A file that is there as a whole or not at all, its folders with it. peel.IoError."""
    filesystem, path = place
    try:
        if filesystem is None:
            _write_local(path, data)
            return
        folder = path.rpartition("/")[0]
        if filesystem.type_name in _OBJECT_STORES:
            _put(filesystem, path, data)
            return
        if folder:
            filesystem.create_dir(folder, recursive=True)
        unfinished = f"{folder}/.{secrets.token_hex(8)}.part" if folder else f".{secrets.token_hex(8)}.part"
        _put(filesystem, unfinished, data)
        filesystem.move(unfinished, path)
    except OSError as error:
        raise IoError(f"{path}: cannot be written ({error.strerror or error})") from None


def _put(filesystem: Any, path: str, data: Any) -> None:
    stream = filesystem.open_output_stream(path)
    try:
        stream.write(data)
        stream.close()
    except BaseException:
        _forget(stream, Place(filesystem, path))
        raise


def _forget(stream: Any, place: Place) -> None:
    """A stream that is let go of completes what it has: a torn file, which is taken away again."""
    try:
        stream.close()
    except OSError:
        pass
    remove(place)


def _write_local(path: str, data: Any) -> None:
    folder, name = os.path.split(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    unfinished = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.part")
    try:
        with open(unfinished, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        try:
            os.unlink(unfinished)
        except OSError:
            pass
        raise


def exists(place: Place) -> bool:
    """Whether there is a file."""
    if place.filesystem is None:
        return os.path.isfile(place.path)
    fs = need("pyarrow.fs", "arrow")
    return bool(place.filesystem.get_file_info(place.path).type == fs.FileType.File)


def remove(place: Place) -> None:
    """A file that may be gone already."""
    try:
        if place.filesystem is None:
            os.unlink(place.path)
        else:
            place.filesystem.delete_file(place.path)
    except OSError:
        pass


def files_below(place: Place, recursive: bool) -> Dict[str, Tuple[int, Optional[int]]]:
    """The files of a folder by their names below it: size in bytes and time of change in nanoseconds.
    Hidden ones, and what is in hidden folders, are not listed. peel.NotFound, peel.IoError."""
    fs = need("pyarrow.fs", "arrow")
    filesystem = place.filesystem or fs.LocalFileSystem()
    root = place.path.rstrip("/") or "/"
    try:
        infos = filesystem.get_file_info(fs.FileSelector(root, recursive=recursive))
    except FileNotFoundError:
        raise NotFound(f"{root}: there is no such folder") from None
    except OSError as error:
        raise IoError(f"{root}: cannot be listed ({error})") from None
    found = {}
    for info in infos:
        name = info.path[len(root):].lstrip("/")
        if info.type == fs.FileType.File and not any(part.startswith(".") for part in name.split("/")):
            found[name] = (info.size, info.mtime_ns)
    return found


class Unfinished:
    """A file that is written in pieces and there only once it is whole."""

    def __init__(self, place: Place) -> None:
        fs = need("pyarrow.fs", "arrow")
        self._filesystem = place.filesystem or fs.LocalFileSystem()
        self._path = place.path
        self._direct = self._filesystem.type_name in _OBJECT_STORES
        folder, _, name = place.path.rpartition("/")
        self._at = place.path
        if not self._direct:
            if folder:
                self._filesystem.create_dir(folder, recursive=True)
            self._at = f"{folder or '.'}/.{name[:100]}.{secrets.token_hex(8)}.part"
        self.stream = self._filesystem.open_output_stream(self._at)

    def commit(self) -> None:
        """It gets its name."""
        self.stream.close()
        if not self._direct:
            self._filesystem.move(self._at, self._path)

    def abandon(self) -> None:
        """Nothing of it stays."""
        _forget(self.stream, Place(self._filesystem, self._at))


def size_and_time(place: Place) -> Tuple[int, Optional[int]]:
    """Of a file: bytes, and nanoseconds since 1970 where the file system says. peel.NotFound."""
    fs = need("pyarrow.fs", "arrow")
    info = (place.filesystem or fs.LocalFileSystem()).get_file_info(place.path)
    if info.type != fs.FileType.File:
        raise NotFound(f"{place.path}: there is no such file")
    return info.size, info.mtime_ns


def read_tail(place: Place, count: int) -> bytes:
    """The last bytes of a file, as many as there are."""
    fs = need("pyarrow.fs", "arrow")
    try:
        with (place.filesystem or fs.LocalFileSystem()).open_input_file(place.path) as file:
            size = file.size()
            file.seek(max(0, size - count))
            data: bytes = file.read(min(count, size))
            return data
    except OSError as error:
        raise IoError(f"{place.path}: cannot read it ({error})") from None
