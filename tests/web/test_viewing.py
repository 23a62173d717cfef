"""Original and result over each other: slider, zoom, pan, at any size."""
import statistics

import numpy as np
from PIL import Image
import pytest
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def halves(page, tmp_path):
    """Blue with a subject in red: what is left of the slider is told from what is right of it."""
    y, x = np.mgrid[0:600, 0:900]
    inside = np.clip(180.5 - np.hypot(x - 450, y - 300), 0, 1)[..., None]
    light = np.clip(1.15 - np.hypot(x - 400, y - 250) / 400, .3, 1)[..., None]
    picture = np.array([40, 90, 200]) * (1 - inside) + light * np.array([235, 60, 45]) * inside
    Image.fromarray(picture.round().astype(np.uint8)).save(tmp_path / "halves.png")
    page.choose(tmp_path / "halves.png")
    page.wait_done()
    page.wait_compared()
    assert page.find("#handle").get_attribute("aria-valuenow") == "50"
    return page


def is_blue(pixel):
    return pixel[2] > pixel[0] + 60


def test_slider_parts_original_from_result(halves):
    assert is_blue(halves.stage_pixel(.3, .15)) and not is_blue(halves.stage_pixel(.7, .15))
    halves.drag((.5, .5), (.6, .5), (.8, .5))
    assert is_blue(halves.stage_pixel(.7, .15))
    value = int(halves.find("#handle").get_attribute("aria-valuenow"))
    assert 70 < value < 95
    halves.drag((.8, .5), (.25, .5))
    assert not is_blue(halves.stage_pixel(.3, .15))


def test_modes(halves):
    halves.click("[name=mode][value=before]")
    assert is_blue(halves.stage_pixel(.7, .15)) and not halves.find("#handle").is_displayed()
    halves.click("[name=mode][value=after]")
    assert not is_blue(halves.stage_pixel(.3, .15))


def test_slider_by_keys(halves):
    handle = halves.find("#handle")
    halves.js("arguments[0].focus()", handle)
    halves.press(Keys.END)
    assert handle.get_attribute("aria-valuenow") == "100" and is_blue(halves.stage_pixel(.7, .15))
    halves.press(Keys.HOME)
    assert handle.get_attribute("aria-valuenow") == "0"
    halves.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert handle.get_attribute("aria-valuenow") == "4"
    assert handle.get_attribute("aria-valuetext") == "4 % original"


def zoom(page):
    return int(page.find("#zoom-now").text.rstrip("%"))


def test_zoom_by_buttons_keys_and_wheel(halves):
    fitted = zoom(halves)
    halves.click("#zoom-one")
    assert zoom(halves) == 100
    halves.click("#zoom-in")
    assert zoom(halves) == 150
    halves.press("-")
    assert zoom(halves) == 100
    halves.press("0")
    assert zoom(halves) == fitted
    stage = halves.value("(({x, y}) => [x, y])(document.getElementById('stage').getBoundingClientRect())")
    halves.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {
        "type": "mouseWheel", "x": stage[0] + 200, "y": stage[1] + 200, "deltaX": 0, "deltaY": -600})
    halves.wait(f"parseInt(document.getElementById('zoom-now').value) > {fitted * 2}", "the wheel")
    halves.click("#zoom-fit")
    assert zoom(halves) == fitted


def test_pan_moves_the_picture(halves):
    halves.click("[name=mode][value=before]")
    for _ in range(4):
        halves.click("#zoom-in")
    assert not is_blue(halves.stage_pixel(.5, .5)), "the subject is in the middle"
    halves.drag((.5, .2), (.5, .95))
    halves.drag((.5, .2), (.5, .95))
    assert is_blue(halves.stage_pixel(.5, .2)), "what was above has come down"
    halves.js("document.getElementById('stage').focus()")
    halves.press(Keys.ARROW_DOWN * 70)
    assert is_blue(halves.stage_pixel(.5, .6)), "at its lower edge"


