"""What an operator sees and sets."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from serve_support import PROGRAM, ball, encoded, is_cut_out, new_key, opened, wait_until


def test_metrics(start, photo):
    service = start("--workers", "1")
    service.cut(photo)
    service.cut(b"nonsense")
    service.get("/made/up/path")
    text = service.get("/metrics").text
    assert service.metric("peel_requests_total", route="/v1/cut", status="200", model="peel", device="cpu") == 1
    assert service.metric("peel_requests_total", route="other", status="404") == 1
    assert "/made/up" not in text
    for name in ("peel_request_seconds_bucket", "peel_stage_seconds_bucket", "peel_queue_length", "peel_in_flight",
                 "peel_bytes_admitted_total", "peel_pixels_admitted_total", "peel_resident_bytes", "peel_workers",
                 "peel_worker_restarts_total", "peel_build_info"):
        assert re.search(rf"^{name}(\{{| )", text, re.M), name
    assert service.metric("peel_pixels_admitted_total") >= 320 * 240
    assert 5e6 < service.metric("peel_resident_bytes") < 1e9
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[a-z_]+(\{([a-z_]+=\"[^\"\n]*\",?)*\})? [-+0-9.e]+|[a-z_]+(\{.*\})? \+?Inf", line), line


def test_log_lines(start, photo):
    service = start("--log", "json")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    service.post("/v1/cut?format=webp", files={"image": ("secret-name.jpg", photo)}, headers={
        "X-Request-ID": "the-id", "traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Api-Key": "sesame"})
    service.wait_for("the-id")
    line = next(line for line in service.json_lines() if line.get("request_id") == "the-id")
    assert line["status"] == 200 and line["route"] == "/v1/cut" and line["trace_id"] == trace
    assert line["method"] == "POST" and line["bytes_in"] > len(photo) and line["bytes_out"] > 500
    assert line["model"] == "peel" and line["device"] == "cpu" and line["stages"]["network"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert "sesame" not in service.log and "secret-name" not in service.log and "webp" not in service.log


def test_log_to_a_file_and_reopened(start, tmp_path):
    service = start("--log", "json", "--log-file", tmp_path / "log")
    service.get("/live")
    wait_until(lambda: "/live" in (tmp_path / "log").read_text(), "the log line")
    (tmp_path / "log").rename(tmp_path / "old")
    service.process.send_signal(signal.SIGHUP)
    wait_until(lambda: (tmp_path / "log").exists(), "a new log")
    service.get("/live")
    wait_until(lambda: "/live" in (tmp_path / "log").read_text(), "the new log's line")


def test_log_off_and_text(start):
    silent = start("--log", "off")
    silent.get("/live")
    assert silent.end() == 0 and "/live" not in silent.log
    spoken = start()
    spoken.get("/live")
    spoken.wait_for("/live")


def test_ready(start):
    service = start()
    answer = service.get("/ready")
    assert answer.status_code == 200 and answer.json()["status"] == "ready"


def test_nothing_is_written(start, photo, tmp_path):
    """No temporary files: it runs where nothing can be written."""
    service = start("--workers", "2", folder=tmp_path, env={"TMPDIR": str(tmp_path / "none"), "HOME": str(tmp_path)})
    before = {p for p in pathlib.Path("/tmp").glob("*")}
    assert service.cut(photo).status_code == 200
    assert list(tmp_path.rglob("*")) == []
    for process in [service.process.pid, *service.descendants()]:
        files = [os.readlink(f) for f in pathlib.Path(f"/proc/{process}/fd").iterdir()]
        assert not [f for f in files if f.startswith("/tmp/") and " (deleted)" in f and "memfd" not in f]
    del before


def test_start_is_quick(start, photo):
    """Generous here, as machines differ; bench/serve measures it."""
    service = start()
    service.cut(photo)
    assert time.monotonic() - service.began < 30


def test_beyond_this_machine_needs_keys(program):
    done = subprocess.run([program, "serve", "--host", "0.0.0.0", "--port", "0"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 2 and "--keys" in done.stderr and "--insecure" in done.stderr


def test_address_in_use(start, program):
    service = start()
    done = subprocess.run([program, "serve", "--port", str(service.port)], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and str(service.port) in done.stderr and "in use" in done.stderr


def test_a_model_that_is_not_there(program):
    done = subprocess.run([program, "serve", "--port", "0", "--model", "u2nettp"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 3 and "u2netp" in done.stderr


def test_settings_that_make_no_sense(program, tmp_path):
    for options, word in ((["--tls-cert", "a.pem"], "--tls-key"), (["--keys", tmp_path / "none.json"], "none.json"),
                          (["--fetch-allow", "a"], "--fetch"), (["--max-bytes", "lots"], "--max-bytes"),
                          (["--tls-cert", "/dev/null", "--tls-key", "/dev/null"], "/dev/null")):
        done = subprocess.run([program, "serve", "--port", "0", *map(str, options)], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode not in (0, -9) and word in done.stderr, (options, done.stderr)


# ---- keys, rates, links, origins ---------------------------------------------------------------------

def test_keys(start, photo, tmp_path):
    key = new_key(tmp_path / "keys.json", "shop")
    assert key not in (tmp_path / "keys.json").read_text()
    service = start("--keys", tmp_path / "keys.json", "--log", "json")
    assert service.cut(photo).status_code == 401
    assert service.post("/v1.0/removebg", files={"image_file": photo}).status_code == 403
    for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}, {"x-api-key": key}):
        assert service.post("/v1/cut", data=photo, headers=headers).status_code == 200
    assert service.post("/v1/cut", data=photo, headers={"X-Api-Key": key[:-1]}).status_code == 401
    assert service.get("/live").status_code == 200
    assert service.get("/v1.0/account", headers={"X-Api-Key": key}).status_code == 200
    service.wait_for('"key": ?"shop"')
    assert key not in service.log


def test_keys_are_read_again(start, photo, tmp_path):
    first = new_key(tmp_path / "keys.json", "first")
    second = new_key(tmp_path / "other.json", "second")
    service = start("--keys", tmp_path / "keys.json")
    ask = lambda key: service.post("/v1/cut", data=photo, headers={"X-Api-Key": key}).status_code
    assert (ask(first), ask(second)) == (200, 401)
    (tmp_path / "other.json").replace(tmp_path / "keys.json")
    wait_until(lambda: ask(first) == 401, "the new keys")
    assert ask(second) == 200
    (tmp_path / "keys.json").write_text("{broken")
    service.process.send_signal(signal.SIGHUP)
    service.wait_for("keys.json")
    assert ask(second) == 200


def test_guessing_keys_is_slowed_down(start, photo, tmp_path):
    new_key(tmp_path / "keys.json", "shop")
    service = start("--keys", tmp_path / "keys.json")
    codes = [service.post("/v1/cut", data=photo, headers={"X-Api-Key": f"guess{i}"}).status_code for i in range(40)]
    assert codes[0] == 401 and codes[-1] == 429


def test_rate_of_clients_without_keys(start, photo):
    service = start("--rate", "5")
    answers = [service.cut(photo) for _ in range(12)]
    codes = [answer.status_code for answer in answers]
    assert codes[0] == 200 and 429 in codes, codes
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1 and refused.headers["X-RateLimit-Limit"] == "5"
    assert answers[0].headers["X-RateLimit-Remaining"].isdigit() and answers[0].headers["X-RateLimit-Reset"].isdigit()


def test_credits_are_counted(start, photo, tmp_path):
    key = new_key(tmp_path / "keys.json", "shop", credits=2)
    service = start("--keys", tmp_path / "keys.json", "--credits", tmp_path / "used.json")
    ask = lambda: service.post("/v1.0/removebg", files={"image_file": photo}, data={"size": "auto"},
                               headers={"X-Api-Key": key})
    first = ask()
    assert first.headers["X-Credits-Charged"] == "1"
    account = service.get("/v1.0/account", headers={"X-Api-Key": key}).json()
    assert account["data"]["attributes"]["credits"]["total"] == 1
    assert ask().status_code == 200
    spent = ask()
    assert spent.status_code == 402 and spent.json()["errors"][0]["code"] == "insufficient_credits"
    assert service.end() == 0
    again = start("--keys", tmp_path / "keys.json", "--credits", tmp_path / "used.json")
    assert again.post("/v1/cut", data=photo, headers={"X-Api-Key": key}).status_code == 402


def test_a_batch_costs_what_its_pictures_cost(start, photo, tmp_path):
    import io
    import zipfile
    key = new_key(tmp_path / "keys.json", "shop", credits=5, requests_per_minute=6000, burst=3)
    service = start("--keys", tmp_path / "keys.json")
    left = lambda: service.get("/v1.0/account", headers={"X-Api-Key": key}).json()["data"]["attributes"]["credits"]["total"]
    ask = lambda *pictures: service.post("/v1/batch", files=[("image", (f"{i}.jpg", p)) for i, p in enumerate(pictures)],
                                         headers={"X-Api-Key": key})
    done = ask(photo, photo[:200], photo)  # the broken one is free
    assert len(zipfile.ZipFile(io.BytesIO(done.content)).namelist()) == 3
    wait_until(lambda: left() == 3, "what was not used to be given back")
    assert ask(photo, photo, photo, photo).status_code == 402
    wait_until(lambda: left() == 3, "nothing to be taken")


def test_limits_of_a_key(start, photo, tmp_path):
    keys = tmp_path / "keys.json"
    small = new_key(keys, "small", max_pixels=1000)
    one_api = new_key(keys, "one", apis=["removebg"])
    slow = new_key(keys, "slow", requests_per_minute=2, burst=2)
    off = new_key(keys, "off", disabled=True)
    old = new_key(keys, "old", expires="2020-01-01T00:00:00Z")
    service = start("--keys", keys)
    ask = lambda key: service.post("/v1/cut", data=photo, headers={"X-Api-Key": key}).status_code
    assert (ask(small), ask(one_api), ask(off), ask(old)) == (413, 403, 403, 403)
    assert service.post("/v1.0/removebg", files={"image_file": photo}, headers={"X-Api-Key": one_api}).status_code == 200
    assert [ask(slow) for _ in range(3)] == [200, 200, 429]


def test_signed_links(start, photo, web, tmp_path):
    import base64
    import hashlib
    import hmac
    from urllib.parse import quote
    keys = tmp_path / "keys.json"
    done = subprocess.run([PROGRAM, "serve", "--keys", keys, "--new-link-secret", "2026-12"], capture_output=True,
                          text=True, check=True)
    secret = base64.urlsafe_b64decode(done.stdout.strip() + "==")
    service = start("--keys", keys, "--fetch", "--fetch-allow", f"127.0.0.1:{web.server_port}")

    def link(expires, **fields):
        fields = {**fields, "expires": str(expires), "key": "2026-12"}
        query = "&".join(f"{quote(k, safe='-._~')}={quote(v, safe='-._~')}" for k, v in sorted(fields.items()))
        text = f"GET\n/v1/cut\n{query}"
        signature = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
        return f"/v1/cut?{query}&signature={signature}"

    picture = f"http://127.0.0.1:{web.server_port}/p.jpg"
    good = link(int(time.time()) + 3600, image_url=picture, format="webp")
    answer = service.get(good)
    assert answer.status_code == 200 and opened(answer.content).format == "WEBP"
    assert service.get(good.replace("webp", "png")).status_code == 403
    assert service.get(link(int(time.time()) - 5, image_url=picture)).status_code == 403
    assert service.get(good.split("&signature")[0]).status_code in (401, 403)


def test_origins(start, photo):
    closed = start()
    answer = closed.post("/v1/cut", data=photo, headers={"Origin": "https://shop.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    service = start("--cors", "https://shop.example")
    answer = service.post("/v1/cut", data=photo, headers={"Origin": "https://shop.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Origin" in answer.headers["Vary"]
    other = service.post("/v1/cut", data=photo, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    import requests
    preflight = requests.options(service.address + "/v1/cut", timeout=60, headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "X-Api-Key"})
    assert preflight.status_code == 204 and "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"].lower()


# ---- pictures by URL -----------------------------------------------------------------------------------

@pytest.fixture
def web(photo):
    """A web server of the test's own: /p.jpg, and what lies in wait for a fetcher."""
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            if self.path == "/p.jpg":
                self.send_response(200)
                self.send_header("Content-Length", str(len(photo)))
                self.end_headers()
                self.wfile.write(photo)
            elif self.path.startswith("/to?"):
                self.send_response(302)
                self.send_header("Location", self.path[4:])
                self.end_headers()
            elif self.path == "/endless":
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"x" * 65536)
                except OSError:
                    pass
            else:
                self.send_error(404)

        def log_message(self, *_):
            pass

    seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen = seen
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_fetching(start, web):
    here = f"http://127.0.0.1:{web.server_port}"
    service = start("--fetch", "--fetch-allow", f"127.0.0.1:{web.server_port}", "--max-bytes", "1M")
    for answer in (service.get("/api/remove", params={"url": here + "/p.jpg"}),
                   service.post("/v1.0/removebg", data={"image_url": here + "/p.jpg"}),
                   service.post("/v1/cut", data={"image_url": here + "/to?/p.jpg"}),
                   service.get("/v1/cut", params={"image_url": here + "/p.jpg"})):
        assert answer.status_code == 200 and is_cut_out(opened(answer.content)), answer.text
    missing = service.post("/v1.0/removebg", data={"image_url": here + "/none.jpg"})
    assert missing.status_code == 400 and missing.json()["errors"][0]["code"] == "failed_image_download"
    assert service.post("/v1/cut", data={"image_url": here + "/endless"}).status_code == 400


