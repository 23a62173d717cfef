"""Four corners: their geometry, and the tool where the server has it."""
import json

import numpy as np
from PIL import Image, ImageDraw
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def can(between):
    between.about["rectify"] = True


@pytest.fixture
def cannot(between):
    between.about["rectify"] = False


def test_hidden_where_the_server_cannot(cannot, page):
    page.click("#try")
    page.wait_done()
    assert page.find("#brush").is_displayed() and not page.find("#straighten").is_displayed()


def test_homography_takes_the_unit_square_to_the_corners(page):
    corners = [[12, 30], [410, 8], [460, 290], [40, 350]]
    found = page.later(f"""{{
      const {{fromUnitSquare, apply}} = await import('/homography.js');
      const m = fromUnitSquare({json.dumps(corners)});
      return [[0, 0], [1, 0], [1, 1], [0, 1], [.5, .5], [.25, .75]].map(([x, y]) => apply(m, x, y));
    }}""")
    assert np.allclose(found[:4], corners, atol=1e-6)
    # Solved anew as eight linear equations.
    rows, right = [], []
    for (x, y), (u, v) in zip([(0, 0), (1, 0), (1, 1), (0, 1)], corners):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    matrix = np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)
    for (x, y), point in zip([(.5, .5), (.25, .75)], found[4:]):
        u, v, w = matrix @ [x, y, 1]
        assert np.allclose(point, [u / w, v / w], atol=1e-6)


    # Corners that cross, or turn inwards, or lie in a line, are told.
    for corners, convex in (([[0, 0], [9, 0], [9, 9], [0, 9]], True), ([[0, 0], [9, 9], [9, 0], [0, 9]], False),
                            ([[0, 0], [9, 0], [3, 3], [0, 9]], False), ([[0, 0], [5, 0], [9, 0], [0, 9]], False)):
        assert page.later(f"{{ return (await import('/homography.js')).isConvex({json.dumps(corners)}) }}") is convex


@pytest.fixture
def sheet(can, page, tmp_path):
    """A page of four colours, seen at an angle, with the tool open over it."""
    image = Image.new("RGB", (800, 600), (40, 44, 50))
    draw = ImageDraw.Draw(image)
    a, b, c, d = (160, 120), (660, 60), (720, 520), (80, 460)
    middle = lambda p, q: ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
    ab, bc, cd, da = middle(a, b), middle(b, c), middle(c, d), middle(d, a)
    centre = middle(ab, cd)
    for corner, one, two, colour in ((a, ab, da, "red"), (b, ab, bc, "lime"), (c, bc, cd, "blue"), (d, cd, da, "yellow")):
        draw.polygon([corner, one, centre, two], fill=colour)
    image.save(tmp_path / "sheet.png")
    page.choose(tmp_path / "sheet.png")
    page.wait_done()
    page.wait_compared()
    page.click("#straighten")
    page.wait("document.getElementById('rectify').open", "the tool")
    page.wait("document.getElementById('table').ariaBusy === 'false'", "what the server finds")
    return page, (a, b, c, d)


def told(page):
    """The corners' names and where they are."""
    labels = [handle.get_attribute("aria-label") for handle in page.driver.find_elements("css selector", ".corner")]
    return [(text.split(": ")[0], *map(int, text.split(": ")[1].split(", "))) for text in labels]


def test_corners_begin_where_the_server_finds_them(sheet, between):
    page, corners = sheet
    asked = [asked for asked in between.asked if asked.path == "/v1/rectify"]
    assert len(asked) == 1 and asked[0].status == 200 and "corners" not in asked[0].fields
    assert asked[0].headers["Accept"] == "application/json"
    found = [at for _, *at in told(page)]
    # From whichever corner the page reads.
    turned = [np.abs(np.array(found) - np.roll(corners, turn, axis=0)).max() for turn in range(4)]
    assert min(turned) < 8, found
    assert "itself" in page.find("#rectify-note").text


def test_what_is_dragged_stays_where_the_server_answers_late(can, page, sample, between):
    page.choose(sample("duck"))
    page.wait_done()
    page.wait_compared()
    between.hold.clear()
    page.click("#straighten")
    page.wait("document.getElementById('rectify').open", "the tool")
    page.press(Keys.ARROW_RIGHT)
    moved = told(page)
    between.hold.set()
    page.wait("document.getElementById('table').ariaBusy === 'false'", "the late answer")
    assert told(page) == moved


def test_nothing_found_is_said(can, page, sample, between):
    between.refusals.clear()
    page.choose(sample("duck"))
    page.wait_done()
    page.wait_compared()
    between.refusals.append((200, {"Content-Type": "application/json"}, json.dumps(
        {"image": None, "rectify": {"status": "abstained", "reason": "no four sides", "confidence": .1}}).encode()))
    page.click("#straighten")
    page.wait("document.getElementById('rectify').open", "the tool")
    page.wait("document.getElementById('table').ariaBusy === 'false'", "the answer")
    assert "no four sides" in page.find("#rectify-note").text
    assert page.find("#rectify-go").is_enabled()


def test_corners_are_dragged_and_previewed(sheet, between):
    page, corners = sheet
    handles = page.driver.find_elements("css selector", ".corner")
    box = page.value("(({x, y, width, height}) => [x, y, width, height])"
                     "(document.querySelector('#table canvas').getBoundingClientRect())")
    for handle, (x, y) in zip(handles, corners):
        now = page.js("const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]", handle)
        ActionChains(page.driver, duration=20).move_to_element(handle).click_and_hold().move_by_offset(
            round(box[0] + x / 800 * box[2] - now[0]), round(box[1] + y / 600 * box[3] - now[1])).release().perform()
    told = [handle.get_attribute("aria-label") for handle in handles]
    for text, name, (x, y) in zip(told, ("Top left", "Top right", "Bottom right", "Bottom left"), corners):
        u, v = map(int, text.split(": ")[1].split(", "))
        assert text.startswith(name) and abs(u - x) <= 3 and abs(v - y) <= 3, told
    # The preview has the four colours in its four corners.
    found = page.value("""[[.15, .15], [.85, .15], [.85, .85], [.15, .85]].map(([u, v]) => {
      const c = document.getElementById('flat');
      return [...c.getContext('2d').getImageData(u * c.width, v * c.height, 1, 1).data].slice(0, 3);
    })""")
    assert found == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]

    between.refusals.append((501, {}, b'{"error": {"code": "x", "message": "not in this version"}}'))
    page.watch_toasts()
    page.click("#rectify-go")
    page.wait_toast("not in this version")
    sent = [asked for asked in between.asked if asked.path == "/v1/rectify"][-1].fields
    assert np.allclose([float(v) for v in sent["corners"].split(",")], np.array(corners).ravel(), atol=3)
    assert isinstance(sent["image"], bytes)


def test_corners_by_keys(sheet):
    page, _ = sheet
    first = page.find(".corner")
    before = [int(v) for v in first.get_attribute("aria-label").split(": ")[1].split(", ")]
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    after = [int(v) for v in first.get_attribute("aria-label").split(": ")[1].split(", ")]
    assert after[0] > before[0] and after[1] > before[1]
    # Far over the opposite corner: they cross, and cannot be applied.
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT * 90, Keys.ARROW_DOWN * 90).key_up(Keys.SHIFT).perform()
    assert not page.find("#rectify-go").is_enabled()
    assert "cross" in page.find("#rectify-note").text
    page.press(Keys.ESCAPE)
    page.wait("!document.getElementById('rectify').open", "its end")
