"""No option of `peel serve` does nothing: each that --help shows has a row here that sets it and looks at
the effect: answers, processes, files, log lines, exit codes. One without a row fails, and so does a row
of an option that there is no more. Services are shared by rows whose options do not disturb each other."""
import contextlib
import datetime
import functools
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest
import requests

from raw_http import Raw, post
from serve_support import PATIENCE, PROGRAM, ROOT, Service, encoded, ball, is_cut_out, opened, serving, wait_until
from test_workers import MARK, header_of

BARE = {"PEEL_CONFIG": "off", "PEEL_ORT_LIB": "off"}
ROWS = {}


def options_there():
    if not PROGRAM.exists():
        return []
    done = subprocess.run([PROGRAM, "serve", "--help"], capture_output=True, text=True, timeout=PATIENCE)
    names = [line.split()[0].split(",")[-1] for line in done.stdout.splitlines() if re.match(r"  -", line)]
    return [name for name in names if name != "--help"]


def row(*names):
    def keep(check):
        for name in names:
            assert name not in ROWS
            ROWS[name] = check
        return check

    return keep


@pytest.fixture(scope="module")
def services(program, service, photo, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Services(stack, service, photo, tmp_path_factory.mktemp("options"))


@pytest.mark.parametrize("option", options_there())
def test_option(services, option):
    check = ROWS.get(option)
    assert check is not None, f"`peel serve` has an option without a row here: {option}"
    services.once(check)


def test_no_row_is_of_yesterday():
    if PROGRAM.exists():
        assert set(ROWS) <= set(options_there())


class Services:
    """What rows have in common; each service is started when the first of them asks for it."""

    def __init__(self, stack, usual, photo, folder):
        self._stack, self.usual, self.photo, self.folder = stack, usual, photo, folder
        self._seen = {}

    def once(self, check):
        """A row of several options is run for the first of them; the others fail as it did."""
        if check not in self._seen:
            self._seen[check] = None
            try:
                check(self)
            except BaseException as error:
                self._seen[check] = error
        if self._seen[check] is not None:
            raise self._seen[check]

    def start(self, *options, **env):
        return self._stack.enter_context(serving(*options, env={**BARE, **env}))

    def run(self, *options, **env):
        """One that is to end by itself."""
        port = () if "--port" in options else ("--port", "0")
        return subprocess.run([PROGRAM, "serve", *port, *map(str, options)], capture_output=True, text=True,
                              timeout=PATIENCE, env={**os.environ, **BARE, **env})

    @functools.cached_property
    def web(self):
        """A server of one's own with a picture at /p.jpg."""
        photo = self.photo

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(photo)))
                self.end_headers()
                self.wfile.write(photo)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return server

    @functools.cached_property
    def ordinary(self):
        """With what limits requests and tells of them; clients are told apart by X-Forwarded-For."""
        return self.start("--host", "127.0.0.2", "--workers", "1", "--max-pixels", "50000", "--max-bytes", "100000",
                          "--cors", "https://shop.example", "--no-ui", "--log", "json", "--log-file",
                          self.folder / "log", "--trust-proxy", "127.0.0.1", "--rate", "4")

    @functools.cached_property
    def guarded(self):
        """With keys, and a list of what may be fetched."""
        keys = self.folder / "keys.json"
        self.key = self.run("--keys", keys, "--new-key", "shop").stdout.strip()
        self.secret = self.run("--keys", keys, "--new-link-secret", "2026-12").stdout.strip()
        text = json.loads(keys.read_text())
        text["keys"][0]["credits"] = 5
        keys.write_text(json.dumps(text))
        return self.start("--keys", keys, "--credits", self.folder / "credits.json", "--fetch", "--fetch-allow",
                          f"127.0.0.1:{self.web.server_port}", "--workers", "1", "--requests-per-worker", "1")

    @property
    def models(self):
        """A folder in which there is a second model."""
        home = self.folder / "models"
        if not home.exists():
            home.mkdir()
            shutil.copy(ROOT / "models/peel.onnx", home / "u2netp.onnx")
        return {"U2NET_HOME": str(home)}


# ---- requests ------------------------------------------------------------------------------------------

