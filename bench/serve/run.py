#!/usr/bin/env python3
"""`peel serve` beside `rembg s`: requests a second, latencies, memory over time, start, refusals.

usage: bench/serve/run.py PEEL PYTHON REMBG MODEL.onnx PHOTO.jpg OUTPUT_FOLDER [--seconds N] [--rounds N]
       bench/serve/run.py … --single [start|overhead|refusals]…   all of them by default
       bench/serve/run.py … --soak MINUTES [--soak-width PIXELS]   the widest picture

PYTHON has the module peel; REMBG is rembg's program. Both servers get the same two-megapixel JPEGs, made from
PHOTO, over loopback from wrk, in turns, so that a drift of the machine hits both alike. The load's own share of
the processors is the same for both. Single requests are Peel's alone. A soak sends mixed sizes, formats and
broken files at one server and kills workers meanwhile.
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import folder as folder_bench  # noqa: E402
import measure  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def family(process):
    """A process and its descendants."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, ask = [process], [process]
    while ask:
        more = children.get(ask.pop(), [])
        found += more
        ask += more
    return found


def resident(process):
    """MB of the whole tree, shared pages counted once (proportional set size)."""
    total = 0
    for one in family(process):
        with contextlib.suppress(OSError):
            match = re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)
            total += int(match.group(1)) if match else 0
    return total * 1024 / 1e6


class Server:
    """One of the two, from its start to its end; memory is looked at all along."""

    def __init__(self, name, command, port, path, field, first, env=None, model=None):
        self.name, self.port, self.path, self.field, self.model = name, port, path, field, model
        self.address = f"http://127.0.0.1:{port}"
        self.samples, self.watching = [], True
        begun = time.perf_counter()
        self.process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        while True:
            try:
                status, body = self.post(first)
                if status == 200:
                    break
                raise RuntimeError(f"{name} answers {status}: {body[:200]}")
            except OSError:
                if time.perf_counter() - begun > 120:
                    raise
                time.sleep(0.002)
        self.start_ms = (time.perf_counter() - begun) * 1000
        self.begun = time.perf_counter()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while self.watching and self.process.poll() is None:
            self.samples.append((round(time.perf_counter() - self.begun, 1), resident(self.process.pid)))
            time.sleep(1)

    def post(self, picture):
        """(status, body)"""
        edge = b"peel-bench-boundary"
        part = b"--" + edge + b'\r\nContent-Disposition: form-data; name='
        # rembg reads a form's options from the form alone.
        text = part + b'"model"\r\n\r\n' + self.model.encode() + b"\r\n" if self.model else b""
        body = (text + part + b'"' + self.field.encode() + b'"; filename="p.jpg"\r\n\r\n' + picture + b"\r\n--" +
                edge + b"--\r\n")
        request = urllib.request.Request(self.address + self.path, body, {
            "Content-Type": "multipart/form-data; boundary=" + edge.decode()})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def load(self, pictures, clients, seconds, timeout=60):
        with tempfile.NamedTemporaryFile(suffix=".json") as told:
            done = subprocess.run(
                ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={timeout}s", "-s", HERE / "load.lua",
                 self.address + self.path, "--", self.field, told.name, self.model or "-", *pictures], capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"wrk against {self.name}: {done.stderr}")
            return json.load(open(told.name, encoding="utf-8"))

    def end(self):
        self.watching = False
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.process.kill()
        self.process.wait()


def two_megapixels(photo, folder, count=6):
    """Crops of a photograph, 1632 x 1224."""
    from PIL import Image
    image = Image.open(photo).convert("RGB")
    names = []
    for i in range(count):
        left = (image.width - 2176) * i // max(count - 1, 1)
        crop = image.crop((left, 0, left + 2176, 1632)).resize((1632, 1224), Image.Resampling.LANCZOS)
        names.append(str(folder / f"{i}.jpg"))
        crop.save(names[-1], quality=92)
    return names


