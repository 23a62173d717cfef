"""A loaded model and the functions around it."""

from __future__ import annotations

import os
import warnings
from _thread import RLock
from typing import (TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple, Type, Union,
                    overload)

from . import _inputs
from ._errors import Error, InvalidArgument, named
from ._options import (DEVICES, PRECISIONS, choose, make_options, make_rectify_options,
                       runtime_text, whole)
from ._peel import Cancel, Engine, Options, trim_memory
from ._rectified import Rectification, Rectified, describe

if TYPE_CHECKING:
    import types

    from PIL.Image import Image
    from typing_extensions import Self, Unpack

    from ._types import (ArrayIn, ArrayOut, AsyncReadable, CutOptions, Encoded, MatteOptions,
                         MatteOut, Path, Runtime)


class Cutout(NamedTuple):
    """A result and its details."""

    image: Any  # bytes, an array or a PIL image: what the input was
    x: int  # its top left corner in the upright (and scaled) input: not 0 after a crop
    y: int
    width: int
    height: int
    has_subject: bool  # False: the cut-out is fully transparent
    subject_score: float  # how sure the model is that there is a subject, 0 to 1
    coverage: float  # the share of the picture that is subject, 0 to 1
    warning: str  # "" if there is nothing to say
    model: str  # what actually ran
    device: str
    precision: str
    device_reason: str = ""  # why it is not the device asked for; "" if it is
    rectify: Optional[Rectification] = None  # with rectify=True: what became of the quad


