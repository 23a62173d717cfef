"""rembg's command s: the program's service (`peel serve`) with rembg's flags."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
from typing import List, Optional

from .downloads import say


def add_server_arguments(server: argparse.ArgumentParser) -> None:
    server.add_argument("-p", "--port", type=int, default=7000, help="port (default: 7000)")
    server.add_argument("--host", metavar="HOST", default="127.0.0.1",
                        help="-h as well, as in rembg; default: this machine alone. Elsewhere "
                        "--keys FILE or --insecure is needed too")
    server.add_argument("-l", "--log_level", default="info",
                        choices=["critical", "error", "warning", "info", "debug", "trace"],
                        help="info and below: a line for each request (default: info)")
    server.add_argument("-t", "--threads", type=int, help="pictures at work at the same time")
    server.add_argument("--no-ui", action="store_true", help="without the page at /")
    server.epilog = "Everything else is given to `peel serve`, which has many more options."


def find_program() -> Optional[str]:
    """The program beside this Python, or on the PATH."""
    beside = pathlib.Path(sys.executable).with_name("peel")
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("peel")


def serve(given: argparse.Namespace, further: List[str]) -> int:
    """Becomes the service; returns only where there is none."""
    program = find_program()
    if program is None:
        say("error: s: the service is the program peel, which is neither beside this Python nor on "
            "the PATH; install it (docs/install.md), or use the commands i, p or b")
        return 3
    words = [program, "serve", "--host", given.host, "--port", str(given.port)]
    if given.threads is not None:
        words += ["--workers", str(given.threads)]
    if given.no_ui:
        words.append("--no-ui")
    if given.log_level in ("critical", "error", "warning"):
        words += ["--log", "off"]
    sys.stdout.flush()
    os.execv(program, [*words, *further])
