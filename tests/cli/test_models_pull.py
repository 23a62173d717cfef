"""peel models pull, against servers of the tests' own: TLS with a certificate that is made here, and
curl's own configuration to lead the real host names to them."""
import hashlib
import http.server
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time

from cli_support import leftovers
import pytest


class Server:
    """Serves one file; says what was asked of it."""

    def __init__(self, certificate, content):
        self.content, self.asked = content, []
        self.ranges, self.stop_after, self.gate, self.redirect = True, None, threading.Event(), None
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                begin = 0
                header = self.headers.get("Range")
                server.asked.append((self.path, header))
                if server.redirect:
                    self.send_response(302)
                    self.send_header("Location", server.redirect)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if header and server.ranges:
                    begin = int(header.removeprefix("bytes=").rstrip("-"))
                    if begin >= len(server.content):
                        self.send_error(416)
                        return
                    self.send_response(206)
                    last = len(server.content) - 1
                    self.send_header("Content-Range", f"bytes {begin}-{last}/{len(server.content)}")
                else:
                    self.send_response(200)
                body = server.content[begin:]
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if server.stop_after is not None:
                    self.wfile.write(body[:server.stop_after])
                    self.wfile.flush()
                    server.gate.wait(60)
                    self.close_connection = True
                    return
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.gate.set()
        self.http.shutdown()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    if not shutil.which("curl") or not shutil.which("openssl"):
        pytest.skip("curl and openssl are needed to try downloads")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", "subjectAltName=DNS:github.com,DNS:localhost", "-keyout", path, "-out", f"{path}.crt"],
                   check=True, capture_output=True)
    with open(path, "ab") as both:
        both.write(open(f"{path}.crt", "rb").read())
    return path


@pytest.fixture
def content(models):
    return (models / "u2netp-fp32.onnx").read_bytes()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PEEL_CONFIG", "off")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("U2NET_HOME", "REMBG_HOME", "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "CURL_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "data/peel/models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def server(certificate, content, home, tmp_path):
    server = Server(certificate, content)
    (tmp_path / ".curlrc").write_text(
        f'cacert = "{certificate}.crt"\nconnect-to = "github.com:443:127.0.0.1:{server.port}"\n'
        f'connect-to = "localhost:443:127.0.0.1:{server.port}"\nnoproxy = "*"\n')
    yield server
    server.close()


@pytest.fixture
def url(server):
    return "https://localhost/some/where/u2netp-mine.onnx"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def wait_for(condition):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_a_whole_download(peel, server, home, url, content):
    done = peel("models", "pull", url, "--sha256", sha256(content).upper())
    assert done.code == 0, done.err
    assert names(home) == ["u2netp-mine.onnx"] and (home / "u2netp-mine.onnx").read_bytes() == content
    assert done.out.decode().strip() == str(home / "u2netp-mine.onnx")
    again = peel("models", "pull", url)
    assert again.code == 3 and "is there already" in again.err and len(server.asked) == 1


def test_another_file_than_expected_is_not_kept(peel, server, home, url, content):
    done = peel("models", "pull", url, "--sha256", "0" * 64)
    assert done.code == 3 and sha256(content) in done.err and names(home) == []
    # The name of the catalogue brings its checksum along: what is served is a model, but another.
    done = peel("models", "pull", "u2netp")
    assert server.asked[-1][0] == "/danielgatis/rembg/releases/download/v0.0.0/u2netp.onnx"
    assert done.code == 3 and "309c8469258dda74" in done.err and names(home) == []
    done = peel("models", "pull", "u2net_cloth_seg")
    assert done.code == 3 and "MD5" in done.err and names(home) == []


def test_what_is_no_model_is_not_kept(peel, server, home, url):
    server.content = b"<html>not found</html>" * 100
    done = peel("models", "pull", url)
    assert done.code == 3 and "not a model that Peel can use" in done.err and names(home) == []


@pytest.mark.parametrize("address", ["http://localhost/x.onnx", "ftp://localhost/x.onnx", "file:///tmp/x.onnx"])
def test_https_alone(peel, home, address):
    done = peel("models", "pull", address)
    assert done.code == 2 and "https" in done.err and names(home) == []


def test_no_redirection_away_from_https(peel, server, home, url, content):
    plain = Server(None, content)
    server.redirect = f"http://127.0.0.1:{plain.port}/u2netp-mine.onnx"
    done = peel("models", "pull", url)
    plain.close()
    assert done.code == 3 and plain.asked == [] and names(home) == []


@pytest.mark.parametrize("address", ["https://localhost/", "https://localhost", "https://localhost/.onnx"])
def test_an_address_that_names_no_file(peel, home, address):
    done = peel("models", "pull", address)
    assert done.code == 2 and "names no file" in done.err and names(home) == []


