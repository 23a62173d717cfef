"""remove and its steps, with rembg's names."""

from __future__ import annotations

import io
from enum import Enum
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional, Tuple, Union, overload

from .. import _peel
from .._errors import Corrupt, LimitExceeded, Unsupported
from .._inputs import file_bytes, is_pillow, pixels_of
from .._options import make_options
from . import _sniff, _trimap
from .session_factory import new_session
from .sessions import sessions, sessions_names, sessions_names_downloadable
from .sessions.base import BaseSession, ClothSession, PeelSession

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

    from .._types import ArrayIn, ArrayOut

    _Colour = Union[Tuple[int, int, int], Tuple[int, int, int, int]]

__all__ = ["BaseSession", "ReturnType", "alpha_matting_cutout", "apply_background_color",
           "decontaminate_cutout", "download_models", "fix_image_orientation", "get_concat_v",
           "get_concat_v_multi", "naive_cutout", "new_session", "post_process", "putalpha_cutout",
           "remove", "sessions", "sessions_names", "sessions_names_downloadable"]


class ReturnType(Enum):
    """What remove returns."""

    BYTES = 0
    PILLOW = 1
    NDARRAY = 2


@overload
def remove(data: bytes, alpha_matting: bool = False,
           alpha_matting_foreground_threshold: int = 240,
           alpha_matting_background_threshold: int = 10, alpha_matting_erode_size: int = 10,
           session: Optional[BaseSession] = None, only_mask: bool = False,
           post_process_mask: bool = False, decontaminate: bool = False, vitmatte: bool = False,
           vitmatte_model: Optional[str] = None, bgcolor: Optional[_Colour] = None,
           force_return_bytes: bool = False, *args: Any, **kwargs: Any) -> bytes: ...
@overload
def remove(data: PILImage, alpha_matting: bool = False,
           alpha_matting_foreground_threshold: int = 240,
           alpha_matting_background_threshold: int = 10, alpha_matting_erode_size: int = 10,
           session: Optional[BaseSession] = None, only_mask: bool = False,
           post_process_mask: bool = False, decontaminate: bool = False, vitmatte: bool = False,
           vitmatte_model: Optional[str] = None, bgcolor: Optional[_Colour] = None,
           force_return_bytes: Literal[False] = False, *args: Any, **kwargs: Any) -> PILImage: ...
@overload
def remove(data: ArrayIn, alpha_matting: bool = False,
           alpha_matting_foreground_threshold: int = 240,
           alpha_matting_background_threshold: int = 10, alpha_matting_erode_size: int = 10,
           session: Optional[BaseSession] = None, only_mask: bool = False,
           post_process_mask: bool = False, decontaminate: bool = False, vitmatte: bool = False,
           vitmatte_model: Optional[str] = None, bgcolor: Optional[_Colour] = None,
           force_return_bytes: Literal[False] = False, *args: Any, **kwargs: Any) -> ArrayOut: ...
@overload
def remove(data: Any, *, alpha_matting: bool = False,
           alpha_matting_foreground_threshold: int = 240,
           alpha_matting_background_threshold: int = 10, alpha_matting_erode_size: int = 10,
           session: Optional[BaseSession] = None, only_mask: bool = False,
           post_process_mask: bool = False, decontaminate: bool = False, vitmatte: bool = False,
           vitmatte_model: Optional[str] = None, bgcolor: Optional[_Colour] = None,
           force_return_bytes: Literal[True], **kwargs: Any) -> bytes: ...
