"""Peel removes the background from images.

    import peel
    png = peel.cut("photo.jpg")            # bytes of a PNG with straight alpha
    rgba = peel.cut(array)                 # NumPy in, NumPy out; bgr=True for OpenCV
    page = peel.rectify("page.jpg")        # straightened: page.image, page.corners …
    session = peel.Session("u2net")        # another model, loaded once
    remover = peel.BackgroundRemover(background="white", max_size=2048)
    for result in remover.process_batch(paths): ...
    peel.video("clip.mp4", "clip.webm")   # a film with alpha
    for rgb, alpha, seconds in peel.video_frames("clip.mp4"): ...

peel.rembg is a drop-in for the package rembg.
"""

import os as _os

# Before ONNX Runtime is loaded, whose official builds send usage data otherwise.
_os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
_os.environ.setdefault("ORT_TELEMETRY_DISABLED", "1")

from ._api import (Model, PictureInfo, cut, cut_async, matte, matte_async, models, probe,
                   rectify, rectify_async, trim_memory)
from ._errors import (Cancelled, Corrupt, DeviceRefused, Error, InternalError, InvalidArgument,
                      IoError, LimitExceeded, NotFound, OutOfMemory, Unsupported)
from ._peel import Cancel, version as _version
from ._rectified import Rectification, Rectified
from ._remover import BackgroundRemover
from ._session import Cutout, Session
from ._video import Video, probe_video, video, video_frames

__version__ = _version()

__all__ = [
    "BackgroundRemover", "Cancel", "Cancelled", "Corrupt", "Cutout", "DeviceRefused", "Error",
    "InternalError", "InvalidArgument", "IoError", "LimitExceeded", "Model", "NotFound",
    "OutOfMemory", "PictureInfo", "Rectification", "Rectified", "Session", "Unsupported", "Video", "cut",
    "cut_async", "matte", "matte_async", "models", "probe", "probe_video", "rectify", "rectify_async",
    "trim_memory", "video", "video_frames",
]