def test_fetching_goes_nowhere_else(start, web):
    here = f"http://127.0.0.1:{web.server_port}"
    plain = start("--fetch")
    for url in (here + "/p.jpg", f"http://localhost:{web.server_port}/p.jpg", "http://169.254.169.254/latest/meta-data",
                f"http://[::ffff:127.0.0.1]:{web.server_port}/p.jpg", f"http://2130706433:{web.server_port}/p.jpg",
                f"http://0x7f.1:{web.server_port}/p.jpg", "file:///etc/passwd", "gopher://127.0.0.1/",
                "http://10.0.0.1/", "http://[fd00::1]/", "http://user:pass@127.0.0.1/", "http://127.0.0.1:22/"):
        answer = plain.post("/v1/cut", data={"image_url": url})
        assert answer.status_code == 400 and answer.json()["error"]["message"], url
        assert "127.0.0.1" not in answer.json()["error"]["message"] or "127.0.0.1" in url
    assert web.seen == []
    redirected = start("--fetch", "--fetch-allow", f"127.0.0.1:{web.server_port}")
    for target in ("http://127.0.0.1:1/", "http://169.254.169.254/", "file:///etc/passwd"):
        answer = redirected.post("/v1/cut", data={"image_url": f"{here}/to?{target}"})
        assert answer.status_code == 400, target


def test_every_broken_picture(service, shared):
    """Right status and an own form of error, whatever it is; the service goes on."""
    files = sorted(p for folder in ("broken", "odd") for p in (shared / folder).rglob("*") if p.is_file())
    assert files

    def ask(path):
        answer = service.cut(path.read_bytes())
        assert answer.status_code in (200, 400, 413, 415, 422), (path.name, answer.status_code, answer.text[:300])
        if answer.status_code == 200:
            assert answer.content.startswith(b"\x89PNG") and answer.content.endswith(b"IEND\xaeB`\x82"), path.name
        else:
            assert len(answer.json()["error"]["message"]) > 10, path.name

    with concurrent.futures.ThreadPoolExecutor(4) as clients:
        for done in [clients.submit(ask, path) for path in files]:
            done.result()
    assert service.metric("peel_worker_restarts_total", reason="crash") == 0
    assert is_cut_out(opened(service.cut(encoded(ball())).content))
