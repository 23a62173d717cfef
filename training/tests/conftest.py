"""Shared fixtures. Tests that need the photographs are skipped where there are none."""

import os
import pathlib

import pytest


@pytest.fixture
def data() -> pathlib.Path:
    """Folder of the photographs: PEEL_DATA or ../shared/data beside the repository."""
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(os.environ.get("PEEL_DATA", root.parent / "shared" / "data"))
    if not (folder / "train" / "index.csv").exists():
        pytest.skip(f"no photographs at {folder}; set PEEL_DATA")
    return folder
