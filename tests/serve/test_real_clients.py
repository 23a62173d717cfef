"""Clients that people run, with nothing changed but the address."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
import requests

from serve_support import ball, encoded, is_cut_out, opened


def client(name):
    return pytest.importorskip(name, reason=f"{name} is not installed (tests/clients.txt)")


@pytest.fixture
def photo_file(tmp_path, photo):
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    return path


def test_removebg(service, photo_file, tmp_path, photo, monkeypatch):
    module = client("removebg.removebg")
    monkeypatch.setattr(module, "API_ENDPOINT", service.address + "/v1.0/removebg")
    remove = module.RemoveBg("key", str(tmp_path / "errors.log"))
    remove.remove_background_from_img_file(str(photo_file), size="hd", bg_color=None)
    assert is_cut_out(opened((tmp_path / "photo.jpg_no_bg.png").read_bytes()))
    import base64
    remove.remove_background_from_base64_img(base64.b64encode(photo), size="regular",
                                             new_file_name=str(tmp_path / "b.png"), bg_color="red")
    assert opened((tmp_path / "b.png").read_bytes()).convert("RGB").getpixel((2, 2))[0] > 240


def test_remove_bg_api(service, photo_file, photo, monkeypatch):
    module = client("remove_bg_api")
    monkeypatch.setattr(module, "API_URL", service.address + "/v1.0")
    remove = module.RemoveBg("key")
    before = remove.account.balance()
    assert is_cut_out(opened(remove.remove_bg_file(str(photo_file), raw=True)))
    assert is_cut_out(opened(remove.remove_bg_bytes(photo, raw=True, size="full")))
    assert remove.account.balance() <= before and remove.account.free_api_calls() >= 0
    with pytest.raises(module.Errors.ApiErrorCode400):
        remove.remove_bg_bytes(b"no picture")


def test_rembgpy(service, photo, tmp_path, monkeypatch):
    client("rembgpy")
    import base64
    import rembgpy.bg as module
    monkeypatch.setattr(module, "base_url", service.address + "/v1.0/removebg")
    remove = module.RemBg("key", str(tmp_path / "errors.log"))
    told = remove.remove_b64(base64.b64encode(photo).decode(), size="auto", nfn=str(tmp_path / "o.png"))
    assert "finished" in told and is_cut_out(opened((tmp_path / "o.png").read_bytes()))
    remove.remove_b64(base64.b64encode(photo).decode(), size="auto", format="jpg", bg="00f", bg_type="color",
                      crop="10px", nfn=str(tmp_path / "c.jpg"))
    image = opened((tmp_path / "c.jpg").read_bytes())
    assert image.format == "JPEG" and image.width < 220


def test_removebgplus(service, photo_file, photo, tmp_path, monkeypatch):
    client("removebgplus")
    import base64
    import removebgplus.removebg as module
    post = requests.post
    monkeypatch.setattr(module.requests, "post",
                        lambda url, **how: post(service.address + "/v1.0/removebg", **how))
    remove = module.RemoveBg("key")
    remove.remove_from_file(str(photo_file), str(tmp_path / "o.png"))
    assert is_cut_out(opened((tmp_path / "o.png").read_bytes()))
    # It sends base64 under a name that remove.bg does not know either.
    with pytest.raises(Exception, match="(?i)no image given|missing_source"):
        remove.remove_from_base64(base64.b64encode(photo).decode(), str(tmp_path / "p.png"))
        raise AssertionError("it was taken")


def test_removebg_cli(service, photo_file, tmp_path, monkeypatch):
    module = client("removebg_cli")
    monkeypatch.setattr(module, "API_URL", service.address + "/v1.0/removebg")
    monkeypatch.setattr(module, "check_remaining_credits", lambda key: None)
    module.remove_bg("key", str(photo_file), str(tmp_path / "o.png"), crop=True, shadow=True)
    assert opened((tmp_path / "o.png").read_bytes()).mode == "RGBA"
    with pytest.raises(SystemExit):
        (tmp_path / "bad.png").write_bytes(b"nothing")
        module.remove_bg("key", str(tmp_path / "bad.png"), str(tmp_path / "n.png"))


def test_removebg_cli_comes_again(start, tmp_path, monkeypatch):
    """A full queue is 429 with Retry-After, which this client waits for."""
    import threading
    module = client("removebg_cli")
    service = start("--workers", "1", "--queue", "0")
    monkeypatch.setattr(module, "API_URL", service.address + "/v1.0/removebg")
    monkeypatch.setattr(module, "check_remaining_credits", lambda key: None)
    monkeypatch.setattr(module, "MAX_RETRIES", 60)
    (tmp_path / "a.jpg").write_bytes(encoded(ball(1600, 1200)))
    threads = [threading.Thread(target=module.remove_bg, args=("key", str(tmp_path / "a.jpg"), str(tmp_path / f"{i}.png")))
               for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(is_cut_out(opened((tmp_path / f"{i}.png").read_bytes())) for i in range(4))


def test_napari_rembg(start):
    """Its module alone: the package around it wants a desktop. It asks for models by name."""
    found = importlib.util.find_spec("napari_rembg")
    if found is None:
        pytest.skip("napari-rembg is not installed (tests/clients.txt)")
    path = pathlib.Path(found.submodule_search_locations[0]) / "segmentation_api_client.py"
    spec = importlib.util.spec_from_file_location("segmentation_api_client", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    models = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models"
    if not models.is_dir():
        pytest.skip("../shared/models is not at hand")
    import tempfile
    with tempfile.TemporaryDirectory() as home:
        os.symlink(models / "u2netp-fp32.onnx", pathlib.Path(home) / "u2netp.onnx")
        service = start(env={"U2NET_HOME": home})
        napari = module.SegmentationAPIClient(endpoint=service.address + "/api/remove")
        mask = napari.predict_via_api(np.asarray(ball()), "u2netp")
        assert mask.shape == (240, 320) and mask[120, 160] == 1 and mask[2, 2] == 0
        assert napari.predict_via_api(np.asarray(ball()), "u2net") is None  # not on this machine


def run(*command, **how):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **how)


@pytest.fixture(scope="session")
def npm(tmp_path_factory):
    """A folder with Node's remove.bg, as npm gives it."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node is not on this machine")
    folder = tmp_path_factory.mktemp("node")
    done = run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "remove.bg@1.3.0", cwd=folder)
    if done.returncode != 0:
        pytest.skip("npm could not get remove.bg")
    return folder


