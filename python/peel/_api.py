"""peel.cut and its companions."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional

from . import _peel
from ._session import Session, session_for


def cut(data: Any, *, model: Any = None, session: Optional[Session] = None, **options: Any) -> Any:
    """The cut-out of a picture, as what came in.

    data is an encoded picture (bytes, a path, a file object opened for binary reading), a PIL image
    or a NumPy array of 8-bit pixels (H x W, H x W x 3 RGB or H x W x 4 RGBA). Encoded pictures give
    encoded bytes, PIL images PIL images, arrays arrays: RGBA with straight alpha, or RGB over an
    opaque background.

    Options:
      bgr            arrays are BGR(A), as OpenCV has them, in and out
      background     a CSS colour, (r, g, b) or (r, g, b, a), "blur", "blur:RADIUS" or a picture's path
      mask           the matte alone, 8-bit grey
      edges          auto, off, refine or matting: how the matte is brought to full resolution
      crop           True or a margin in pixels: crop to the subject
      max_size       scale the result down to this longer side
      work_size      make the matte at this longer side, the result at full size
      format         png, jpg, webp, avif or tiff, for encoded pictures; quality 1 to 100; lossless
      keep_metadata  carry ICC profile and EXIF over (True)
      compat         "rembg": rembg's pixels, defects included
      max_pixels     refuse larger pictures; 250 million if not given
      cancel         a peel.Cancel that stops the call from another thread

    Errors are peel.Error, each also of the built-in type that fits: NotFound is a FileNotFoundError,
    Corrupt a ValueError and so on.
    """
    return (session or session_for(model)).cut(data, **options)


def matte(data: Any, *, model: Any = None, session: Optional[Session] = None,
          **options: Any) -> Any:
    """The matte of a picture, as what came in (H x W for arrays): 0 background, 255 subject.

    Takes the options of peel.cut that make sense for it.
    """
    return (session or session_for(model)).matte(data, **options)


async def cut_async(data: Any, *, model: Any = None, session: Optional[Session] = None,
                    **options: Any) -> Any:
    """cut for asyncio: the event loop runs on meanwhile, and cancelling the task stops the work."""
    return await (session or session_for(model)).cut_async(data, **options)


async def matte_async(data: Any, *, model: Any = None, session: Optional[Session] = None,
                      **options: Any) -> Any:
    """matte for asyncio."""
    return await (session or session_for(model)).matte_async(data, **options)


class Model(NamedTuple):
    """A model known by name; path is None where it is not on this machine."""

    name: str
    path: Optional[str]


def models() -> List[Model]:
    """The models known by name, the embedded one first (its path is "(embedded)")."""
    return [Model(name, path or None) for name, path in _peel.models()]
