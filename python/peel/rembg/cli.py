"""rembg's commands i, p, b, s and d with its flags.

Where rembg loses pictures this does not: sub-folders keep their place, an input whose result would
have another's name is an error, writes are atomic, inputs are deleted only once their result is
there, and what fails is counted in the exit code: 0 all done, 1 some failed, 2 wrong usage, 3 nothing
could be done.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import time
from typing import Any, Dict, List, Optional

from . import _sniff
from .downloads import fetch_models, say
from .server import add_server_arguments, serve
from .sessions import sessions_names

_STEPS = ("alpha_matting", "alpha_matting_foreground_threshold",
          "alpha_matting_background_threshold", "alpha_matting_erode_size", "only_mask",
          "post_process_mask", "decontaminate", "vitmatte", "bgcolor")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m peel.rembg", allow_abbrev=False,
                                     description="Removes the background from images, like rembg.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="i|p|b|s|d")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, allow_abbrev=False)

    def add_steps(command: argparse.ArgumentParser) -> None:
        command.add_argument("-m", "--model", metavar="NAME", choices=[*sessions_names, "peel"],
                             help=f"one of {', '.join(sessions_names)}, or peel; default: "
                             "bria-rmbg if it is on this machine, else peel")
        command.add_argument("-a", "--alpha-matting", action="store_true", help="alpha matting")
        command.add_argument("-af", "--alpha-matting-foreground-threshold", type=int, default=240)
        command.add_argument("-ab", "--alpha-matting-background-threshold", type=int, default=10)
        command.add_argument("-ae", "--alpha-matting-erode-size", type=int, default=10)
        command.add_argument("-om", "--only-mask", action="store_true", help="only the mask")
        command.add_argument("-ppm", "--post-process-mask", action="store_true",
                             help="smooth the mask, then make its edges hard")
        command.add_argument("-dc", "--decontaminate", action="store_true",
                             help="remove the background's colour from soft edges")
        command.add_argument("-vm", "--vitmatte", action="store_true", help="not in this version")
        command.add_argument("-bgc", "--bgcolor", type=int, nargs=4, default=(0, 0, 0, 0),
                             metavar=("R", "G", "B", "A"), help="background colour")
        command.add_argument("-x", "--extras", metavar="JSON", help="further keywords as JSON")

    one = add("i", "one file, or standard input to standard output")
    add_steps(one)
    one.add_argument("input", nargs="?", default="-")
    one.add_argument("output", nargs="?")

    folder = add("p", "a folder")
    add_steps(folder)
    folder.add_argument("-w", "--watch", action="store_true",
                        help="keep running and process new pictures until stop.txt appears")
    folder.add_argument("-d", "--delete_input", action="store_true",
                        help="delete each input once its result is written")
    folder.add_argument("--accept-usage-cost", action="store_true",
                        help="accepted and ignored: Peel costs nothing")
    folder.add_argument("input", type=pathlib.Path)
    folder.add_argument("output", type=pathlib.Path)

    stream = add("b", "raw RGB frames from standard input")
    add_steps(stream)
    stream.add_argument("-o", "--output_specifier", metavar="FORMAT",
                        help="write numbered files, such as out-%%03u.png; default: standard output")
    stream.add_argument("image_width", type=int)
    stream.add_argument("image_height", type=int)

    server = add("s", "an HTTP service")
    add_server_arguments(server)

    download = add("d", "see that models are here, fetching those that are not")
    download.add_argument("models", nargs="*", metavar="MODEL")
    return parser


def _keywords(given: argparse.Namespace) -> Dict[str, Any]:
    """Those of remove; extras win, as in rembg."""
    keywords = {name: getattr(given, name) for name in _STEPS}
    keywords["bgcolor"] = tuple(keywords["bgcolor"])
    if given.extras:
        try:
            extras = json.loads(given.extras)
        except ValueError as error:
            raise SystemExit(_usage(f"-x: this is not JSON ({error})")) from None
        if not isinstance(extras, dict):
            raise SystemExit(_usage("-x: give an object, such as '{\"putalpha\": true}'"))
        keywords.update(extras)
    return keywords


def _usage(text: str) -> int:
    say(f"error: {text}")
    return 2


def _write(path: pathlib.Path, content: bytes) -> None:
    """All of it or nothing: a temporary file beside it, fsync, then the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:200]}.peel-{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _session(given: argparse.Namespace, keywords: Dict[str, Any]) -> Any:
    from .session_factory import new_session

    extras = {k: v for k, v in keywords.items() if k not in _STEPS}
    return new_session(given.model or "", **extras)


def _one(given: argparse.Namespace) -> int:
    from .bg import remove

    if given.input == "-" and sys.stdin.isatty():
        return _usage("give a file, or a picture on standard input")
    keywords = _keywords(given)
    if given.input == "-":
        data = sys.stdin.buffer.read()
    else:
        data = pathlib.Path(given.input).read_bytes()
    result = remove(data, session=_session(given, keywords), **keywords)
    output = given.output
    if output is None and given.input != "-" and sys.stdout.isatty():
        output = str(pathlib.Path(given.input).with_suffix(".out.png"))
    if output is None or output == "-":
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    else:
        _write(pathlib.Path(output), result)
    return 0


def _is_picture(path: pathlib.Path) -> bool:
    """By its first bytes, as rembg decides it."""
    try:
        with open(path, "rb") as file:
            return _sniff.known(file.read(16))
    except OSError:
        return False


class _Folder:
    """The work of `p`."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.keywords = _keywords(given)
        self.session = _session(given, self.keywords)
        self.source, self.target = given.input, given.output
        self.watch, self.delete = given.watch, given.delete_input
        self.owners: Dict[pathlib.Path, pathlib.Path] = {}  # of results, by their inputs
        self.done = self.failed = 0

    def inputs(self) -> List[pathlib.Path]:
        own = self.target.resolve()
        inside = own != self.source.resolve()
        return [p for p in sorted(self.source.rglob("*")) if p.is_file() and not (
            inside and own in p.resolve().parents)]

    def take(self, path: pathlib.Path) -> None:
        from .bg import remove

        result = (self.target / path.relative_to(self.source)).with_suffix(".png")
        owner = self.owners.setdefault(result, path)
        if owner != path:
            self._fail(path, f"its result would be {result}, as that of {owner}; rename one of them")
            return
        if result.resolve() == path.resolve():
            self._fail(path, "its result would replace it; choose another output folder")
            return
        if result.exists():
            return
        try:
            _write(result, remove(path.read_bytes(), session=self.session, **self.keywords))
            self.done += 1
            if self.watch:
                print(f"processed: {path.absolute()} -> {result.absolute()}", flush=True)
            if self.delete:
                path.unlink()
        except Exception as error:  # one bad picture does not end the folder
            self._fail(path, str(error) or type(error).__name__)

    def _fail(self, path: pathlib.Path, reason: str) -> None:
        self.failed += 1
        say(f"error: {path}: {reason}")


def _folder(given: argparse.Namespace) -> int:
    if not given.input.is_dir():
        return _usage(f"{given.input}: there is no such folder")
    work = _Folder(given)
    seen: Dict[pathlib.Path, int] = {}
    stop = given.input / "stop.txt"
    while True:
        for path in work.inputs():
            try:
                stamp = path.stat().st_mtime_ns
            except FileNotFoundError:
                continue
            fresh = time.time_ns() - stamp < 500_000_000  # may still be being written
            if seen.get(path) == stamp or (given.watch and seen and fresh) or not _is_picture(path):
                continue
            seen[path] = stamp
            work.take(path)
        if not given.watch:
            break
        if stop.exists():
            stop.unlink()
            break
        time.sleep(0.5)
    if work.failed:
        say(f"{work.failed} of {work.done + work.failed} pictures failed")
    return 0 if not work.failed else 1 if work.done else 3


def _numbered(specifier: str, index: int) -> Optional[str]:
    """The name of a result; None where the specifier does not make one for each number."""
    try:
        name, other = specifier % index, specifier % (index + 1)
    except (TypeError, ValueError):
        return None
    return None if name == other else os.path.expanduser(name)


def _stream(given: argparse.Namespace) -> int:
    from PIL import Image

    from .bg import remove

    width, height = given.image_width, given.image_height
    if width < 1 or height < 1:
        return _usage("the width and height are at least 1")
    if given.output_specifier and _numbered(given.output_specifier, 0) is None:
        return _usage("-o: give a name with one number in it, such as out-%03u.png")
    keywords = _keywords(given)
    session = _session(given, keywords)
    size = width * height * 3
    index = 0
    while True:
        frame = sys.stdin.buffer.read(size)
        if len(frame) < size:
            if frame:
                say(f"the last {len(frame)} bytes are no whole frame and were left out")
            return 0
        cut = remove(Image.frombytes("RGB", (width, height), frame), session=session,
                     force_return_bytes=True, **keywords)
        if given.output_specifier:
            _write(pathlib.Path(_numbered(given.output_specifier, index) or ""), cut)
        else:
            sys.stdout.buffer.write(cut)
            sys.stdout.buffer.flush()
        index += 1


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs one command; the exit code."""
    from .._errors import Error

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["s"]:  # -h is the host there, as in rembg
        words = ["--host" if w == "-h" else w for w in words]
    given, further = _parser().parse_known_args(words)
    if further and given.command != "s":
        _parser().error(f"unrecognized arguments: {' '.join(further)}")
    try:
        if given.command == "i":
            return _one(given)
        if given.command == "p":
            return _folder(given)
        if given.command == "b":
            return _stream(given)
        if given.command == "d":
            return fetch_models(given.models)
        return serve(given, further)
    except (Error, OSError, ValueError) as error:
        say(f"error: {error}")
        return 3
    except KeyboardInterrupt:
        return 130
