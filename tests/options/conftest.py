import pytest

from machine import PROGRAM, Machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return Machine(tmp_path_factory.mktemp("machine"))