class Session:
    """A model, loaded once. Any number of threads may use it; after a fork it reloads itself.

    model is a name (``peel.models()``), the path of an ONNX file, such a file's bytes or None for the
    embedded one. device: auto, cpu, cuda, tensorrt, openvino. precision: auto, fp32, bf16, fp16,
    int8. threads: None for all processors available to this process. family: the input format of a
    model file that does not declare it (u2net, isnet, …). backend: auto, native, onnxruntime. runtime:
    options for ONNX Runtime as a dictionary, {"graph": "all", "gpu": 1}, or as the text of --ort. jobs:
    how many calls will run at the same time and share `threads`; more are allowed. memory_limit: the
    most bytes that the pictures in progress may take together, by an upper estimate; calls wait until
    there is memory, and a picture that is too large on its own raises LimitExceeded.

    If the device or precision is not available, the session falls back with a RuntimeWarning, or with
    strict raises DeviceRefused or Unsupported.

    ``close`` releases the model, and so does the end of ``with peel.Session() as session``. What is
    pickled are these settings, not the weights: another process loads the model itself.
    """

    def __init__(self, model: Union[Path, bytes, None] = None, *, device: str = "auto",
                 precision: str = "auto", threads: Optional[int] = None, strict: bool = False,
                 family: Optional[str] = None, backend: str = "auto",
                 runtime: Optional[Runtime] = None, jobs: int = 1,
                 memory_limit: Optional[int] = None) -> None:
        data = model if isinstance(model, bytes) else None
        name = None if model is None or isinstance(model, bytes) else os.fspath(model)
        self._settings: Dict[str, Any] = {
            "model": lasting(name) if data is None else data, "device": device,
            "precision": precision, "threads": threads, "strict": strict, "family": family,
            "backend": backend, "runtime": runtime, "jobs": jobs, "memory_limit": memory_limit}
        self._engine = Engine(
            name, choose("device", device, DEVICES), choose("precision", precision, PRECISIONS),
            0 if threads is None else whole("threads", threads, 1, 1024), bool(strict), family,
            str(backend).lower(), runtime_text(runtime), _package_folders(), data,
            whole("jobs", jobs, 1, 1024),
            0 if memory_limit is None else whole("memory_limit", memory_limit, 1, (1 << 63) - 1))
        for text in (self._engine.warning, self._unused()):
            if text:
                warnings.warn(text, RuntimeWarning, stacklevel=2)

    def _unused(self) -> str:
        """What was set and has no effect on what runs."""
        if self._settings["runtime"] and self._engine.backend == "native":
            return ("runtime: these are options of ONNX Runtime, which does not run here; "
                    "backend=\"onnxruntime\" asks for it")
        return ""

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
        """Why another device is in use than was asked for; "" if none is."""
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
        """How many threads a call may use, its own included."""
        return self._engine.threads

    @property
    def jobs(self) -> int:
        """How many calls at the same time share the threads."""
        return int(self._settings["jobs"])

    @property
    def warning(self) -> str:
        """What could not be done as asked; "" if nothing."""
        return self._engine.warning

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._engine.closed

    def close(self) -> None:
        """Releases the model's memory and threads, once calls under way in other threads have ended.
        Further calls raise peel.InvalidArgument."""
        self._engine.close()

    def trim_memory(self) -> None:
        """Releases the memory kept for the next picture, which then takes a little longer."""
        trim_memory(self._engine)

    def __enter__(self) -> Self:
        self._engine.model  # noqa: B018  raises where it is closed
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[types.TracebackType]) -> None:
        self.close()

    def __reduce__(self) -> Tuple[Any, ...]:
        if self.closed:
            raise InvalidArgument("a closed session cannot be pickled")
        return _made_by, (type(self), self._settings)

    def __repr__(self) -> str:
        if self.closed:
            return "<peel.Session, closed>"
        return (f"<peel.Session {self.model} on {self.device}, {self.precision}, "
                f"{self.threads} threads>")

    def run(self, data: Any, **options: Unpack[CutOptions]) -> Cutout:
        """Like cut, but returns the details too."""
        rest: Dict[str, Any] = dict(options)
        bgr, cancel = bool(rest.pop("bgr", False)), rest.pop("cancel", None)
        out = rest.pop("out", None)
        source = _loaded(data, bgr, rest)
        if out is not None and source.kind != _inputs.ARRAY:
            raise InvalidArgument("out is for arrays")
        return self._run(source, make_options(**rest), cancel, out)

    @overload
    def cut(self, data: ArrayIn, **options: Unpack[CutOptions]) -> ArrayOut: ...
    @overload
    def cut(self, data: Image, **options: Unpack[CutOptions]) -> Image: ...
    @overload
    def cut(self, data: Encoded, **options: Unpack[CutOptions]) -> bytes: ...
    def cut(self, data: Any, **options: Any) -> Any:
        """Returns the cut-out of a picture; see peel.cut."""
        return self.run(data, **options).image

    @overload
    def matte(self, data: ArrayIn, **options: Unpack[MatteOptions]) -> MatteOut: ...
    @overload
    def matte(self, data: Image, **options: Unpack[MatteOptions]) -> Image: ...
    @overload
    def matte(self, data: Encoded, **options: Unpack[MatteOptions]) -> bytes: ...
    def matte(self, data: Any, **options: Any) -> Any:
        """Returns the matte of a picture; see peel.matte."""
        for name in ("background", "mask", "keep_metadata", "rectify"):
            if name in options:
                raise TypeError(f"matte() takes no {name}: a matte has nothing but its grey")
        return self.run(data, mask=True, **options).image

    @overload
    async def cut_async(self, data: ArrayIn, **options: Unpack[CutOptions]) -> ArrayOut: ...
    @overload
    async def cut_async(self, data: Image, **options: Unpack[CutOptions]) -> Image: ...
    @overload
    async def cut_async(self, data: Encoded | AsyncReadable,
                        **options: Unpack[CutOptions]) -> bytes: ...
    async def cut_async(self, data: Any, **options: Any) -> Any:
        """cut without blocking the event loop; cancelling the task stops the work. An awaitable read()
        is awaited."""
        return await _in_thread(self.cut, data, options)

    @overload
    async def matte_async(self, data: ArrayIn, **options: Unpack[MatteOptions]) -> MatteOut: ...
    @overload
    async def matte_async(self, data: Image, **options: Unpack[MatteOptions]) -> Image: ...
    @overload
    async def matte_async(self, data: Encoded | AsyncReadable,
                          **options: Unpack[MatteOptions]) -> bytes: ...
    async def matte_async(self, data: Any, **options: Any) -> Any:
        """matte without blocking the event loop, like cut_async."""
        return await _in_thread(self.matte, data, options)

    def rectify(self, data: Any, *, all: bool = False, **options: Any) -> Any:
        """Straightens a picture; see peel.rectify."""
        rest: Dict[str, Any] = dict(options)
        bgr, cancel = bool(rest.pop("bgr", False)), rest.pop("cancel", None)
        own = {name: rest.pop(name) for name in _RECTIFY_OPTIONS if name in rest}
        for name in ("mask", "crop", "work_size", "compat", "trimap", "hints", "out", "rectify"):
            if name in rest:
                raise TypeError(f"rectify() takes no {name}")
        source = _loaded(data, bgr, rest)
        quad, cut = make_rectify_options(all=all, **own), make_options(**rest)
        engine = self._engine
        try:
            if source.kind == _inputs.ENCODED:
                output = engine.rectify_bytes(source.data, quad, cut, cancel)
            else:
                output = engine.rectify_pixels(source.data, quad, cut, source.bgr, cancel)
        except Error as error:
            if source.name is None:
                raise
            raise named(error, source.name) from None
        sheets = []
        while output is not None:
            image = _inputs.give_back(source, output, not cut.drop_metadata) if output.has_data else None
            sheets.append(Rectified(**describe(output), image=image, width=output.width,
                                    height=output.height, warning=output.warning))
            output = output.next
        return sheets if all else sheets[0]

    async def rectify_async(self, data: Any, **options: Any) -> Any:
        """rectify without blocking the event loop; cancelling the task stops the work."""
        return await _in_thread(self.rectify, data, options)

    def _run(self, source: _inputs.Source, options: Options, cancel: Optional[Cancel] = None,
             out: Any = None) -> Cutout:
        engine = self._engine
        ran = (engine.model, engine.device, engine.precision, engine.device_reason)
        try:
            if source.kind == _inputs.ENCODED:
                output = engine.cut_bytes(source.data, options, cancel)
            else:
                output = engine.cut_pixels(source.data, options, source.bgr, cancel)
        except Error as error:
            if source.name is None:
                raise
            raise named(error, source.name) from None
        image = _inputs.give_back(source, output, not options.drop_metadata, out)
        return Cutout(image, output.x, output.y, output.width, output.height, output.has_subject,
                      output.subject_score, output.coverage, output.warning, *ran,
                      None if options.rectify is None else Rectification(**describe(output)))


