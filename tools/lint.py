#!/usr/bin/env python3
"""make lint: clang-format and clang-tidy (.clang-tidy) over every C and C++ file that git knows.

usage: tools/lint.py [-j JOBS] [--quick] [--python PYTHON] [FILE...]

Needs a configured build/ for the compile commands; builds nothing. Files that this build leaves out (fuzz
targets, benchmarks, the Python module) are read with the flags of the others. Headers are read where a
source includes them: one that no source reaches is an error too, so that nothing goes unread. Sources of
one folder are read together, as one unit, where their names allow it: most of the time goes into the
standard library's headers, once per unit. A file found clean is not read again until it, a header of ours
that it reaches or its flags change, or a check is added; the notes of that lie in build/lint. Returns 1 if
anything was found.
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
UNIT = 8  # sources of a unit at most
FINDING = re.compile(r"^(\S+?:\d+:\d+): (?:warning|error): (.*?)(?: \[([^\]]+)\])?$", re.M)
# Tests and benchmarks: GoogleTest's macros cost the analyzer four times what all else costs, and their
# pictures are small and of known sides, so that a product of two fits and a half is meant to be whole;
# they compare floats bit for bit on purpose, what they copy costs nobody anything, and an exception in a
# destructor of theirs may well end them.
TEST_CHECKS = ("--checks=-clang-analyzer-*,-bugprone-implicit-widening-of-multiplication-result,"
               "-bugprone-misplaced-widening-cast,-bugprone-integer-division,"
               "-bugprone-suspicious-memory-comparison,-bugprone-exception-escape,-performance-*")


def findings_of(output):
    """(place, text, check) of each finding. What the analyzer says of a library's own header is left out, as
    clang-tidy leaves out other checks there: it takes Asio's coroutines, say, for ones that nobody has started."""
    found = [m.groups() for m in FINDING.finditer(output)]
    return [f for f in found if (ROOT / f[0]).is_relative_to(ROOT) or not (f[2] or "").startswith("clang-analyzer-")]


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


def is_test(source):
    return source.endswith(("_test.cc", "_bench.cc"))


def names(source):
    """What `source` defines at the top, roughly: two files of a unit may not define the same."""
    found = set()
    for line in text(source).splitlines():
        if not line[:1].isalpha() or line.startswith(("namespace", "template", "using namespace", "using ::")):
            continue
        if test := re.match(r"(?:TYPED_)?TEST\w*\((\w+), (\w+)", line):
            found.add(test[1] + "." + test[2])
        elif not re.match(r"(class|struct|enum)[\w\s]*;$", line):
            head = re.split(r"[({=;\[]| : |:$", line.split("//")[0], maxsplit=1)[0]
            found.update(re.findall(r"([\w:~]+)\s*$", head))
    return found


def units(sources, commands):
    """The sources in groups that one run of clang-tidy reads, in the order given."""
    open_units, all_units = {}, []  # by folder, kind and flags: [(sources, their names)]
    for source in sources:
        if not source.endswith(".cc") or "foreach_target" in text(source):
            all_units.append([source])  # Highway reads it once per target
            continue
        key = (os.path.dirname(source), is_test(source), *commands[source])
        mine = names(source)
        for unit, theirs in open_units.setdefault(key, []):
            if len(unit) < UNIT and not mine & theirs:
                unit.append(source)
                theirs |= mine
                break
        else:
            open_units[key].append(([source], mine))
            all_units.append(open_units[key][-1][0])
    return all_units


