"""Packages that only some of Peel's functions need."""

from __future__ import annotations

import importlib
from typing import Any


def need(module: str, extra: str) -> Any:
    """The module; ImportError says which extra of the package brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise ImportError(f"peel.{extra} needs {module.split('.')[0]}, which is not installed: "
                          f"pip install 'peel[{extra}]'", name=error.name) from None