def test_pinch_zooms(halves):
    fitted = zoom(halves)
    halves.size(420, 800, touch=True)
    x, y, width, height = halves.value(
        "(({x, y, width, height}) => [x, y, width, height])(document.getElementById('stage').getBoundingClientRect())")
    middle = (x + width / 2, y + height / 2)

    def fingers(kind, gap):
        points = [] if kind == "touchEnd" else [{"x": middle[0] - gap, "y": middle[1]}, {"x": middle[0] + gap, "y": middle[1]}]
        halves.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = zoom(halves)
    fingers("touchStart", 30)
    for gap in (50, 70, 90, 120):
        fingers("touchMove", gap)
    fingers("touchEnd", 0)
    halves.wait(f"parseInt(document.getElementById('zoom-now').value) > {before * 2}", "the pinch")
    assert fitted > before, "on a phone it fits at a smaller size"


def test_dragging_over_twelve_megapixels_draws_nothing(page, sample, tmp_path, record_property):
    """The slider moves by transforms alone, whatever the picture's size: that is what keeps every frame."""
    Image.open(sample("duck")).resize((4000, 3000)).save(tmp_path / "large.jpg", quality=85)
    page.choose(tmp_path / "large.jpg")
    page.wait_done()
    page.wait_compared()
    page.js("""
      window.drawn = 0;
      for (const name of ['drawImage', 'clearRect', 'fillRect']) {
        const real = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function(...a) {
          if (this.canvas.closest('#stage')) ++window.drawn;
          return real.apply(this, a);
        };
      }
      window.frames_ = [];
      let last = performance.now();
      window.counting = requestAnimationFrame(function count(now) {
        window.frames_.push(now - last);
        last = now;
        window.counting = requestAnimationFrame(count);
      });""")
    page.drag((.5, .5), *[(.5 + .35 * np.sin(i / 3), .5) for i in range(30)], (.7, .5))
    page.wait("window.frames_.length > 2", "frames")
    page.js("cancelAnimationFrame(window.counting)")
    frames = page.value("window.frames_")[1:]
    record_property("median_frame_ms", statistics.median(frames))
    assert page.value("window.drawn") == 0
    # Then it draws again: the counter can count.
    page.click("#zoom-in")
    page.wait("window.drawn > 0", "drawing")
    # At full size: a pixel of the result is a pixel of the screen.
    page.click("#zoom-one")
    assert page.find("#zoom-now").text == "100%"
    assert "4000 × 3000" in page.find("#facts").text


def test_reveal_moves_only_where_motion_is_welcome(page, sample):
    page.media(**{"prefers-reduced-motion": "no-preference"})
    page.js("""window.seen = new Set();
      new MutationObserver(() => window.seen.add(document.getElementById('handle').getAttribute('aria-valuenow')))
        .observe(document.getElementById('handle'), {attributes: true});""")
    page.choose(sample("mug"))
    page.wait_done()
    page.wait("document.getElementById('handle').getAttribute('aria-valuenow') === '50'", "the end of the reveal")
    page.wait("window.seen.has('100')", "a reveal from the original")
    page.media()
    page.js("window.seen.clear()")
    page.choose(sample("chick"))
    page.wait_done(2)
    page.wait("window.seen.size", "the slider being put")
    page.wait_compared()
    assert page.value("!window.seen.has('100')")


def test_small_result_lies_over_the_original(halves, between):
    halves.js("""
      const real = CanvasRenderingContext2D.prototype.drawImage;
      window.widths = [];
      CanvasRenderingContext2D.prototype.drawImage = function(picture, ...rest) {
        if (this.canvas.id === 'after') window.widths.push(picture.width);
        return real.call(this, picture, ...rest);
      };""")
    halves.set("side", "512")
    halves.wait("window.widths.includes(512)", "the smaller result")
    assert halves.find("#facts").text.startswith("512 ×")
    assert is_blue(halves.stage_pixel(.3, .15)) and not is_blue(halves.stage_pixel(.7, .15))
    # The ball is where it was: red on both sides of the slider.
    for u in (.47, .53):
        pixel = halves.stage_pixel(u, .5)
        assert pixel[0] > pixel[2] + 60
