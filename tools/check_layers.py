#!/usr/bin/env python3
"""Fails when a folder includes one that does not stand above it.

A picture flows one way: bytes, codec, image, matte, image, codec, bytes. LAYERS below is the order in
which the folders may see each other: a file may include its own folder and every one before it. Some
folders have layers of their own: what their sub-folders share comes first, then the sub-folders, then
the front, the few files that know all of them. Tests and benchmarks may see all of their folder.

The operating system stands behind src/base/os: its headers, and the few calls that the standard
headers let through, belong into the folder of a system there (SYSTEMS), which nothing outside sees.
"""
import pathlib
import re
import sys

LIBRARY = ["metadata", "places", "quality", "duplicates", "labels", "store", "report", "cleanup", "search"]
CODECS = ["png", "bmp", "gif", "jpeg", "tiff", "webp", "heif", "jxl", "raw"]

# (name, what belongs to it: folders, or files without their suffix). The longest fit counts.
LAYERS = [(name, [name]) for name in (
    "include/peel", "src/base", "src/base/os")] + [
    ("src/base (front)", [f"src/base/{f}" for f in (
        "cpu", "thread_pool", "block_cache", "aligned_buffer", "cache_file", "dispatch", "dispatch-inl")])] + [
    (name, [name]) for name in (
    "src/image", "src/codec", "src/codec/lazy", "src/codec/metadata", *(f"src/codec/{c}" for c in CODECS))] + [
    ("src/codec (front)", [f"src/codec/{f}" for f in (
        "sniff.cc", "decode.cc", "encode.cc", "frames.cc", "codecs", "animation_encode.cc", "picture_stream")]),
    ("src/codec/isolated", ["src/codec/isolated"])] + [(name, [name]) for name in (
    "src/rectify", "src/rectify/bilevel", "src/rectify/find", "src/rectify/text", "src/rectify/warp",
    "src/rectify/enhance", "src/rectify/pdf",
    "src/engine/graph", "src/engine/onnx",
    "src/engine/kernels", "src/engine/kernels/map", "src/engine/kernels/gemm",
    "src/engine/kernels/conv", "src/engine/kernels/bytes", "src/engine/kernels/reference")] + [
    ("src/engine/kernels (front)", ["src/engine/kernels/registry"])] + [(name, [name]) for name in (
    "src/engine/plan", "src/engine", "src/engine/quantize",
    "src/matte/colour", "src/matte/model", "src/matte/edges", "src/matte/matting", "src/matte/hints", "src/matte",
    "src/pipeline/model", "src/pipeline/cut", "src/pipeline/folder", "src/pipeline/jobs",
    "src/video/media", "src/video/matte", "src/video",
    *(f"src/library/{room}" for room in LIBRARY), "src/library",
    "src/server/http", "src/server/fetch", "src/server/guard", "src/server/telemetry",
    "src/server/page", "src/server/work", "src/server/api", "src/server", "src/capi",
    "apps/peel", "apps/peel/model", "apps/peel/doctor", "apps/peel/cut", "apps/peel/stream",
    "apps/peel/rectify", "apps/peel/video", "apps/peel/bench", "apps/peel/serve", "apps/peel/scan")] + [
    ("apps/peel (front)", ["apps/peel/main"])]
ORDER = {name: place for place, (name, _) in enumerate(LAYERS)}

ENGINE_CORE = ["src/engine/graph", "src/engine/onnx", "src/engine/kernels", "src/engine/plan",
               "src/engine"]
# Side by side: the first may not see the second although the order would allow it. A folder stands
# for its sub-folders too.
APART = [(a, b) for a in ENGINE_CORE + ["src/engine/quantize"]
         for b in ("src/image", "src/codec", "src/rectify")] + [
    ("src/engine/kernels", "src/engine/onnx"), ("src/engine/plan", "src/engine/onnx"),
    ("src/engine/kernels/reference", "src/engine/kernels/map"),
    ("src/engine/kernels/reference", "src/engine/kernels/conv"),
    ("src/engine/kernels/reference", "src/engine/kernels/gemm"),
    ("src/engine/kernels/gemm", "src/engine/kernels/conv"),
    ("src/matte", "src/codec"), ("src/matte", "src/rectify"), ("src/rectify", "src/codec"),
    ("src/base", "include/peel"),
    *(("src/video/media", f"src/{b}") for b in (
        "image", "codec", "rectify", "engine", "matte", "pipeline", "video/matte")),
    ("src/video/matte", "src/codec"), ("src/video/matte", "src/rectify"), ("src/video/matte", "src/pipeline"),
    ("src/library", "src/video"), ("src/server", "src/library"), ("src/server", "src/video"),
] + [(f"src/library/{a}", f"src/library/{b}") for a in LIBRARY[:5] for b in LIBRARY[:5] if a != b
] + [(f"src/library/{a}", f"src/{b}") for a, seen in (
    ("metadata", ("base", "codec")), ("places", ("base",)), ("quality", ("base", "image")),
    ("duplicates", ("base", "image")), ("labels", ("base", "image", "engine")))
    for b in ("image", "codec", "rectify", "engine", "matte", "pipeline", "video") if b not in seen
] + [(f"src/codec/{a}", f"src/codec/{b}") for a in CODECS for b in CODECS
     # TIFF deflates with PNG's encoder, a raw file's preview is a JPEG.
     if a != b and (a, b) not in (("tiff", "png"), ("raw", "jpeg"))]

