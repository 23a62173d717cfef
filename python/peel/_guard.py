"""Pictures in a process of their own: one that crashes it or never comes to an end costs itself alone."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from multiprocessing.connection import Connection
from threading import Timer
from typing import Any, Deque, Dict, Iterator, Optional, Tuple

from ._errors import InternalError
from ._work import Row, Work, failure

TRIES = 2
_START_SECONDS = 120.0  # to load the model, on the slowest machine


class _Sent:
    """A picture that the child has."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.begun: Optional[float] = None


class Guard:
    """Does a Work in a child process. Not for several threads at once.

    A picture that is at hand when the child dies is suspected, tried once more with nothing beside it,
    and given up when it brings that one down too; so is one that takes longer than `timeout` seconds,
    twice. What was at hand beside it is done again and blamed for nothing.
    """

    def __init__(self, work: Work, timeout: float) -> None:
        self._work = work
        self._timeout = timeout
        self._child: Optional[subprocess.Popen[bytes]] = None
        self._orders: Optional[Connection] = None
        self._answers: Optional[Connection] = None
        self.starts = 0  # of children, for tests
        self.process = os.getpid()  # a fork must not use its parent's child

    @property
    def pid(self) -> Optional[int]:
        """The child's."""
        return None if self._child is None else self._child.pid

    def run(self, pictures: Iterator[Tuple[int, Any]]) -> Iterator[Tuple[int, Row]]:
        """Takes (number, bytes or a Row that is known already), gives (number, Row) in any order."""
        at_hand: Dict[int, _Sent] = {}
        tried: Dict[int, int] = {}
        again: Deque[Tuple[int, bytes]] = deque()  # blameless
        suspects: Deque[Tuple[int, bytes]] = deque()
        more = True
        try:
            while more or again or suspects or at_hand:
                while not suspects and len(at_hand) <= self._work.jobs and (more or again):
                    if again:
                        number, data = again.popleft()
                    else:
                        following = next(pictures, None)
                        if following is None:
                            more = False
                            break
                        number, data = following
                        if isinstance(data, Row):
                            yield number, data
                            continue
                    self._send(number, data, at_hand)
                if suspects and not at_hand:
                    number, data = suspects.popleft()
                    self._send(number, data, at_hand)
                if not at_hand:
                    continue
                fate, finished = self._wait(at_hand)
                if finished is not None:
                    yield finished
                    continue
                if fate is None:
                    continue
                blamed, reason = fate
                for number, sent in at_hand.items():
                    if number not in blamed:
                        again.append((number, sent.data))
                        continue
                    tried[number] = tried.get(number, 0) + 1
                    if tried[number] < TRIES:
                        suspects.append((number, sent.data))
                    else:
                        yield number, failure(f"given up after {TRIES} tries: {reason}")
                at_hand = {}
        except BaseException:
            self.close()  # what it is at is of no use to anybody, and would be taken for the next run's
            raise

    def close(self) -> None:
        """Ends the child; run starts another."""
        child, self._child = self._child, None
        for pipe in (self._orders, self._answers):
            if pipe is not None:
                pipe.close()
        self._orders = self._answers = None
        if child is not None and self.process == os.getpid():
            child.kill()
            child.wait()

    def _start(self) -> None:
        there, orders = os.pipe()
        answers, back = os.pipe()
        self._orders = Connection(orders, readable=False)
        self._answers = Connection(answers, writable=False)
        try:
            # By -c, not -m: a package that shadows this one in the working folder is not to be met.
            self._child = subprocess.Popen(
                [sys.executable, "-c", "import sys; sys.path[:] = " + repr(sys.path) +
                 "; from peel._child import main; main()", str(there), str(back)],
                stdin=subprocess.DEVNULL, pass_fds=(there, back), close_fds=True)
        except OSError as error:
            self.close()
            raise InternalError(f"a process for the pictures cannot be started ({error})") from None
        finally:
            os.close(there)
            os.close(back)
        self.starts += 1
        try:
            self._orders.send_bytes(pickle.dumps(self._work))
            if not self._answers.poll(_START_SECONDS):
                raise EOFError
            answer = pickle.loads(self._answers.recv_bytes())
        except (EOFError, OSError):
            how = self._how_it_ended()
            raise InternalError(f"the process for the pictures {how} before the first one") from None
        if isinstance(answer, BaseException):
            self.close()
            raise answer

    def _send(self, number: int, data: bytes, at_hand: Dict[int, _Sent]) -> None:
        at_hand[number] = _Sent(data)
        for attempt in (1, 2):
            if self._child is None:
                self._start()
            assert self._orders is not None and self._child is not None
            # A child that reads no more is ended, and the writing with it.
            impatience = Timer(self._timeout + 30, self._child.kill)
            impatience.daemon = True
            impatience.start()
            try:
                self._orders.send_bytes(number.to_bytes(8, "little"))
                self._orders.send_bytes(data)
                return
            except OSError:  # it has died: _wait sees what was at hand
                if len(at_hand) > 1 or attempt == 2:
                    return
                self.close()
            finally:
                impatience.cancel()

    def _wait(self, at_hand: Dict[int, _Sent]) -> Tuple[Optional[Tuple[Any, str]],
                                                        Optional[Tuple[int, Row]]]:
        """Until something happens: (who is to blame for an end, and what it was), or a result."""
        assert self._answers is not None
        begun = [sent.begun for sent in at_hand.values() if sent.begun is not None]
        left = min(begun) + self._timeout - time.monotonic() if begun else self._timeout
        try:
            if left <= 0 or not self._answers.poll(left):
                now = time.monotonic()
                late = {number for number, sent in at_hand.items()
                        if sent.begun is not None and sent.begun + self._timeout <= now}
                if not late and begun:
                    return None, None  # the clocks differ by a hair
                self.close()
                # One that is not begun in all that time: the child as a whole hangs.
                return (late or set(at_hand), f"took longer than {self._timeout:g} seconds"), None
            message = pickle.loads(self._answers.recv_bytes())
            number = message[0]
            if message[1] is None:
                at_hand[number].begun = time.monotonic()
                return None, None
            row: Row = message[1]
            if message[2]:
                row = row._replace(data=self._answers.recv_bytes())
            del at_hand[number]
            return None, (number, row)
        except (EOFError, OSError):
            how = self._how_it_ended()
            blamed = {number for number, sent in at_hand.items() if sent.begun is not None}
            return (blamed or set(at_hand), f"the process that worked on it {how}"), None

    def _how_it_ended(self) -> str:
        child = self._child
        code: Optional[int] = None
        if child is not None:
            try:
                code = child.wait(5)
            except subprocess.TimeoutExpired:
                pass
        self.close()
        if code is None:
            return "stopped answering"
        if code >= 0:
            return f"ended with code {code}"
        name = signal.Signals(-code).name if -code in set(map(int, signal.Signals)) else str(-code)
        return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