@row("--host")
def _(all_):
    service = all_.ordinary
    assert service.address.startswith("http://127.0.0.2:") and service.get("/live").status_code == 200
    with pytest.raises(OSError):
        requests.get(f"http://127.0.0.1:{service.port}/live", timeout=PATIENCE)


@row("--port")
def _(all_):
    taken = all_.usual.port
    done = all_.run("--port", taken)
    assert done.returncode == 3 and f":{taken}" in done.stderr and "in use" in done.stderr, done.stderr


@row("--max-pixels")
def _(all_):
    assert all_.ordinary.cut(all_.photo).status_code == 413  # 320 x 240
    assert all_.ordinary.cut(encoded(ball(200, 200))).status_code == 200
    assert all_.usual.cut(all_.photo).status_code == 200


@row("--max-bytes")
def _(all_):
    for service, status in ((all_.ordinary, 413), (all_.usual, 415)):
        answer = service.post("/v1/cut", data=b"x" * 200_000, headers={"X-Forwarded-For": "192.0.2.1"})
        assert answer.status_code == status, answer.text


@row("--cors")
def _(all_):
    def allowed(service, origin):
        return service.get("/live", headers={"Origin": origin}).headers.get("Access-Control-Allow-Origin")

    assert allowed(all_.ordinary, "https://shop.example") == "https://shop.example"
    assert allowed(all_.ordinary, "https://other.example") is None
    assert allowed(all_.usual, "https://shop.example") is None


@row("--no-ui")
def _(all_):
    assert all_.usual.get("/").status_code == 200 and all_.ordinary.get("/").status_code == 404


@row("--rate", "--trust-proxy")
def _(all_):
    def statuses(client):
        return [all_.ordinary.post("/v1/cut", data=b"nothing", headers={"X-Forwarded-For": client}).status_code
                for _ in range(6)]

    assert 429 in statuses("192.0.2.7")
    assert statuses("192.0.2.8")[0] != 429  # another client, by the proxy's word
    usual = [all_.usual.post("/v1/cut", data=b"nothing").status_code for _ in range(8)]
    assert 429 not in usual


@row("--log", "--log-file")
def _(all_):
    all_.ordinary.get("/live", headers={"X-Request-ID": "this-one", "X-Forwarded-For": "192.0.2.9"})
    log = all_.folder / "log"
    wait_until(lambda: "this-one" in log.read_text(), "the log line")
    line = next(found for found in map(json.loads, log.read_text().splitlines())
                if found.get("request_id") == "this-one")
    assert line["path" if "path" in line else "route"] == "/live" and line["peer"] == "192.0.2.9"
    assert "this-one" not in all_.ordinary.log
    all_.usual.get("/live", headers={"X-Request-ID": "that-one"})
    assert not all_.usual.wait_for("that-one").string.startswith("{")


# ---- access --------------------------------------------------------------------------------------------

@row("--keys", "--new-key", "--new-link-secret", "--credits", "--requests-per-worker")
def _(all_):
    service, given = all_.guarded, {"X-Api-Key": all_.key}
    assert len(all_.key) > 20 and all_.key not in (all_.folder / "keys.json").read_text()
    assert service.post("/v1/cut", data=all_.photo).status_code == 401
    before = service.descendants()
    assert service.post("/v1/cut", data=all_.photo, headers=given).status_code == 200
    used = all_.folder / "credits.json"
    wait_until(lambda: used.exists() and "shop" in used.read_text(), "what was used")
    # The worker has made its one picture.
    wait_until(lambda: len(service.descendants()) == len(before) and service.descendants() != before, "a new worker")
    query = f"expires={int(time.time()) + 3600}&image_url={quoted(picture_at(all_))}&key=2026-12"
    signature = signed(all_.secret, f"GET\n/v1/cut\n{query}")
    assert is_cut_out(opened(service.get(f"/v1/cut?{query}&signature={signature}").content))
    assert service.get(f"/v1/cut?{query}&signature={signature[:-2]}AA").status_code == 403


def picture_at(all_):
    return f"http://127.0.0.1:{all_.web.server_port}/p.jpg"


