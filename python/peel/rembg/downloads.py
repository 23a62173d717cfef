"""Models that are here, and how those that are not are fetched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import List

from .._errors import NotFound
from .sessions import sessions, sessions_names_downloadable


def say(text: str) -> None:
    """A message of the program's."""
    print(f"peel.rembg: {text}", file=sys.stderr)


def fetch_models(names: List[str]) -> int:
    """By `peel models pull`, all where none is named: 0 where all are here in the end, else 1."""
    program = shutil.which("peel")
    code = 0
    for name in names or sessions_names_downloadable:
        session = sessions.get(name)
        if session is None:
            say(f"error: no model found: {name}")
            return 1
        if not session.is_local():
            print(f"Skipping {name}: remote backend, nothing to download")
            continue
        try:
            print(f"{name}: {session.download_models()}")
        except (ValueError, NotImplementedError):
            print(f"Skipping {name}: it has no file of its own to download")
        except NotFound as error:
            if program is None:
                say(f"error: {error}; the program peel, which downloads, is not in PATH")
                code = 1
            elif subprocess.run([program, "models", "pull", name]).returncode != 0:
                code = 1
    return code