SYSTEMS = [f"src/base/os/{system}" for system in ("linux", "posix", "windows")]
# What headers named like a system's (with .h) may be: of the C and C++ libraries, and of libraries
# that Peel is built on.
STANDARD = {"assert.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "math.h"}
LIBRARIES = {"avif", "benchmark", "boost", "CLI", "fmt", "gif_lib.h", "gmock", "gtest", "hwy", "jerror.h",
             "jpeglib.h", "jxl", "lcms2.h", "libdeflate.h", "libheif", "libraw", "nanobind",
             "nlohmann", "openssl", "peel", "protozero", "Python.h", "seccomp.h", "sqlite3.h", "tiffio.h", "utf8proc.h", "webp", "yaml-cpp", "zlib.h"}
# What is no name.h and the system's all the same.
SYSTEM_HEADERS = {"csignal", "cxxabi.h"}
# What <cstdlib> and its likes declare of the system beside the standard; where it tells of itself; and
# what it is asked for by its name.
SYSTEM_WORDS = re.compile(
    r"\b(?:setenv|unsetenv|putenv|environ|mkdtemp|mkstemp|fileno|fdopen|popen|strsignal|sigdescr_np|"
    r"aligned_alloc|__linux__|__unix__|__APPLE__|__GLIBC__|_WIN32)\b|\"/(?:proc|sys|etc)/")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
# Files outside of src/base/os that need the system themselves: why.
ALLOWED = {
    "fuzz/fetch_url_fuzz.cc": "compares with the C library's own readers of addresses",
    "src/codec/jxl/jxl_test.cc": "looks for the encoder in the library that Peel has opened",
    "src/server/http/http_limits_test.cc": "takes the process its descriptors",
    "src/base/test_executor.h": "counts the threads of a test",
    "src/server/work/test_pool.h": "sets a variable for the processes of a test",
    "src/video/media/test_films.h": "sets the variable that names ffmpeg for a test",
    "src/pipeline/folder/manifest_test.cc": "forks, to have two runs write at the same time",
    "src/pipeline/folder/names_test.cc": "makes a named pipe",
    "src/server/run_service.cc": "the numbers of the signals that Asio waits for",
    "python/src/engine.cc": "the module is built on the C interface alone; knows itself after a fork",
    "python/src/engine.h": "as engine.cc",
    "python/src/gil.cc": "as engine.cc; Python's threads and forks",
    "python/src/run.cc": "as engine.cc; whether it runs in the main thread",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def within(path, folder):
    return path == folder or path.startswith((folder + "/", folder + "."))


def layer_of(path):
    """The layer whose entry is the longest that contains the path, or None."""
    fits = [(len(entry), name) for name, entries in LAYERS for entry in entries if within(path, entry)]
    return max(fits)[1] if fits else None


def may_include(path, layer, seen):
    if seen == layer:
        return True
    if ORDER[seen] > ORDER[layer]:
        # Tests look at the whole of the component they belong to.
        top = "/".join(layer.replace(" (front)", "").split("/")[:2])
        return path.endswith(("_test.cc", "_bench.cc")) and within(seen.replace(" (front)", ""), top)
    return not any(within(layer, a) and within(seen, b) for a, b in APART)


def system_uses(name, text):
    """What a file outside of SYSTEMS takes from the operating system itself."""
    if name in ALLOWED:
        return []
    own = [system for system in SYSTEMS if within(name, system)]
    uses = [f"may not include {target}, which is one system's"
            for _, target in INCLUDE.findall(text)
            if any(within(target, system) for system in SYSTEMS if system not in own)]
    for kind, target in [] if own else INCLUDE.findall(text):
        is_library = target in STANDARD or target.split("/")[0] in LIBRARIES
        if kind == "<" and (target in SYSTEM_HEADERS or (target.endswith(".h") and not is_library)):
            uses.append(f"may not include the system's <{target}>")
    if not own and not name.endswith("_test.cc") and not name.startswith("include/"):
        uses += [f"may not use {word}" for word in SYSTEM_WORDS.findall(COMMENT.sub("", text))]
    return [f"{name}: {use}; put it behind src/base/os" for use in uses]


def main():
    bad = 0
    files = [p for top in ("include", "src", "apps") for p in (ROOT / top).rglob("*")
             if p.suffix in (".h", ".hpp", ".cc")]
    for file in files + [p for top in ("fuzz", "python/src") for p in (ROOT / top).rglob("*")
                         if p.suffix in (".h", ".cc")]:
        name = file.relative_to(ROOT).as_posix()
        for line in system_uses(name, file.read_text(encoding="utf-8")):
            print(line)
            bad += 1
    for file in sorted(files):
        name = file.relative_to(ROOT).as_posix()
        layer = layer_of(name)
        if layer is None:
            print(f"{name}: belongs to no layer; add its folder to tools/check_layers.py")
            bad += 1
            continue
        for match in INCLUDE.finditer(file.read_text(encoding="utf-8")):
            target = match.group(2)
            if target.startswith("peel/"):
                target = "include/" + target
            seen = layer_of(target)
            if seen is None:
                if match.group(1) == '"' and target != "hwy/foreach_target.h":
                    print(f"{name}: \"{target}\" is not a full path from the repository's root")
                    bad += 1
                continue
            if not may_include(name, layer, seen):
                print(f"{name}: {layer} may not include {seen} ({target})")
                bad += 1
    print(f"layers: {len(files)} files, {bad} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
