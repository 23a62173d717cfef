"""peel.cut and its companions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Literal, NamedTuple, Optional, overload

from . import _peel
from ._errors import Error, InvalidArgument, named
from ._inputs import ENCODED, load
from ._rectified import Rectified
from ._session import Session, is_loaded, session_for

if TYPE_CHECKING:
    from PIL.Image import Image
    from typing_extensions import Unpack

    from ._types import (ArrayIn, ArrayOut, AsyncReadable, CutOptions, Encoded, MatteOptions, MatteOut,
                         Path, RectifyOptions)


@overload
def cut(data: ArrayIn, *, model: Optional[Path] = None, session: Optional[Session] = None,
        **options: Unpack[CutOptions]) -> ArrayOut: ...
@overload
def cut(data: Image, *, model: Optional[Path] = None, session: Optional[Session] = None,
        **options: Unpack[CutOptions]) -> Image: ...
@overload
def cut(data: Encoded, *, model: Optional[Path] = None, session: Optional[Session] = None,
        **options: Unpack[CutOptions]) -> bytes: ...
def cut(data: Any, *, model: Any = None, session: Optional[Session] = None, **options: Any) -> Any:
    """Returns the cut-out of a picture in the form the picture was given.

    data is an encoded picture (bytes or another buffer, a path, a file object opened for binary
    reading), a PIL image or a NumPy array of 8-bit or 16-bit pixels (H x W, H x W x 3 RGB or H x W x 4
    RGBA). Encoded pictures give encoded bytes, PIL images PIL images, arrays arrays of the same depth:
    RGBA with straight alpha, or RGB over an opaque background.

    Options:
      bgr            arrays are BGR(A), as in OpenCV, in and out
      background     a CSS colour, (r, g, b) or (r, g, b, a), "blur", "blur:RADIUS" or a picture's path
      mask           return only the matte, 8-bit grey
      edges          auto, off, refine or matting: how to bring the matte to full resolution
      crop           True or a margin in pixels: crop to the subject
      max_size       scale the result down to this longer side
      work_size      compute the matte at this longer side, the result at full size
      format         png, jpg, webp, avif or tiff, for encoded pictures; quality 1 to 100; lossless
      keep_metadata  keep the ICC profile and EXIF (True)
      compat         "rembg": rembg's pixels, defects included
      max_pixels     refuse larger pictures; default 250 million
      trimap         used instead of a model's matte: an array, a PIL image or a picture's path, of the
                     upright picture's size; 0 background, 255 subject, grey unknown
      hints          strokes that correct the matte: an array (RGB or RGBA), a PIL image, an encoded
                     picture's bytes or its path, of the upright picture's size; green is certainly
                     subject, red certainly background, anything else nothing
      rectify        straighten it too, as peel.rectify does, transparent around; a picture in which
                     nothing is certain enough is cut out alone (Session.run tells which)
      progress       a function that is called with the next stage ("decode", "network", "matte",
                     "compose", "encode", "done") and the share done, 0 to 1; an exception it raises
                     stops the call. It runs in a thread of the call's
      out            an array to write the pixels into; it is returned
      cancel         a peel.Cancel that stops the call from another thread

    An option that would have no effect is refused with peel.InvalidArgument. Errors are
    peel.Error, each also of the built-in type that fits: NotFound is a FileNotFoundError, Corrupt a
    ValueError and so on.
    """
    return _chosen(model, session).cut(data, **options)


@overload
def matte(data: ArrayIn, *, model: Optional[Path] = None, session: Optional[Session] = None,
          **options: Unpack[MatteOptions]) -> MatteOut: ...
@overload
def matte(data: Image, *, model: Optional[Path] = None, session: Optional[Session] = None,
          **options: Unpack[MatteOptions]) -> Image: ...
@overload
def matte(data: Encoded, *, model: Optional[Path] = None, session: Optional[Session] = None,
          **options: Unpack[MatteOptions]) -> bytes: ...
def matte(data: Any, *, model: Any = None, session: Optional[Session] = None,
          **options: Any) -> Any:
    """Returns the matte of a picture in the form the picture was given (H x W for arrays): 0 is
    background, 255 subject.

    Takes the options of peel.cut except background, mask, keep_metadata and rectify.
    """
    return _chosen(model, session).matte(data, **options)


@overload
async def cut_async(data: ArrayIn, *, model: Optional[Path] = None,
                    session: Optional[Session] = None,
                    **options: Unpack[CutOptions]) -> ArrayOut: ...
@overload
async def cut_async(data: Image, *, model: Optional[Path] = None,
                    session: Optional[Session] = None, **options: Unpack[CutOptions]) -> Image: ...
@overload
async def cut_async(data: Encoded | AsyncReadable, *, model: Optional[Path] = None,
                    session: Optional[Session] = None, **options: Unpack[CutOptions]) -> bytes: ...
async def cut_async(data: Any, *, model: Any = None, session: Optional[Session] = None,
                    **options: Any) -> Any:
    """cut for asyncio: the event loop keeps running, and cancelling the task stops the work.

    An awaitable read() (aiohttp's StreamReader, Starlette's UploadFile) is awaited.
    """
    return await (await _chosen_async(model, session)).cut_async(data, **options)


@overload
async def matte_async(data: ArrayIn, *, model: Optional[Path] = None,
                      session: Optional[Session] = None,
                      **options: Unpack[MatteOptions]) -> MatteOut: ...
@overload
async def matte_async(data: Image, *, model: Optional[Path] = None,
                      session: Optional[Session] = None,
                      **options: Unpack[MatteOptions]) -> Image: ...
@overload
async def matte_async(data: Encoded | AsyncReadable, *, model: Optional[Path] = None,
                      session: Optional[Session] = None,
                      **options: Unpack[MatteOptions]) -> bytes: ...
async def matte_async(data: Any, *, model: Any = None, session: Optional[Session] = None,
                      **options: Any) -> Any:
    """matte for asyncio, like cut_async."""
    return await (await _chosen_async(model, session)).matte_async(data, **options)


@overload
def rectify(data: Any, *, model: Optional[Path] = None, session: Optional[Session] = None,
            all: Literal[False] = False, **options: Unpack[RectifyOptions]) -> Rectified: ...
@overload
def rectify(data: Any, *, model: Optional[Path] = None, session: Optional[Session] = None,
            all: Literal[True], **options: Unpack[RectifyOptions]) -> List[Rectified]: ...
def rectify(data: Any, *, model: Any = None, session: Optional[Session] = None, all: bool = False,
            **options: Any) -> Any:
    """Straightens the document, product or screen in a picture: its four corners are found, its
    proportions worked out, and it is seen from the front.

    data is what peel.cut takes; the result is a peel.Rectified, whose image has the form the picture was
    given in: encoded bytes, a PIL image, or an array (H x W x C, or H x W with enhance gray and bw) of
    the same depth. Beside it: corners (4 x 2, pixels of the upright input), homography (3 x 3), ratio,
    focal_px (pixels), confidence (0 to 1), kind, turn and dpi. Where nothing is certain enough status is
    "abstained", reason says why and image is None; that is no error.

    Options:
      kind           auto, document, product or screen: what is looked for
      corners        where it is: four (x, y) in pixels of the upright picture, clockwise from the corner
                     that becomes the top left; nothing is looked for then
      focal_px       the lens's focal length in pixels; default: what EXIF says
      ratio          width to height: "auto", "free", "W:H", a number, (w, h), "a4", "letter" or "id1"
      size           (width, height) of the result in pixels; None for one that follows from the other
      dpi            the result's resolution, where the paper's size is known
      enhance        none, auto, color, gray or bw: light and shadow evened out
      turn           degrees clockwise: 0, 90, 180, 270, or "auto": as the text reads
      margin         pixels, or "2%" of the longer side, seen around; negative: cut off
      cutout         cut out as well: RGBA, transparent around; background and edges are for it
      filter         bicubic, bilinear or lanczos
      draw           instead of all that the picture with what was found drawn on
      all            every sheet in the picture: a list, in reading order
      bgr, max_size, format, quality, lossless, keep_metadata, max_pixels, progress, cancel
                     as for peel.cut
    """
    return _chosen(model, session).rectify(data, all=all, **options)


async def rectify_async(data: Any, *, model: Optional[Path] = None,
                        session: Optional[Session] = None, **options: Any) -> Any:
    """rectify for asyncio, like cut_async."""
    return await (await _chosen_async(model, session)).rectify_async(data, **options)


def _chosen(model: Any, session: Optional[Session]) -> Session:
    if session is None:
        return session_for(model)
    if model is not None:
        raise InvalidArgument("give a model or a session, which has one already")
    return session


async def _chosen_async(model: Any, session: Optional[Session]) -> Session:
    """Loading happens in a thread as well."""
    if session is not None or is_loaded(model):
        return _chosen(model, session)
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, session_for, model)


class Model(NamedTuple):
    """A model known by name; path is None if it is not on this machine."""

    name: str
    path: Optional[str]


def models() -> List[Model]:
    """Lists the models known by name, the embedded one first (its path is "(embedded)")."""
    return [Model(name, path or None) for name, path in _peel.models()]


class PictureInfo(NamedTuple):
    """The contents of a picture's header."""

    format: str  # "JPEG", "HEIC" …
    width: int  # upright, like results
    height: int
    orientation: int  # EXIF's, 1 to 8: 5 to 8 lie on their side in the file
    frames: int  # or pages; peel.cut takes the first
    bits: int  # per sample
    channels: int  # as stored: 1 grey or palette index, 2 grey and alpha, 3, 4 RGBA or CMYK
    has_alpha: bool


def probe(data: Encoded) -> PictureInfo:
    """Reads the header of an encoded picture; nothing is decoded and no limit applies."""
    source = load(data)
    if source.kind != ENCODED:
        raise TypeError("an array or a PIL image has no header to be looked at")
    try:
        return PictureInfo(*_peel.probe(source.data))
    except Error as error:
        if source.name is None:
            raise
        raise named(error, source.name) from None


def trim_memory() -> None:
    """Releases the pixel memory that the process keeps for the next picture; a session's own is
    released by its trim_memory."""
    _peel.trim_memory()
