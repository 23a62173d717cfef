#!/usr/bin/env python3
"""Fails when a folder includes one that does not stand above it.

A picture flows one way: bytes, codec, image, matte, image, codec, bytes. The list below is the order
in which the rooms may see each other; a file may include its own room and every room before it.
"""
import pathlib
import re
import sys

ORDER = [
    "include/peel", "src/base", "src/image", "src/codec", "src/engine/graph", "src/engine/onnx",
    "src/engine/kernels", "src/engine/plan", "src/engine", "src/engine/quantize", "src/matte",
    "src/pipeline",
    "src/library", "src/capi", "apps/peel", "apps/serve",
]
# Rooms side by side: neither end of a pair may see the other although the order would allow it.
APART = {
    ("src/engine/kernels", "src/engine/onnx"), ("src/engine/plan", "src/engine/onnx"),
    ("src/engine/graph", "src/image"), ("src/engine/graph", "src/codec"),
    ("src/engine/kernels", "src/image"), ("src/engine/kernels", "src/codec"),
    ("src/engine/plan", "src/image"), ("src/engine/plan", "src/codec"),
    ("src/engine/onnx", "src/image"), ("src/engine/onnx", "src/codec"),
    ("src/engine", "src/image"), ("src/engine", "src/codec"),
    ("src/engine/quantize", "src/image"), ("src/engine/quantize", "src/codec"),
    ("src/matte", "src/codec"), ("src/base", "include/peel"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def room_of(path):
    """The longest entry of ORDER that contains the path, or None."""
    fits = [room for room in ORDER if path == room or path.startswith(room + "/")]
    return max(fits, key=len) if fits else None


def main():
    bad = 0
    files = [p for top in ("include", "src", "apps") for p in (ROOT / top).rglob("*")
             if p.suffix in (".h", ".hpp", ".cc")]
    for file in sorted(files):
        name = file.relative_to(ROOT).as_posix()
        room = room_of(name)
        if room is None:
            print(f"{name}: lies in no room; add its folder to tools/check_layers.py")
            bad += 1
            continue
        for match in INCLUDE.finditer(file.read_text(encoding="utf-8")):
            target = match.group(2)
            if target.startswith("peel/"):
                target = "include/" + target
            seen = room_of(target)
            if seen is None:
                if match.group(1) == '"' and target != "hwy/foreach_target.h":
                    print(f"{name}: \"{target}\" is not a full path from the repository's root")
                    bad += 1
                continue
            if seen != room and (ORDER.index(seen) > ORDER.index(room) or (room, seen) in APART):
                print(f"{name}: {room} may not include {seen} ({target})")
                bad += 1
    print(f"layers: {len(files)} files, {bad} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
