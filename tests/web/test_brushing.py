"""The brush: strokes go to the server as hints, and come back as another matte: at once at the size that is
looked at, and once the hand rests in the result."""
import io
import time

import numpy as np
from PIL import Image
from selenium.webdriver.common.keys import Keys


def sketches(between):
    return [cut for cut in between.cuts if cut.fields.get("mask") == "true"]


def wholes(between):
    return [cut for cut in between.cuts if "mask" not in cut.fields]


def settle(page, between, count):
    """Until the result has been asked for so many times, and has come."""
    end = time.monotonic() + 90
    while len(wholes(between)) < count or not wholes(between)[-1].status:
        assert time.monotonic() < end, f"{len(wholes(between))} requests"
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

    first = sketches(between)[0].fields
    assert isinstance(first["matte"], bytes) and "background" not in first
    hints = hints_of(wholes(between)[-1])
    assert hints.shape[:2] == (840, 1120), "as large as the picture"
    assert wholes(between)[-1].fields["matte?"] == "1"
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
    assert len(sketches(between)) == 1, "the network's matte is here already"
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
    assert hints_of(sketches(between)[-1])[..., 3].max() == hints_of(wholes(between)[-1])[..., 3].max() == 0


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
    hints = hints_of(wholes(between)[-1])
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
    red = hints_of(wholes(between)[-1])[..., 0] == 255
    page.click("#brush-done")
    page.click("[name=shadow]")
    settle(page, between, 3)
    last = wholes(between)[-1].fields
    assert "hints" not in last and "matte?" not in last, "the matte that came back holds them already"
    page.click("[name=shadow]")
    settle(page, between, 4)
    assert (np.asarray(result(page))[..., 3][red] == 0).all()
    # Another matte from the network takes the strokes with it: two requests, one after the other.
    page.set("edges", "off")
    settle(page, between, 6)
    assert "hints" not in wholes(between)[4].fields and "hints" in wholes(between)[5].fields
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


def test_a_sketch_is_as_large_as_it_is_looked_at(page, between, sample, tmp_path):
    large = tmp_path / "large.jpg"
    Image.open(sample("duck")).resize((2800, 2100)).save(large, quality=90)
    page.choose(large)
    page.wait_done()
    page.take_brush()
    page.click("[name=paint][value=remove]")
    page.drag((.42, .62), (.5, .62), (.55, .62))
    settle(page, between, 2)

    sketch, whole = sketches(between)[0].fields, wholes(between)[-1].fields
    small = Image.open(io.BytesIO(sketch["image"]))
    assert small.format == "JPEG" and abs(small.width * small.height - 5e5) < 2e3
    for part in ("hints", "matte"):
        assert Image.open(io.BytesIO(sketch[part])).size == small.size
    # What counts is solved from the file itself, by the same strokes.
    assert whole["image"] == large.read_bytes()
    hints = np.asarray(Image.open(io.BytesIO(whole["hints"])).convert("RGBA"))
    assert hints.shape[:2] == (2100, 2800)
    strokes = np.asarray(Image.open(io.BytesIO(sketch["hints"])).convert("RGBA"))[..., 3].mean()
    assert abs(hints[..., 3].mean() - strokes) < .05 * strokes
    alpha = np.asarray(result(page))[..., 3]
    assert alpha.shape == (2100, 2800) and (alpha[hints[..., 3] == 255] == 0).all()

    page.click("#zoom-one")
    page.drag((.5, .5), (.55, .5))
    settle(page, between, 3)
    near = Image.open(io.BytesIO(sketches(between)[-1].fields["image"]))
    assert abs(near.width * near.height - 2e6) < 2e3


def test_a_small_picture_looked_at_closely_is_sketched_whole(page, between, sample):
    begin(page, sample)
    page.click("#zoom-one")
    page.click("[name=paint][value=remove]")
    page.drag((.5, .6), (.6, .6))
    settle(page, between, 2)
    sketch, whole = sketches(between)[0].fields, wholes(between)[-1].fields
    assert sketch["image"] == sample("duck").read_bytes()
    # Its matte is the picture's, so that the result is made of it without solving it again.
    assert "hints" not in whole and "matte?" not in whole
    red = hints_of(sketches(between)[0])[..., 0] == 255
    assert (np.asarray(result(page))[..., 3][red] == 0).all()


def cut_out_pixel(page, u, v):
    """RGBA of what lies under the strokes on the stage."""
    page.drawn()
    return page.value("Array.from(((c) => c.getContext('2d').getImageData("
                      f"{u} * c.width, {v} * c.height, 1, 1).data)(document.getElementById('after')))")


def test_a_sketch_is_seen_before_the_whole_is_asked_for(page, between, sample):
    begin(page, sample)
    page.wait("document.getElementById('facts').textContent.includes('×')", "the first cut-out")
    kept = cut_out_pixel(page, .5, .62)
    page.click("[name=paint][value=remove]")
    page.drag((.42, .62), (.5, .62), (.55, .62))
    page.wait("performance.getEntriesByName('stroke').length === 1", "the sketch")
    gone, asked = cut_out_pixel(page, .5, .62), len(wholes(between))
    assert asked == 1
    assert sum(abs(a - b) for a, b in zip(kept, gone)) > 60, "the duck's breast shows through"
    # Leaving the brush asks at once.
    page.click("#brush-done")
    settle(page, between, 2)


def test_strokes_in_haste_are_one_result(page, between, sample):
    begin(page, sample)
    page.click("[name=paint][value=remove]")
    between.hold.clear()  # no answer comes in between
    for y in (.56, .6, .64):
        page.drag((.45, y), (.52, y))
    between.hold.set()
    settle(page, between, 2)
    assert len(wholes(between)) == 2
    red = hints_of(wholes(between)[-1])[..., 0] == 255
    assert (np.asarray(result(page))[..., 3][red] == 0).all()


def test_a_busy_server_is_told_of_and_asked_again(page, between, sample):
    begin(page, sample)
    busy = (503, {"Retry-After": "1", "Content-Type": "application/json"}, b'{"error": {"code": "busy", "message": "full"}}')
    between.refusals += [busy, busy]
    page.click("[name=paint][value=remove]")
    page.drag((.42, .62), (.5, .62))
    page.wait("!document.getElementById('veil').hidden", "what is the matter")
    settle(page, between, 3)
    last = wholes(between)[-1].fields
    hints = np.asarray(Image.open(io.BytesIO(last["hints"])).convert("RGBA"))
    assert (np.asarray(result(page))[..., 3][hints[..., 3] == 255] == 0).all()
