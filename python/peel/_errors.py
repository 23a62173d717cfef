"""The exceptions of Peel: the program's texts, under types that Python code expects."""

from __future__ import annotations


class Error(Exception):
    """What every error of Peel is; ``status`` is its word in the C interface."""

    status = "internal error"


class InvalidArgument(Error, ValueError):
    """Something was asked for that makes no sense."""

    status = "invalid argument"


class NotFound(Error, FileNotFoundError):
    """A file or a model that is not there."""

    status = "not found"


class IoError(Error, OSError):
    """Reading failed."""

    status = "input or output failed"


class Corrupt(Error, ValueError):
    """The bytes are not what their format says."""

    status = "corrupt data"


class Unsupported(Error, ValueError):
    """Valid, but nothing here can do it."""

    status = "unsupported"


class LimitExceeded(Error, ValueError):
    """A limit (pixels, bytes) was exceeded."""

    status = "limit exceeded"


class OutOfMemory(Error, MemoryError):
    """There is not enough memory."""

    status = "out of memory"


class Cancelled(Error):
    """The call's ``peel.Cancel`` was set."""

    status = "cancelled"


class DeviceRefused(Error, RuntimeError):
    """The device asked for cannot be used (``strict=True``)."""

    status = "device refused"


class InternalError(Error, RuntimeError):
    """A bug in Peel."""


# By the numbers of peel_status in peel.h.
_BY_STATUS = (InternalError, InvalidArgument, NotFound, IoError, Corrupt, Unsupported,
              LimitExceeded, OutOfMemory, Cancelled, DeviceRefused, InternalError)


def make(status: int, text: str) -> Error:
    """The exception for a status of the C interface."""
    kind = _BY_STATUS[status] if 0 <= status < len(_BY_STATUS) else InternalError
    return kind(text)


def named(error: Error, name: str) -> Error:
    """The same error with the file's name in front, as the program prints it."""
    return type(error)(f"{name}: {error}")
