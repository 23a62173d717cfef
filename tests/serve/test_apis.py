"""The interfaces of rembg, remove.bg, Clipdrop, Photoroom, withoutBG and Peel: what their clients
look at, field by field."""
import base64
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from serve_support import ball, encoded, is_cut_out, opened


def code_of(answer):
    return answer.json()["errors"][0]["code"]


# ---- rembg -----------------------------------------------------------------------------------------

def test_rembg_form(service, photo):
    answer = service.post("/api/remove", files={"file": ("a.jpg", photo, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Peel-Model"] == "peel" and answer.headers["X-Peel-Device"] == "cpu"
    assert "network;dur=" in answer.headers["Server-Timing"]
    image = opened(answer.content)
    assert image.size == (320, 240) and image.mode == "RGBA" and is_cut_out(image)


@pytest.mark.parametrize("yes", ["True", "true", "1"])
@pytest.mark.parametrize("place", ["params", "data"])
def test_rembg_mask_by_query_or_form(service, photo, yes, place):
    answer = service.post("/api/remove", files={"file": photo}, **{place: {"om": yes}})
    assert opened(answer.content).mode == "L"


def test_rembg_form_wins_over_query(service, photo):
    answer = service.post("/api/remove", files={"file": photo}, params={"om": "true"}, data={"om": "false"})
    assert opened(answer.content).mode == "RGBA"


def test_rembg_background(service, photo):
    answer = service.post("/api/remove", files={"file": photo}, params={"bgc": "255,0,0,255"})
    pixels = np.asarray(opened(answer.content).convert("RGBA"))
    assert tuple(pixels[2, 2]) == (255, 0, 0, 255)
    half = service.post("/api/remove", files={"file": photo}, params={"bgc": "0, 0, 255, 128"})
    assert tuple(np.asarray(opened(half.content).convert("RGBA"))[2, 2]) == (0, 0, 255, 128)


def test_rembg_options_change_the_picture(service, photo):
    usual = service.post("/api/remove", files={"file": photo}).content
    for given in ({"a": "true"}, {"ppm": "true", "om": "true"}, {"compat": "rembg"},
                  {"a": "true", "ae": "30"}, {"a": "true", "af": "250", "ab": "60", "ae": "3"}):
        other = service.post("/api/remove", files={"file": photo}, data=given)
        assert other.status_code == 200, (given, other.text)
        assert other.content != usual, given


def test_rembg_errors(service, photo):
    missing = service.post("/api/remove", data={"a": "true"})
    assert missing.status_code == 422
    assert missing.json()["detail"][0]["loc"] == ["body", "file"]
    assert missing.json()["detail"][0]["type"] == "missing"
    url = service.get("/api/remove")
    assert url.status_code == 422 and url.json()["detail"][0]["loc"] == ["query", "url"]
    wrong = service.post("/api/remove", files={"file": photo}, params={"af": "300"})
    assert wrong.status_code == 422 and wrong.json()["detail"][0]["loc"] == ["query", "af"]
    model = service.post("/api/remove", files={"file": photo}, data={"model": "u2nettp"})
    assert model.status_code == 400 and "u2netp" in model.json()["detail"]
    broken = service.post("/api/remove", files={"file": b"not a picture"})
    assert broken.status_code in (415, 422) and isinstance(broken.json()["detail"], str)
    off = service.get("/api/remove", params={"url": "http://example.com/a.jpg"})
    assert off.status_code == 400 and "--fetch" in off.json()["detail"]
    vm = service.post("/api/remove", files={"file": photo}, data={"vm": "true"})
    assert vm.status_code == 400 and "vm" in vm.json()["detail"]


# ---- remove.bg -------------------------------------------------------------------------------------

def removebg(service, photo, headers=None, **fields):
    return service.post("/v1.0/removebg", files={"image_file": ("a", photo)}, data=fields, headers=headers)


def test_removebg_headers(service, photo):
    answer = removebg(service, photo, size="auto", headers={"X-Api-Key": "any"})
    assert answer.status_code == 200, answer.text
    h = answer.headers
    assert h["Content-Type"] == "image/png" and h["X-Type"] == "other"
    assert h["X-Credits-Charged"] == str(int(h["X-Credits-Charged"]))
    assert (h["X-Width"], h["X-Height"]) == ("320", "240") == (h["X-Max-Width"], h["X-Max-Height"])
    alpha = np.asarray(opened(answer.content))[..., 3]
    rows, columns = np.nonzero(alpha.max(1))[0], np.nonzero(alpha.max(0))[0]
    box = [int(h[f"X-Foreground-{side}"]) for side in ("Top", "Left", "Width", "Height")]
    assert abs(box[0] - rows[0]) <= 2 and abs(box[1] - columns[0]) <= 2
    assert abs(box[2] - len(columns)) <= 4 and abs(box[3] - len(rows)) <= 4


@pytest.mark.parametrize("size,most", [("preview", 0.25), ("small", 0.25), ("regular", 0.25), ("medium", 1.5),
                                       ("hd", 4), ("full", 25), ("4k", 25), ("50MP", 50), ("auto", 25)])
def test_removebg_sizes(service, size, most):
    photo = encoded(ball(2400, 1800), "JPEG")
    answer = removebg(service, photo, size=size, format="jpg", bg_color="fff")
    width, height = opened(answer.content).size
    assert width * height <= most * 1e6
    assert width * height > min(most * 1e6, 2400 * 1800) * 0.99
    assert (answer.headers["X-Max-Width"], answer.headers["X-Max-Height"]) == ("2400", "1800")


def test_removebg_formats(service, photo):
    assert opened(removebg(service, photo).content).format == "PNG"
    assert opened(removebg(service, photo, bg_color="81d4fa").content).format == "JPEG"
    assert opened(removebg(service, photo, bg_color="81d4fa77").content).format == "PNG"
    assert opened(removebg(service, photo, format="webp").content).format == "WEBP"
    jpg = opened(removebg(service, photo, format="jpg").content)
    assert jpg.format == "JPEG" and min(jpg.getpixel((2, 2))) > 250
    archive = zipfile.ZipFile(io.BytesIO(removebg(service, photo, format="zip").content))
    assert archive.testzip() is None and sorted(archive.namelist()) == ["alpha.png", "color.jpg"]
    alpha, colour = opened(archive.read("alpha.png")), opened(archive.read("color.jpg"))
    assert alpha.mode == "L" and colour.format == "JPEG" and alpha.size == colour.size == (320, 240)
    assert alpha.getpixel((160, 120)) > 200 and alpha.getpixel((2, 2)) < 30


def test_removebg_colour_names_and_codes(service, photo):
    for colour, want in (("green", (0, 128, 0)), ("#f00", (255, 0, 0)), ("f00", (255, 0, 0)),
                         ("0000ff", (0, 0, 255))):
        image = opened(removebg(service, photo, bg_color=colour, format="png").content).convert("RGB")
        assert image.getpixel((2, 2)) == want, colour


def test_removebg_alpha(service, photo):
    image = opened(removebg(service, photo, channels="alpha").content)
    assert image.mode == "L" and image.getpixel((160, 120)) > 200 and image.getpixel((2, 2)) < 30


def test_removebg_crop_and_margin(service, photo):
    plain = opened(removebg(service, photo, crop="true").content)
    assert 160 <= plain.width <= 185 and 160 <= plain.height <= 185
    wide = opened(removebg(service, photo, crop="true", crop_margin="10px 20px").content)
    assert (wide.width, wide.height) == (plain.width + 40, plain.height + 20)
    four = opened(removebg(service, photo, crop="true", crop_margin="1px 2px 3px 4px").content)
    assert (four.width, four.height) == (plain.width + 6, plain.height + 4)
    share = opened(removebg(service, photo, crop="true", crop_margin="10%").content)
    assert abs(share.width - 1.2 * plain.width) <= 2


def test_removebg_roi(service):
    two = Image.new("RGB", (640, 240))
    two.paste(ball(), (0, 0))
    two.paste(ball(), (320, 0))
    picture = encoded(two, "PNG")
    alpha = np.asarray(opened(removebg(service, picture, roi="0% 0% 50% 100%").content))[..., 3]
    assert alpha[120, 160] > 200 and alpha[:, 322:].max() == 0
    alpha = np.asarray(opened(removebg(service, picture, roi="320px 0px 640px 240px").content))[..., 3]
    assert alpha[120, 480] > 200 and alpha[:, :318].max() == 0


def test_removebg_scale_and_position(service, photo):
    def box(**fields):
        alpha = np.asarray(opened(removebg(service, photo, **fields).content))[..., 3] > 128
        rows, columns = np.nonzero(alpha.any(1))[0], np.nonzero(alpha.any(0))[0]
        assert alpha.shape == (240, 320)
        return columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1

    x, y, width, height = box(scale="50%")
    assert abs(height - 120) <= 4 and abs(x + width / 2 - 160) <= 3 and abs(y + height / 2 - 120) <= 3
    x, y, width, height = box(scale="50%", position="0% 100%")
    assert x <= 2 and abs(y + height - 240) <= 3
    x, y, width, height = box(position="100%")
    assert abs(x + width - 320) <= 3 and abs(y + height - 240) <= 3


def test_removebg_shadow(service, photo):
    plain = np.asarray(opened(removebg(service, photo).content))[..., 3]
    shadow = np.asarray(opened(removebg(service, photo, add_shadow="true").content))[..., 3]
    strong = np.asarray(opened(removebg(service, photo, shadow_type="drop", shadow_opacity="100").content))[..., 3]
    assert shadow.astype(int).sum() > plain.astype(int).sum()
    assert strong.astype(int).sum() > shadow.astype(int).sum()


def test_removebg_background_picture(service, photo):
    answer = service.post("/v1.0/removebg", files={
        "image_file": photo, "bg_image_file": encoded(Image.new("RGB", (64, 64), (10, 20, 200)), "PNG")})
    image = opened(answer.content)
    assert image.format == "JPEG" and image.size == (320, 240)
    assert np.abs(np.array(image.getpixel((4, 4))) - (10, 20, 200)).max() < 8


def test_removebg_json(service, photo):
    body = {"image_file_b64": base64.b64encode(photo).decode(), "size": "auto"}
    for how in ({"json": body}, {"data": body}):
        answer = service.post("/v1.0/removebg", headers={"Accept": "application/json"}, **how)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert is_cut_out(opened(base64.b64decode(data["result_b64"])))
        assert data["foreground_width"] > 100 and data["foreground_top"] > 10


def test_removebg_type_level(service, photo):
    assert "X-Type" not in removebg(service, photo, type_level="none").headers
    assert removebg(service, photo, type="person", type_level="latest").headers["X-Type"] == "other"


@pytest.mark.parametrize("fields,code", [
    ({"size": "huge"}, "invalid_size"), ({"format": "bmp"}, "invalid_format"),
    ({"channels": "rgb"}, "invalid_channels"), ({"type": "house"}, "invalid_type"),
    ({"type_level": "9"}, "invalid_type_level"), ({"roi": "1 2 3"}, "invalid_roi"),
    ({"roi": "0% 0% 120% 100%"}, "roi_exceeds_bounds"), ({"roi": "50% 0% 50% 100%"}, "roi_region_empty"),
    ({"roi": "0px 0px 5000px 100px"}, "roi_exceeds_bounds"),
    ({"crop": "true", "crop_margin": "60%"}, "invalid_crop_margin"),
    ({"crop": "true", "crop_margin": "1 2 3"}, "invalid_crop_margin"),
    ({"scale": "5%"}, "invalid_scale"), ({"position": "left"}, "invalid_position"),
    ({"bg_color": "notacolour"}, "invalid_bg_color"), ({"semitransparency": "maybe"}, "invalid_semitransparency"),
    ({"bg_color": "fff", "bg_image_url": "http://example.com/a.png"}, "multiple_bg_sources"),
    ({"image_url": "http://example.com/a.jpg"}, "multiple_sources"),
    ({"bg_image_url": "example"}, "invalid_bg_image_url"),
])
def test_removebg_refuses(service, photo, fields, code):
    answer = removebg(service, photo, **fields)
    assert answer.status_code == 400 and code_of(answer) == code, answer.text
    assert answer.json()["errors"][0]["title"]


def test_removebg_refuses_pictures(service):
    assert code_of(service.post("/v1.0/removebg", data={"size": "auto"})) == "missing_source"
    assert code_of(service.post("/v1.0/removebg", json={"image_base64": "AAAA"})) == "missing_source"
    assert code_of(service.post("/v1.0/removebg", data={"image_url": "ftp://x"})) == "invalid_image_url"
    assert code_of(service.post("/v1.0/removebg", data={"image_file_b64": "???"})) == "failed_to_read_image"
    assert code_of(removebg(service, b"\0\0\0\x18ftypmp42 a film")) == "invalid_file_type"
    whole = encoded(ball(), "PNG")
    assert code_of(removebg(service, whole[:40])) in ("failed_to_read_image", "invalid_file_type")
    off = service.post("/v1.0/removebg", data={"image_url": "http://example.com/a.jpg"})
    assert code_of(off) == "failed_image_download" and off.status_code == 400


def test_removebg_account(service):
    attributes = service.get("/v1.0/account").json()["data"]["attributes"]
    assert set(attributes["credits"]) == {"total", "subscription", "payg", "enterprise"}
    assert attributes["credits"]["total"] > 0 and attributes["api"]["sizes"] == "all"


def test_removebg_no_foreground(service):
    answer = removebg(service, encoded(Image.new("RGB", (200, 200), (128, 128, 128)), "PNG"))
    assert answer.status_code == 400 and code_of(answer) == "unknown_foreground", answer.headers


# ---- Clipdrop, Photoroom, withoutBG ------------------------------------------------------------------

@pytest.mark.parametrize("accept,kind", [("*/*", "PNG"), ("image/webp", "WEBP"), ("image/jpeg", "JPEG")])
def test_clipdrop(service, photo, accept, kind):
    answer = service.post("/remove-background/v1", files={"image_file": photo},
                          headers={"x-api-key": "k", "Accept": accept})
    assert opened(answer.content).format == kind
    assert int(answer.headers["x-remaining-credits"]) >= 0 and int(answer.headers["x-credits-consumed"]) >= 0
    missing = service.post("/remove-background/v1", files={"picture": photo})
    assert missing.status_code == 400 and "image_file" in missing.json()["error"]


def test_clipdrop_transparency(service):
    """A picture that has any is taken as done, unless its alpha is to be thrown away."""
    pixels = np.asarray(ball()).copy()
    rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    rgba[100:140, 140:180, 3] = 0  # a hole in the middle of the ball
    picture = encoded(Image.fromarray(rgba), "PNG")
    ask = lambda **fields: service.post("/remove-background/v1", files={"image_file": picture}, data=fields)
    usual = np.asarray(opened(ask().content))
    assert np.array_equal(usual[..., 3], rgba[..., 3]), "nothing is cut out"
    assert ask(transparency_handling="return_input_if_non_opaque").content == ask().content
    discarded = np.asarray(opened(ask(transparency_handling="discard_alpha_layer").content))
    assert discarded[120, 160, 3] > 200, "the hole is closed"
    assert discarded[2, 2, 3] == 0, "and the ground cut away"
    wrong = ask(transparency_handling="both")
    assert wrong.status_code == 400 and "discard_alpha_layer" in wrong.json()["error"]


def test_photoroom(service, photo):
    answer = service.post("/v1/segment", files={"image_file": photo})
    assert is_cut_out(opened(answer.content))
    image = opened(service.post("/v1/segment", files={"image_file": photo}, data={
        "format": "jpg", "bg_color": "FF0000", "crop": "true"}).content)
    assert image.format == "JPEG" and image.width < 200
    assert opened(service.post("/v1/segment", files={"image_file": photo},
                               data={"channels": "alpha"}).content).mode == "L"
    wrong = service.post("/v1/segment", files={"image_file": photo}, data={"size": "giant"})
    assert wrong.status_code == 400 and wrong.json()["status_code"] == 400 and "size" in wrong.json()["detail"]


def test_withoutbg(service, photo):
    cut = service.post("/v1/remove-background", data=photo, headers={"Content-Type": "image/jpeg"})
    assert is_cut_out(opened(cut.content)) and int(cut.headers["X-Latency-Ms"]) >= 0
    matte = service.post("/v1/remove-background?output=matte", files={"image": photo})
    assert opened(matte.content).mode == "L"
    answer = service.post("/v1/remove-background", json={"image": base64.b64encode(photo).decode()}).json()
    assert is_cut_out(opened(base64.b64decode(answer["processed"])))
    assert opened(base64.b64decode(answer["alphaMatte"])).mode == "L" and answer["latencyMs"] >= 0
    assert service.get("/health").json()["status"] == "ok"
    wrong = service.post("/v1/remove-background?output=nothing", data=photo)
    assert wrong.status_code == 400 and "output" in wrong.json()["error"]


# ---- Peel's own --------------------------------------------------------------------------------------

def test_cut_in_every_kind_of_body(service, photo):
    usual = service.cut(photo)
    assert usual.status_code == 200 and is_cut_out(opened(usual.content))
    raw = service.post("/v1/cut", data=photo, headers={"Content-Type": "application/octet-stream"})
    json_ = service.post("/v1/cut", json={"image": base64.b64encode(photo).decode()})
    assert raw.content == json_.content == usual.content


def test_cut_is_what_the_program_makes(service, program, photo, tmp_path):
    import subprocess
    (tmp_path / "a.jpg").write_bytes(photo)
    for options, fields in (
            ([], {}), (["--mask"], {"mask": "true"}), (["--background", "white"], {"background": "white"}),
            (["--crop", "5%"], {"crop": "5%"}), (["--max-size", "100"], {"max-size": "100"}),
            (["--edges", "matting"], {"edges": "matting"}), (["--compat", "rembg"], {"compat": "rembg"}),
            (["--size", "200x200", "--position", "bottom"], {"size": "200x200", "position": "bottom"}),
            (["--shadow", "2%,2%"], {"shadow": "2%,2%"}), (["--background", "blur:8"], {"background": "blur:8"})):
        subprocess.run([program, "cut", tmp_path / "a.jpg", "-o", tmp_path / "o.png", "-q", *options], check=True)
        answer = service.cut(photo, **fields)
        assert answer.content == (tmp_path / "o.png").read_bytes(), (options, answer.text[:200])


@pytest.mark.parametrize("kind,name", [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("avif", "AVIF"),
                                       ("tiff", "TIFF")])
def test_cut_formats(service, photo, kind, name):
    answer = service.cut(photo, format=kind)
    assert opened(answer.content).format == name and answer.headers["Content-Type"].startswith("image/")


def test_cut_json_answer(service, photo):
    answer = service.post("/v1/cut", files={"image": photo}, data={"matte": "1"},
                          headers={"Accept": "application/json"}).json()
    assert is_cut_out(opened(base64.b64decode(answer["image"])))
    matte = opened(base64.b64decode(answer["matte"]))
    assert matte.mode == "L" and matte.size == (320, 240)
    assert answer["model"] == "peel" and answer["has_subject"] is True and answer["stages"]["network"] > 0


def test_cut_refuses_what_it_does_not_know(service, photo):
    for fields, word in (({"colour": "red"}, "colour"), ({"backgroud": "red"}, "background"),
                         ({"format": "bmp"}, "format"), ({"quality": "0"}, "quality"), ({"edges": "soft"}, "edges"),
                         ({"background": "nocolour"}, "background"), ({"size": "0x0"}, "size")):
        answer = service.cut(photo, **fields)
        assert answer.status_code == 400 and word in answer.json()["error"]["message"], (fields, answer.text)
    two = service.post("/v1/cut", files=[("image", photo), ("image", photo)])
    assert two.status_code == 400 and "batch" in two.json()["error"]["message"]
    assert service.post("/v1/cut", data={"format": "png"}).status_code == 400


def test_batch(service, photo):
    files = [("image", (f"p{i}.jpg", encoded(ball(100 + i, 90)))) for i in range(6)]
    files.insert(3, ("image", ("broken.jpg", photo[:300])))
    files.append(("image", ("../../etc/p0.jpg", photo)))
    answer = service.post("/v1/batch", files=files, data={"format": "webp"})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert names[:6] == [f"p{i}.cut.webp" for i in range(6)] and names[-1] == "errors.json"
    assert all("/" not in name and ".." not in name for name in names)
    for i in range(6):
        assert opened(archive.read(f"p{i}.cut.webp")).size == (100 + i, 90)
    errors = json.loads(archive.read("errors.json"))
    assert [error["name"] for error in errors] == ["broken.cut.webp"] and errors[0]["error"]


def test_about_and_unknown_paths(service):
    about = service.get("/v1/about").json()
    assert about["model"] == "peel" and about["max_pixels"] > 0 and "png" in about["formats"]
    assert service.get("/nothing/here").status_code == 404
    wrong = service.get("/v1.0/removebg")
    assert wrong.status_code == 405 and "POST" in wrong.headers["Allow"] and code_of(wrong) == "method_not_allowed"
    assert service.post("/metrics").status_code == 405
    assert service.get("/live").json() == {"status": "live"}
