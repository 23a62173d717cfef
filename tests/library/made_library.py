"""Libraries of any size, made without a scan: rows as a scan would write them, with thumbnails of a few
pictures."""
import io
import json
import pathlib
import random
import re
import sqlite3

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = [("Lisbon", "Portugal", 38.72, -9.14), ("Porto", "Portugal", 41.15, -8.61), ("Kyoto", "Japan", 35.01, 135.77),
          ("Reykjavík", "Iceland", 64.15, -21.94), ("Cape Town", "South Africa", -33.92, 18.42),
          ("Québec", "Canada", 46.81, -71.21), ("Cusco", "Peru", -13.53, -71.97), ("Bergen", "Norway", 60.39, 5.32),
          ("Wellington", "New Zealand", -41.29, 174.78), ("Marrakesh", "Morocco", 31.63, -7.99)]
CAMERAS = [("Canon", "Canon EOS R5", ["RF24-105mm F4 L IS USM", "RF50mm F1.8 STM"]), ("NIKON CORPORATION", "NIKON D750",
           ["AF-S NIKKOR 50mm f/1.8G", "24.0-70.0 mm f/2.8"]), ("Apple", "iPhone 13", ["iPhone 13 back dual wide camera"]),
           ("FUJIFILM", "X-T4", ["XF35mmF2 R WR"]), ("Google", "Pixel 7", [None])]
SCENES = ["seashore", "valley", "castle", "tabby cat", "espresso", "alp", "palace", "street sign", "bicycle", "umbrella",
          "church", "lakeside", "volcano", "bookshop", "tram", "suspension bridge", "daisy", "golden retriever"]
LABELS = ["person", "dog", "cat", "bicycle", "cup", "car", "boat", "bird", "bench", "chair", "book", "potted plant", "clock",
          "umbrella", "backpack", "train"]


def schema():
    """Every step that the program has from an empty file to today's layout."""
    source = (ROOT / "src/library/store/schema.cc").read_text(encoding="utf-8")
    steps = re.findall(r'R"sql\((.*?)\)sql"', source, re.S)
    application = re.search(r"kApplicationId = (0x[0-9A-Fa-f]+)",
                            (ROOT / "src/library/store/schema.h").read_text(encoding="utf-8"))[1]
    return "\n".join(steps) + f"\nPRAGMA application_id = {int(application, 16)}; PRAGMA user_version = {len(steps)};"


def without_sidecars(database):
    """A library of today as layout 3 had it."""
    names = ("photos", "objects", "duplicates", "stacks")
    now = {name: database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0] for name in names}
    for name in names:  # or SQLite refuses to take a column away
        database.execute(f"DROP VIEW {name}")
    for table, column in (("files", "sidecar"), ("files", "sidecar_stamp"), ("metadata", "label"), ("metadata", "creator"),
                          ("metadata", "copyright")):
        database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    now["photos"] = "CREATE VIEW photos" + schema().split("CREATE VIEW photos")[1].split(";")[0]
    for name in names:
        database.execute(now[name])
    database.execute("PRAGMA user_version = 3")
    database.commit()


def empty(path):
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL;" + schema())
    return database


def insert(database, table, **values):
    names = ", ".join(values)
    return database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})",
                            list(values.values())).lastrowid


def jpeg(image, side=256, quality=82):
    image = image.convert("RGB")
    image.thumbnail((side, side))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def half(values):
    """float16 in little endian, of length 1."""
    values = np.asarray(values, np.float32)
    return (values / max(np.linalg.norm(values), 1e-9)).astype("<f2").tobytes()


def add(database, path, *, size=1000, mtime_ns=1_700_000_000_000_000_000, content_hash=None, status="ok", phases=7,
        error=None, format="jpeg", metadata=None, measures=None, scene=None, embedding=None, faces=(), objects=(),
        path_bytes=None):
    """One file with whatever of it is given."""
    file_id = insert(database, "files", path=path, path_bytes=path_bytes, size=size, mtime_ns=mtime_ns,
                     content_hash=content_hash, format=format, status=status, error=error, phases=phases,
                     scanned_at="2024-05-01T10:00:00Z")
    if metadata is not None:
        insert(database, "metadata", file_id=file_id, **metadata)
    if measures is not None:
        insert(database, "measures", file_id=file_id, **measures)
    if scene is not None or embedding is not None:
        insert(database, "scenes", file_id=file_id, scene=scene, scene_score=0.9 if scene else None,
               embedding=half(embedding) if embedding is not None else None)
    for x, y, w, h in faces:
        insert(database, "faces", file_id=file_id, score=0.9, x=x, y=y, w=w, h=h, landmarks="[]")
    for label in objects:
        insert(database, "detections", file_id=file_id, label=label, score=0.8, x=0.1, y=0.1, w=0.5, h=0.5)
    return file_id


def groups(database, tier, members, first=None):
    """members: file ids, the best first."""
    group = first or database.execute("SELECT coalesce(max(group_id), 0) + 1 FROM duplicate_members").fetchone()[0]
    for place, file_id in enumerate(members):
        insert(database, "duplicate_members", group_id=group, tier=tier, file_id=file_id, distance=4.0 * place,
               best=int(place == 0), reason="largest: 6000×4000, sharpest of %d" % len(members) if place == 0 else "")
    return group


