"""BackgroundRemover: one set of settings for many pictures."""

from __future__ import annotations

import os
from _thread import RLock
from typing import (TYPE_CHECKING, Any, Deque, Dict, Iterable, Iterator, Literal, Optional, Tuple,
                    Type, Union, overload)

from . import _inputs
from ._errors import InvalidArgument
from ._options import make_options, whole
from ._session import Session, lasting

if TYPE_CHECKING:
    import types

    from PIL.Image import Image
    from typing_extensions import Self

    from ._types import ArrayIn, ArrayOut, Background, Encoded, MatteOut, Path

_ERRORS = ("raise", "return")


class BackgroundRemover:
    """Removes the background from pictures, one by one or in batches.

    model, device, precision, threads, strict: those of peel.Session. max_size: the matte is computed
    at this longer side and enlarged again, which bounds time and memory for huge pictures.
    background: None for transparent results, "white", any CSS colour, a tuple of 3 or 4 numbers,
    "blur" or a picture's path. bgr: arrays are BGR in and BGR(A) out, as in OpenCV.
    alpha_matting: estimate the soft edge from the picture (edges "matting"), with rembg's three
    numbers. edges: that of peel.cut. format, quality: those of peel.cut, for encoded pictures.

    ``close`` gives the model back, as does the end of ``with``. What is pickled are the settings.
    """

    def __init__(self, model: Union[Path, bytes, None] = None, *, max_size: Optional[int] = None,
                 background: Optional[Background] = None, bgr: bool = False,
                 alpha_matting: bool = False,
                 alpha_matting_foreground_threshold: Optional[int] = None,
                 alpha_matting_background_threshold: Optional[int] = None,
                 alpha_matting_erode_size: Optional[int] = None, edges: str = "auto",
                 format: str = "png", quality: Optional[int] = None, device: str = "auto",
                 precision: str = "auto", threads: Optional[int] = None,
                 strict: bool = False) -> None:
        thresholds = {
            "alpha_matting_foreground_threshold": (alpha_matting_foreground_threshold, 255),
            "alpha_matting_background_threshold": (alpha_matting_background_threshold, 255),
            "alpha_matting_erode_size": (alpha_matting_erode_size, 1000)}
        if alpha_matting and edges not in ("auto", "matting"):
            raise InvalidArgument(f"alpha_matting is edges \"matting\", not {edges!r}")
        matting = bool(alpha_matting) or edges == "matting"
        shared: Dict[str, Any] = {"work_size": max_size, "format": format, "quality": quality,
                                  "edges": "matting" if matting else edges}
        self._options = make_options(background=background, **shared)
        self._mask_options = make_options(mask=True, **shared)
        for name, (value, most) in thresholds.items():
            if value is None:
                continue
            if not matting:
                raise InvalidArgument(f"{name} is for alpha_matting=True")
            for options in (self._options, self._mask_options):
                setattr(options, name, whole(name, value, 0, most))
        self._bgr = bool(bgr)
        if model is not None and not isinstance(model, bytes):
            model = lasting(os.fspath(model))  # it is loaded again later, or elsewhere
        self._settings: Dict[str, Any] = {
            "model": model, "max_size": max_size, "background": background, "bgr": bgr,
            "alpha_matting": alpha_matting, "edges": edges, "format": format, "quality": quality,
            "device": device, "precision": precision, "threads": threads, "strict": strict,
            **{name: value for name, (value, _) in thresholds.items()}}
        self._model: Dict[str, Any] = {"model": model, "device": device, "precision": precision,
                                       "threads": threads, "strict": strict}
        self._lock = RLock()
        self._closed = False
        self._batches = 0  # that run now
        self._session: Optional[Session] = Session(**self._model)
        self._threads = self._session.threads

    @property
    def session(self) -> Session:
        """The session in use. There is only one at any time: a batch reloads it for its workers, and the
        next picture after the batch for all threads."""
        with self._lock:
            return self._session_for(None if self._batches else 1)

    def _session_for(self, jobs: Optional[int]) -> Session:
        """The one for so many calls at the same time, or None: as it is. Under the lock."""
        if self._closed:
            raise InvalidArgument("the remover is closed; make another one")
        session = self._session
        if session is None or jobs not in (None, session.jobs):
            # The old one goes first, unless another thread is inside: the weights are there once.
            session = self._session = None
            session = self._session = Session(jobs=jobs or 1, **self._model)
        return session

    def close(self) -> None:
        """Releases the model's memory and threads, once calls under way have ended. Further calls raise
        peel.InvalidArgument."""
        with self._lock:
            self._closed = True
            if self._session is not None:
                self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        self.session.__enter__()  # raises where it is closed
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[types.TracebackType]) -> None:
        self.close()

    def __reduce__(self) -> Tuple[Any, ...]:
        if self._closed:
            raise InvalidArgument("a closed remover cannot be pickled")
        return _made_by, (type(self), self._settings)

    @overload
    def process(self, image: ArrayIn) -> ArrayOut: ...
    @overload
    def process(self, image: Image) -> Image: ...
    @overload
    def process(self, image: Encoded) -> bytes: ...
    def process(self, image: Any) -> Any:
        """Returns the picture without its background, in the form it was given."""
        return self.session._run(_inputs.load(image, self._bgr), self._options).image

    __call__ = process

    @overload
    def matte(self, image: ArrayIn) -> MatteOut: ...
    @overload
    def matte(self, image: Image) -> Image: ...
    @overload
    def matte(self, image: Encoded) -> bytes: ...
    def matte(self, image: Any) -> Any:
        """Returns only the matte: 0 background, 255 subject."""
        return self.session._run(_inputs.load(image, self._bgr), self._mask_options).image

    @overload
    def process_batch(self, images: Iterable[ArrayIn], *, workers: Optional[int] = None,
                      errors: Literal["raise"] = "raise") -> Iterator[ArrayOut]: ...
    @overload
    def process_batch(self, images: Iterable[Image], *, workers: Optional[int] = None,
                      errors: Literal["raise"] = "raise") -> Iterator[Image]: ...
    @overload
    def process_batch(self, images: Iterable[Encoded], *, workers: Optional[int] = None,
                      errors: Literal["raise"] = "raise") -> Iterator[bytes]: ...
    @overload
    def process_batch(self, images: Iterable[ArrayIn], *, workers: Optional[int] = None,
                      errors: Literal["return"]) -> Iterator[Union[ArrayOut, Exception]]: ...
    @overload
    def process_batch(self, images: Iterable[Image], *, workers: Optional[int] = None,
                      errors: Literal["return"]) -> Iterator[Union[Image, Exception]]: ...
    @overload
    def process_batch(self, images: Iterable[Encoded], *, workers: Optional[int] = None,
                      errors: Literal["return"]) -> Iterator[Union[bytes, Exception]]: ...
    @overload
    def process_batch(self, images: Iterable[Any], *, workers: Optional[int] = None,
                      errors: str = "raise") -> Iterator[Any]: ...
    def process_batch(self, images: Iterable[Any], *, workers: Optional[int] = None,
                      errors: str = "raise") -> Iterator[Any]:
        """Yields the results in the order of the pictures, which may come from a generator.

        workers: how many pictures are processed at the same time, sharing the model's weights and the
        remover's threads; default: as many as there are threads. At most about twice as many pictures
        are held in memory. errors: "raise" stops at the first bad picture, "return" yields its
        exception in its place and continues.
        """
        if errors not in _ERRORS:
            raise InvalidArgument(f"errors is one of {', '.join(_ERRORS)}, not {errors!r}")
        count = self._threads if workers is None else whole("workers", workers, 1, 1024)
        return self._batch(iter(images), count, errors == "return")

    def _batch(self, images: Iterator[Any], workers: int, keep_errors: bool) -> Iterator[Any]:
        import collections
        from concurrent.futures import Future, ThreadPoolExecutor

        with self._lock:
            session = self._session_for(None if self._batches else workers)
            self._batches += 1

        def work(image: Any) -> Any:
            return session._run(_inputs.load(image, self._bgr), self._options).image

        pool = ThreadPoolExecutor(workers, thread_name_prefix="peel")
        waiting: Deque[Future[Any]] = collections.deque()
        try:
            more = True
            while more or waiting:
                while more and len(waiting) < 2 * workers:
                    try:
                        waiting.append(pool.submit(work, next(images)))
                    except StopIteration:
                        more = False
                if not waiting:
                    break
                try:
                    result = waiting.popleft().result()
                except Exception as error:
                    if not keep_errors:
                        raise
                    result = error
                yield result
        finally:
            for future in waiting:
                future.cancel()
            pool.shutdown(wait=True)
            with self._lock:
                self._batches -= 1


def _made_by(kind: Type[BackgroundRemover], settings: Dict[str, Any]) -> BackgroundRemover:
    return kind(**settings)
