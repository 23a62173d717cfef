"""The page in headless Chromium, over a service of its own."""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "serve"))


@pytest.fixture(scope="session")
def driver():
    pytest.importorskip("selenium", reason="selenium is not installed: tests/requirements.txt")
    import browser
    if not (browser.CHROMIUM.exists() and browser.DRIVER.exists()):
        pytest.skip("Chromium and its driver are not here: tools/install_deps.sh browser")
    running = browser.start()
    yield running
    running.quit()


@pytest.fixture(scope="session")
def service():
    from serve_support import PROGRAM, serving
    if not PROGRAM.exists():
        pytest.skip("build/peel is not built; run `make build` first")
    with serving() as running:
        yield running


@pytest.fixture
def between(service):
    from between import Between
    server = Between(service.port)
    yield server
    server.close()


@pytest.fixture
def page(driver, between, tmp_path):
    """Just opened. A test must leave no error in the console that it did not expect."""
    import browser
    (tmp_path / "downloads").mkdir()
    page = browser.Page(driver, between.url, tmp_path / "downloads")
    yield page
    errors = [text for level, text in page.logs() if level == "SEVERE" and "/v1/" not in text]
    driver.get("about:blank")
    assert not errors


@pytest.fixture(scope="session")
def sample():
    return lambda name: ROOT / "samples" / f"{name}.jpg"
