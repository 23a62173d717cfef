"""What is done with each picture of a table, in whatever process: bytes in, a row out, never an exception."""

from __future__ import annotations

import os
import time
from _thread import RLock
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import _peel
from ._errors import Error
from ._options import make_options, make_rectify_options
from ._session import Session, lasting

SESSION_OPTIONS = ("model", "device", "precision", "threads", "strict", "family", "backend", "runtime",
                   "memory_limit")
_RECTIFY_OPTIONS = ("kind", "focal_px", "ratio", "size", "dpi", "enhance", "turn", "margin", "cutout",
                    "filter", "draw")
_CUT_OPTIONS = ("format", "quality", "lossless", "mask", "background", "edges", "crop", "max_size",
                "work_size", "compat", "keep_metadata", "max_pixels", "rectify")
_ALSO_OF_RECTIFY = ("format", "quality", "lossless", "background", "edges", "max_size", "keep_metadata",
                    "max_pixels")

DONE, FAILED, ABSTAINED, SKIPPED = "done", "failed", "abstained", "skipped"


class Row(NamedTuple):
    """What came of a picture. The pickle of one goes between processes."""

    data: Optional[bytes]
    status: str
    error: Optional[str] = None
    width: Optional[int] = None
    height: Optional[int] = None
    subject: Optional[bool] = None  # of a cut-out
    device: Optional[str] = None
    ms: Optional[float] = None  # decoding to encoding
    found: Optional[Dict[str, Any]] = None  # of what was straightened


def failure(text: str) -> Row:
    """The row of a picture that could not be done."""
    return Row(None, FAILED, text)


def failure_of(error: BaseException) -> Row:
    """The same, from an exception: its kind in Peel's words first."""
    if isinstance(error, Error):
        return failure(f"{error.status}: {error}")
    if isinstance(error, MemoryError):
        return failure("out of memory")
    return failure(f"{type(error).__name__}: {error}")


class Work:
    """One kind of work with its options, checked when it is made: peel.InvalidArgument and TypeError for
    what makes no sense. Pickled by its options."""

    def __init__(self, kind: str, jobs: int, options: Dict[str, Any]) -> None:
        self.kind = kind
        self.jobs = jobs  # pictures at the same time
        self.options = options
        rest = dict(options)
        self._settings = {name: rest.pop(name) for name in SESSION_OPTIONS if name in rest}
        model = self._settings.get("model")
        if model is not None and not isinstance(model, bytes):
            self._settings["model"] = lasting(os.fspath(model))
        self._settings["jobs"] = jobs
        allowed = _CUT_OPTIONS if kind == "cut" else _RECTIFY_OPTIONS + _ALSO_OF_RECTIFY
        for name in rest:
            if name not in allowed:
                raise TypeError(f"peel.arrow.{kind} has no option {name!r} for the pictures of a table; it "
                                f"takes {', '.join(allowed + SESSION_OPTIONS)}")
        own = {name: rest[name] for name in rest if name in _RECTIFY_OPTIONS}
        make_options(**{name: value for name, value in rest.items() if name not in own})
        make_rectify_options(**own)
        self.picture_options = rest

    def __reduce__(self) -> Tuple[Any, ...]:
        return Work, (self.kind, self.jobs, self.options)

    def key(self) -> str:
        """The same for works that one session can do."""
        return repr((self.kind, self.jobs, _short(self.options)))

    def session(self) -> Session:
        """The process's own for these settings, loaded at its first use."""
        key = repr(_short(self._settings))
        with _loading:
            session = _sessions.get(key)
            if session is None or session.closed:
                session = _sessions[key] = Session(**self._settings)
            return session

    def run(self, data: bytes) -> Row:
        """One picture. KeyboardInterrupt alone leaves it."""
        try:
            _misbehave(data)
            session = self.session()
            start = time.perf_counter()
            if self.kind == "rectify":
                return _straighten(session, data, self.picture_options, start)
            cut = session.run(data, **self.picture_options)
            return Row(cut.image, DONE, None, cut.width, cut.height, cut.has_subject, cut.device,
                       1000 * (time.perf_counter() - start))
        except Exception as error:
            return failure_of(error)


def _short(options: Dict[str, Any]) -> List[Tuple[str, Any]]:
    """In order, a model's bytes by their hash."""
    return [(name, _peel.hash64(value) if isinstance(value, bytes) else value)
            for name, value in sorted(options.items())]


def _straighten(session: Session, data: bytes, options: Dict[str, Any], start: float) -> Row:
    page = session.rectify(data, **options)
    milliseconds = 1000 * (time.perf_counter() - start)
    found = {"confidence": page.confidence, "kind": page.kind, "turn": page.turn,
             "corners": None if page.corners is None else page.corners.ravel().tolist()}
    if not page.ok:
        return Row(None, ABSTAINED, page.reason, device=session.device, ms=milliseconds, found=found)
    return Row(page.image, DONE, None, page.width, page.height, None, session.device, milliseconds, found)


def _misbehave(data: bytes) -> None:
    """For tests of what goes on after a crash: with PEEL_TEST_CHILD set a picture that says so at its end
    takes the process down, or never comes to an end."""
    if "PEEL_TEST_CHILD" not in os.environ:
        return
    if data.endswith(b"PEEL-TEST-CRASH"):
        os.abort()
    if data.endswith(b"PEEL-TEST-HANG"):
        time.sleep(3600)


_sessions: Dict[str, Session] = {}
_loading = RLock()


def _in_child() -> None:
    global _loading
    _loading = RLock()  # the parent's may be held by a thread that is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
