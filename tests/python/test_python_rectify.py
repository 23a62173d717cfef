"""peel.rectify: what is found, in which form it comes back, and that each option has an effect."""
import asyncio
import inspect
import io
import pathlib
import re

import numpy as np
import pytest
from PIL import Image, ImageCms

import peel
from peel import _options, _peel, _session, _types
from pictures import encoded, sheets

PHOTO = np.asarray(sheets.photo_of(sheets.CORNERS))
PNG = encoded(PHOTO)
IMAGE = Image.fromarray(PHOTO)
CORNERS = np.array(sheets.CORNERS, float)
TABLE = sheets.ground(320, 240)
WITH_PROFILE = encoded(PHOTO, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def test_found_and_straightened(session):
    result = peel.rectify(PHOTO, session=session)
    assert isinstance(result, peel.Rectified) and result.ok and result.status == "ok" and result.reason == ""
    assert result.kind in ("document", "product", "screen") and 0 < result.confidence <= 1
    assert result.corners.shape == (4, 2) and np.abs(result.corners - CORNERS).max() < 4
    assert result.homography.shape == (3, 3)
    at = sheets.apply(result.homography, result.corners)
    w, h = result.width, result.height
    assert np.abs(at - [(0, 0), (w, 0), (w, h), (0, h)]).max() < .01 * max(w, h)
    assert result.image.shape == (h, w, 3) and result.image.dtype == np.uint8
    assert abs(w / h - result.ratio) < .02 and result.turn in (0, 90, 180, 270)


@pytest.mark.parametrize("data,kind", [(PNG, bytes), (IMAGE, Image.Image), (PHOTO, np.ndarray)])
def test_as_it_came_in(session, data, kind):
    image = session.rectify(data, corners=CORNERS).image
    assert isinstance(image, kind)
    grey = session.rectify(data, corners=CORNERS, enhance="gray").image
    grey = np.asarray(Image.open(io.BytesIO(grey)) if kind is bytes else grey)
    assert grey.ndim == 2


def test_sixteen_bits_stay(session):
    deep = PHOTO.astype(np.uint16) * 257
    image = session.rectify(deep, corners=CORNERS).image
    assert image.dtype == np.uint16 and image.max() > 255


def test_abstains(session):
    result = session.rectify(TABLE)
    assert not result.ok and result.status == "abstained" and result.reason
    assert result.image is None and result.corners is None and result.homography is None and result.kind is None
    assert session.rectify(encoded(TABLE)).image is None


def test_all_sheets(session):
    left = ((60, 120), (360, 130), (350, 520), (50, 500))
    right = ((440, 110), (740, 120), (750, 510), (450, 520))
    found = session.rectify(np.asarray(sheets.photo_of(left, right)), all=True)
    assert isinstance(found, list) and all(isinstance(one, peel.Rectified) for one in found)
    first = found[0].image.copy()
    del found[1:]  # sheets keep what they lie in
    assert np.array_equal(found[0].image, first)


# Option: (the picture, what else is set in both calls, its value).
EFFECTS = {
    "kind": (PHOTO, {}, "screen"),
    "corners": (PHOTO, {}, CORNERS + (30, 20)),
    "focal_px": (PHOTO, {"corners": CORNERS}, 300.0),
    "ratio": (PHOTO, {"corners": CORNERS}, (1, 2)),
    "size": (PHOTO, {"corners": CORNERS}, (120, None)),
    "dpi": (PHOTO, {"corners": CORNERS, "ratio": "a4"}, 40),
    "enhance": (PHOTO, {"corners": CORNERS}, "bw"),
    "turn": (PHOTO, {"corners": CORNERS}, 90),
    "margin": (PHOTO, {"corners": CORNERS}, "5%"),
    "cutout": (PHOTO, {"corners": CORNERS}, True),
    "filter": (PHOTO, {"corners": CORNERS}, "bilinear"),
    "draw": (PHOTO, {"corners": CORNERS}, True),
    "bgr": (PHOTO, {"corners": CORNERS, "enhance": "gray"}, True),
    "background": (PHOTO, {"corners": CORNERS, "cutout": True, "margin": 40}, "red"),
    "edges": (PHOTO, {"corners": CORNERS, "cutout": True, "margin": 40}, "matting"),
    "max_size": (PHOTO, {"corners": CORNERS}, 100),
    "format": (PNG, {"corners": CORNERS}, "jpg"),
    "quality": (PNG, {"corners": CORNERS, "format": "jpg"}, 20),
    "lossless": (PNG, {"corners": CORNERS, "format": "webp"}, True),
    "keep_metadata": (WITH_PROFILE, {"corners": CORNERS}, False),
    "max_pixels": (PHOTO, {}, 100),
    "progress": (PHOTO, {}, None),
    "cancel": (PHOTO, {}, None),
}


def outcome(session, data, options):
    try:
        result = session.rectify(data, **options)
    except Exception as error:
        return type(error), str(error)
    image = result.image
    image = image if image is None or isinstance(image, bytes) else image.tobytes()
    return image, result.width, result.height, result.kind, result.ratio, str(result.corners)


def test_the_table_is_whole():
    assert set(_types.RectifyOptions.__annotations__) == set(EFFECTS)
    own = set(inspect.signature(_options.make_rectify_options).parameters) - {"all"}
    assert own == set(_session._RECTIFY_OPTIONS) and own < set(EFFECTS)


def test_every_member_of_the_c_options_is_bound():
    header = (pathlib.Path(__file__).parents[2] / "include/peel/peel.h").read_text()
    struct = re.search(r"typedef struct peel_rectify_options \{(.*?)\n\} peel_rectify_options;", header, re.S)[1]
    plain = re.sub(r"/\*.*?\*/", "", struct, flags=re.S)
    members = {name for line in plain.split(";") for name in re.findall(r"(\w+)(?:,|$)", line.strip())}
    bound = {name for name in dir(_peel.RectifyOptions) if not name.startswith("_")}
    assert members - {"size"} == bound


@pytest.mark.parametrize("name", [name for name in EFFECTS if name not in ("progress", "cancel")])
def test_every_option_has_an_effect(session, name):
    data, base, value = EFFECTS[name]
    plain = outcome(session, data, base)
    assert not isinstance(plain[0], type), plain
    assert outcome(session, data, {**base, name: value}) != plain


def test_effects_by_name(session):
    rectify = lambda **options: session.rectify(PHOTO, corners=CORNERS, **options)
    assert (rectify(size=(200, 100)).width, rectify(size=(200, 100)).height) == (200, 100)
    assert rectify(size=(None, 100)).height == 100
    assert abs(rectify(ratio=2.0).width / rectify(ratio=2.0).height - 2) < .02
    assert rectify(ratio="a4", dpi=50).dpi == (50, 50)
    assert rectify(turn=90).turn == 90
    assert rectify(cutout=True).image.shape[2] == 4
    assert rectify(draw=True).image.shape == PHOTO.shape
    assert set(np.unique(rectify(enhance="bw").image)) <= {0, 255}
    told = []
    rectify(progress=lambda stage, share: told.append(stage))
    assert "warp" in told and told[-1] == "done"
    token = peel.Cancel()
    token.set()
    with pytest.raises(peel.Cancelled):
        rectify(cancel=token)
    swapped = session.rectify(PHOTO[..., ::-1], corners=CORNERS, bgr=True).image
    assert np.array_equal(swapped[..., ::-1], rectify().image)


@pytest.mark.parametrize("options,error", [
    ({"corners": [1, 2, 3]}, peel.InvalidArgument), ({"corners": "abc"}, TypeError),
    ({"corners": [(0, 0), (9, 9), (9, 0), (0, 9)]}, peel.InvalidArgument),
    ({"corners": CORNERS + 90000}, peel.InvalidArgument), ({"kind": "car"}, peel.InvalidArgument),
    ({"ratio": "wide"}, peel.InvalidArgument), ({"ratio": 0}, peel.InvalidArgument), ({"dpi": -1}, peel.InvalidArgument),
    ({"turn": 45}, peel.InvalidArgument), ({"margin": "wide"}, peel.InvalidArgument), ({"enhance": "nice"}, peel.InvalidArgument),
    ({"filter": "nearest"}, peel.InvalidArgument), ({"draw": True, "cutout": True}, peel.InvalidArgument),
    ({"mask": True}, TypeError), ({"nothing": 1}, TypeError), ({"format": "png"}, peel.InvalidArgument)])
def test_what_makes_no_sense_is_refused(session, options, error):
    with pytest.raises(error):
        session.rectify(PHOTO, **options)


def test_cut_and_straightened(session):
    plain, both = session.run(PHOTO), session.run(PHOTO, rectify=True)
    assert plain.rectify is None
    assert both.rectify is not None and both.rectify.ok and both.image.shape[2] == 4
    assert both.image.shape != plain.image.shape and np.abs(both.rectify.corners - CORNERS).max() < 4
    assert np.array_equal(peel.cut(PHOTO, session=session, rectify=True), both.image)
    neither = session.run(TABLE, rectify=True)
    assert not neither.rectify.ok and neither.image.shape[:2] == TABLE.shape[:2]


def test_for_asyncio(session):
    result = asyncio.run(session.rectify_async(PHOTO, corners=CORNERS))
    assert np.array_equal(result.image, session.rectify(PHOTO, corners=CORNERS).image)
    assert asyncio.run(peel.rectify_async(PHOTO, session=session, corners=CORNERS)).ok
