"""From what users pass to what the engine takes, and back.

NumPy and Pillow are imported only when they are needed: with files and bytes neither is.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Dict, NamedTuple, Optional

from ._errors import InvalidArgument, IoError, NotFound

ENCODED, ARRAY, PILLOW = "encoded", "array", "pillow"


class Source(NamedTuple):
    """One picture: encoded bytes, or an array as pixels_of gives it."""

    kind: str  # what the result is to be: ENCODED, ARRAY or PILLOW
    data: Any
    bgr: bool = False
    name: Optional[str] = None  # of the file, for messages
    info: Optional[Dict[str, Any]] = None  # of the Pillow image: what is carried over


def read_file(path: Any) -> bytes:
    """The file's bytes; errors say what the program says."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{name}: there is no such file") from None
    except OSError as error:
        raise IoError(f"{name}: cannot read it ({error.strerror or error})") from None


def is_pillow(data: Any) -> bool:
    """Whether this is a PIL image; Pillow is not imported to find out."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(data, image.Image)


def load(data: Any, bgr: bool = False) -> Source:
    """Bytes, a path, a file object, a PIL image or an array. TypeError for anything else."""
    if isinstance(data, Source):
        return data
    if isinstance(data, bytes):
        return Source(ENCODED, data)
    if isinstance(data, (str, os.PathLike)):
        return Source(ENCODED, read_file(data), name=os.fspath(data))
    if is_pillow(data):
        from ._pillow import pixels_of_image

        pixels, info = pixels_of_image(data)
        return Source(PILLOW, pixels_of(pixels), info=info)
    if hasattr(data, "__array_interface__") or hasattr(data, "__array__"):
        import numpy

        return Source(ARRAY, pixels_of(numpy.asarray(data)), bgr=bgr)
    content = file_bytes(data)
    if content is not None:
        return Source(ENCODED, content)
    if hasattr(data, "__await__"):
        _never(data)
        raise TypeError("a picture is to be awaited first: pass `await ...`, or call peel.cut_async "
                        "or peel.matte_async, which await it")
    read = getattr(data, "read", None)
    if callable(read):
        return _from_file(data, read())
    raise TypeError(f"a picture is bytes, a path, a file object, a PIL image or a NumPy array, not "
                    f"{type(data).__name__}")


def file_bytes(data: Any) -> Optional[bytes]:
    """A copy of what lies in a buffer of one dimension (bytearray, memoryview, array.array, mmap,
    numpy.fromfile), which is a file's content; None for anything else."""
    try:
        view = memoryview(data)
    except (TypeError, ValueError, BufferError):
        return None
    return view.tobytes() if view.ndim == 1 else None


async def awaited(data: Any) -> Any:
    """The picture itself where it, or its read(), has to be awaited; anything else as it is."""
    import inspect

    if hasattr(data, "__await__"):
        data = await data
    read = getattr(data, "read", None)
    if read is None or is_pillow(data) or not inspect.iscoroutinefunction(read):
        return data
    return _from_file(data, await read())


def _never(awaitable: Any) -> None:
    """A coroutine that nobody awaits warns when it goes; one that was closed does not."""
    close = getattr(awaitable, "close", None)
    if callable(close):
        close()


def _from_file(file: Any, content: Any) -> Source:
    if hasattr(content, "__await__"):
        _never(content)
        raise TypeError(f"{type(file).__name__}.read() has to be awaited, as aiohttp's and Starlette's: "
                        "pass `await file.read()`, or call peel.cut_async or peel.matte_async, which "
                        "await it")
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError("the file object gives text; open it in binary mode (\"rb\")")
    name = getattr(file, "name", None) or getattr(file, "filename", None)
    return Source(ENCODED, bytes(content), name=name if isinstance(name, str) else None)


def pixels_of(array: Any, matte: bool = False, what: str = "a matte") -> Any:
    """The array in the shape the engine takes: H x W or H x W x 3 or 4 samples of 8 or 16 bits (H x W
    bytes for a matte or the like). Only layout may be anything: strides are followed."""
    import numpy

    if array.dtype.kind == "u" and array.dtype.itemsize == 2 and not matte:
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
    elif array.dtype != numpy.uint8:
        hint = {"f": "; scale floats from 0..1 with (a * 255).round().astype(numpy.uint8)",
                "b": "; turn truth values into a.astype(numpy.uint8) * 255"}
        either = f"{what} must be 8-bit (uint8)" if matte else (
            "the pixels must be 8-bit (uint8) or 16-bit (uint16)")
        raise TypeError(f"{either}, not {array.dtype}" + hint.get(array.dtype.kind, ""))
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if matte:
        if array.ndim != 2:
            raise InvalidArgument(f"{what} has the shape (height, width), not {array.shape}")
    elif array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4)):
        raise InvalidArgument("an array of pixels has the shape (height, width), (height, width, 3)"
                              f" or (height, width, 4), not {array.shape}"
                              + ("; a file's bytes are passed as array.tobytes()"
                                 if array.ndim == 1 and array.size else ""))
    if array.size == 0:
        raise InvalidArgument(f"there are no pixels in an array of shape {array.shape}")
    return array


def plane_of(data: Any, what: str) -> Any:
    """A trimap from a NumPy array, a PIL image or a picture's path, as H x W bytes."""
    import numpy

    if isinstance(data, (str, os.PathLike)):
        from PIL import Image

        with Image.open(data) as image:
            data = image.convert("L")
    if is_pillow(data):
        data = data if data.mode == "L" else data.convert("L")
    return pixels_of(numpy.asarray(data), matte=True, what=what)


def colours_of(data: Any, what: str) -> Any:
    """Strokes from a NumPy array (RGB or RGBA), a PIL image, a picture's bytes or its path, as H x W x
    3 or 4 bytes."""
    import numpy

    if isinstance(data, (str, os.PathLike, bytes, bytearray, memoryview)):
        from PIL import Image

        source = data if isinstance(data, (str, os.PathLike)) else io.BytesIO(data)
        with Image.open(source) as image:
            data = image.convert("RGBA")
    if is_pillow(data):
        data = data if data.mode in ("RGB", "RGBA") else data.convert("RGBA")
    array = pixels_of(numpy.asarray(data), what=what)
    if array.ndim != 3 or array.dtype != numpy.uint8:
        raise InvalidArgument(f"{what} have the shape (height, width, 3) or (height, width, 4) and 8 "
                              f"bits, not {array.shape} of {array.dtype}")
    return array


def give_back(source: Source, output: Any, keep_metadata: bool, out: Any = None) -> Any:
    """The result as what came in: bytes, an array (the caller's `out`, if given) or a PIL image."""
    if source.kind == ENCODED:
        return output.bytes
    array = output.array
    if source.kind == ARRAY:
        if out is None:
            return array
        if out.shape != array.shape or out.dtype != array.dtype:
            raise InvalidArgument(f"out has the shape {out.shape} of {out.dtype}; the result has "
                                  f"{array.shape} of {array.dtype}")
        out[...] = array
        return out
    from PIL import Image

    image = Image.fromarray(array)
    if image.mode != "L" and source.info and keep_metadata:
        image.info.update(source.info)
    return image
