"""POST /v1/rectify and /v1/cut?rectify=true: a photograph of a sheet goes out, the sheet comes back."""
import base64
import io
import pathlib
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from serve_support import encoded, new_key, opened

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from sheets import CORNERS, apply, ground, photo_of  # noqa: E402

BY_HAND = ",".join(str(v) for corner in CORNERS for v in corner)


@pytest.fixture(scope="module")
def sheet():
    return encoded(photo_of(CORNERS))


@pytest.fixture(scope="module")
def table():
    """Nothing to straighten."""
    return encoded(Image.fromarray(ground(320, 240)))


@pytest.fixture
def rectify(service):
    def ask(picture, headers=None, **fields):
        return service.post("/v1/rectify", files={"image": picture}, data=fields, headers=headers)
    return ask


def told(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["rectify"]


JSON = {"Accept": "application/json"}


def test_found_and_straightened(rectify, sheet):
    answer = rectify(sheet)
    assert answer.status_code == 200, answer.text
    head = answer.headers
    assert head["Content-Type"] == "image/png" and head["X-Peel-Rectify"] == "ok"
    assert head["X-Peel-Kind"] in ("document", "product", "screen")
    assert 0 < float(head["X-Peel-Confidence"]) <= 1
    corners = np.array([float(v) for v in head["X-Peel-Corners"].split(",")]).reshape(4, 2)
    assert np.abs(corners - CORNERS).max() < 4, corners
    image = opened(answer.content)
    assert image.mode == "RGB" and image.size == (int(head["X-Width"]), int(head["X-Height"]))
    assert abs(image.width / image.height - float(head["X-Peel-Ratio"])) < .02
    assert np.asarray(image)[5:-5, 5:-5].mean() > 150, "the sheet alone, which is white"


def test_json_tells_all(rectify, sheet):
    answer = rectify(sheet, JSON)
    found = told(answer)
    body = answer.json()
    assert found["status"] == "ok" and found["reason"] == ""
    image = opened(base64.b64decode(body["image"]))
    assert image.size == (body["width"], body["height"])
    at = apply(np.array(found["homography"]).reshape(3, 3), found["corners"])
    w, h = image.size
    assert np.abs(at - [(0, 0), (w, 0), (w, h), (0, h)]).max() < .01 * max(w, h)
    assert found["ratio"] > 0 and len(found["dpi"]) == 2 and found["turn"] in (0, 90, 180, 270)


def test_nothing_to_straighten(rectify, table):
    refused = rectify(table)
    assert refused.status_code == 422 and refused.headers["X-Peel-Rectify"] == "abstained"
    message = refused.json()["error"]["message"]
    assert "nothing to straighten" in message and "corners=" in message and "keep=true" in message
    answer = rectify(table, JSON)
    found = told(answer)
    assert found["status"] == "abstained" and found["reason"] and answer.json()["image"] is None
    kept = rectify(table, keep="true", format="jpg")
    assert kept.status_code == 200 and kept.headers["X-Peel-Rectify"] == "abstained"
    assert kept.content == table, "byte for byte, as it is a JPEG already"


def test_every_option_changes_the_result(rectify, sheet):
    usual = rectify(sheet, corners=BY_HAND)
    assert usual.status_code == 200, usual.text
    for fields in ({"ratio": "1:2"}, {"ratio": "a4", "dpi": "50"}, {"size": "200x"}, {"size": "x150"},
                   {"enhance": "gray"}, {"enhance": "bw"}, {"turn": "90"}, {"margin": "20"}, {"margin": "-2%"},
                   {"cutout": "true"}, {"draw": "true"}, {"format": "jpg"}, {"max-size": "100"},
                   {"max-output-pixels": "20000"}):
        other = rectify(sheet, corners=BY_HAND, **fields)
        assert other.status_code == 200, (fields, other.text)
        assert other.content != usual.content, fields
    assert opened(rectify(sheet, corners=BY_HAND, size="200x100").content).size == (200, 100)
    assert rectify(sheet, corners=BY_HAND, enhance="gray").content[:4] == b"\x89PNG"
    assert opened(rectify(sheet, corners=BY_HAND, cutout="1").content).mode == "RGBA"
    a4 = opened(rectify(sheet, corners=BY_HAND, ratio="a4", dpi="50").content)
    assert sorted(a4.size) == [413, 585] and abs(a4.info["dpi"][0] - 50) < .1


def test_kind_is_what_is_looked_for(rectify, sheet):
    for kind in ("document", "screen"):
        found = told(rectify(sheet, JSON, kind=kind))
        assert found["status"] == "abstained" or found["kind"] == kind


def test_query_as_well_as_form(service, sheet):
    answer = service.post("/v1/rectify?size=120x80&corners=" + BY_HAND, data=sheet,
                          headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    assert opened(answer.content).size == (120, 80)


def test_all_sheets_as_an_archive(rectify):
    left = ((60, 120), (360, 130), (350, 520), (50, 500))
    right = ((440, 110), (740, 120), (750, 510), (450, 520))
    both = encoded(photo_of(left, right))
    answer = rectify(both, all="true")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None and archive.namelist()[0] == "001.png"
    body = rectify(both, JSON, all="true").json()
    if len(archive.namelist()) == 2:
        assert [sheet["status"] for sheet in body["sheets"]] == ["ok", "ok"]
        assert body["sheets"][0]["corners"][0][0] < body["sheets"][1]["corners"][0][0], "in reading order"


def test_what_makes_no_sense_is_said(rectify, sheet):
    for fields, word in (({"corners": "1,2,3"}, "corners"), ({"corners": "0,0,9,9,9,0,0,9"}, "corners"),
                         ({"ratio": "wide"}, "ratio"), ({"size": "10"}, "size"), ({"dpi": "0"}, "dpi"),
                         ({"enhance": "nice"}, "enhance"), ({"turn": "45"}, "turn"), ({"margin": "wide"}, "margin"),
                         ({"kind": "car"}, "kind"), ({"shadow": "true"}, "shadow"), ({"cornes": "1"}, "corners"),
                         ({"format": "zip"}, "format"), ({"all": "true", "corners": BY_HAND}, "corners")):
        answer = rectify(sheet, **fields)
        assert answer.status_code == 400, (fields, answer.status_code, answer.text[:200])
        assert word in answer.json()["error"]["message"], (fields, answer.text)
    far = rectify(sheet, corners="0,0,90000,0,90000,90000,0,90000")
    assert far.status_code == 400 and "outside" in far.json()["error"]["message"]
    assert rectify(b"nothing").status_code in (415, 422)


def test_cut_out_and_straightened(service, sheet, table):
    plain = service.cut(sheet)
    both = service.cut(sheet, rectify="true")
    assert both.status_code == 200, both.text
    assert both.headers["X-Peel-Rectify"] == "ok" and both.content != plain.content
    image = opened(both.content)
    assert image.mode == "RGBA" and np.asarray(image)[..., 3].mean() > 200
    neither = service.cut(table, rectify="true")
    assert neither.status_code == 200 and neither.headers["X-Peel-Rectify"] == "abstained"
    assert opened(neither.content).size == (320, 240)
    assert "X-Peel-Rectify" not in service.cut(sheet, rectify="false").headers


def test_about_says_so(service):
    assert service.get("/v1/about").json()["rectify"] is True


def test_no_credit_for_nothing(start, tmp_path, sheet, table):
    keys = tmp_path / "keys.json"
    key = new_key(keys, "one", credits=1)
    service = start("--keys", keys)
    ask = lambda picture: service.post("/v1/rectify", files={"image": picture}, headers={"X-Api-Key": key})
    assert ask(table).status_code == 422
    assert ask(sheet).status_code == 200, "the credit was still there"
    assert ask(sheet).status_code == 402