def quoted(text):
    from urllib.parse import quote
    return quote(text, safe="-._~")


def signed(secret, text):
    import base64
    import hashlib
    import hmac
    digest = hmac.digest(base64.urlsafe_b64decode(secret + "=="), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@row("--fetch", "--fetch-allow")
def _(all_):
    fields = {"image_url": picture_at(all_)}
    service = all_.guarded
    answer = service.post("/v1/cut", data=fields, headers={"X-Api-Key": all_.key})
    assert answer.status_code == 200, answer.text
    other = {"image_url": f"http://127.0.0.1:{all_.usual.port}/"}  # is there, and not on the list
    answer = service.post("/v1/cut", data=other, headers={"X-Api-Key": all_.key})
    assert answer.status_code == 400 and "does not fetch" not in answer.json()["error"]["message"]
    answer = all_.usual.post("/v1/cut", data=fields)
    assert answer.status_code == 400 and "does not fetch" in answer.json()["error"]["message"]
    assert all_.run("--fetch-allow", "127.0.0.1").returncode == 2


@row("--insecure")
def _(all_):
    """At an address that no machine has: nothing here listens beyond loopback."""
    refused, tried = all_.run("--host", "192.0.2.1"), all_.run("--host", "192.0.2.1", "--insecure")
    assert refused.returncode == 2 and "--insecure" in refused.stderr
    assert tried.returncode == 3 and "asks for no keys" in tried.stderr and "192.0.2.1:" in tried.stderr, tried.stderr


@row("--unix-socket", "--quiet")
def _(all_):
    service = all_.start("--unix-socket", all_.folder / "s", "-q", "--workers", "0")
    client = http.client.HTTPConnection("peel", timeout=PATIENCE)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.settimeout(PATIENCE)
    client.sock.connect(str(all_.folder / "s"))
    client.request("GET", "/live", headers={"X-Request-ID": "by-socket"})
    assert client.getresponse().status == 200
    client.close()
    service.wait_for("by-socket")
    assert service.log.count("listening on unix:") == 1  # in the log alone
    wait_until(lambda: all_.usual.log.count("listening on") == 2, "the note beside the log")


@row("--tls-cert", "--tls-key")
def _(all_):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate = all_.folder / "k.pem", all_.folder / "c.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True,
                   capture_output=True)
    service = all_.start("--tls-cert", certificate, "--tls-key", key, "--workers", "0")
    assert service.address.startswith("https://")
    assert requests.get(service.address + "/live", verify=str(certificate), timeout=PATIENCE).status_code == 200


# ---- limits --------------------------------------------------------------------------------------------

