"""One bad picture is one failed request; what is asked of the service at its end; work that is not
wanted any more."""
import os
import pathlib
import signal
import struct
import threading
import zlib

import pytest

from raw_http import Raw, post
from serve_support import PATIENCE, ball, encoded, is_cut_out, opened, wait_until

MARK = b"PEEL-TEST"  # a picture that ends in this does what PEEL_TEST_WORKER says


@pytest.mark.parametrize("stage", ["decode", "network", "matte", "compose", "encode"])
@pytest.mark.parametrize("how", ["crash", "exit", "garbage", "eat"])
def test_a_picture_that_ends_its_worker(start, photo, how, stage):
    service = start("--workers", "2", env={"PEEL_TEST_WORKER": f"{how}@{stage}"})
    for round_ in range(2):
        bad = service.cut(photo + MARK)
        assert bad.status_code == 500, bad.text
        assert bad.json()["error"]["message"]
        assert is_cut_out(opened(service.cut(photo).content))
    if how != "eat":  # a worker that finds no more memory says so, and goes on
        wait_until(lambda: service.metric("peel_worker_restarts_total") >= 2, "restarts to be counted")
    assert service.get("/ready").status_code == 200


def test_others_do_not_notice(start, photo):
    service = start("--workers", "2", env={"PEEL_TEST_WORKER": "crash@network"})
    answers = []

    def ask(picture):
        answers.append((picture.endswith(MARK), service.cut(picture).status_code))

    threads = [threading.Thread(target=ask, args=(photo + MARK if i % 5 == 0 else photo,)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20 and all(code == (500 if bad else 200) for bad, code in answers), answers


def test_a_worker_that_hangs_is_stopped(start, photo):
    service = start("--workers", "1", "--timeout", "1", env={"PEEL_TEST_WORKER": "hang@network"})
    assert service.cut(photo + MARK).status_code == 504
    wait_until(lambda: service.cut(photo).status_code == 200, "a new worker")


def test_killed_workers_are_replaced(start, photo):
    service = start("--workers", "2")
    for _ in range(5):
        for process in service.descendants():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: service.cut(photo).status_code == 200, "work after everything was killed")
    assert service.get("/ready").status_code == 200


def test_nothing_outlives_the_service(start, photo):
    service = start("--workers", "2")
    assert service.cut(photo).status_code == 200
    family = service.descendants()
    assert len(family) >= 2
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()

    def gone(process):
        try:
            return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    wait_until(lambda: all(gone(process) for process in family), "the end of its workers")


def header_of(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))


def bomb(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(b"\0" * (1 + width * 4)) for _ in range(height)) + rows.flush()
    return header_of(width, height) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_huge_headers_are_refused_unread(service):
    for size in ((10_000, 10_000), (65_000, 65_000), (2**31 - 1, 2**31 - 1)):
        answer = service.cut(header_of(*size) + b"\0" * 100)
        assert answer.status_code in (413, 422), answer.text
        removebg = service.post("/v1.0/removebg", files={"image_file": header_of(*size) + b"\0" * 100})
        assert removebg.status_code == 400
        assert removebg.json()["errors"][0]["code"] in ("resolution_too_high", "failed_to_read_image")


def test_png_bomb(service, photo):
    """All zeros: 7 megapixels in some kilobytes, which is allowed; 60 million pixels are not."""
    assert service.cut(bomb(3000, 2400)).status_code == 200
    assert service.cut(bomb(60_000, 1000)).status_code == 413


def test_limit_of_pixels(start, photo):
    service = start("--max-pixels", "50000")
    assert service.cut(photo).status_code == 413
    assert service.cut(encoded(ball(200, 200))).status_code == 200


def test_full_queue_is_refused_at_once(start):
    service = start("--workers", "1", "--queue", "1")
    large = encoded(ball(4000, 3000))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(service.cut(large, edges="matting")))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) == {200, 503}, codes
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1 and "busy" in answer.json()["error"]["message"]
    removebg_codes = set()

    def ask():
        answer = service.post("/v1.0/removebg", files={"image_file": large}, data={"size": "full"})
        removebg_codes.add((answer.status_code, "Retry-After" in answer.headers))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert removebg_codes == {(200, False), (429, True)}, removebg_codes


