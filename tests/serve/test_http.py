"""HTTP as real clients speak it, and as nobody should."""
import json
import resource
import shutil
import socket
import subprocess
import time

import pytest

from raw_http import Raw, form, post
from serve_support import ball, encoded, is_cut_out, opened, wait_until


def test_curl(service, photo, tmp_path):
    """curl waits for "100 Continue" with a body of this size."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    (tmp_path / "a.png").write_bytes(encoded(ball(1200, 1000), "PNG", compress_level=0))
    done = subprocess.run(["curl", "-sS", "-v", "--expect100-timeout", "50", "-H", "Expect: 100-continue", "-F",
                           f"file=@{tmp_path / 'a.png'}", f"{service.address}/api/remove", "-o", tmp_path / "o.png"],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "100 Continue" in done.stderr and is_cut_out(opened((tmp_path / "o.png").read_bytes()))
    chunked = subprocess.run(["curl", "-sS", "-H", "Transfer-Encoding: chunked", "-H", "Content-Type: image/png",
                              "--data-binary", f"@{tmp_path / 'a.png'}", f"{service.address}/v1/cut", "-o",
                              tmp_path / "c.png"], capture_output=True, text=True, timeout=100)
    assert chunked.returncode == 0 and is_cut_out(opened((tmp_path / "c.png").read_bytes())), chunked.stderr
    old = subprocess.run(["curl", "-sS", "--http1.0", "-F", f"file=@{tmp_path / 'a.png'}",
                          f"{service.address}/api/remove", "-o", tmp_path / "h.png"],
                         capture_output=True, text=True, timeout=100)
    assert old.returncode == 0 and is_cut_out(opened((tmp_path / "h.png").read_bytes())), old.stderr


def test_pipelined(service, photo):
    body, kind = form([("image", "a.jpg", photo), ("max-size", None, b"50")])
    with Raw(service) as raw:
        raw.send(post(b"/v1/cut", body, kind) + b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n" +
                 post(b"/v1/cut", photo) + b"HEAD /live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert opened(raw.answer()[2]).size == (50, 38)
        assert json.loads(raw.answer()[2]) == {"status": "live"}
        assert opened(raw.answer()[2]).size == (320, 240)
        status, headers, body = raw.answer(head_only=True)
        assert status == 200 and int(headers["content-length"]) > 0


def test_http_1_0(service):
    with Raw(service) as raw:
        raw.send(b"GET /live HTTP/1.0\r\n\r\n")
        assert raw.answer()[0] == 200 and raw.closed()
    with Raw(service) as raw:
        raw.send(b"GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert raw.answer()[0] == 200
        raw.send(b"GET /live HTTP/1.0\r\n\r\n")
        assert raw.answer()[0] == 200 and raw.closed()


@pytest.mark.parametrize("head,status", [
    (b"Content-Length: 9223372036854775808\r\n", 413), (b"Content-Length: 99999999999999999999999\r\n", 400),
    (b"Content-Length: -1\r\n", 400), (b"Content-Length: 0x10\r\n", 400), (b"Content-Length: 5, 5\r\n", 400),
    (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    (b"Transfer-Encoding: chunked, gzip\r\n", 400), (b"Transfer-Encoding: gzip\r\n", 400),
    (b"Content-Length: 1000000000\r\n", 413), (b"X: " + b"y" * 40_000 + b"\r\n", 431),
    (b"X : y\r\n", 400), (b"X: a\0b\r\n", 400), (b"Expect: miracles\r\nContent-Length: 1\r\n", 417),
])
def test_absurd_heads(service, head, status):
    with Raw(service) as raw:
        raw.send(b"POST /v1/cut HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
        got = raw.answer()
        assert got is not None and got[0] in ({status} if status != 413 else {413, 400}), got
        assert raw.closed()
    assert service.get("/live").status_code == 200


@pytest.mark.parametrize("line", [b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n",
                                  b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                                  b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
                                  b"GET / HTTP/9.9\r\nHost: x\r\n\r\n"])
def test_garbage(service, line):
    with Raw(service) as raw:
        raw.send(line)
        got = raw.answer()
        assert got is None or 400 <= got[0] < 600
        assert raw.closed()
    assert service.get("/live").status_code == 200


def test_path_traversal(service):
    for path in (b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/..%2f..%2fetc/passwd", b"//etc/passwd",
                 b"/static/../../etc/passwd", b"/\\..\\etc"):
        with Raw(service) as raw:
            raw.send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            status, _, body = raw.answer()
            assert status in (400, 404) and b"root:" not in body, path


def test_no_header_can_be_injected(service, photo):
    with Raw(service) as raw:
        raw.send(b"GET /live HTTP/1.1\r\nHost: x\r\nX-Request-ID: a%0d%0aSet-Cookie: x\r\n"
                 b"traceparent: nonsense\r\n\r\n")
        status, headers, _ = raw.answer()
        assert status == 200 and "set-cookie" not in headers and "%0d" not in headers["x-request-id"]
    body, kind = form([("image", "a\r\nSet-Cookie: x", photo), ("model", None, b"x\r\nSet-Cookie: y")])
    with Raw(service) as raw:
        raw.send(post(b"/v1/cut", body, kind))
        status, headers, _ = raw.answer()
        assert status == 400 and "set-cookie" not in headers
    answer = service.get("/%0d%0aSet-Cookie:%20x")
    assert answer.status_code in (400, 404) and "Set-Cookie" not in answer.headers


def test_request_ids_and_traces(service):
    given = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = service.get("/live", headers={"X-Request-ID": "abc-123", "traceparent": f"00-{given}-00f067aa0ba902b7-01"})
    assert answer.headers["X-Request-ID"] == "abc-123"
    version, trace, span, _ = answer.headers["traceparent"].split("-")
    assert (version, trace) == ("00", given) and span != "00f067aa0ba902b7"
    fresh = service.get("/live").headers
    assert fresh["X-Request-ID"] and fresh["traceparent"].split("-")[1] != given


def test_multipart_bombs(service, photo):
    many, kind = form([(f"f{i}", None, b"x") for i in range(20_000)])
    nested, _ = form([("image", None, b"")])
    deep = b"--b0undary\r\nContent-Disposition: form-data; name=\"image\"\r\nContent-Type: multipart/mixed; boundary=c" \
           b"\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b0undary--\r\n"
    heads = b"--b0undary\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx\r\n--b0undary--\r\n"
    endless = b"--b0undary\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n" + b"\r\n--b0undar" * 100_000
    for body in (many, deep, heads, endless, b"--b0undary", b""):
        begun = time.monotonic()
        answer = service.post("/v1/cut", data=body, headers={"Content-Type": kind.decode()})
        assert answer.status_code in (400, 413), (body[:50], answer.text)
        assert answer.json()["error"]["message"]
        assert time.monotonic() - begun < 20
    assert service.cut(photo).status_code == 200
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 500):
        assert service.post("/v1/cut", data=nested, headers={"Content-Type": kind}).status_code == 400


def test_json_bombs(service):
    for body in (b"[" * 100_000, b"{\"image\":" * 50_000, b"{\"image\": \"" + b"A" * 100, b"\xff\xfe{}", b"null", b"1e999999"):
        answer = service.post("/v1/cut", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 413), body[:30]


def test_slow_heads_are_cut_off(start):
    service = start()
    with Raw(service) as raw:
        raw.send(b"GET /live HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        got = raw.answer()  # by the server's own patience, which is shorter than the client's
        assert got is None or got[0] == 408
        assert raw.closed()
    assert service.get("/live").status_code == 200


def test_half_open_connections(start, photo):
    """Thousands of connections that say nothing, or half a head, and one that works."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, (hard if hard > 0 else 20_000) - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 200) if hard > 0 else count + 200, hard))
    service = start("--max-connections", "20000")
    held = []
    try:
        for i in range(count):
            connection = socket.socket()
            connection.settimeout(60)
            connection.connect(("127.0.0.1", service.port))
            if i % 2:
                connection.send(b"POST /v1/cut HTTP/1.1\r\nHost: x\r\nContent-")
            held.append(connection)
        assert is_cut_out(opened(service.cut(photo).content))
        rss = int(open(f"/proc/{service.process.pid}/statm").read().split()[1]) * 4096
        assert rss < 50e6 + count * 20_000, (rss, count)
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert service.cut(photo).status_code == 200