_RECTIFY_OPTIONS = ("kind", "corners", "focal_px", "ratio", "size", "dpi", "enhance", "turn", "margin",
                    "cutout", "filter", "draw")


def _loaded(data: Any, bgr: bool, options: Dict[str, Any]) -> _inputs.Source:
    """The picture, and that its kind and the options fit."""
    source = _inputs.load(data, bgr)
    if source.kind != _inputs.ENCODED:
        for name in ("format", "quality", "lossless"):
            if name in options:
                raise InvalidArgument(f"{name} is for encoded pictures (bytes, paths and files); "
                                      "arrays and PIL images come back as what they are")
    if bgr and source.kind != _inputs.ARRAY:
        raise InvalidArgument("bgr is for arrays; encoded pictures and PIL images know the order "
                              "of their channels")
    return source


def _made_by(kind: Type[Session], settings: Dict[str, Any]) -> Session:
    return kind(**settings)


def lasting(model: Optional[str]) -> Optional[str]:
    """A model's path in a form that is valid in another process or folder; names stay as they are."""
    if model is None or not (os.sep in model or model.endswith(".onnx")):
        return model
    return os.path.abspath(model)


def _package_folders() -> Optional[str]:
    """This interpreter's folders of packages that hold an ONNX Runtime."""
    import sys

    folders = [folder for folder in sys.path
               if folder and os.path.isdir(os.path.join(folder, "onnxruntime", "capi"))]
    return os.pathsep.join(folders) or None


async def _in_thread(function: Any, data: Any, options: Dict[str, Any]) -> Any:
    import asyncio
    import functools

    data = await _inputs.awaited(data)
    cancel = options.pop("cancel", None) or Cancel()
    call = functools.partial(function, data, cancel=cancel, **options)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, call)
    except asyncio.CancelledError:
        cancel.set()
        raise


_sessions: Dict[Optional[str], Session] = {}
_loading = RLock()  # without it, threads that come at once would each load the model


def _in_child() -> None:
    global _loading
    _loading = RLock()  # the parent's may be held by a thread that is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def session_for(model: Optional[Path] = None) -> Session:
    """The session that the module's own functions use for a model, loaded at its first use."""
    key = None if model is None else os.fspath(model)
    with _loading:
        session = _sessions.get(key)
        if session is None or session.closed:
            session = _sessions[key] = Session(model)
        return session


def is_loaded(model: Optional[Path] = None) -> bool:
    """Whether session_for(model) has nothing to load."""
    session = _sessions.get(None if model is None else os.fspath(model))
    return session is not None and not session.closed