def refused_at_once(service, source):
    """Whether one more connection from this address of loopback is turned away."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE, source_address=(source, 0)) as more:
        try:
            more.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            return not more.recv(100).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return True


@row("--max-connections", "--max-connections-per-client")
def _(all_):
    service = all_.start("--max-connections", "4", "--max-connections-per-client", "2", "--workers", "0")
    with contextlib.ExitStack() as held:
        def hold(source):
            held.enter_context(socket.create_connection(("127.0.0.1", service.port), PATIENCE,
                                                        source_address=(source, 0)))

        hold("127.0.0.1"), hold("127.0.0.1")
        assert refused_at_once(service, "127.0.0.1")
        wait_until(lambda: not refused_at_once(service, "127.0.0.3"), "another client's place")
        wait_until(lambda: not refused_at_once(service, "127.0.0.3"), "its place again")
        # One after the other, as a connection that was closed keeps its place for a moment.
        hold("127.0.0.3"), hold("127.0.0.3")
        wait_until(lambda: refused_at_once(service, "127.0.0.5"), "the last place to be taken")
    wait_until(lambda: not refused_at_once(service, "127.0.0.5"), "room again")


@row("--threads")
def _(all_):
    service = all_.start("--threads", "3")
    wait_until(lambda: service.metric("peel_workers") == 3, "a worker for each processor that it may use")


@row("--workers", "--queue", "--memory", "--drain-time")
def _(all_):
    """One worker that hangs over the first picture for ever, and no place to wait."""
    service = all_.start("--workers", "1", "--queue", "0", "--memory", "60M", "--drain-time", "0.05", "--timeout",
                         "80000", "--log", "json", PEEL_TEST_WORKER="hang@network")
    assert service.metric("peel_workers") == 1
    wait_until(lambda: service.get("/ready").status_code == 200, "the end of the first picture, which is its own")
    large = service.cut(header_of(6000, 5000) + b"\0" * 100)
    assert large.status_code == 413 and "memory" in large.json()["error"]["message"], large.text
    assert "memory" not in all_.usual.cut(header_of(6000, 5000) + b"\0" * 100).text
    with Raw(service) as raw:
        raw.send(post(b"/v1/cut", all_.photo + MARK))
        wait_until(lambda: service.metric("peel_workers", state="busy") == 1, "the picture at work")
        busy = service.cut(all_.photo)
        assert busy.status_code == 503 and int(busy.headers["Retry-After"]) >= 1
        assert service.end() == 0
        assert raw.answer() is None
    service.wait_for("took too long and was cut off")
    times = [datetime.datetime.fromisoformat(line["time"].rstrip("Z")) for line in service.json_lines()
             if line["message"] == "draining" or "cut off" in line["message"]]
    assert (times[-1] - times[0]).total_seconds() < 25  # 30 where nothing is said


@row("--timeout")
def _(all_):
    service = all_.start("--workers", "1", "--timeout", "0.5", PEEL_TEST_WORKER="hang@network")
    answer = service.cut(all_.photo + MARK)
    assert answer.status_code == 504 and answer.elapsed.total_seconds() < 40  # 60 where nothing is said


@row("--model", "--max-models")
def _(all_):
    alone = all_.start("--model", "u2netp", "--max-models", "0", "--workers", "1", **all_.models)
    assert alone.cut(all_.photo).headers["X-Peel-Model"] == "u2netp"
    answer = alone.cut(all_.photo, model="u2netp_int8")
    assert answer.status_code == 400 and "alone" in answer.json()["error"]["message"], answer.text
    several = all_.start("--max-models", "1", "--workers", "1", **all_.models)
    assert several.cut(all_.photo).headers["X-Peel-Model"] == "peel"
    assert several.cut(all_.photo, model="u2netp").headers["X-Peel-Model"] == "u2netp"


# ---- what runs -----------------------------------------------------------------------------------------

@row("--device", "--strict")
def _(all_):
    done = all_.run("--device", "cuda", "--strict")
    assert done.returncode == 3 and "cuda" in done.stderr, done.stderr
    lax = all_.start("--device", "cuda", "--workers", "1")
    assert "cuda" in lax.log and lax.cut(all_.photo).headers["X-Peel-Device"] == "cpu"
    assert all_.run("--device", "gpu").returncode == 2


@row("--backend")
def _(all_):
    done = all_.run("--backend", "onnxruntime", "--strict")
    assert done.returncode == 3 and "onnxruntime" in done.stderr.lower().replace(" ", ""), done.stderr


@row("--precision")
def _(all_):
    done = all_.run("--precision", "int8", "--strict")
    assert done.returncode == 3 and "int8" in done.stderr, done.stderr


# ---- the configuration file ----------------------------------------------------------------------------

def test_the_configuration_file(services):
    file = services.folder / "config.yaml"
    file.write_text("device: cuda\nthreads: 3\nmodel: u2netp\n")
    told = {"PEEL_CONFIG": str(file), **services.models}
    service = services.start(**told)
    assert "cuda" in service.log
    assert service.cut(services.photo).headers["X-Peel-Model"] == "u2netp"
    strict = services.run("--strict", **told)
    assert strict.returncode == 3 and "cuda" in strict.stderr
    # The command line wins.
    other = services.start("--device", "cpu", "--threads", "2", "--model", "peel", **told)
    assert "cuda" not in other.log and other.cut(services.photo).headers["X-Peel-Model"] == "peel"
    wait_until(lambda: other.metric("peel_workers") == 2, "two workers")
    file.write_text("colour: red\n")
    wrong = services.run(**told)
    assert wrong.returncode == 2 and "config.yaml:1" in wrong.stderr and "colour" in wrong.stderr
