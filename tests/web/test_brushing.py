"""The brush: strokes go to the server as hints, and come back as another matte."""
import io

import numpy as np
from PIL import Image
from selenium.webdriver.common.keys import Keys


def settle(page, between, count):
    import time
    end = time.monotonic() + 90
    while len(between.cuts) < count or not between.cuts[-1].status:
        assert time.monotonic() < end, f"{len(between.cuts)} requests"
        time.sleep(.03)
    page.wait_done(1)


def result(page):
    return Image.open(page.downloaded(lambda: page.js("document.getElementById('download').click()"))).convert("RGBA")


def begin(page, sample):
    page.choose(sample("duck"))
    page.wait_done()
    page.take_brush()


def hints_of(cut):
    return np.asarray(Image.open(io.BytesIO(cut.fields["hints"])).convert("RGBA")).astype(int)


def test_strokes_keep_and_remove(page, between, sample):
    begin(page, sample)
    # Across the duck's breast: gone. In the empty corner on the right: kept.
    page.click("[name=paint][value=remove]")
    page.drag((.42, .62), (.5, .62), (.55, .62))
    settle(page, between, 2)
    page.click("[name=paint][value=keep]")
    page.drag((.75, .2), (.8, .22))
    settle(page, between, 3)

    first = between.cuts[1].fields
    assert isinstance(first["matte"], bytes) and first["matte?"] == "1"
    hints = hints_of(between.cuts[-1])
    assert hints.shape[:2] == (840, 1120), "as large as the picture"
    red = (hints[..., 0] == 255) & (hints[..., 1] == 0) & (hints[..., 3] == 255)
    green = (hints[..., 1] == 255) & (hints[..., 0] == 0) & (hints[..., 3] == 255)
    assert red.sum() > 2000 and green.sum() > 1000
    assert (hints[..., 3] == 0).mean() > .9

    alpha = np.asarray(result(page))[..., 3]
    assert (alpha[red] == 0).all(), "what was painted out is gone"
    assert (alpha[green] == 255).all(), "what was painted in is there"
    assert alpha[-4, -4] == 0


def test_undo_and_redo(page, between, sample):
    page.choose(sample("duck"))
    page.wait_done()
    before = np.asarray(result(page))
    page.take_brush()
    page.click("[name=paint][value=remove]")
    page.drag((.45, .6), (.55, .6))
    settle(page, between, 2)
    changed = np.asarray(result(page))
    assert not np.array_equal(changed, before)
    page.with_ctrl("z")
    settle(page, between, 3)
    assert "hints" not in between.cuts[-1].fields
    assert np.array_equal(np.asarray(result(page))[..., 3], before[..., 3])
    assert not page.find("#undo").is_enabled() and page.find("#redo").is_enabled()
    page.click("#redo")
    settle(page, between, 4)
    assert np.array_equal(np.asarray(result(page)), changed)


def test_erasing_takes_strokes_back(page, between, sample):
    begin(page, sample)
    page.drag((.78, .2), (.8, .2))
    settle(page, between, 2)
    page.click("[name=paint][value=erase]")
    page.js("document.getElementById('brush-size').value = 120")
    page.drag((.77, .2), (.81, .2))
    settle(page, between, 3)
    assert hints_of(between.cuts[-1])[..., 3].max() == 0


def test_brush_by_keys_alone(page, between, sample):
    page.choose(sample("duck"))
    page.wait_done()
    page.wait("!document.getElementById('brush').disabled", "the brush")
    page.press("b")
    page.wait("document.activeElement.id === 'stage'", "focus on the stage")
    page.press("r")
    assert page.value("document.querySelector('[name=paint]:checked').value") == "remove"
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.SPACE)
    settle(page, between, 2)
    hints = hints_of(between.cuts[-1])
    red = (hints[..., 0] == 255) & (hints[..., 3] == 255)
    assert red.sum() > 100
    page.press("]")
    assert int(page.find("#brush-size").get_attribute("value")) == 35
    page.press(Keys.ESCAPE)
    assert not page.find("#paints").is_displayed()
    assert (np.asarray(result(page))[..., 3][red] == 0).all()


def test_options_after_strokes_keep_them(page, between, sample):
    begin(page, sample)
    page.click("[name=paint][value=remove]")
    page.drag((.45, .6), (.55, .6))
    settle(page, between, 2)
    red = hints_of(between.cuts[-1])[..., 0] == 255
    page.click("#brush-done")
    page.click("[name=shadow]")
    settle(page, between, 3)
    last = between.cuts[-1].fields
    assert "hints" not in last and "matte?" not in last, "the matte that came back holds them already"
    page.click("[name=shadow]")
    settle(page, between, 4)
    assert (np.asarray(result(page))[..., 3][red] == 0).all()
    # Another matte from the network takes the strokes with it: two requests, one after the other.
    page.set("edges", "off")
    settle(page, between, 6)
    assert "hints" not in between.cuts[4].fields and "hints" in between.cuts[5].fields
    assert (np.asarray(result(page))[..., 3][red] == 0).all()


def test_panning_while_painting_leaves_no_stroke(page, between, sample):
    begin(page, sample)
    page.size(420, 800, touch=True)
    x, y, width, height = page.value(
        "(({x, y, width, height}) => [x, y, width, height])(document.getElementById('stage').getBoundingClientRect())")
    one, two = {"x": x + width * .4, "y": y + height * .5, "id": 0}, {"x": x + width * .6, "y": y + height * .5, "id": 1}
    touch = lambda kind, *points: page.driver.execute_cdp_cmd(
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})
    touch("touchStart", one)
    touch("touchStart", one, two)
    touch("touchMove", one, {**two, "x": two["x"] + 40})
    touch("touchEnd")
    assert not page.find("#undo").is_enabled()
    touch("touchStart", one)
    touch("touchMove", {**one, "x": one["x"] + 20})
    touch("touchEnd")
    page.wait("!document.getElementById('undo').disabled", "a stroke by one finger")
    settle(page, between, 2)


def test_brush_on_a_picture_come_back_to(page, between, sample):
    page.choose(sample("duck"), sample("mug"))
    page.wait_done(2)
    page.click("#queue li:nth-child(2) .thumb")
    page.wait("!document.getElementById('brush').disabled", "the brush")
    page.click("#queue li:nth-child(1) .thumb")
    page.take_brush()
    page.drag((.78, .2), (.8, .2))
    page.wait("!document.getElementById('undo').disabled", "the stroke")