def test_memory_holds_back(start, photo):
    service = start("--workers", "2", "--memory", "60M")
    answer = service.cut(encoded(ball(6000, 5000)))
    assert answer.status_code in (413, 503), answer.text
    assert "memory" in answer.json()["error"]["message"]
    assert service.cut(photo).status_code == 200


def test_deadline(start):
    service = start("--workers", "1", "--timeout", "0.05")
    answer = service.cut(encoded(ball(5000, 4000)), edges="matting")
    assert answer.status_code == 504 and answer.json()["error"]["code"] == "deadline_exceeded"


def test_a_client_that_goes_away_stops_its_work(start, photo):
    service = start("--workers", "1", env={"PEEL_TEST_WORKER": "hang@network"})
    with Raw(service) as raw:
        raw.send(post(b"/v1/cut", photo + MARK))
        wait_until(lambda: service.metric("peel_workers", state="busy") == 1, "the picture at work")
    # Its worker would hang for ever.
    wait_until(lambda: service.cut(photo).status_code == 200, "the worker's place")


def test_drain(start):
    service = start("--workers", "2", "--log", "json")
    large = encoded(ball(4000, 3000))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(service.cut(large, edges="matting").status_code))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: service.metric("peel_workers", state="busy") == 2, "both at work")
    idle = Raw(service)
    idle.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle.answer()[0] == 200
    service.process.send_signal(signal.SIGTERM)
    assert idle.closed()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    assert service.process.wait(PATIENCE) == 0


def test_ready_fails_while_draining(start, photo):
    service = start("--workers", "1", "--drain-time", "60", env={"PEEL_TEST_WORKER": "hang@network"})
    with Raw(service) as at_work, Raw(service) as asked:
        asked.send(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.answer()[0] == 200
        at_work.send(post(b"/v1/cut", photo + MARK))
        wait_until(lambda: service.metric("peel_workers", state="busy") == 1, "the picture at work")
        asked.send(b"GET /rea")  # begun before the end, so that this connection stays
        service.process.send_signal(signal.SIGTERM)
        service.wait_for("draining")
        asked.send(b"dy HTTP/1.1\r\nHost: x\r\n\r\n")
        got = asked.answer()
        assert got is None or got[0] == 503
    assert service.process.wait(PATIENCE) == 0  # the client has gone, and with it the work


def test_second_signal_ends_at_once(start, photo):
    service = start("--workers", "1", "--drain-time", "600", env={"PEEL_TEST_WORKER": "hang@network"})
    with Raw(service) as raw:
        raw.send(post(b"/v1/cut", photo + MARK))
        wait_until(lambda: service.metric("peel_workers", state="busy") == 1, "the picture at work")
        service.process.send_signal(signal.SIGTERM)
        service.wait_for("draining")
        service.end()


def test_one_process(start, photo):
    service = start("--workers", "0")
    usual = start("--workers", "1")
    assert service.descendants() == [] and service.cut(photo).content == usual.cut(photo).content


def test_models(start, photo, program):
    models = pathlib.Path(program).parents[2] / "shared" / "models"
    if not models.is_dir():
        pytest.skip("../shared/models is not at hand")
    import tempfile
    with tempfile.TemporaryDirectory() as home:
        os.symlink(models / "u2netp-fp32.onnx", pathlib.Path(home) / "u2netp.onnx")
        service = start("--workers", "1", env={"U2NET_HOME": home})
        usual = service.post("/api/remove", files={"file": photo})
        named = service.post("/api/remove", files={"file": photo}, params={"model": "u2netp"})
        assert named.status_code == 200, named.text
        assert named.headers["X-Peel-Model"] == "u2netp" and named.content != usual.content
        assert service.post("/api/remove", files={"file": photo}).content == usual.content
        assert "u2netp" in service.get("/v1/about").json()["models"]
        default = start("--model", "u2netp", env={"U2NET_HOME": home})
        assert default.cut(photo).headers["X-Peel-Model"] == "u2netp"