@pytest.mark.parametrize("digest", ["12", "g" * 64])
def test_what_is_no_digest(peel, home, digest):
    assert peel("models", "pull", "u2netp", "--sha256", digest).code == 2


@pytest.fixture
def pulling(program, server, home, url, content, tmp_path):
    """Starts a pull that hangs after 300,000 bytes, of which curl has the last few in its buffer."""

    def start(*extra):
        server.stop_after = 300000
        process = subprocess.Popen([program, "models", "pull", url, *extra], stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, start_new_session=True)
        wait_for(lambda: any(path.stat().st_size >= 200000 for path in home.iterdir()))
        return process

    yield start


def lets_go(server, home):
    """The hanging connection ends, and with it a curl whose parent has been killed."""
    server.gate.set()
    server.stop_after = None
    wait_for(lambda: not any(_locked(path) for path in home.iterdir()))


def _locked(path):
    return subprocess.run(["flock", "-n", path, "true"]).returncode != 0


def test_while_it_lasts_nothing_takes_it_for_a_model(peel, server, home, pulling, content, url, monkeypatch):
    process = pulling("--sha256", sha256(content))
    assert names(home) == ["u2netp-mine.onnx.download"]
    assert not list(home.rglob("*.onnx"))
    monkeypatch.setenv("U2NET_HOME", str(home))
    assert peel("models", "info", "u2netp-mine").code == 3
    assert b".download" not in peel("models", "list").out
    # Nor does a second run.
    second = peel("models", "pull", url)
    assert second.code == 3 and "another run" in second.err
    process.kill()
    process.wait()  # and curl lives on, its messages still open
    lets_go(server, home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_interrupted(server, home, pulling, number):
    process = pulling()  # no checksum: nothing could tell whether the rest belongs to it
    process.send_signal(number)
    err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == -number and "interrupted" in err and "Traceback" not in err
    assert names(home) == []


def test_interrupted_and_gone_on_with(peel, server, home, pulling, url, content):
    process = pulling("--sha256", sha256(content))
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=60)[1].decode()
    assert "goes on after" in err and names(home) == ["u2netp-mine.onnx.download"]
    lets_go(server, home)
    begun = (home / "u2netp-mine.onnx.download").stat().st_size
    done = peel("models", "pull", url, "--sha256", sha256(content))
    assert done.code == 0, done.err
    assert server.asked[-1][1] == f"bytes={begun}-"
    assert names(home) == ["u2netp-mine.onnx"] and (home / "u2netp-mine.onnx").read_bytes() == content


@pytest.mark.parametrize("known", [True, False], ids=["checksum", "no_checksum"])
def test_killed(peel, server, home, pulling, url, content, known):
    process = pulling()
    process.kill()
    process.wait()  # and curl lives on, its messages still open
    lets_go(server, home)
    assert names(home) == ["u2netp-mine.onnx.download"]
    done = peel("models", "pull", url, *(["--sha256", sha256(content)] if known else []))
    assert done.code == 0, done.err
    assert (server.asked[-1][1] is not None) == known
    assert names(home) == ["u2netp-mine.onnx"] and (home / "u2netp-mine.onnx").read_bytes() == content


@pytest.mark.parametrize("left", ["of_another_file", "longer", "whole", "no_ranges"])
def test_what_a_dead_run_left(peel, server, home, url, content, left):
    beginning = {"of_another_file": b"x" * 1000, "longer": content + b"more", "whole": content,
                 "no_ranges": content[:1000]}[left]
    (home / "u2netp-mine.onnx.download").write_bytes(beginning)
    server.ranges = left != "no_ranges"
    done = peel("models", "pull", url, "--sha256", sha256(content))
    assert done.code == 0, done.err
    assert (server.asked == []) == (left == "whole")
    assert names(home) == ["u2netp-mine.onnx"] and (home / "u2netp-mine.onnx").read_bytes() == content


def test_stale_ones_are_cleared_away(peel, server, home, url):
    day = time.time() - 90000
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept = {"mine.onnx": day, "new.onnx.download": time.time(), f"live.onnx.part-{os.getpid()}.onnx": day,
            "notes.download": day}
    stale = {"old.onnx.download": day, f"u2net.onnx.part-{gone.pid}.onnx": day}
    for name, when in (kept | stale).items():
        (home / name).write_bytes(b"something")
        os.utime(home / name, (when, when))
    assert peel("models", "pull", url).code == 0
    assert names(home) == sorted([*kept, "u2netp-mine.onnx"])


def test_a_certificate_of_nobody(peel, server, home, url, tmp_path):
    lines = (tmp_path / ".curlrc").read_text().splitlines()[1:]
    (tmp_path / ".curlrc").write_text("\n".join(lines) + "\n")
    done = peel("models", "pull", url)
    assert done.code == 3 and names(home) == [] and server.asked == []
