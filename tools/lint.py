#!/usr/bin/env python3
"""make lint: clang-format and clang-tidy (.clang-tidy) over every C and C++ file that git knows.

usage: tools/lint.py [-j JOBS] [--python PYTHON] [FILE...]

Needs a configured build/ for the compile commands; builds nothing. Files that this build leaves out (fuzz
targets, benchmarks, the Python module) are read with the flags of the others. Headers are read where a
source includes them: one that no source reaches is an error too, so that nothing goes unread. A file found
clean is not read again until it, a header of ours that it reaches, its flags or the checks change; the
notes of that lie in build/lint. Returns 1 if anything was found.
"""
import argparse
import collections
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import sysconfig

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTES = ROOT / "build/lint"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
SELF = re.compile(r'^\s*#\s*define\s+HWY_TARGET_INCLUDE\s+"([^"]+)"', re.M)
# Built for another system, by a compiler of its own.
WINDOWS = ("tools/windows/", "src/base/os/windows/")
FINDING = re.compile(r"^(\S+?:\d+:\d+): (?:warning|error): (.*?)(?: \[([^\]]+)\])?$", re.M)
# Tests and benchmarks: GoogleTest's macros cost the analyzer four times what all else costs, and their
# pictures are small and of known sides, so that a product of two fits and a half is meant to be whole;
# they compare floats bit for bit on purpose, and what they copy costs nobody anything.
TEST_CHECKS = ("--checks=-clang-analyzer-*,-bugprone-implicit-widening-of-multiplication-result,"
               "-bugprone-integer-division,-bugprone-suspicious-memory-comparison,-performance-*")


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def tracked(*patterns):
    return run("git", "ls-files", *patterns).stdout.splitlines()


@functools.cache
def text(file):
    return (ROOT / file).read_text()


@functools.cache
def includes(file):
    """The files of ours that `file` includes itself."""
    found = set()
    for name in INCLUDE.findall(text(file)) + SELF.findall(text(file)):
        for folder in ("", "include", str(pathlib.PurePath(file).parent)):
            path = os.path.normpath(os.path.join(folder, name))
            if (ROOT / path).is_file():
                found.add(path)
                break
    return found


def reached(file):
    seen, todo = {file}, [file]
    while todo:
        new = includes(todo.pop()) - seen
        seen |= new
        todo += new
    return seen


def compile_commands(sources, python):
    """{source: flags}: the build's own, or for what it leaves out those of its neighbour in spirit."""
    own = {}
    for entry in json.loads((ROOT / "build/compile_commands.json").read_text()):
        own[os.path.relpath(entry["file"], ROOT)] = shlex.split(entry["command"])
    base, base_c = own["src/codec/decode.cc"], own["src/capi/layout_test.c"]

    def flags(words):
        # Without the compiler (a launcher may stand before it), the output and the source.
        return [w for w in words if w.startswith(("-I", "-isystem", "-D", "-std", "-f", "-m", "-W", "/"))
                and not w.endswith((".o", ".cc", ".c", "c++", "g++", "cc", "gcc", "ccache"))]

    extra = []
    if any(s.startswith("python/") for s in sources):
        where = run(python, "-c", "import nanobind, sysconfig; print(nanobind.include_dir());"
                    "print(sysconfig.get_path('include'))")
        if where.returncode:
            sys.exit(f"lint: python/src needs nanobind: {where.stderr.strip().splitlines()[-1]}")
        extra = [f for folder in where.stdout.split() for f in ("-isystem", folder)]
    return {s: flags(own.get(s, base if s.endswith(".cc") else base_c)) +
            (extra if s.startswith("python/") else []) for s in sources}


def tidy(source, flags, common):
    """None if the file was found clean before, else what clang-tidy says about it ('' is clean)."""
    digest = hashlib.sha256("\0".join([common, *flags]).encode())
    for file in sorted(reached(source)):
        digest.update(f"\0{file}\0{text(file)}".encode())
    note = NOTES / (source.replace("/", "+") + ".clean")
    if note.is_file() and note.read_text() == digest.hexdigest():
        return None
    test = source.endswith(("_test.cc", "_bench.cc"))
    done = run("clang-tidy", "-quiet", *([TEST_CHECKS] if test else []), source, "--", *flags)
    if done.returncode == 0 and not FINDING.search(done.stdout):
        note.write_text(digest.hexdigest())
        return ""
    return done.stdout or done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--python", default=sys.executable, help="one that has nanobind")
    parser.add_argument("files", nargs="*", help="sources to read, instead of all")
    options = parser.parse_args()
    os.chdir(ROOT)
    NOTES.mkdir(parents=True, exist_ok=True)

    headers = [h for h in tracked("*.h", "*.hpp") if not h.startswith(WINDOWS)]
    sources = [s for s in tracked("*.cc", "*.c") if not s.startswith(WINDOWS)]
    failed = False
    layout = run("clang-format", "--dry-run", "-Werror", *(options.files or [*headers, *tracked("*.cc")]))
    if layout.returncode:
        print(layout.stderr, end="")
        failed = True

    unread = set(headers) - set().union(*map(reached, sources))
    for header in sorted(unread):
        print(f"{header}: no source includes it")
        failed = True

    sources = options.files or sources
    commands = compile_commands(sources, options.python)
    common = run("clang-tidy", "--version").stdout + text(".clang-tidy") + TEST_CHECKS
    findings, fresh = {}, 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        jobs = {pool.submit(tidy, s, commands[s], common): s for s in sources}
        for job in concurrent.futures.as_completed(jobs):
            said = job.result()
            if said is None:
                continue
            fresh += 1
            if not said:
                continue
            failed = True
            places = {m[0]: m for m in (f.groups() for f in FINDING.finditer(said))}
            if not places or any(where not in findings for where in places):
                print(said, end="" if said.endswith("\n") else "\n", flush=True)
            findings.update(places or {jobs[job]: (jobs[job], said, "not read")})
    print(f"lint: {len(sources)} sources ({fresh} read, {len(sources) - fresh} unchanged since found clean) "
          f"and {len(headers) - len(unread)} of {len(headers)} headers, {len(findings)} findings")
    names = collections.Counter((f[2] or "").replace(",-warnings-as-errors", "") for f in findings.values())
    for name, count in names.most_common():
        print(f"{count:6} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
