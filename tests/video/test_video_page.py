"""Two seconds with alpha, as a browser plays them: over a checkerboard. With PEEL_PICTURE=FILE.png what is seen is kept there
(docs/images/video-alpha.jpg is made from it)."""
import io
import os
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from video_support import PROGRAM, ROOT, SHARED, ball_frames, make_clip

sys.path.insert(0, str(ROOT / "tests" / "web"))
LEMUR = SHARED / "images/objects/lemur"
HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture
def driver():
    pytest.importorskip("selenium", reason="selenium is not installed: tests/requirements.txt")
    import browser

    if not (browser.CHROMIUM.exists() and browser.DRIVER.exists()):
        pytest.skip("Chromium and its driver are not here: tools/install_deps.sh browser")
    running = browser.start()
    yield running
    running.quit()


def lemur_frames():
    """Two seconds of the picture of bench/video/contact_sheet.py."""
    sys.path.insert(0, str(ROOT / "bench" / "video"))
    from contact_sheet import film

    frames = list(film(LEMUR))
    return (frames + frames)[:50]


def test_it_plays_over_a_checkerboard(program, driver, tmp_path):
    frames = lemur_frames() if LEMUR.is_dir() else ball_frames(50, 640, 400)
    make_clip(tmp_path / "clip.mp4", frames)
    subprocess.run([PROGRAM, "video", "clip.mp4", "-o", "film.webm", "-q"], cwd=tmp_path, check=True, timeout=300)
    shutil.copy(HERE / "checkerboard.html", tmp_path)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": 640, "height": 400, "deviceScaleFactor": 1, "mobile": False})
    driver.get((tmp_path / "checkerboard.html").as_uri())
    film = "document.querySelector('video')"
    for _ in range(900):
        at, error = driver.execute_script(f"return [{film}.currentTime, {film}.error && {film}.error.message]")
        assert error is None, error
        if at > 0.7:
            break
        time.sleep(0.1)
    assert at > 0.7, "the film does not play"
    assert driver.execute_script(f"return {film}.duration") == pytest.approx(2, abs=0.05)
    driver.execute_async_script(f"const done = arguments[0]; {film}.pause(); {film}.onseeked = () => "
                                f"requestAnimationFrame(() => requestAnimationFrame(done)); {film}.currentTime = 1;")
    shown = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    if kept := os.environ.get("PEEL_PICTURE"):
        shown.save(kept)
    pixels = np.asarray(shown).astype(int)
    # The board's squares are seen in the corner, untouched; where the subject is they are not.
    corner = pixels[2:78, 2:78]
    assert set(map(tuple, corner.reshape(-1, 3))) <= {(187, 187, 187), (255, 255, 255)}
    assert corner[:, 0].std() > 10
    board = (np.indices((400, 640)) // 20).sum(0) % 2
    middle = pixels[230:330, 280:380]
    assert np.abs(middle - np.where(board[230:330, 280:380, None], 187, 255)).mean() > 40