def remove(
    data: Any,
    alpha_matting: bool = False,
    alpha_matting_foreground_threshold: int = 240,
    alpha_matting_background_threshold: int = 10,
    alpha_matting_erode_size: int = 10,
    session: Optional[BaseSession] = None,
    only_mask: bool = False,
    post_process_mask: bool = False,
    decontaminate: bool = False,
    vitmatte: bool = False,
    vitmatte_model: Optional[str] = None,
    bgcolor: Any = None,
    force_return_bytes: bool = False,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Removes the background from a picture: bytes give PNG bytes, a PIL image one, an array one.

    session comes from new_session, or is any object with rembg's predict method. putalpha=True among
    the keywords keeps the picture's colours. force_return_bytes gives PNG bytes for everything, and
    takes any buffer of a file's bytes (bytearray, array.array, mmap, numpy.fromfile). ValueError for
    other types of data, for bytes that are no picture PIL's own errors if Pillow is installed, else
    peel.Corrupt.
    """
    kind, data = _kind_of(data, force_return_bytes)
    if vitmatte and not only_mask:
        raise Unsupported("vitmatte needs a second network, which this version does not have; use "
                          "alpha_matting or decontaminate")
    steps = _Steps(only_mask, post_process_mask, bool(kwargs.pop("putalpha", False)), decontaminate,
                   alpha_matting, alpha_matting_foreground_threshold,
                   alpha_matting_background_threshold, alpha_matting_erode_size, bgcolor)
    if session is None:
        session = new_session("", *args, **kwargs)

    output = None
    if _native(session, kwargs):
        output = _remove_natively(data, kind, session, steps)  # type: ignore[arg-type]
    if output is not None and kind is ReturnType.BYTES:
        return output.bytes
    if output is not None:
        result, image = output.array, None
    else:
        result, image = None, _remove_with_pillow(data, kind, session, steps, args, kwargs)

    if kind is ReturnType.NDARRAY and not force_return_bytes:
        import numpy

        return result if image is None else numpy.asarray(image)
    if image is None:
        from PIL import Image

        image = Image.fromarray(result)  # type: ignore[arg-type]
    if kind is ReturnType.PILLOW and not force_return_bytes:
        return image
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _kind_of(data: Any, force_return_bytes: bool) -> Tuple[ReturnType, Any]:
    """What came in, and what it is worked on as."""
    if isinstance(data, bytes):
        return ReturnType.BYTES, data
    if is_pillow(data):
        return ReturnType.PILLOW, data
    array = _is_array(data)
    if force_return_bytes:
        # A column or a row of bytes is a file too, where it begins like one: cv2.imencode's.
        flat = data.reshape(-1) if array and data.ndim == 2 and 1 in data.shape and _sniff.known(
            data.tobytes()[:16]) else data
        content = file_bytes(flat)
        if content is not None:
            return ReturnType.BYTES, content
        if not array:
            raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'")
    if array:
        return ReturnType.NDARRAY, data
    raise ValueError(f"Input type {type(data)} is not supported. Try using "
                     "force_return_bytes=True to force python bytes output")


class _Steps:
    """What is to be done with the masks."""

    def __init__(self, only_mask: bool, post_process_mask: bool, putalpha: bool,
                 decontaminate: bool, alpha_matting: bool, foreground: int, background: int,
                 erode: int, bgcolor: Any) -> None:
        self.only_mask = bool(only_mask)
        self.post_process_mask = bool(post_process_mask)
        self.putalpha = putalpha
        self.decontaminate = bool(decontaminate)
        self.alpha_matting = bool(alpha_matting)
        self.thresholds = (foreground, background, erode)
        self.bgcolor = None if bgcolor is None or only_mask else tuple(bgcolor)

    def options(self) -> _peel.Options:
        """For the engine."""
        return _options(mask=self.only_mask, background=self.bgcolor,
                        post_process_mask=self.post_process_mask, putalpha=self.putalpha,
                        decontaminate=self.decontaminate, alpha_matting=self.alpha_matting,
                        thresholds=self.thresholds)


def _options(*, mask: bool = False, background: Any = None, post_process_mask: bool = False,
             putalpha: bool = False, decontaminate: bool = False, alpha_matting: bool = False,
             thresholds: Tuple[int, int, int] = (240, 10, 10)) -> _peel.Options:
    options = make_options(mask=mask, background=background, compat="rembg")
    options.post_process_mask = post_process_mask
    options.putalpha = putalpha
    options.decontaminate = decontaminate
    options.alpha_matting = alpha_matting
    (options.alpha_matting_foreground_threshold, options.alpha_matting_background_threshold,
     options.alpha_matting_erode_size) = (int(v) for v in thresholds)
    return options


def _is_array(data: Any) -> bool:
    import sys

    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(data, numpy.ndarray)


def _native(session: BaseSession, kwargs: Dict[str, Any]) -> bool:
    """Whether the engine can do all of it: nothing of predict's was overridden or asked for."""
    predict = getattr(type(session), "predict", None)
    if predict is not PeelSession.predict or "predict" in vars(session):
        return False
    category = kwargs.get("cc") or kwargs.get("cloth_category")
    return not (isinstance(session, ClothSession) and category)


def _remove_natively(data: Any, kind: ReturnType, session: PeelSession,
                     steps: _Steps) -> Optional[_peel.Output]:
    """In one call of the engine; None where Pillow's peculiarities matter and Pillow is here."""
    engine = session.engine._engine
    if kind is ReturnType.BYTES:
        # Grey has ways of its own with alpha, and putalpha keeps the file's profile.
        plain = _sniff.plain(data, grey=not (steps.putalpha or steps.alpha_matting)) and not (
            steps.putalpha and _sniff.profiled(data))
        if not plain and _sniff.have_pillow():
            return None
        try:
            return engine.cut_bytes(data, steps.options())
        except (Corrupt, LimitExceeded, Unsupported):
            # Pillow may be able to read it, or raises what code for rembg expects.
            if _sniff.have_pillow():
                return None
            raise
    if kind is ReturnType.PILLOW:
        import numpy

        # putalpha keeps the image, with all that is known about it.
        if data.mode not in ("RGB", "RGBA") or "transparency" in data.info or steps.putalpha:
            return None
        return engine.cut_pixels(numpy.asarray(fix_image_orientation(data)), steps.options())
    if data.dtype != "uint8" or data.ndim != 3 or data.shape[2] not in (3, 4) or data.size == 0:
        return None
    return engine.cut_pixels(data, steps.options())


def _remove_with_pillow(data: Any, kind: ReturnType, session: BaseSession, steps: _Steps,
                        args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Step by step, as rembg does it: for every mode of Pillow's and every kind of session."""
    from PIL import Image

    image: PILImage
    if kind is ReturnType.BYTES:
        image = Image.open(io.BytesIO(data))
    elif kind is ReturnType.NDARRAY:
        image = Image.fromarray(data)
    else:
        image = data
    image = fix_image_orientation(image)
    cutouts = []
    for mask in session.predict(image, *args, **kwargs):
        if steps.post_process_mask:
            import numpy

            mask = Image.fromarray(post_process(numpy.array(mask)))
        if steps.only_mask:
            cutouts.append(mask)
        elif steps.alpha_matting and (matted := _matted(image, mask, steps)) is not None:
            cutouts.append(matted)
        elif steps.putalpha:
            cutouts.append(putalpha_cutout(image, mask))
        elif steps.decontaminate or steps.alpha_matting:
            cutouts.append(decontaminate_cutout(image, mask))
        else:
            cutouts.append(naive_cutout(image, mask))
    result = get_concat_v_multi(cutouts) if cutouts else image
    if steps.bgcolor is not None:
        result = apply_background_color(result, steps.bgcolor)
    return result


def _matted(image: Any, mask: Any, steps: _Steps) -> Any:
    """None where matting is impossible; rembg then continues without it."""
    try:
        return alpha_matting_cutout(image, mask, *steps.thresholds)
    except ValueError:
        return None


def fix_image_orientation(img: Any) -> Any:
    """The PIL image upright, by its EXIF data."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(img)


def naive_cutout(img: Any, mask: Any) -> Any:
    """The image times the mask: edges darkened, as rembg has them."""
    from PIL import Image

    return Image.composite(img, Image.new("RGBA", img.size, 0), mask)


def putalpha_cutout(img: Any, mask: Any) -> Any:
    """The image itself with the mask as its alpha."""
    img.putalpha(mask)
    return img


def decontaminate_cutout(img: Any, mask: Any) -> Any:
    """The mask as alpha over the subject's own colours."""
    return _composed(img, mask, _options(decontaminate=True))


def alpha_matting_cutout(img: Any, mask: Any, foreground_threshold: int,
                         background_threshold: int, erode_structure_size: int) -> Any:
    """Closed-form matting in a band around the mask's edge.

    ValueError for grey and palette images and where the mask leaves nothing certain, AssertionError
    for other images that do not have three channels: as in rembg.
    """
    import numpy

    thresholds = (foreground_threshold, background_threshold, erode_structure_size)
    if img.mode in ("RGBA", "CMYK"):
        img = img.convert("RGB")
    pixels = numpy.asarray(img)
    _trimap.check(pixels, numpy.asarray(mask), *thresholds)
    # The channels as they are, whatever they mean: rembg's result for YCbCr has YCbCr in it.
    return _composed(img, mask, _options(alpha_matting=True, thresholds=thresholds), pixels)


def _composed(img: Any, mask: Any, options: _peel.Options, pixels: Any = None) -> Any:
    import numpy
    from PIL import Image

    if img.size != mask.size:
        raise ValueError("images do not match")
    if pixels is None:
        pixels = numpy.asarray(img if img.mode == "RGB" else img.convert("RGB"))
    alpha = numpy.asarray(mask if mask.mode == "L" else mask.convert("L"))
    return Image.fromarray(_peel.compose(None, pixels, alpha, options).array)


def post_process(mask: Any) -> Any:
    """A mask as an array, opened, blurred and cut at the middle."""
    import numpy

    mask = pixels_of(numpy.asarray(mask), matte=True)
    picture = numpy.zeros((*mask.shape, 3), numpy.uint8)  # not looked at for a mask
    return _peel.compose(None, picture, mask, _options(mask=True, post_process_mask=True)).array


def apply_background_color(img: Any, color: Tuple[int, int, int, int]) -> Any:
    """The RGBA image over a colour."""
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", img.size, tuple(color)), img)


def get_concat_v(img1: Any, img2: Any) -> Any:
    """One image above the other."""
    from PIL import Image

    both = Image.new("RGBA", (img1.width, img1.height + img2.height))
    both.paste(img1, (0, 0))
    both.paste(img2, (0, img1.height))
    return both


def get_concat_v_multi(imgs: List[Any]) -> Any:
    """All images one above the other."""
    stack = imgs[0]
    for image in imgs[1:]:
        stack = get_concat_v(stack, image)
    return stack


def download_models(models: Tuple[str, ...]) -> None:
    """Says for every model whether it is here; fetches those that are not by `peel models pull`."""
    from .downloads import fetch_models

    fetch_models(list(models))
