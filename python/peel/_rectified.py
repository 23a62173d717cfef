"""What comes of straightening a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from ._options import KINDS

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from ._peel import Output

_NAMES = {number: name for name, number in KINDS.items()}


@dataclass(frozen=True, eq=False)
class Rectification:
    """What became of the quad that was looked for, or given.

    Where status is "abstained", none was certain enough: reason says why, confidence is that of the
    best one, and the rest is empty (None or 0).
    """

    status: str  # "ok" or "abstained"
    reason: str  # "" where it is ok
    confidence: float  # 0 to 1: how probable it is that the quad is right; 1 for corners given
    kind: Optional[str]  # "document", "product" or "screen"
    # 4 x 2: (x, y) in pixels of the upright input, clockwise from the result's top left; the first
    # pixel's centre is at (0.5, 0.5). Corners may lie outside the picture.
    corners: Optional[NDArray[numpy.float64]]
    # 3 x 3: takes (x, y, 1) of the upright input to the result, after division by the third number.
    homography: Optional[NDArray[numpy.float64]]
    ratio: float  # width / height of the flat rectangle itself
    focal_px: float  # the focal length that it was computed with, in pixels; 0: none was needed
    turn: int  # degrees clockwise: 0, 90, 180, 270
    dpi: Tuple[float, float]  # dots per inch across and down; 0 where the paper's size is not known

    @property
    def ok(self) -> bool:
        """Whether it was straightened."""
        return self.status == "ok"


@dataclass(frozen=True, eq=False)
class Rectified(Rectification):
    """A straightened picture and how it was come by."""

    image: Any = None  # bytes, an array or a PIL image, as the input was; None where it abstained
    width: int = 0  # pixels of the image
    height: int = 0
    warning: str = ""  # "" if there is nothing to say


def describe(output: Output) -> Dict[str, Any]:
    """The fields of a Rectification."""
    import numpy

    ok = output.straightened
    return {
        "status": "ok" if ok else "abstained", "reason": output.reason, "confidence": output.confidence,
        "kind": _NAMES[output.quad_kind] if ok else None,
        "corners": numpy.array(output.corners).reshape(4, 2) if ok else None,
        "homography": numpy.array(output.homography).reshape(3, 3) if ok else None,
        "ratio": output.ratio, "focal_px": output.focal_px, "turn": output.turn,
        "dpi": (output.dpi_x, output.dpi_y),
    }