NODE = """
const rb = require("remove.bg");
const [file, out] = process.argv.slice(2);
(async () => {
  const a = await rb.removeBackgroundFromImageFile({path: file, apiKey: "k", size: "full", type: "auto",
    scale: "80%", crop: false, outputFile: out + "a.png"});
  const b = await rb.removeBackgroundFromImageBase64({base64img: require("fs").readFileSync(file).toString("base64"),
    apiKey: "k", size: "preview", crop: true, outputFile: out + "b.png"});
  let refused;
  try { await rb.removeBackgroundFromImageBase64({base64img: "AAAA", apiKey: "k"}); } catch (e) { refused = e[0].code; }
  console.log(JSON.stringify([a.resultWidth, a.creditsCharged, a.detectedType, b.resultWidth, refused]));
})().catch(e => { console.error(JSON.stringify(e)); process.exit(1); });
"""


def test_node(service, npm, photo_file, tmp_path):
    index = npm / "node_modules/remove.bg/dist/index.js"
    text = index.read_text()
    assert "https://api.remove.bg/v1.0/removebg" in text
    index.write_text(text.replace("https://api.remove.bg", service.address))
    try:
        (npm / "ask.js").write_text(NODE)
        done = run("node", npm / "ask.js", photo_file, str(tmp_path) + "/")
        assert done.returncode == 0, done.stderr
        width, charged, kind, cropped, refused = json.loads(done.stdout)
        assert (width, charged, kind) == ("320", "0", "other") and int(cropped) < 220
        assert refused in ("invalid_file_type", "failed_to_read_image")
        assert opened((tmp_path / "a.png").read_bytes()).size == (320, 240)
    finally:
        index.write_text(text)


@pytest.fixture(scope="session")
def go_client(tmp_path_factory):
    """remove.bg's own command-line client, its sources with the address left open: from the module proxy, or from
    the folder that PEEL_TEST_GO_CLIENT names, a checkout of github.com/remove-bg/go."""
    if not shutil.which("go"):
        pytest.skip("Go is not on this machine")
    folder = tmp_path_factory.mktemp("go")
    where = os.environ.get("PEEL_TEST_GO_CLIENT")
    if not where:
        (folder / "go.mod").write_text("module try\n\ngo 1.20\n")
        done = run("go", "mod", "download", "-json", "github.com/remove-bg/go@v1.3.1", cwd=folder)
        where = json.loads(done.stdout or "{}").get("Dir") if done.returncode == 0 else None
    if not where:
        pytest.skip("Go's module proxy does not have github.com/remove-bg/go; PEEL_TEST_GO_CLIENT may name a checkout")
    source = folder / "client"
    shutil.copytree(where, source)
    run("chmod", "-R", "u+w", source)
    return source


def test_go(service, go_client, photo_file, tmp_path):
    path = go_client / "client" / "client.go"
    path.write_text(path.read_text().replace("https://api.remove.bg", service.address))
    if not (go_client / "go.mod").exists():
        (go_client / "go.mod").write_text("module github.com/remove-bg/go\n\ngo 1.20\n")
    run("go", "mod", "tidy", cwd=go_client)
    built = run("go", "build", "-o", tmp_path / "removebg", ".", cwd=go_client)
    if built.returncode != 0:
        pytest.skip("its dependencies are not to be had: " + built.stderr.splitlines()[-1])
    # It asks for a ZIP and puts the PNG together itself.
    done = run(tmp_path / "removebg", "--api-key", "k", "--output-directory", tmp_path, "--format", "png", photo_file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert is_cut_out(opened((tmp_path / "photo.png").read_bytes()))
