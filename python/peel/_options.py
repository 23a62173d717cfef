"""Keyword arguments to the engine's options."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from . import _peel
from ._errors import InvalidArgument
from ._peel import Options, RectifyOptions

_FORMATS = _peel.formats()
_EDGES = _peel.edges()
KINDS = _peel.quad_kinds()
_ENHANCEMENTS = _peel.enhancements()
_FILTERS = _peel.filters()
DEVICES = _peel.devices()
PRECISIONS = _peel.precisions()


def runtime_text(value: Any) -> Optional[str]:
    """ONNX Runtime's options as the program takes them: text or a dictionary."""
    if value is None or isinstance(value, str):
        return value
    if not hasattr(value, "items"):
        raise TypeError(f"runtime is a dictionary or \"KEY=VALUE,...\", not {value!r}")
    words = {True: "on", False: "off"}
    return ",".join(f"{key}={words[item] if isinstance(item, bool) else item}"
                    for key, item in value.items())


def choose(what: str, value: Any, choices: Dict[str, int]) -> int:
    """The number of one of the choices, all of which the error names."""
    if isinstance(value, str) and value.lower() in choices:
        return choices[value.lower()]
    raise InvalidArgument(f"{what} is one of {', '.join(choices)}, not {value!r}")


def whole(what: str, value: Any, least: int, most: int) -> int:
    """A whole number within a range; TypeError for anything that is none."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    number: int = value.__index__()
    if not least <= number <= most:
        raise InvalidArgument(f"{what} is from {least} to {most}, not {number}")
    return number


def background_text(value: Any) -> Optional[str]:
    """A background as the program takes it: text, or a colour of 3 or 4 numbers."""
    if value is None:
        return None
    if hasattr(value, "__fspath__"):
        value = value.__fspath__()
    if isinstance(value, str):
        return value
    try:
        numbers = [whole("a colour's channel", v, 0, 255) for v in value]
    except TypeError:
        numbers = []
    if len(numbers) not in (3, 4):
        raise TypeError("a background is a CSS colour, \"blur\", a picture's path or a tuple of 3 "
                        f"or 4 numbers, not {value!r}")
    return "#" + "".join(f"{v:02x}" for v in numbers)


def make_options(*, format: str = "png", quality: Optional[int] = None, lossless: bool = False,
                 mask: bool = False, background: Any = None, edges: str = "auto",
                 crop: Any = None, max_size: Optional[int] = None,
                 work_size: Optional[int] = None, compat: Optional[str] = None,
                 keep_metadata: bool = True, max_pixels: Optional[int] = None, trimap: Any = None,
                 hints: Any = None, progress: Any = None, rectify: bool = False) -> Options:
    """The options that all of peel's functions share."""
    most = (1 << 31) - 1
    o = Options()
    o.format = choose("format", format, _FORMATS)
    if quality is not None:
        o.quality = whole("quality", quality, 1, 100)
    o.lossless = bool(lossless)
    o.mask_only = bool(mask)
    o.background = background_text(background)
    o.edges = choose("edges", edges, _EDGES)
    if crop is not None and crop is not False:
        o.crop_margin = 0 if crop is True else whole("crop", crop, 0, 1 << 20)
    if max_size is not None:
        o.max_size = whole("max_size", max_size, 1, most)
    if work_size is not None:
        o.work_size = whole("work_size", work_size, 1, most)
    if compat is not None:
        choose("compat", compat, {"rembg": 1})
        o.compat_rembg = True
    o.drop_metadata = not keep_metadata
    if max_pixels is not None:
        o.max_pixels = whole("max_pixels", max_pixels, 1, (1 << 63) - 1)
    if trimap is not None:
        from ._inputs import plane_of

        o.trimap = plane_of(trimap, "a trimap")
    if hints is not None:
        from ._inputs import colours_of

        o.hints = colours_of(hints, "hints")
    if rectify:
        o.rectify = RectifyOptions()
    if progress is not None:
        if not callable(progress):
            raise TypeError(f"progress is a function of a stage and a share, not {progress!r}")
        o.progress = progress
    return o


def positive(what: str, value: Any) -> float:
    """A number above 0; TypeError for anything that is none."""
    if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        raise TypeError(f"{what} is a number, not {value!r}")
    number = float(value)
    if not 0 < number < float("inf"):
        raise InvalidArgument(f"{what} is a number above 0, not {value!r}")
    return number


def _corners(value: Any) -> Tuple[float, ...]:
    import numpy

    try:
        array = numpy.asarray(value, dtype=numpy.float64)
    except (TypeError, ValueError):
        raise TypeError(f"corners are four points (x, y), not {value!r}") from None
    if array.shape not in ((4, 2), (8,)):
        raise InvalidArgument("corners are four points (x, y), clockwise from the top left, not an "
                              f"array of shape {array.shape}")
    return tuple(array.ravel().tolist())


def _ratio(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple) and len(value) == 2:
        return f"{positive('ratio', value[0])}:{positive('ratio', value[1])}"
    return f"{positive('ratio', value)}:1"


def make_rectify_options(*, kind: str = "auto", corners: Any = None, focal_px: Any = None,
                         ratio: Any = "auto", size: Any = None, dpi: Any = None,
                         enhance: str = "none", turn: Any = "auto", margin: Any = None,
                         cutout: bool = False, filter: str = "bicubic", all: bool = False,
                         draw: bool = False) -> RectifyOptions:
    """The options of peel.rectify alone."""
    o = RectifyOptions()
    o.kind = choose("kind", kind, KINDS)
    if corners is not None:
        o.corners = _corners(corners)
    if focal_px is not None:
        o.focal_px = positive("focal_px", focal_px)
    if ratio != "auto":
        o.ratio = _ratio(ratio)
    if size is not None:
        width, height = size
        o.width = 0 if width is None else whole("size", width, 1, 1 << 20)
        o.height = 0 if height is None else whole("size", height, 1, 1 << 20)
    if dpi is not None:
        o.dpi = positive("dpi", dpi)
    o.enhance = choose("enhance", enhance, _ENHANCEMENTS)
    if turn != "auto":
        o.turn = whole("turn", turn, 0, 270)
    if margin is not None:
        o.margin = margin if isinstance(margin, str) else str(whole("margin", margin, -(1 << 20), 1 << 20))
    o.cutout = bool(cutout)
    o.filter = choose("filter", filter, _FILTERS)
    o.all = bool(all)
    o.draw = bool(draw)
    return o
