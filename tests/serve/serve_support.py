"""A service of a test's own, and what to ask it."""
import contextlib
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import requests
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from cli_support import ball  # noqa: E402, F401

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "peel"
SHARED = ROOT.parent / "shared"
PATIENCE = 60  # seconds for what takes none: a loaded machine is no failure


def encoded(image, kind="JPEG", **how):
    file = io.BytesIO()
    image.save(file, kind, **({"quality": 92} if kind == "JPEG" else {}), **how)
    return file.getvalue()


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def is_cut_out(image):
    """The ball in the middle is there, the corners are gone."""
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    height, width = alpha.shape
    return alpha[height // 2, width // 2] > 200 and alpha[2, 2] < 30 and alpha[-3, -3] < 30


class Service:
    """`peel serve` as a process of its own, at a port that the system picked."""

    def __init__(self, *options, program=PROGRAM, env=None, folder=None):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", *map(str, options)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=folder, env={**os.environ, "PEEL_CONFIG": "off", **(env or {})})
        self.lines = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        match = self.wait_for(r"listening on (\S+)")
        self.address = match.group(1)
        self.port = int(self.address.rsplit(":", 1)[1]) if "://" in self.address else None

    def _read(self):
        for line in self.process.stderr:
            with self._told:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._told.notify_all()
        with self._told:
            self.lines.append(None)
            self._told.notify_all()

    @property
    def log(self):
        return "\n".join(line for line in self.lines if line is not None)

    def wait_for(self, pattern, patience=PATIENCE):
        """The first line of its standard error that matches."""
        end = time.monotonic() + patience
        seen = 0
        with self._told:
            while True:
                while seen < len(self.lines):
                    line = self.lines[seen]
                    seen += 1
                    if line is None:
                        raise AssertionError(f"ended without {pattern!r}:\n{self.log}")
                    if found := re.search(pattern, line):
                        return found
                if not self._told.wait(timeout=end - time.monotonic()):
                    raise AssertionError(f"no {pattern!r} in time:\n{self.log}")

    def json_lines(self):
        return [json.loads(line) for line in self.lines if line and line.startswith("{")]

    def get(self, path, **how):
        return requests.get(self.address + path, timeout=PATIENCE, **how)

    def post(self, path, **how):
        return requests.post(self.address + path, timeout=PATIENCE, **how)

    def cut(self, picture, **fields):
        return self.post("/v1/cut", files={"image": ("p.jpg", picture)}, data=fields)

    def metric(self, name, **labels):
        """The sum of what matches."""
        total = 0.0
        for line in self.get("/metrics").text.splitlines():
            match = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)', line)
            if not match or match.group(1) != name:
                continue
            found = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                total += float(match.group(3))
        return total

    def descendants(self):
        """Process numbers of its tree without itself."""
        children = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found, ask = [], [self.process.pid]
        while ask:
            for child in children.get(ask.pop(), []):
                found.append(child)
                ask.append(child)
        return found

    def end(self, how=signal.SIGTERM):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._reader.join(timeout=PATIENCE)
            self.process.stderr.close()


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)


@contextlib.contextmanager
def serving(*options, **how):
    service = Service(*options, **how)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        service._reader.join(timeout=PATIENCE)
        if not service.process.stderr.closed:
            service.process.stderr.close()


def new_key(path, name, **limits):
    """A key, and the limits put into its entry of the file."""
    done = subprocess.run([PROGRAM, "serve", "--keys", path, "--new-key", name], capture_output=True, text=True,
                          check=True, env={**os.environ, "PEEL_CONFIG": "off"})
    if limits:
        file = json.loads(path.read_text())
        next(entry for entry in file["keys"] if entry["name"] == name).update(limits)
        path.write_text(json.dumps(file))
    return done.stdout.strip()
