"""The files of packaging/serve: what can be tried of them without their programs is tried always, the
rest where the programs are."""
import json
import re
import shutil
import subprocess
import sys

import pytest

from serve_support import ROOT, is_cut_out, opened, wait_until

FOLDER = ROOT / "packaging" / "serve"


def test_the_dashboard_asks_for_metrics_that_there_are(start, photo):
    subprocess.run([sys.executable, FOLDER / "make_dashboard.py", "--check"], check=True)
    service = start()
    service.cut(photo)
    there = set(re.findall(r"^# TYPE (\w+)", service.get("/metrics").text, re.M))
    board = json.loads((FOLDER / "grafana.json").read_text())
    asked = set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            asked |= set(re.findall(r"peel_\w+", target["expr"]))
    missing = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in there else name for name in asked} - there
    assert asked and not missing


def test_options_in_the_files_exist(program):
    told = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    for name in ("peel.service", "peel.env", "nginx.conf", "Caddyfile", "Dockerfile"):
        text = re.sub(r"docker (build|run)[^\n]*?peel-serve", "", (FOLDER / name).read_text())
        for option in set(re.findall(r"--[a-z][a-z-]+", re.sub(r"--(no-install-recommends|mount|from)\S*|enable --now",
                                                               "", text))):
            assert f"{option} " in told or f"{option},"in told or f"{option}\n" in told, (name, option)


def test_systemd_takes_the_unit(program, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = (FOLDER / "peel.service").read_text().replace("/usr/bin/peel", str(program))
    (tmp_path / "peel.service").write_text(unit)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "peel.service"], capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if "peel.service" in line]
    assert done.returncode == 0 and not told, done.stderr


def test_nginx_in_front(start, photo, tmp_path):
    import socket
    import requests
    if not shutil.which("nginx") or not shutil.which("openssl"):
        pytest.skip("nginx is not installed")
    service = start("--trust-proxy", "127.0.0.1", "--log", "json")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out",
                    tmp_path / "cert.pem"], check=True, capture_output=True)
    site = ((FOLDER / "nginx.conf").read_text().replace("127.0.0.1:7000", f"127.0.0.1:{service.port}")
            .replace("listen 443", f"listen 127.0.0.1:{port}").replace("/etc/ssl/peel", str(tmp_path)))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; daemon off; events {{}}\nhttp {{ access_log off;\n"
        + "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + site + "}\n")
    nginx = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path], stderr=subprocess.DEVNULL)
    try:
        def answers():
            try:
                return requests.get(f"https://127.0.0.1:{port}/live", verify=str(tmp_path / "cert.pem"), timeout=30).ok
            except OSError:
                return False

        wait_until(answers, "nginx")
        answer = requests.post(f"https://127.0.0.1:{port}/v1/cut", files={"image": photo}, timeout=60,
                               verify=str(tmp_path / "cert.pem"))
        assert is_cut_out(opened(answer.content))
        assert requests.get(f"https://127.0.0.1:{port}/metrics", timeout=60,
                            verify=str(tmp_path / "cert.pem")).status_code == 403
    finally:
        nginx.terminate()
        nginx.wait()


def test_caddy_takes_its_file(tmp_path):
    if not shutil.which("caddy"):
        pytest.skip("caddy is not installed")
    done = subprocess.run(["caddy", "validate", "--adapter", "caddyfile", "--config", FOLDER / "Caddyfile"],
                          capture_output=True, text=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin"})
    assert done.returncode == 0, done.stderr
