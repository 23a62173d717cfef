"""The process in which pictures are worked on when one must not take the others along: python -m
peel._child INPUT OUTPUT, two descriptors of pipes. Its parent is _guard.py.

In comes a pickled Work, then for each picture its number and its bytes. Out goes (number, None) when it is
begun and (number, Row) when it is done, with the row's bytes in a message of their own behind it. A Work
whose session cannot be made is answered with its exception. It ends with its parent: when the pipe ends."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Any

from ._work import Row, Work

if sys.platform == "win32":
    raise ImportError("pictures are isolated by pipes, which are not here")


def die_first() -> None:
    """Where memory runs out, this process is the one to go, not its parent."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:
        pass


def main() -> None:
    """The whole life of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends the pipe
    die_first()
    orders, answers = Connection(int(sys.argv[1])), Connection(int(sys.argv[2]))
    work: Work = pickle.loads(orders.recv_bytes())
    told = Lock()

    def tell(message: Any, data: Any = None) -> None:
        with told:
            answers.send_bytes(pickle.dumps(message))
            if data is not None:
                answers.send_bytes(data)

    try:
        work.session()
    except Exception as error:
        tell(error)
        return
    import queue

    waiting: "queue.SimpleQueue[Any]" = queue.SimpleQueue()

    def labour() -> None:
        try:
            while True:
                number, data = waiting.get()
                tell((number, None))
                row: Row = work.run(data)
                tell((number, row._replace(data=None), row.data is not None), row.data)
        except OSError:
            os._exit(0)  # nobody listens any more

    for _ in range(work.jobs):
        Thread(target=labour, daemon=True).start()
    tell("ready")
    try:
        while True:
            number = int.from_bytes(orders.recv_bytes(), "little")
            waiting.put((number, orders.recv_bytes()))
    except (EOFError, OSError):
        os._exit(0)  # without waiting for what never ends


if __name__ == "__main__":
    main()
