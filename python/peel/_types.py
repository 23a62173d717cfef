"""The types of what goes in and comes out, and the options by name, for type checkers and editors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Protocol, Tuple, TypedDict, Union

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ._peel import Cancel

    ArrayIn = NDArray[Any]  # of 8 or 16 bits, as what comes out
    ArrayOut = NDArray[Any]
    MatteOut = NDArray[numpy.uint8]
    Trimap = Union[ArrayIn, Image, str, os.PathLike[str]]
    Hints = Union[ArrayIn, Image, bytes, str, os.PathLike[str]]


class Readable(Protocol):
    """A file object, opened for binary reading."""

    def read(self) -> bytes:
        """All of it."""


class AsyncReadable(Protocol):
    """One whose read has to be awaited, such as aiohttp's StreamReader or Starlette's UploadFile."""

    async def read(self) -> bytes:
        """All of it."""


Path = Union[str, "os.PathLike[str]"]
Encoded = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", Readable]
Background = Union[str, "os.PathLike[str]", Tuple[int, int, int], Tuple[int, int, int, int]]
Runtime = Union[str, Dict[str, Any]]


class MatteOptions(TypedDict, total=False):
    """The options of peel.matte: see peel.cut."""

    bgr: bool
    edges: str
    crop: Union[bool, int, None]
    max_size: Optional[int]
    work_size: Optional[int]
    format: str
    quality: Optional[int]
    lossless: bool
    compat: Optional[str]
    max_pixels: Optional[int]
    trimap: Optional[Trimap]
    hints: Optional[Hints]
    progress: Optional[Callable[[str, float], object]]
    out: Optional[ArrayIn]
    cancel: Optional[Cancel]


class CutOptions(MatteOptions, total=False):
    """The options of peel.cut."""

    background: Optional[Background]
    mask: bool
    keep_metadata: bool
    rectify: bool


class RectifyOptions(TypedDict, total=False):
    """The options of peel.rectify: see there."""

    kind: str
    corners: Any
    focal_px: Optional[float]
    ratio: Union[str, float, Tuple[float, float]]
    size: Optional[Tuple[Optional[int], Optional[int]]]
    dpi: Optional[float]
    enhance: str
    turn: Union[str, int]
    margin: Union[str, int, None]
    cutout: bool
    filter: str
    draw: bool
    bgr: bool
    background: Optional[Background]
    edges: str
    max_size: Optional[int]
    format: str
    quality: Optional[int]
    lossless: bool
    keep_metadata: bool
    max_pixels: Optional[int]
    progress: Optional[Callable[[str, float], object]]
    cancel: Optional[Cancel]
