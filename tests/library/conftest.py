import pytest

from scan_support import PEEL, Scanner


@pytest.fixture
def scan(tmp_path):
    if not PEEL.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return Scanner(tmp_path)