def many(path, count, images, seed=1, folder="/photos/Travels", embedding_size=0):
    """A library of so many pictures over fifteen years; `images` give the thumbnails. The same for the
    same seed."""
    rng = random.Random(seed)
    pictures = []
    for image in images:
        image = image.convert("RGB")
        small = np.asarray(image.resize((32, 32))).reshape(-1, 3)
        order = small[np.argsort(small.astype(int).max(1) - small.astype(int).min(1))[::-1]]
        colours = [order[i * 200] for i in range(5)]
        pictures.append((jpeg(image), image.size, colours))
    database = empty(path)
    database.execute("PRAGMA synchronous = OFF")
    insert(database, "runs", started_at="2024-05-01T10:00:00Z", ended_at="2024-05-01T10:01:30Z", version="0.1.0",
           figures=json.dumps({"pictures": count, "pictures_per_second": 61.4, "peak_memory_mb": 412}))
    ids = []
    for number in range(count):
        picture = rng.randrange(len(pictures))
        thumbnail, (width, height), colours = pictures[picture]
        make, model, lenses = CAMERAS[min(int(rng.expovariate(0.8)), len(CAMERAS) - 1)]
        city, country, latitude, longitude = PLACES[min(int(rng.expovariate(0.45)), len(PLACES) - 1)]
        year = min(2009 + int(15 * rng.random() ** 0.6), 2023)
        day = f"{year}-{rng.choice([1, 4, 5, 6, 7, 7, 8, 8, 8, 9, 10, 12]):02d}-{rng.randint(1, 28):02d}"
        hour = min(max(int(rng.gauss(14, 4)), 0), 23)
        located = rng.random() < 0.7
        quality = min(max(rng.gauss(0.62, 0.17), 0.02), 0.99)
        sharpness = min(max(rng.gauss(0.68, 0.2), 0.02), 1)
        scale = 4000 / max(width, height)
        names = rng.choice(["IMG", "DSC", "PXL"])
        broken = rng.random() < 0.002
        ids.append(add(
            database, f"{folder}/{year}/{city}/{names}_{number:06d}.jpg", size=rng.randint(2_000_000, 9_000_000),
            content_hash=f"{rng.getrandbits(64):016x}", status="error" if broken else "ok",
            error="the JPEG ends in the middle" if broken else None, phases=0 if broken else 7,
            metadata=None if broken else dict(
                width=round(width * scale), height=round(height * scale), orientation=1,
                taken_at=f"{day}T{hour:02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}", make=make, model=model,
                lens=rng.choice(lenses), focal_mm=50.0, focal35_mm=float(rng.choice([24, 26, 35, 50, 85, 105, 200])),
                aperture=2.8, exposure_s=1 / 250, iso=rng.choice([100, 100, 200, 400, 800, 1600, 3200]), flash=0,
                gps_lat=latitude + rng.gauss(0, 0.4) if located else None,
                gps_lon=longitude + rng.gauss(0, 0.4) if located else None,
                city=city if located else None, country=country if located else None,
                keywords=json.dumps(["holiday"]) if rng.random() < 0.1 else "[]", bit_depth=8, is_animated=0,
                motion_photo=0),
            measures=None if broken else dict(
                phash=f"{rng.getrandbits(256):064x}", phash_quality=100, sharpness=sharpness, exposure=rng.gauss(0, 0.25),
                contrast=0.5, noise=abs(rng.gauss(3, 2.2)), colorfulness=rng.uniform(10, 70),
                dominant_colors=json.dumps([{"hex": "#%02x%02x%02x" % tuple(
                    int(min(max(v + rng.gauss(0, 14), 0), 255)) for v in c), "share": share}
                    for c, share in zip(colours, (0.4, 0.25, 0.15, 0.12, 0.08))]), quality=quality, subject_share=0.2,
                subject_sharpness=sharpness, subject_exposure=0.0, subject_cut_off=int(rng.random() < 0.05),
                subject_score=min(quality + 0.1, 1), thumbnail=thumbnail),
            scene=None if broken else rng.choice(SCENES[:1 + picture % len(SCENES)] + SCENES),
            embedding=[rng.gauss(0, 1) for _ in range(embedding_size)] if embedding_size and not broken else None,
            faces=[(0.35, 0.2, 0.2, 0.25)] if not broken and rng.random() < 0.2 else (),
            objects=() if broken else {rng.choice(LABELS) for _ in range(rng.randrange(4))}))
    for tier, share in (("exact", 0.01), ("same", 0.02), ("similar", 0.03)):
        for _ in range(int(count * share)):
            groups(database, tier, rng.sample(ids, rng.choice([2, 2, 2, 3, 4, 7])))
    stacks = 0
    for kind in ("raw+jpeg", "burst", "live"):
        for _ in range(count // 150):
            stacks += 1
            for file_id in rng.sample(ids, 2 if kind != "burst" else rng.randint(3, 9)):
                insert(database, "stack_members", stack_id=stacks, kind=kind, file_id=file_id)
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
