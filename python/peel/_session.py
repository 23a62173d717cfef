"""A loaded model and the functions around it."""

from __future__ import annotations

import os
import warnings
from typing import Any, NamedTuple, Optional

from . import _inputs
from ._errors import Error, named
from ._options import DEVICES, PRECISIONS, choose, make_options, runtime_text, whole
from ._peel import Cancel, Engine, Options


class Cutout(NamedTuple):
    """A result and what is known about it."""

    image: Any  # bytes, an array or a PIL image: what the input was
    x: int  # its top left corner in the upright (and scaled) input: not 0 after a crop
    y: int
    width: int
    height: int
    has_subject: bool  # False: the cut-out is fully transparent
    subject_score: float  # how sure the model is that there is a subject, 0 to 1
    coverage: float  # the share of the picture that is subject, 0 to 1
    warning: str  # "" if there is nothing to say
    model: str  # what ran in fact
    device: str
    precision: str
    device_reason: str = ""  # why it is not the device asked for; "" where it is


class Session:
    """A model, loaded once. Any number of threads may use it; after a fork it loads itself anew.

    model is a name (``peel.models()``), the path of an ONNX file or None for the embedded one.
    device: auto, cpu, cuda, tensorrt, openvino. precision: auto, fp32, bf16, fp16, int8. threads:
    None for all processors this process may use. backend: auto, native, onnxruntime. runtime: ONNX
    Runtime's options as a dictionary, {"graph": "all", "gpu": 1}, or as the text of --ort. Where device or precision cannot be had, the session falls back
    with a RuntimeWarning, or with strict raises DeviceRefused or Unsupported.
    """

    def __init__(self, model: Any = None, *, device: str = "auto", precision: str = "auto",
                 threads: Optional[int] = None, strict: bool = False,
                 family: Optional[str] = None, backend: str = "auto",
                 runtime: Any = None) -> None:
        if model is not None:
            model = os.fspath(model)
        self._engine = Engine(
            model, choose("device", device, DEVICES), choose("precision", precision, PRECISIONS),
            0 if threads is None else whole("threads", threads, 1, 1024), bool(strict), family,
            str(backend).lower(), runtime_text(runtime), _package_folders())
        if self._engine.warning:
            warnings.warn(self._engine.warning, RuntimeWarning, stacklevel=2)

    @property
    def model(self) -> str:
        """The name of the model in use."""
        return self._engine.model

    @property
    def device(self) -> str:
        """The device in use, whatever was asked for."""
        return self._engine.device

    @property
    def device_asked(self) -> str:
        """The device that was asked for."""
        return self._engine.device_asked

    @property
    def device_reason(self) -> str:
        """Why another device is in use; "" where none is."""
        return self._engine.device_reason

    @property
    def backend(self) -> str:
        """What runs the network: "native", or "onnxruntime" and its version."""
        return self._engine.backend

    @property
    def precision(self) -> str:
        """The precision in use, whatever was asked for."""
        return self._engine.precision

    @property
    def threads(self) -> int:
        """How many threads a call may use."""
        return self._engine.threads

    @property
    def warning(self) -> str:
        """What was not as asked for; "" if nothing."""
        return self._engine.warning

    def __repr__(self) -> str:
        return (f"<peel.Session {self.model} on {self.device}, {self.precision}, "
                f"{self.threads} threads>")

    def run(self, data: Any, *, bgr: bool = False, cancel: Optional[Cancel] = None,
            **options: Any) -> Cutout:
        """As cut, with what is known about the result."""
        return self._run(_inputs.load(data, bgr), make_options(**options), cancel)

    def cut(self, data: Any, *, bgr: bool = False, cancel: Optional[Cancel] = None,
            **options: Any) -> Any:
        """The cut-out of a picture: see peel.cut."""
        return self.run(data, bgr=bgr, cancel=cancel, **options).image

    def matte(self, data: Any, *, bgr: bool = False, cancel: Optional[Cancel] = None,
              **options: Any) -> Any:
        """The matte of a picture: see peel.matte."""
        return self.run(data, bgr=bgr, cancel=cancel, mask=True, **options).image

    async def cut_async(self, data: Any, **options: Any) -> Any:
        """cut without blocking the event loop; cancelling the task stops the work."""
        return await _in_thread(self.cut, data, options)

    async def matte_async(self, data: Any, **options: Any) -> Any:
        """matte without blocking the event loop; cancelling the task stops the work."""
        return await _in_thread(self.matte, data, options)

    def _run(self, source: _inputs.Source, options: Options, cancel: Optional[Cancel]) -> Cutout:
        engine = self._engine
        try:
            if source.kind == _inputs.ENCODED:
                output = engine.cut_bytes(source.data, options, cancel)
            else:
                output = engine.cut_pixels(source.data, options, source.bgr, cancel)
        except Error as error:
            if source.name is None:
                raise
            raise named(error, source.name) from None
        return Cutout(_inputs.give_back(source, output), output.x, output.y, output.width,
                      output.height, output.has_subject, output.subject_score, output.coverage,
                      output.warning, engine.model, engine.device, engine.precision,
                      engine.device_reason)


def _package_folders() -> Optional[str]:
    """This interpreter's folders of packages that hold an ONNX Runtime."""
    import sys

    folders = [folder for folder in sys.path
               if folder and os.path.isdir(os.path.join(folder, "onnxruntime", "capi"))]
    return os.pathsep.join(folders) or None


async def _in_thread(function: Any, data: Any, options: dict) -> Any:
    import asyncio
    import functools

    cancel = options.pop("cancel", None) or Cancel()
    call = functools.partial(function, data, cancel=cancel, **options)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, call)
    except asyncio.CancelledError:
        cancel.set()
        raise


_sessions: dict = {}


def session_for(model: Any = None) -> Session:
    """The session that the module's own functions use for a model, loaded at its first use."""
    key = None if model is None else os.fspath(model)
    session = _sessions.get(key)
    if session is None:
        # Two threads may both load it; one is kept, the other goes.
        session = _sessions.setdefault(key, Session(model))
    return session