class Notes:
    """What was found clean, and by which checks: with fewer of them it is so still."""

    def __init__(self, quick):
        self.arguments = {True: [TEST_CHECKS], False: ["--checks=-clang-analyzer-*"] if quick else []}
        NOTES.mkdir(parents=True, exist_ok=True)
        config = re.sub(r"^#.*\n|^Checks:.*\n(?:\s.*\n)*", "", text(".clang-tidy"), flags=re.M)
        self.common = run("clang-tidy", "--version").stdout + config
        self.checks = {test: set(run("clang-tidy", "--list-checks", *arguments).stdout.split()[2:])
                       for test, arguments in self.arguments.items()}

    def digest(self, source, flags):
        digest = hashlib.sha256("\0".join([self.common, *flags]).encode())
        for file in sorted(reached(source)):
            digest.update(f"\0{file}\0{text(file)}".encode())
        return digest.hexdigest()

    @staticmethod
    def file(source):
        return NOTES / (source.replace("/", "+") + ".clean")

    def is_clean(self, source, flags):
        if not self.file(source).is_file():
            return False
        digest, *checks = self.file(source).read_text().split()
        return digest == self.digest(source, flags) and self.checks[is_test(source)] <= set(checks)

    def add(self, source, flags):
        self.file(source).write_text(
            "\n".join([self.digest(source, flags), *sorted(self.checks[is_test(source)])]))


def tidy(unit, commands, notes):
    """What clang-tidy says about the sources of a unit ('' is clean); those that are so are noted."""
    flags, place = commands[unit[0]], unit[0]
    if len(unit) > 1:
        place = str(NOTES / (hashlib.sha256("\0".join(unit).encode()).hexdigest()[:16] + ".cc"))
        pathlib.Path(place).write_text("".join(
            f'#include "{ROOT / s}"  // NOLINT(bugprone-suspicious-include)\n' for s in unit))
    done = run("clang-tidy", "-quiet", *notes.arguments[is_test(unit[0])], place, "--", *flags)
    if len(unit) > 1:
        os.remove(place)
        if "clang-diagnostic-error" in done.stdout:  # they do not go together after all
            half = len(unit) // 2
            return tidy(unit[:half], commands, notes) + tidy(unit[half:], commands, notes)
    found = {os.path.relpath(place.rsplit(":", 2)[0], ROOT) for place, _, _ in findings_of(done.stdout)}
    if done.returncode and not FINDING.search(done.stdout):
        return done.stdout or done.stderr
    for source in unit:
        if not found & reached(source):
            notes.add(source, flags)
    return done.stdout if found else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--quick", action="store_true",
                        help="leave out the analyzer, which takes most of the time: a later run without "
                        "this reads all again")
    parser.add_argument("--python", default=sys.executable, help="one that has nanobind")
    parser.add_argument("files", nargs="*", help="sources to read, instead of all")
    options = parser.parse_args()
    os.chdir(ROOT)

    headers = [h for h in tracked("*.h", "*.hpp") if not h.startswith(WINDOWS)]
    sources = [s for s in tracked("*.cc", "*.c") if not s.startswith(WINDOWS)]
    failed = False
    layout = run("clang-format", "--dry-run", "-Werror",
                 *(options.files or tracked("*.h", "*.hpp", "*.cc", "*.c")))
    if layout.returncode:
        print(layout.stderr, end="")
        failed = True

    unread = set(headers) - set().union(*map(reached, sources))
    for header in sorted(unread):
        print(f"{header}: no source includes it")
        failed = True

    sources = options.files or sources
    commands = compile_commands(sources, options.python)
    notes = Notes(options.quick)
    stale = [s for s in sources if not notes.is_clean(s, commands[s])]
    findings = {}
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        jobs = {pool.submit(tidy, u, commands, notes): u[0] for u in units(stale, commands)}
        for job in concurrent.futures.as_completed(jobs):
            said = job.result()
            if not said:
                continue
            failed = True
            places = {f[0]: f for f in findings_of(said)}
            if not places or any(where not in findings for where in places):
                print(said, end="" if said.endswith("\n") else "\n", flush=True)
            findings.update(places or {jobs[job]: (jobs[job], said, "not read")})
    print(f"lint: {len(sources)} sources ({len(stale)} read, {len(sources) - len(stale)} unchanged since found "
          f"clean) and {len(headers) - len(unread)} of {len(headers)} headers, {len(findings)} findings")
    kinds = collections.Counter((f[2] or "").replace(",-warnings-as-errors", "") for f in findings.values())
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
