"""What the tests of `peel scan` share: the program in a folder of its own, made pictures, the database."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PEEL = pathlib.Path(os.environ.get("PEEL", ROOT / "build/peel"))

# What a second scan of the same files must find again, by the files' names; numbers of rows and times are not it.
CONTENTS = {
    "files": "SELECT path, size, mtime_ns, edge_hash, content_hash, format, status, error, phases, models FROM files",
    "metadata": "SELECT f.path, m.* FROM metadata m JOIN files f ON f.id = m.file_id",
    "measures": "SELECT f.path, m.* FROM measures m JOIN files f ON f.id = m.file_id",
    "scenes": "SELECT f.path, s.* FROM scenes s JOIN files f ON f.id = s.file_id",
    "faces": "SELECT f.path, c.* FROM faces c JOIN files f ON f.id = c.file_id",
    "objects": "SELECT * FROM objects",
    "duplicates": "SELECT tier, path, distance, best, reason FROM duplicates",
    "stacks": "SELECT kind, path FROM stacks",
}


def scene(seed, width=320, height=240):
    """A picture like no other: soft patches, edges and a little grain."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), np.int16).copy()
    for _ in range(12):
        x, y = int(rng.integers(0, width - 20)), int(rng.integers(0, height - 20))
        picture[y:y + int(rng.integers(8, 90)), x:x + int(rng.integers(8, 90))] = rng.integers(0, 256, 3)
    picture = picture + rng.integers(-6, 7, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def pictures(folder, count, first=0, suffix=".jpg"):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        scene(i).save(folder / f"{i:03}{suffix}", quality=90)


def opened(database, mode="ro"):
    """After a kill mode="rw": a journal that was left behind is rolled back by who opens the library next, and only
    one who may write can do that."""
    connection = sqlite3.connect(f"file:{database}?mode={mode}", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return connection


def contents(database):
    """All that the library says of its files, without the numbers of its rows; whole by SQLite's own check."""
    found = {}
    connection = opened(database)
    for name, sql in CONTENTS.items():
        cursor = connection.execute(sql)
        kept = [i for i, column in enumerate(cursor.description) if column[0] not in ("file_id", "id")]
        found[name] = sorted(tuple(row[i] for i in kept) for row in cursor), kept
    connection.close()
    return {name: rows for name, (rows, _) in found.items()}


def value(database, sql, *arguments):
    connection = opened(database)
    try:
        return connection.execute(sql, arguments).fetchone()[0]
    finally:
        connection.close()


def rows(database, sql, *arguments):
    connection = opened(database)
    try:
        return connection.execute(sql, arguments).fetchall()
    finally:
        connection.close()


def last_run(database):
    settings, figures, report = rows(database, "SELECT settings, figures, report FROM runs ORDER BY id DESC LIMIT 1")[0]
    return json.loads(settings), json.loads(figures), json.loads(report)


class Scanner:
    """The program, with the settings of no user."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "PEEL_CONFIG": "off", "HOME": str(folder)}

    def __call__(self, *arguments, timeout=120, code=0, **how):
        done = subprocess.run([PEEL, "scan", *map(str, arguments)], capture_output=True, timeout=timeout, cwd=self.folder,
                              env=self.environment, **how)
        done.err = done.stderr.decode(errors="replace")
        assert done.returncode == code, (done.returncode, done.err[-2000:])
        return done

    def start(self, *arguments, **how):
        return subprocess.Popen([PEEL, "scan", *map(str, arguments)], cwd=self.folder, env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **how)


def lowered(*arguments):
    """A command for a process that may not read what it is not allowed to, where the tests run as root."""
    return [sys.executable, "-c", "import os, sys; os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])",
            *map(str, arguments)]
