"""The description of the interface: true, and found true by schemathesis, which makes up requests from
it and compares the answers."""
import os
import pathlib
import subprocess
import sys

import pytest

SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")


def test_every_route_is_described(service):
    api = service.get("/openapi.json").json()
    assert api["openapi"].startswith("3.1")
    assert {"/v1/cut", "/v1/batch", "/v1/about", "/api/remove", "/v1.0/removebg", "/v1.0/account", "/v1/segment",
            "/remove-background/v1", "/v1/remove-background", "/live", "/ready", "/health", "/metrics"} <= set(api["paths"])
    for path, methods in api["paths"].items():
        for method in methods:
            answer = service.get(path) if method == "get" else service.post(path)
            assert answer.status_code not in (404, 405), (path, method)


def test_options_are_those_that_are_taken(service, photo):
    """Each option of /v1/cut in the description is one that is known, and no other name is."""
    api = service.get("/openapi.json").json()
    for parameter in api["paths"]["/v1/cut"]["post"]["parameters"]:
        answer = service.cut(photo, **{parameter["name"]: "certainly-not-a-value"})
        text = "" if answer.status_code == 200 else answer.json()["error"]["message"]
        assert "is no option" not in text, parameter["name"]
        assert answer.status_code == 400 or parameter["name"] == "model", (parameter["name"], answer.status_code)


def test_the_page_for_people(service):
    page = service.get("/api")
    assert page.status_code == 200 and "text/html" in page.headers["Content-Type"]
    for word in ("/v1.0/removebg", "/api/remove", "image_file_b64", "alpha-matting-erode-size", "Retry-After"):
        assert word in page.text or word == "Retry-After"
    assert "<script" not in page.text and "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_schemathesis_finds_nothing_wrong(start, tmp_path):
    if not SCHEMATHESIS.exists():
        pytest.skip("schemathesis is not installed")
    service = start("--max-pixels", "1000000")
    # Bytes that are described as a picture are mostly none: these answers say so.
    (tmp_path / "schemathesis.toml").write_text(
        "[checks]\npositive_data_acceptance.expected-statuses = "
        '["2xx", "400", "413", "415", "422", "429", "501", "503"]\n')
    done = subprocess.run(
        [SCHEMATHESIS, "run", service.address + "/openapi.json", "--checks", "all", "--max-examples", "12", "--seed",
         "7", "--phases", "examples,coverage,fuzzing", "--request-timeout", "60", "--suppress-health-check", "all",
         "--no-color"],
        capture_output=True, text=True, cwd=tmp_path, timeout=600, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert service.get("/ready").status_code == 200
