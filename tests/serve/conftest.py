import pytest

from serve_support import PROGRAM, SHARED, ball, encoded, serving


@pytest.fixture(scope="session")
def program():
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    return PROGRAM


@pytest.fixture(scope="session")
def service(program):
    """One that all tests share which change nothing of it."""
    with serving() as running:
        yield running


@pytest.fixture
def start(program):
    """Starts services with options of the test's own, and ends them."""
    import contextlib
    with contextlib.ExitStack() as stack:
        yield lambda *options, **how: stack.enter_context(serving(*options, **how))


@pytest.fixture(scope="session")
def photo():
    return encoded(ball())


@pytest.fixture(scope="session")
def shared():
    if not (SHARED / "images").is_dir():
        pytest.skip("../shared/images is not at hand")
    return SHARED / "images"
