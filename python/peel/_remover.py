"""BackgroundRemover: settings made once, applied to many pictures."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Optional

from . import _inputs
from ._errors import InvalidArgument
from ._options import make_options, whole
from ._session import Session

_ERRORS = ("raise", "return")


class BackgroundRemover:
    """Takes the background off pictures, one by one or in batches.

    model, device, precision, threads, strict: those of peel.Session. max_size: the matte is made at
    this longer side and brought back to the full picture, which bounds time and memory for huge
    ones. background: None for transparent results, "white", any CSS colour, a tuple of 3 or 4
    numbers, "blur" or a picture's path. bgr: arrays are BGR in and BGR(A) out, as OpenCV has them.
    alpha_matting: estimate the soft edge from the picture (edges "matting"), with rembg's three
    numbers. edges, format, quality: those of peel.cut.
    """

    def __init__(self, model: Any = None, *, max_size: Optional[int] = None,
                 background: Any = None, bgr: bool = False, alpha_matting: bool = False,
                 alpha_matting_foreground_threshold: int = 240,
                 alpha_matting_background_threshold: int = 10,
                 alpha_matting_erode_size: int = 10, edges: str = "auto", format: str = "png",
                 quality: Optional[int] = None, device: str = "auto", precision: str = "auto",
                 threads: Optional[int] = None, strict: bool = False) -> None:
        self._bgr = bool(bgr)
        shared = {"work_size": max_size, "format": format, "quality": quality,
                  "edges": "matting" if alpha_matting else edges}
        self._options = make_options(background=background, **shared)
        self._mask_options = make_options(mask=True, **shared)
        for options in (self._options, self._mask_options):
            options.alpha_matting_foreground_threshold = whole(
                "alpha_matting_foreground_threshold", alpha_matting_foreground_threshold, 0, 255)
            options.alpha_matting_background_threshold = whole(
                "alpha_matting_background_threshold", alpha_matting_background_threshold, 0, 255)
            options.alpha_matting_erode_size = whole(
                "alpha_matting_erode_size", alpha_matting_erode_size, 0, 1 << 20)
        self._model = model
        self._settings = {"device": device, "precision": precision, "strict": strict}
        self.session = Session(model, threads=threads, **self._settings)
        self._single: Optional[Session] = None  # for batches: every picture on one thread

    def process(self, image: Any) -> Any:
        """The picture without its background, as what came in."""
        return self.session._run(_inputs.load(image, self._bgr), self._options, None).image

    __call__ = process

    def matte(self, image: Any) -> Any:
        """The matte alone: 0 background, 255 subject."""
        return self.session._run(_inputs.load(image, self._bgr), self._mask_options, None).image

    def process_batch(self, images: Iterable[Any], *, workers: Optional[int] = None,
                      errors: str = "raise") -> Iterator[Any]:
        """Yields the results in the order of the pictures, which may come from a generator.

        Pictures are worked on at the same time, each on one thread, as many as the session has
        threads (or workers); only about twice as many are held in memory. errors: "raise" ends at
        the first bad picture, "return" yields its exception in its place and goes on.
        """
        if errors not in _ERRORS:
            raise InvalidArgument(f"errors is one of {', '.join(_ERRORS)}, not {errors!r}")
        count = self.session.threads if workers is None else whole("workers", workers, 1, 1024)
        return self._batch(iter(images), count, errors == "return")

    def _batch(self, images: Iterator[Any], workers: int, keep_errors: bool) -> Iterator[Any]:
        import collections
        from concurrent.futures import ThreadPoolExecutor

        session = self.session
        if workers > 1:
            if self._single is None:
                self._single = Session(self._model, threads=1, **self._settings)
            session = self._single

        def work(image: Any) -> Any:
            return session._run(_inputs.load(image, self._bgr), self._options, None).image

        pool = ThreadPoolExecutor(workers, thread_name_prefix="peel")
        waiting: collections.deque = collections.deque()
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
