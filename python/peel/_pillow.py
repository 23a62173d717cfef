"""PIL images to the pixels that the engine takes, and what of theirs still holds for the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Tuple

from ._errors import InvalidArgument

if TYPE_CHECKING:
    from PIL.Image import Image

# To what Pillow is to convert a mode, on the way to RGB or RGBA. Premultiplied colours (La, RGBa) are
# divided by their alpha.
_STEPS: Dict[str, Tuple[str, ...]] = {
    "RGB": (), "RGBA": (), "1": ("RGB",), "L": ("RGB",), "P": ("RGB",), "RGBX": ("RGB",),
    "CMYK": ("RGB",), "YCbCr": ("RGB",), "HSV": ("RGB",), "LAB": ("RGB",),
    "LA": ("RGBA",), "PA": ("RGBA",), "RGBa": ("RGBA",), "La": ("LA", "RGBA"),
}
_KEYED = ("1", "L", "P", "RGB")  # whose info["transparency"] Pillow turns into alpha


def pixels_of_image(image: Image) -> Tuple[Any, Dict[str, Any]]:
    """The upright picture as an array of H x W x 3 or 4 bytes, and the info for its result."""
    import numpy
    from PIL import ImageOps

    mode = image.mode
    if mode in ("I", "F"):
        raise InvalidArgument(f"a PIL image of mode {mode} has no fixed range; convert it to \"L\" "
                              "or \"RGB\" first")
    if mode not in _STEPS and not mode.startswith("I;16"):
        raise InvalidArgument(f"PIL images of mode {mode} are not known here; convert it to \"RGB\" or "
                              "\"RGBA\" first")
    upright = ImageOps.exif_transpose(image)
    if mode.startswith("I;16"):
        return _sixteen_bits(upright), _kept(upright)
    steps = _STEPS[mode]
    if mode in _KEYED and ("transparency" in upright.info
                           or getattr(upright.palette, "mode", "") == "RGBA"):
        _scale_key(upright)
        steps = ("RGBA",)
    ready = upright
    for step in steps:
        ready = ready.convert(step)
    return numpy.asarray(ready), _kept(upright)


def _scale_key(image: Image) -> None:
    """Pillow reads 16-bit RGB with 8 bits, but leaves its key as it was."""
    key = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        image.info["transparency"] = tuple(v >> 8 for v in key)


def _sixteen_bits(image: Image) -> Any:
    import numpy

    samples = numpy.asarray(image)
    grey = (samples >> 8).astype(numpy.uint8)  # as the engine reduces files of 16 bits
    channels = [grey] * 3
    key = image.info.get("transparency")
    if isinstance(key, int):
        channels.append(numpy.where(samples == key, 0, 255).astype(numpy.uint8))
    return numpy.stack(channels, axis=2)


def _kept(image: Image) -> Dict[str, Any]:
    """The resolution, and the ICC profile where it is one for RGB, which the result is."""
    kept = {"dpi": image.info["dpi"]} if "dpi" in image.info else {}
    profile = image.info.get("icc_profile")
    if profile and profile[16:20] == b"RGB ":
        kept["icc_profile"] = profile
    return kept