def test_more_connections_than_allowed(start):
    service = start("--max-connections", "8")
    with contextlib_stack() as held:
        for _ in range(8):
            held.enter_context(Raw(service))
        with Raw(service) as more:
            more.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            got = more.answer()
            assert got is None or got[0] == 503
            assert more.closed()
    wait_until(lambda: quiet(service), "room after the others have gone")


@pytest.mark.parametrize("hard", [5000, 400])
def test_room_for_connections(program, hard):
    """Its own limit of descriptors is raised as far as it may be; what is not to be had is told."""
    soft = 64
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < hard:
        pytest.skip("too few descriptors are allowed here")
    told = subprocess.Popen(["sh", "-c", f'ulimit -Sn {soft}; ulimit -Hn {hard}; exec "$0" serve --port 0', program],
                            stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in told.stderr:
            lines.append(line)
            if "listening on " in line:
                break
        limits = open(f"/proc/{told.pid}/limits", encoding="ascii").read()
        row = next(line for line in limits.splitlines() if line.startswith("Max open files"))
        assert int(row.split()[3]) == min(hard, 4096 + 200)
        assert any("ulimit -n" in line for line in lines) == (hard < 4096)
    finally:
        told.kill()
        told.wait()
        told.stderr.close()


def test_connections_of_one_client(start):
    service = start("--max-connections-per-client", "3")
    with contextlib_stack() as held:
        for _ in range(3):
            held.enter_context(Raw(service))
        with Raw(service) as more:
            more.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            got = more.answer()
            assert got is None or got[0] in (429, 503)


def quiet(service):
    try:
        return service.get("/live").status_code == 200
    except OSError:
        return False


def contextlib_stack():
    import contextlib
    return contextlib.ExitStack()


def test_bodies_beyond_the_limit(start, photo):
    service = start("--max-bytes", "100000")
    answer = service.post("/v1/cut", data=b"x" * 200_000, headers={"Content-Type": "image/png"})
    assert answer.status_code == 413 and "100000" in answer.json()["error"]["message"]
    removebg = service.post("/v1.0/removebg", files={"image_file": b"x" * 200_000})
    assert removebg.status_code == 400 and removebg.json()["errors"][0]["code"] == "file_too_large"

    def chunks():
        for _ in range(30):
            yield b"y" * 10_000

    try:
        chunked = service.post("/v1/cut", data=chunks(), headers={"Content-Type": "image/png"})
        assert chunked.status_code == 413
    except OSError:
        pass  # closed while the client still sent: as good
    assert service.cut(photo).status_code == 200


def test_unix_socket(start, photo, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    service = start("--unix-socket", tmp_path / "s")
    (tmp_path / "a.jpg").write_bytes(photo)
    done = subprocess.run(["curl", "-sS", "--unix-socket", tmp_path / "s", "-F", f"image=@{tmp_path / 'a.jpg'}",
                           "http://x/v1/cut", "-o", tmp_path / "o.png"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and is_cut_out(opened((tmp_path / "o.png").read_bytes())), done.stderr
    assert service.address.startswith("unix:")


def test_ipv6(start, photo):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    assert start("--host", "::1").cut(photo).status_code == 200


def test_tls(start, photo, tmp_path):
    import requests
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem"],
                   check=True, capture_output=True)
    service = start("--tls-cert", tmp_path / "c.pem", "--tls-key", tmp_path / "k.pem")
    assert service.address.startswith("https://")
    answer = requests.post(service.address + "/v1/cut", data=photo, verify=str(tmp_path / "c.pem"), timeout=60)
    assert is_cut_out(opened(answer.content))
    with Raw(service) as raw:
        raw.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        got = raw.answer()
        assert got is None or got[0] == 400
