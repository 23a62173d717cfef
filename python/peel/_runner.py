"""How the pictures of a table are done: in threads here, or in a process beside this one."""

from __future__ import annotations

import collections
import os
from _thread import RLock
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Deque, Dict, Iterator, Optional, Tuple

from ._errors import InvalidArgument
from ._guard import Guard
from ._options import whole
from ._work import Row, Work

_DEFAULT_TIMEOUT = 300.0


class Runner:
    """Does a kind of work here, or in the child that it keeps."""

    def __init__(self, work: Work, timeout: Optional[float]) -> None:
        self._work = work
        self.jobs: int = work.jobs
        self._guard: Optional[Guard] = None
        self._alone = RLock()  # a guard has one caller at a time
        self._timeout = timeout

    def run(self, pictures: Iterator[Tuple[int, Any]]) -> Iterator[Tuple[int, Row]]:
        """Takes (number, bytes or a Row that is known already), gives (number, Row) in any order."""
        if self._timeout is None:
            self._work.session()  # what is wrong with the model is wrong with no picture
            yield from in_threads(pictures, self._work.run, self.jobs, self.jobs + 1)
            return
        with self._alone:
            guard = self._guard
            if guard is None or guard.process != os.getpid():
                guard = self._guard = Guard(self._work, self._timeout)
            yield from guard.run(pictures)

    @property
    def child(self) -> Optional[int]:
        """The process beside this one, where there is one."""
        return None if self._guard is None else self._guard.pid


_runners: Dict[str, Runner] = {}
_lock = RLock()


def _in_child() -> None:
    global _lock
    _lock = RLock()
    _runners.clear()  # their locks may be held by threads that are not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def runner_for(kind: str, jobs: Optional[int], isolate: bool, timeout: Optional[float],
               options: Dict[str, Any]) -> Runner:
    """The process's own for these settings; checks them."""
    if timeout is not None and not isolate:
        raise InvalidArgument("timeout is for isolate=True: only a process of its own can be ended when a "
                              "picture takes too long")
    limit = None
    if isolate:
        limit = _DEFAULT_TIMEOUT if timeout is None else check_timeout(timeout)
    work = Work(kind, whole_jobs(jobs), options)
    key = f"{work.key()} {limit}"
    with _lock:
        return _runners.setdefault(key, Runner(work, limit))


def in_threads(items: Iterator[Tuple[int, Any]], work: Any, threads: int,
               ahead: int) -> Iterator[Tuple[int, Any]]:
    """work(item) for each, in the order of the items, `ahead` of them under way at most. A Row is passed
    on as it is."""
    waiting: Deque[Tuple[int, Any]] = collections.deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="peel") as pool:
        try:
            for number, item in items:
                waiting.append((number, item if isinstance(item, Row) else pool.submit(work, item)))
                while len(waiting) > ahead or (waiting and isinstance(waiting[0][1], Row)):
                    yield _result_of(*waiting.popleft())
            while waiting:
                yield _result_of(*waiting.popleft())
        finally:
            for _, future in waiting:
                if isinstance(future, Future):
                    future.cancel()


def _result_of(number: int, future: Any) -> Tuple[int, Any]:
    return number, future if isinstance(future, Row) else future.result()


def whole_jobs(jobs: Optional[int]) -> int:
    """How many pictures at the same time: what was asked for, or one a processor of this process."""
    if jobs is not None:
        return whole("jobs", jobs, 1, 1024)
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def check_timeout(timeout: Any) -> float:
    """Seconds, above 0."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout is a number of seconds, not {timeout!r}")
    if not 0 < timeout < float("inf"):
        raise InvalidArgument(f"timeout is a number of seconds above 0, not {timeout!r}")
    return float(timeout)