def overhead(server, python, picture, rounds=25):
    """Milliseconds of a request beside `peel.cut` of the same bytes in one process, in turns."""
    code = ("import sys, time, peel; r = peel.Session(); b = open(sys.argv[1], 'rb').read()\n"
            "for line in sys.stdin:\n"
            "    t = time.perf_counter(); peel.cut(b, session=r); print((time.perf_counter() - t) * 1000, flush=True)")
    child = subprocess.Popen([python, "-c", code, picture], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    data = pathlib.Path(picture).read_bytes()
    direct, served = [], []
    for turn in range(rounds + 3):
        child.stdin.write("go\n")
        child.stdin.flush()
        one = float(child.stdout.readline())
        begun = time.perf_counter()
        status, _ = server.post(data)
        two = (time.perf_counter() - begun) * 1000
        assert status == 200
        if turn >= 3:
            direct.append(one)
            served.append(two)
    child.stdin.close()
    child.wait()
    return {"direct_ms": statistics.median(direct), "served_ms": statistics.median(served),
            "overhead_ms": statistics.median(s - d for s, d in zip(served, direct))}


def refusals(peel, pictures, model_env):
    """Milliseconds in which a full server says no: a bare request, head and body at once."""
    import socket
    server = Server("full", [peel, "serve", "--port", "7311", "--workers", "1", "--queue", "1", "--log", "off"], 7311,
                    "/v1/cut?edges=matting", "image", pathlib.Path(pictures[0]).read_bytes(), model_env)
    small = b"x" * 1000
    request = (b"POST /v1/cut HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n" + small)
    taken = []
    # One picture at work, one that waits, from a process of its own: threads of this one would take turns with
    # the clock.
    fill = subprocess.Popen(["wrk", "-t1", "-c2", "-d600s", "--timeout=60s", "-s", HERE / "load.lua",
                             server.address + server.path, "--", server.field, os.devnull, "-", pictures[0]],
                            stdout=subprocess.DEVNULL)
    while len(taken) < 200:
        connection = socket.create_connection(("127.0.0.1", 7311))
        begun = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(4096)
        ms = (time.perf_counter() - begun) * 1000
        if answer.split()[1] == b"503":
            taken.append(ms)
        connection.close()
        time.sleep(0.005)
    fill.kill()
    fill.wait()
    server.end()
    taken.sort()
    return {"p50_ms": statistics.median(taken), "p99_ms": taken[int(len(taken) * 0.99)]}


def compare(args):
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        pictures = two_megapixels(args.photo, scratch)
        home = scratch / "home"
        home.mkdir()
        shutil.copy(args.model, home / "u2netp.onnx")
        env = {"U2NET_HOME": str(home), "PEEL_CONFIG": "off", "NO_ALBUMENTATIONS_UPDATE": "1"}
        first = pathlib.Path(pictures[0]).read_bytes()

        def start(name):
            serve = [args.peel, "serve", "--log", "off", "--queue", "1000", "--timeout", "120"]
            if name == "peel":
                return Server(name, [*serve, "--port", "7301"], 7301, "/api/remove", "file", first, env)
            if name == "peel, U²-Net-p":
                return Server(name, [*serve, "--port", "7302", "-m", "u2netp"], 7302, "/api/remove", "file", first, env,
                              "u2netp")
            return Server(name, [args.rembg, "s", "-h", "127.0.0.1", "-p", "7303", "--no-ui"], 7303, "/api/remove", "file",
                          first, env, "u2netp")

        names = ["peel", "peel, U²-Net-p", "rembg s, U²-Net-p"]
        record = {"machine": measure.machine(), "date": time.strftime("%Y-%m-%d"), "runs": {n: [] for n in names}, "start_ms": {n: [] for n in names},
                  "many": {}, "memory": {}}
        for turn in range(args.rounds):
            for name in names[turn % 3:] + names[:turn % 3]:
                server = start(name)
                record["start_ms"][name].append(server.start_ms)
                server.load(pictures, 2, 2)
                record["runs"][name].append(server.load(pictures, 16, args.seconds))
                if turn == args.rounds - 1:
                    with contextlib.suppress(RuntimeError):
                        record["many"][name] = server.load(pictures, 400, args.many_seconds, timeout=120)
                record["memory"].setdefault(name, []).extend(server.samples)
                server.end()
                (out / "serve.json").write_text(json.dumps(record, indent=1))
    folder_bench.plot({n: s for n, s in record["memory"].items() if s}, out / "serve-memory.svg")
    report(record, out)


def report(record, out):
    names = list(record["runs"])

    def middle(name, pick):
        return statistics.median(pick(run) for run in record["runs"][name])

    peer = names[2]
    rate = {n: middle(n, lambda r: r["statuses"].get("200", 0) / r["seconds"]) for n in names}
    p50 = {n: middle(n, lambda r: r["ms"]["p50"]) for n in names}
    p99 = {n: middle(n, lambda r: r["ms"]["p99"]) for n in names}
    most = {n: max((mb for _, mb in record["memory"][n]), default=0) for n in names}
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]

    def times(values, name):
        return f" (×{values[name] / values[peer]:.2f})" if values[peer] else ""  # the peer may answer none in time

    def row(title, values):
        cells = [values[n] for n in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")

    row("requests a second, 16 clients", {n: f"{rate[n]:.1f}{times(rate, n)}" for n in names})
    row("median, 16 clients", {n: f"{p50[n]:.0f} ms" for n in names})
    row("p99, 16 clients", {n: f"{p99[n]:.0f} ms{times(p99, n)}" for n in names})
    row("start to the first answer", {n: f"{statistics.median(record['start_ms'][n]):.0f} ms" for n in names})
    row("most memory", {n: f"{most[n]:.0f} MB" for n in names})

    def many(n):
        run = record["many"].get(n)
        if not run:
            return "did not end"
        lost = sum(run["errors"].values())
        answered = ", ".join(f"{count} × {status}" for status, count in sorted(run["statuses"].items()))
        return f"{answered or 'none'}; {lost} lost"

    row("400 clients", {n: many(n) for n in names})
    text = "\n".join(lines) + "\n"
    (out / "serve.md").write_text(text, encoding="utf-8")
    print(text)


def single(args):
    """Start, overhead and refusals: kept beside what an earlier run has measured of them."""
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "serve-single.json"
    record = json.loads(kept.read_text()) if kept.exists() else {}
    record.update({"machine": measure.machine(), "date": time.strftime("%Y-%m-%d")})
    env = {"PEEL_CONFIG": "off"}
    with tempfile.TemporaryDirectory() as scratch:
        pictures = two_megapixels(args.photo, pathlib.Path(scratch), 1)
        first = pathlib.Path(pictures[0]).read_bytes()

        def start():
            return Server("peel", [args.peel, "serve", "--log", "off", "--port", "7301"], 7301, "/api/remove", "file",
                          first, env)

        if "start" in args.single:
            record["start_ms"] = []
            for _ in range(15):
                server = start()
                record["start_ms"].append(server.start_ms)
                server.end()
        if "overhead" in args.single:
            server = start()
            record["overhead"] = overhead(server, args.python, pictures[0], 50)
            server.end()
        if "refusals" in args.single:
            record["refusal"] = refusals(args.peel, pictures, env)
    kept.write_text(json.dumps(record, indent=1))
    rows = []
    if "start_ms" in record:
        rows.append(("start to the first answer, median", f"{statistics.median(record['start_ms']):.0f}"))
    if "overhead" in record:
        cost = record["overhead"]
        rows += [("`peel.cut` of the same bytes", f"{cost['direct_ms']:.1f}"),
                 ("a request, one at a time", f"{cost['served_ms']:.1f}"),
                 ("difference, median of pairs", f"{cost['overhead_ms']:.1f}")]
    if "refusal" in record:
        rows += [("a full server's refusal, median", f"{record['refusal']['p50_ms']:.2f}"),
                 ("the same, p99", f"{record['refusal']['p99_ms']:.2f}")]
    text = "| | milliseconds |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
    (out / "serve-single.md").write_text(text, encoding="utf-8")
    print(text)


def soak(args):
    """Mixed sizes, formats and broken files, workers killed now and then; memory over time and requests."""
    from PIL import Image
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    image = Image.open(args.photo).convert("RGB")
    pictures = []
    for width in [w for w in (200, 640, 1200, 1632, 2400, 3600) if w <= args.soak_width]:
        small = image.resize((width, image.height * width // image.width))
        for kind, how in (("JPEG", {"quality": 90}), ("PNG", {}), ("WEBP", {"quality": 85})):
            if kind == "JPEG" or width <= 1632:
                file = io.BytesIO()
                small.save(file, kind, **how)
                pictures.append(file.getvalue())
    pictures += [pictures[0][:3000], b"nothing", pictures[1][:200]]
    server = Server("peel", [args.peel, "serve", "--port", "7304", "--log", "off"], 7304, "/v1/cut", "image",
                    pictures[0], {"PEEL_CONFIG": "off"})
    end = time.monotonic() + args.soak * 60
    counts, killed, lock = {}, [], threading.Lock()

    def client(seed):
        chance = random.Random(seed)
        while time.monotonic() < end:
            try:
                # Each another file: one over which several workers were killed would not be tried again.
                status = server.post(chance.choice(pictures) + chance.randbytes(8))[0]
            except OSError:
                status = "lost"
            with lock:
                counts[status] = counts.get(status, 0) + 1

    def killer():
        chance = random.Random(7)
        while time.monotonic() < end:
            time.sleep(20)
            workers = family(server.process.pid)[2:]
            if workers:
                with contextlib.suppress(OSError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    killed.append(time.monotonic())

    threads = [threading.Thread(target=client, args=(i,)) for i in range(6)] + [threading.Thread(target=killer)]
    for thread in threads:
        thread.start()
    curve = []
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(5, args.soak * 6))
        if time.monotonic() < end:  # after it workers give back what they keep
            curve.append((sum(counts.values()), resident(server.process.pid)))
    samples = server.samples
    server.end()
    record = {"machine": measure.machine(), "date": time.strftime("%Y-%m-%d"), "minutes": args.soak,
              "statuses": {str(k): v for k, v in counts.items()}, "killed": len(killed),
              "most_mb": max(mb for _, mb in samples), "curve": curve, "samples": samples}
    (out / "serve-soak.json").write_text(json.dumps(record, indent=1))
    report_soak(record, out)


def slope_of(curve, warm=0.2):
    """MB more for each 1,000 requests, by least squares, and its standard error, once the first part has warmed it."""
    late = [(n / 1000, mb) for n, mb in curve if n > curve[-1][0] * warm]
    if len(late) < 3:
        return 0.0, 0.0
    mean_n, mean_mb = statistics.mean(n for n, _ in late), statistics.mean(mb for _, mb in late)
    spread = sum((n - mean_n)**2 for n, _ in late)
    slope = sum((n - mean_n) * (mb - mean_mb) for n, mb in late) / spread
    rest = sum((mb - mean_mb - slope * (n - mean_n))**2 for n, mb in late)
    return slope, (rest / (len(late) - 2) / spread)**0.5


def report_soak(record, out):
    slope, error = slope_of(record["curve"])
    answers = sum(record["statuses"].values())
    by_status = ", ".join(f"{count:,} × {status}" for status, count in sorted(record["statuses"].items()))
    thirds = " · ".join(f"{mb:.0f}" for mb in folder_bench.thirds(record["samples"]))
    rows = [("minutes", f"{record['minutes']:g}"), ("requests", f"{answers:,}"), ("answers", by_status),
            ("workers killed", str(record["killed"])), ("most memory", f"{record['most_mb']:.0f} MB"),
            ("most memory in each third", f"{thirds} MB"),
            ("more memory for each 1,000 requests", f"{slope:+.2f} MB (± {error:.2f})")]
    text = "| | peel |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
    (out / "serve-soak.md").write_text(text, encoding="utf-8")
    folder_bench.plot({"peel serve": record["samples"]}, out / "serve-soak.svg")
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("peel", "python", "rembg", "model", "photo", "output"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--many-seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--single", nargs="*", choices=["start", "overhead", "refusals"])
    parser.add_argument("--soak", type=float)
    parser.add_argument("--soak-width", type=int, default=3600)
    args = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench/serve: wrk is not installed (apt-get install wrk)")
    if args.soak:
        soak(args)
    elif args.single is not None:
        args.single = args.single or ["start", "overhead", "refusals"]
        single(args)
    else:
        compare(args)


if __name__ == "__main__":
    main()
