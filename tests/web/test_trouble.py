"""What goes wrong, in words, with the way out."""
import json
import re
import time

import pytest


def refusal(status, message, **headers):
    headers = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **headers}, \
        json.dumps({"error": {"code": "x", "message": message}}).encode()


def wait_card(page, text):
    page.wait(f"document.getElementById('veil').textContent.includes({json.dumps(text)})", f"the words {text!r}")
    return page.find("#veil").text


def test_broken_picture_fails_with_the_servers_words(page, between, sample, tmp_path):
    data = sample("duck").read_bytes()
    (tmp_path / "torn.jpg").write_bytes(data[:300])
    page.choose(tmp_path / "torn.jpg", sample("mug"))
    page.wait("document.querySelector('#queue li').dataset.state === 'failed'", "the failure")
    said = page.find("#veil p").text
    assert len(said) > 15 and said == page.value("document.getElementById('veil').querySelector('p').textContent")
    refused = next(cut for cut in between.cuts if cut.status >= 400)
    assert refused.status in (400, 415, 422)
    page.wait("document.querySelectorAll('#queue li')[1].dataset.state === 'done'", "the other one")
    page.wait("document.getElementById('alarm').textContent.includes('torn.jpg')", "its being said aloud")
    page.click("#queue li:nth-child(2) .thumb")
    page.wait("document.getElementById('veil').hidden", "the good one")


def test_busy_server_is_asked_again_by_itself(page, between, sample):
    between.refusals.append(refusal(503, "the queue is full", Retry_After=1))
    page.js("""window.told = [];
      new MutationObserver(() => window.told.push(document.getElementById('veil').textContent))
        .observe(document.getElementById('veil'), {childList: true});""")
    page.choose(sample("duck"))
    page.wait_done()
    told = page.value("window.told")
    assert any(text.startswith("Again in 1 s") and "The server is busy." in text for text in told), told
    assert [cut.status for cut in between.cuts] == [503, 200]


def test_too_many_requests_can_be_tried_now(page, between, sample):
    between.refusals.append(refusal(429, "rate", Retry_After=3000))
    page.choose(sample("duck"))
    assert re.match(r"Again in (3000|2\d\d\d) s", wait_card(page, "your key may use"))
    page.click("#veil .act")
    page.wait_done()


def test_waiting_can_be_stopped(page, between, sample):
    between.refusals.append(refusal(503, "the queue is full", Retry_After=3000))
    page.choose(sample("duck"))
    wait_card(page, "Stop")
    page.click("#veil .quiet")
    wait_card(page, "Stopped")
    page.click("#veil .act")
    page.wait_done()


def test_missing_key_is_asked_for_and_kept_in_the_tab(page, between, sample):
    between.refusals.append(refusal(401, "no key"))
    page.choose(sample("duck"))
    wait_card(page, "A key is needed")
    page.click("#veil .act")
    page.wait("document.getElementById('settings').open", "the settings")
    page.find("#key").send_keys("k-123")
    page.click("#settings .act")
    page.wait_done()
    assert between.cuts[-1].headers["X-Api-Key"] == "k-123"
    assert "X-Api-Key" not in between.cuts[0].headers
    assert page.value("sessionStorage.getItem('peel.key')") == "k-123"
    assert page.value("JSON.stringify(localStorage)").find("k-123") < 0


def test_other_refusals_say_what_the_server_said(page, between, sample):
    said = {500: "the worker fell over this picture", 504: "took longer than 60 s", 413: "this picture has 100 megapixels"}
    between.refusals += [refusal(status, words) for status, words in said.items()]
    # One that is not the service's own.
    between.refusals.append((502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>"))
    page.choose(sample("duck"))
    for words in (*said.values(), "status 502"):
        wait_card(page, words)
        page.click("#veil .act")
    page.wait_done()
    assert [cut.status for cut in between.cuts] == [*said, 502, 200]


@pytest.fixture
def narrow(between):
    between.about["max_bytes"] = 1000


def test_file_beyond_the_limit_is_not_even_sent(narrow, page, between, sample):
    page.choose(sample("duck"))
    assert "0.2 MB" in wait_card(page, "This file has")
    assert between.cuts == []


def test_cancel(page, between, sample):
    between.hold.clear()
    page.choose(sample("duck"))
    page.wait("document.querySelector('#queue li').dataset.state === 'working'", "the work")
    assert page.value("document.getElementById('busy').hidden") is False
    page.click("#queue .close")
    wait_card(page, "Stopped")
    between.hold.set()
    page.click("#queue .retry")
    page.wait_done()


def test_no_more_than_two_at_a_time(page, between, sample):
    between.hold.clear()
    page.choose(*[sample(name) for name in ("duck", "mug", "chick", "cactus")])
    page.wait("document.querySelectorAll('#queue li[data-state=working]').length === 2", "two at work")
    assert sorted(page.states()) == ["waiting", "waiting", "working", "working"]
    # The last bytes may be on their way still.
    end = time.monotonic() + 90
    while len(between.cuts) < 2:
        assert time.monotonic() < end
        time.sleep(.03)
    assert len(between.cuts) == 2
    between.hold.set()
    page.wait_done(4)
