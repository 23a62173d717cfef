"""No option does nothing: every one that --help shows, every environment variable that the sources
read and every key of the configuration has a row here that sets it and looks at the effect: pixels,
bytes, files, what ran, the exit code. One without a row fails."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

from machine import CORNERS, PROGRAM, ROOT, ball, onnxruntime, serving

COMMANDS = ["", "cut", "rectify", "video", "stream", "bench", "quantize", "model run", "model info", "model tune", "models",
            "models list", "models info", "models verify", "models pull", "doctor"]
# tests/serve/test_serve_options.py, tests/library/test_scan_*.py
ELSEWHERE = {"serve", "scan", "scan find", "scan duplicates", "scan tune", "scan bench"}


def options_of(command):
    if not PROGRAM.exists():
        return []
    done = subprocess.run([PROGRAM, *command.split(), "--help"], capture_output=True, text=True)
    found = [line.split()[0].split(",")[-1] for line in done.stdout.splitlines()
             if re.match(r"  -", line)]
    return [name for name in found if name not in ("--help", "--version")]


ROWS = {}


def row(*names, commands=("cut",)):
    def keep(check):
        for command in commands:
            for name in names:
                assert (command, name) not in ROWS
                ROWS[command, name] = check
        return check

    return keep


@pytest.mark.parametrize("command,option", [(c, o) for c in COMMANDS for o in options_of(c)])
def test_option(machine, command, option):
    check = ROWS.get((command, option))
    assert check is not None, f"`peel {command}` has an option without a row here: {option}"
    if command in CUTTING:
        check(lambda *given, **how: CUTTING[command](machine, *given, **how))
    else:
        check(machine)


def test_every_command_has_rows_somewhere():
    """Those that --help shows, and theirs."""
    def commands_of(command):
        done = subprocess.run([PROGRAM, *command.split(), "--help"], capture_output=True, text=True)
        _, _, told = done.stdout.partition("\nSubcommands:\n")
        told = told.partition("\n\n")[0]
        return [f"{command} {word}".strip() for word in re.findall(r"^  ([a-z]\S*)", told, re.M)]

    if PROGRAM.exists():
        found = commands_of("")
        assert len(found) > 5
        for command in found:
            assert command in {*COMMANDS, *ELSEWHERE} or commands_of(command), command
            assert {*commands_of(command)} <= {*COMMANDS, *ELSEWHERE}, command


def test_no_row_is_of_yesterday():
    if PROGRAM.exists():
        assert set(ROWS) <= {(c, o) for c in COMMANDS for o in options_of(c)}


# ---- cut and stream ------------------------------------------------------------------------------

def cut(machine, *given, picture="photo.png", ext="png", own=False, **how):
    """own: what is given says where results go."""
    return machine.run("cut", picture, *(() if own else ("-o", "out." + ext)), *given, **how)


def stream(machine, *given, picture="photo.png", ext="png", **how):
    return machine.run("stream", "-o", "out-%u." + ext, *given, stdin=picture, **how)


def rectify(machine, *given, picture="page.png", ext="png", own=False, **how):
    return machine.run("rectify", picture, *(() if own else ("-o", "out." + ext)), *given, **how)


def video(machine, *given, clip="clip.mkv", own=False, **how):
    """own: what is given says where results go."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: tools/install_deps.sh test")
    place = () if own else ("-o", "out.mkv", "--codec", "ffv1")
    return machine.run("video", clip, *place, *given, PATH=os.defpath, **how)


CUTTING = {"cut": cut, "stream": stream, "rectify": rectify, "video": video}
BOTH = ("cut", "stream")
ALL = ("cut", "stream", "rectify")


def differs(go, *given, base=(), **how):
    """The pixels, or the shape, with and without. Both succeed."""
    with_it, without = go(*base, *given, **how), go(*base, **how)
    assert with_it.code == without.code == 0, with_it.err + without.err
    (_, a), (_, b) = with_it.image(), without.image()
    assert a.shape != b.shape or (a != b).any(), given
    return a, b


def refused(go, *given, **how):
    done = go(*given, **how)
    assert done.code == 2 and done.err and not done.files, (given, done.err)


MATTED = ("--trimap", "trimap.png")  # a matte with two islands and a hole

SIMPLE = {
    "--mask": ["--mask"], "--background": ["--background", "#234"], "--edges": ["--edges", "matting"],
    "--trimap": [*MATTED], "--hints": ["--hints", "strokes.png"], "--roi": ["--roi", "0,0,30%,100%"],
    "--scale": ["--scale", "40%"], "--max-output-pixels": ["--max-output-pixels", "5000"], "--compat": ["--compat", "rembg"], "--shadow": ["--shadow"],
    "--crop": ["--crop", "3"], "--size": ["--size", "50x60"], "--max-size": ["--max-size", "40"],
    "--alpha-matting": ["-a"], "--model": ["-m", "./small.onnx"],
}
for option, given in SIMPLE.items():
    row(option, commands=BOTH)(lambda go, given=given: differs(go, *given))

AMONG_OTHERS = {
    "--keep": (MATTED, ["--keep", "largest"]), "--fill-holes": (MATTED, ["--fill-holes"]),
    "--solid": (("--trimap", "glass.png"), ["--solid"]),
    "--background-fit": (("--background", "ground.png"), ["--background-fit", "contain"]),
    "--position": (("--size", "300x50"), ["--position", "left"]),
    "--alpha-matting-foreground-threshold": (("-a",), ["-af", "254"]),
    "--alpha-matting-background-threshold": (("-a",), ["-ab", "200"]),
    "--alpha-matting-erode-size": (("-a",), ["-ae", "2"]),
}
for option, (base, given) in AMONG_OTHERS.items():
    row(option, commands=BOTH)(lambda go, base=base, given=given: differs(go, *given, base=base))


def test_two_ways_to_say_matting(machine):
    assert cut(machine, "-a").files == cut(machine, "--edges", "matting").files


@row("--format", commands=ALL)
def _(go):
    assert go("--format", "webp").image()[0] == "WEBP"
    assert go().image()[0] == "PNG"


@row("--quality", commands=ALL)
def _(go):
    low, usual = (len(next(iter(go(*given, ext="jpg").files.values())))
                  for given in (["--quality", "20"], []))
    assert low < usual
    refused(go, "--quality", "20")  # PNG
    refused(go, "--quality", "20", "--lossless", ext="webp")


@row("--lossless", commands=ALL)
def _(go):
    differs(go, "--lossless", ext="webp")
    assert go("--lossless").files == go().files  # as PNG is anyway
    refused(go, "--lossless", ext="jpg")


@row("--animation", commands=BOTH)
def _(go):
    frames = [next(iter(go(*given, picture="film.gif").files.values())).count(b"fcTL")
              for given in ((), ("--animation", "auto"), ("--animation", "first"))]
    assert frames == [2, 2, 0]


@row("--max-pixels", commands=ALL)
def _(go):
    done = go("--max-pixels", "1000")
    assert done.code == 1 and "1000 pixels" in done.err and not done.files


@row("--threads", commands=ALL)
def _(go):
    assert "with 3 threads" in go("--threads", "3", "--jobs", "1", "-v").err
    assert "with 5 threads" in go("--threads", "5", "--jobs", "1", "-v").err


@row("--jobs", commands=("cut", "rectify"))
def _(go):
    def jobs(*given):
        done = go("in/b.png", "-O", "o", *given, "-v", "--threads", "2", picture="in/a.png", own=True)
        return re.search(r"(\d+) jobs", done.err)[1]

    assert jobs("--jobs", "1") == "1" and jobs() == "2"


@row("--jobs", commands=("stream",))
def _(go):
    assert "3 jobs" in go("--jobs", "3", "-v").err and "5 jobs" in go("--jobs", "5", "-v").err


@row("--memory", commands=("cut", "rectify"))
def _(go):
    # What it holds back is measured in test_folders.py (test_memory_stays_below_the_cap) and below.
    refused(go, "--memory", "many")


@row("--memory", commands=("stream",))
def _(go):
    refused(go, "--memory", "many")


def test_memory_of_a_stream(machine, peak_memory):
    import io

    file = io.BytesIO()
    ball(2400, 1800).save(file, "JPEG", quality=80)
    here = machine.fresh()

    def peak(*given):
        with open(here / "pictures", "wb") as many:
            many.write(file.getvalue() * 6)
        with open(here / "pictures", "rb") as many, open(here / "cut-outs", "wb") as out:
            return peak_memory([PROGRAM, "stream", "--jobs", "6", "--threads", "6", *given], stdin=many,
                               stdout=out, cwd=here, env=machine.environment(here, {}))

    free, held = peak(), peak("--memory", "200M")
    assert held < 200 < free, (held, free)


@row("--device", commands=ALL)
def _(go):
    done = go("--device", "cuda")
    assert done.code == 0 and "cuda" in done.err and not go().err


@row("--backend", commands=ALL)
def _(go):
    assert "onnxruntime" in go("--backend", "onnxruntime", "--strict").err.lower()
    if (library := onnxruntime()) is not None:
        assert "(onnxruntime" in go("--backend", "onnxruntime", "-v", PEEL_ORT_LIB=library).err


@row("--ort", commands=ALL)
def _(go):
    refused(go, "--backend", "native", "--ort", "graph=off")
    assert "no effect" in go("--ort", "graph=off").err  # the native engine runs
    assert go("--ort", "graph=off", "--strict").code == 3
    refused(go, "--ort", "graph=fast")


@row("--precision", commands=ALL)
def _(go):
    assert "int8" in go("--precision", "int8").err and not go().err


@row("--strict", commands=ALL)
def _(go):
    assert go("--device", "cuda", "--strict").code == 3 and go("--device", "cuda").code == 0


@row("--quiet", commands=ALL)
def _(go):
    assert go(picture="empty.png").err and not go("-q", picture="empty.png").err
    refused(go, "-q", "-v")


@row("--verbose", commands=ALL)
def _(go):
    assert "network" in go("-v").err and not go().err


@row("-o", commands=ALL)
def _(go):
    assert list(go(ext="webp").files) != list(go().files)


@pytest.mark.parametrize("command", BOTH)
@pytest.mark.parametrize("given", [
    ["--position", "left"], ["--background-fit", "contain"], ["--background", "red", "--background-fit", "cover"],
    ["-af", "200"], ["-ab", "20"], ["-ae", "5"], [*MATTED, "-ae", "5"], [*MATTED, "-a", "-ae", "5"],
    [*MATTED, "--edges", "off"], [*MATTED, "--compat", "rembg"], [*MATTED, "--hints", "strokes.png"],
    [*MATTED, "--roi", "0,0,9,9"], ["--compat", "rembg", "--hints", "strokes.png"], ["--compat", "rembg", "--solid"],
    ["--size", "50x50", "--position", "original"], ["--compat", "rembg", "--edges", "refine"],
    ["--compat", "rembg", "--background", "blur"], ["--compat", "rembg", "--shadow"],
    ["--compat", "rembg", "--keep", "largest"], ["--mask", "--background", "red"], ["--mask", "--shadow"],
    ["-a", "--edges", "off"]])
def test_what_would_have_no_effect_is_refused(machine, command, given):
    refused(lambda *a: CUTTING[command](machine, *a), *given)


def test_without_a_certain_subject_rembg_decontaminates(machine):
    rembg = ("--compat", "rembg")
    _, fallen_back = cut(machine, *rembg, "-a", "-ae", "300").image()
    _, mask = cut(machine, *rembg, "--mask").image()
    _, plain = cut(machine, *rembg).image()
    assert (fallen_back[..., 3] == mask).all()
    soft = (mask > 20) & (mask < 235)
    # The plain cut-out is multiplied by its alpha, which darkens it.
    assert fallen_back[soft][:, 0].mean() > plain[soft][:, 0].mean() + 20


def test_grey_pictures_in_rembgs_way(machine):
    """PyMatting wants three channels: rembg then decontaminates, which -a is not on a grey picture."""
    matted = cut(machine, "--compat", "rembg", "-a", picture="grey.png")
    plain = cut(machine, "--compat", "rembg", picture="grey.png")
    none_certain = cut(machine, "--compat", "rembg", "-a", "-ae", "300", picture="grey.png")
    assert matted.files == none_certain.files != plain.files


# ---- video ---------------------------------------------------------------------------------------

FILM = ("video",)


def film(effect):
    """Every frame of the one film written, as RGBA."""
    assert effect.code == 0, effect.err
    data, = effect.files.values()
    told = json.loads(subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-"], input=data,
                                     capture_output=True, check=True).stdout)["streams"]
    shown = next(stream for stream in told if stream["codec_type"] == "video")
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgba", "-fps_mode",
                          "passthrough", "-"], input=data, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, shown["height"], shown["width"], 4), told


SIMPLE_FILM = {"--background": ["--background", "#234"], "--mask": ["--mask"], "--side-by-side": ["--side-by-side"],
               "--steady": ["--steady", "off"], "--edges": ["--edges", "refine"], "--max-size": ["--max-size", "60"],
               "--from": ["--from", "0.1"], "--to": ["--to", "0.1"], "--fps": ["--fps", "10"],
               "--model": ["-m", "./small.onnx"]}
for option, given in SIMPLE_FILM.items():
    @row(option, commands=FILM)
    def _(go, given=given):
        (a, _), (b, _) = film(go(*given)), film(go())
        assert a.shape != b.shape or (a != b).any(), given


@row("--tone-map", commands=FILM)
def _(go):
    (a, _), (b, _) = (film(go(*given, "--background", "black", clip="hdr.mkv")) for given in (["--tone-map"], []))
    assert abs(a.astype(int) - b).max() > 20


@row("--audio", commands=FILM)
def _(go):
    kinds = [[stream["codec_type"] for stream in film(go(*given))[1]] for given in ([], ["--audio", "none"])]
    assert kinds == [["video", "audio"], ["video"]]


@row("--codec", commands=FILM)
def _(go):
    names = [film(go("-o", "out.mkv", *given, "--mask", own=True))[1][0]["codec_name"]
             for given in ([], ["--codec", "h264"])]
    assert names == ["ffv1", "h264"]


@row("--format", commands=FILM)
def _(go):
    assert list(go("-O", "o", "--format", "mkv", "--codec", "ffv1", own=True).files) == ["o/clip.cut.mkv"]
    assert list(go("-O", "o", own=True).files) == ["o/clip.cut.webm"]


@row("--quality", commands=FILM)
def _(go):
    small, large = (len(next(iter(go("-o", "out.webm", "--quality", q, own=True).files.values()))) for q in ("60", "5"))
    assert small < large


@row("-o", commands=FILM)
def _(go):
    assert list(go().files) == ["out.mkv"] and list(go(own=True).files) == ["clip.cut.webm"]


@row("-O", commands=FILM)
def _(go):
    assert list(go("-O", "there", own=True).files) == ["there/clip.cut.webm"]


@row("--info", commands=FILM)
def _(go):
    told = go("--info", own=True)
    assert json.loads(told.out)["video"]["width"] == 96 and not told.files


@row("--frames", commands=FILM)
def _(go):
    assert list(go("--frames", "2", "-O", "o", own=True).files) == ["o/clip-000001.png", "o/clip-000002.png",
                                                                   "o/clip.frames.jsonl"]


@row("--skip-existing", commands=FILM)
def _(go):
    def there(here):
        (here / "clip.cut.webm").write_bytes(b"made already")

    assert not go("--skip-existing", own=True, prepare=there).files and go(own=True, prepare=there).files


@row("--report", commands=FILM)
def _(go):
    assert json.loads(go("--report", "r.json").files["r.json"])[0]["frames"] == 6


@row("--recursive", commands=FILM)
def _(go):
    found = [len(go("-O", "o", *given, clip="films", own=True).files) for given in ([], ["--recursive"])]
    assert found == [1, 2]


@row("--shard", commands=FILM)
def _(go):
    parts = [set(go("-O", "o", "--recursive", "--shard", part, clip="films", own=True).files) for part in ("1/2", "2/2")]
    assert len(parts[0] | parts[1]) == 2 and not parts[0] & parts[1]


@row("--shards", commands=FILM)
def _(go):
    def films(*given, **env):
        return set(go("-O", "o", "--recursive", *given, clip="films", own=True, **env).files)

    parts = [films("--shard", "auto", "--shards", "2", JOB_COMPLETION_INDEX=str(i)) for i in range(2)]
    assert parts == [films("--shard", part) for part in ("1/2", "2/2")]
    refused(go, "--shards", "2")


@row("--progress", commands=FILM)
def _(go):
    assert "frames/s" in go("--progress", "always").err and not go("--progress", "never", terminal=True).err
    assert "6/6 frames" in go(terminal=True).err


@row("--threads", "--jobs", commands=FILM)
def _(go):
    assert "with 3 threads, 2 jobs" in go("--threads", "3", "--jobs", "2", "-v").err
    assert "with 5 threads, 4 jobs" in go("--threads", "5", "-v").err


@row("--memory", commands=FILM)
def _(go):
    # What it holds back is measured below.
    refused(go, "--memory", "many")


def test_memory_of_a_film(machine):
    """Peel's own: a count of its children would be ffmpeg's."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: tools/install_deps.sh test")
    here = machine.fresh()
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d=0.88", "-pix_fmt", "yuv444p",
                    "-c:v", "libx264", "-preset", "ultrafast", "large.mkv"], cwd=here, check=True)

    def peak(*given):
        run = subprocess.Popen([PROGRAM, "video", "large.mkv", "-o", "o.mkv", "--mask", "--jobs", "8", "--threads", "8", "-q", *given],
                               cwd=here, env=machine.environment(here, {"PATH": os.defpath}))
        most = 0  # MB; the system keeps the highest, so a look now and then misses the last moments alone
        while run.poll() is None:
            told = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{run.pid}/status").read_text())
            most = int(told[1]) // 1024 if told else most
            time.sleep(0.02)
        assert run.returncode == 0
        return most

    free, held = peak(), peak("--memory", "1M")
    assert held < free - 60, (held, free)


@row("--device", commands=FILM)
def _(go):
    done = go("--device", "cuda")
    assert done.code == 0 and "cuda" in done.err and not go().err


@row("--backend", commands=FILM)
def _(go):
    assert "onnxruntime" in go("--backend", "onnxruntime", "--strict").err.lower()


@row("--ort", commands=FILM)
def _(go):
    refused(go, "--backend", "native", "--ort", "graph=off")
    assert "no effect" in go("--ort", "graph=off").err  # the native engine runs


@row("--precision", commands=FILM)
def _(go):
    assert "int8" in go("--precision", "int8").err and not go().err


@row("--strict", commands=FILM)
def _(go):
    assert go("--device", "cuda", "--strict").code == 3 and go("--device", "cuda").code == 0


@row("--quiet", commands=FILM)
def _(go):
    assert go(clip="nothing.mkv").err and not go("-q", clip="nothing.mkv").err
    refused(go, "-q", "-v")


@row("--verbose", commands=FILM)
def _(go):
    assert "network" in go("-v").err and not go().err


# ---- cut alone -----------------------------------------------------------------------------------

@row("-O")
def _(go):
    done = go(own=True)
    assert list(go("-O", "there", own=True).files) == ["there/photo.cut.png"] != list(done.files)


@row("--all-frames")
def _(go):
    assert len(go("--all-frames", picture="film.gif", own=True).files) == 2
    assert len(go(picture="film.gif", own=True).files) == 1


@row("--skip-existing")
def _(go):
    def there(here):
        (here / "photo.cut.png").write_bytes(b"made already")

    assert not go("--skip-existing", own=True, prepare=there).files and go(own=True, prepare=there).files


@row("--report")
def _(go):
    assert json.loads(go("--report", "r.json").files["r.json"])[0]["status"] == "done"


@row("--recursive")
def _(go):
    files = [set(go("-O", "o", *given, picture="in", own=True).files) for given in (["--recursive"], [])]
    assert files[0] - files[1] == {"o/sub/c.cut.png"}


@row("--watch", commands=("cut", "rectify"))
def _(go):
    # That it goes on is in test_folders.py; of a file there is nothing to watch.
    refused(go, "--watch", own=True)


@row("--shard")
def _(go):
    whole, one, two = (set(go("-O", "o", *given, picture="in", own=True).files)
                       for given in ([], ["--shard", "1/2"], ["--shard", "2/2"]))
    assert one | two == whole and not one & two


@row("--shards")
def _(go):
    """By Kubernetes, which names the place of a task alone."""
    shards(go)


def shards(go, *more):
    def files(*given, **env):
        return set(go("-O", "o", *more, "--recursive", *given, picture="in", own=True, **env).files)

    parts = [files("--shard", "auto", "--shards", "3", JOB_COMPLETION_INDEX=str(i)) for i in range(3)]
    assert parts == [files("--shard", f"{i}/3") for i in (1, 2, 3)] and parts[0] and parts[1]
    refused(go, *more, "--shards", "3")
    refused(go, *more, "--shard", "auto", JOB_COMPLETION_INDEX="0")


@row("--progress", commands=("cut", "rectify"))
def _(go):
    assert "1/1" in go("--progress", "always").err and "1/1" not in go().err


@row("--rectify")
def _(go):
    straight, plain = differs(go, "--rectify", picture="page.png")
    assert straight[..., 3].mean() > 250 > plain[..., 3].mean()


# ---- rectify alone -------------------------------------------------------------------------------

SHEET = ",".join(str(v) for corner in CORNERS for v in corner)
BY_HAND = ("--corners", SHEET)

OF_A_QUAD = {
    "--corners": ((), ["--corners", "10,10,700,10,700,500,10,500"]), "--draw": ((), ["--draw"]),
    "--ratio": (BY_HAND, ["--ratio", "1:2"]), "--size": (BY_HAND, ["--size", "40x50"]),
    "--enhance": (BY_HAND, ["--enhance", "gray"]), "--turn": (BY_HAND, ["--turn", "90"]),
    "--margin": (BY_HAND, ["--margin", "5%"]), "--cutout": (BY_HAND, ["--cutout"]),
    "--dpi": ((*BY_HAND, "--ratio", "a4"), ["--dpi", "30"]),
    "--max-size": (BY_HAND, ["--max-size", "40"]),
    "--max-output-pixels": (BY_HAND, ["--max-output-pixels", "5000"]),
    "--background": ((*BY_HAND, "--cutout", "--margin", "5"), ["--background", "#234"]),
}
for option, (base, given) in OF_A_QUAD.items():
    row(option, commands=("rectify",))(
        lambda go, base=base, given=given: differs(go, *given, base=base, picture="page.png"))


def in_rectify(*names):
    return row(*names, commands=("rectify",))


@in_rectify("--edges")
def _(go):
    # A quad that is a little larger than the sheet shows the matte's outline.
    quad = ("--corners", "285,114,597,129,549,580,174,530")
    differs(go, "--edges", "matting", base=(*quad, "--cutout"), picture="page.png")


@in_rectify("--kind")
def _(go):
    kinds = [json.loads(go("--kind", kind, *BY_HAND, "--report", "r.json").files["r.json"])[0]["kind"]
             for kind in ("auto", "product", "screen")]
    assert kinds == ["document", "product", "screen"]


@in_rectify("--all")
def _(go):
    both, one = (go(*given, picture="two.png", own=True).files for given in (["--all"], []))
    assert {"two-001.rect.png", "two-002.rect.png"} <= set(both) and list(one) == ["two.rect.png"]


@in_rectify("--keep")
def _(go):
    assert not go(picture="empty.png").files and go("--keep", picture="empty.png").files


@in_rectify("--pdf")
def _(go):
    assert go("--pdf", "x.pdf", own=True).files["x.pdf"].startswith(b"%PDF")


@in_rectify("--model")
def _(go):
    assert go("-m", "/nowhere.onnx").code == 3 and "small" in go("-m", "./small.onnx", "-v").err


@in_rectify("-O")
def _(go):
    assert list(go("-O", "there", own=True).files) == ["there/page.rect.png"] != list(go(own=True).files)


SMALL = ("--corners", "5,5,60,5,60,40,5,40")


@in_rectify("--all-frames")
def _(go):
    assert len(go("--all-frames", *SMALL, picture="film.gif", own=True).files) == 2
    assert len(go(*SMALL, picture="film.gif", own=True).files) == 1


@in_rectify("--skip-existing")
def _(go):
    def there(here):
        (here / "page.rect.png").write_bytes(b"made already")

    assert not go("--skip-existing", own=True, prepare=there).files and go(own=True, prepare=there).files


@in_rectify("--report")
def _(go):
    assert json.loads(go("--report", "r.json").files["r.json"])[0]["status"] == "ok"


@in_rectify("--recursive")
def _(go):
    files = [set(go("-O", "o", *SMALL, *given, picture="in", own=True).files) for given in (["--recursive"], [])]
    assert files[0] - files[1] == {"o/sub/c.rect.png"}


@in_rectify("--shard")
def _(go):
    whole, one, two = (set(go("-O", "o", *SMALL, *given, picture="in", own=True).files)
                       for given in ([], ["--shard", "1/2"], ["--shard", "2/2"]))
    assert one | two == whole and not one & two


@in_rectify("--shards")
def _(go):
    shards(go, *SMALL)


# ---- the other commands --------------------------------------------------------------------------

def bench(machine, *given, pictures=("photo.png",), **how):
    done = machine.run("bench", *pictures, "--devices", "cpu", "--precisions", "fp32", "--sizes", "48",
                       "--rounds", "1", "--warmup", "0", "--models", "./small.onnx", "--json", *given, **how)
    assert done.code == 0, done.err
    return done


def cases(done):
    return json.loads(done.out)["cases"]


def in_bench(*names):
    return row(*names, commands=("bench",))


def bare_bench(machine, *given, **how):
    """Of what bench() gives, given again wins nowhere: options that are lists."""
    options = {"--devices": "cpu", "--precisions": "fp32", "--sizes": "48", "--rounds": "1",
               "--warmup": "0", "--models": "./small.onnx"}
    options.update(dict(zip(given[::2], given[1::2])))
    done = machine.run("bench", "photo.png", "in/a.png", *[w for pair in options.items() for w in pair],
                       "--json", **how)
    assert done.code == 0, done.err
    return done


@in_bench("--models")
def _(machine):
    assert [c["model"] for c in cases(bare_bench(machine, "--models", "./small.onnx,peel"))] != [
        c["model"] for c in cases(bare_bench(machine))]


@in_bench("--devices")
def _(machine):
    assert len(cases(bare_bench(machine, "--devices", "cpu,cuda"))) == 2


@in_bench("--precisions")
def _(machine):
    assert len(cases(bare_bench(machine, "--precisions", "fp32,bf16"))) == 2


@in_bench("--sizes")
def _(machine):
    assert [s["size"] for s in cases(bare_bench(machine, "--sizes", "32,40"))[0]["sizes"]] == [32, 40]


@in_bench("--rounds")
def _(machine):
    runs = [cases(bare_bench(machine, *given))[0]["sizes"][0]["runs"] for given in (["--rounds", "3"], [])]
    assert runs[0] == 3 * runs[1]


@in_bench("--warmup")
def _(machine):
    refused(lambda *given: machine.run("bench", "photo.png", *given), "--warmup", "-1")
    assert json.loads(bare_bench(machine, "--warmup", "2").out)["warmup"] == 2


@in_bench("--max-images")
def _(machine):
    one, two = (json.loads(bare_bench(machine, *given).out) for given in (["--max-images", "1"], []))
    assert len(one["pictures"]) == 1 and len(two["pictures"]) == 2


@in_bench("--recursive")
def _(machine):
    deep, flat = (json.loads(bench(machine, *given, pictures=("in",)).out) for given in (["--recursive"], []))
    assert (len(deep["pictures"]), len(flat["pictures"])) == (3, 2)


@in_bench("--threads")
def _(machine):
    assert cases(bare_bench(machine, "--threads", "3"))[0]["threads"] == 3


@in_bench("--ort")
def _(machine):
    refused(lambda *given: machine.run("bench", "photo.png", *given), "--ort", "graph=fast")


@in_bench("--pipeline")
def _(machine):
    # By the model inside: its matte is of the sheet.
    done = machine.run("bench", "page.png", "empty.png", "--pipeline", "--devices", "cpu", "--precisions", "fp32",
                       "--rounds", "1", "--warmup", "0", "--json")
    assert done.code == 0, done.err
    size, = cases(done)[0]["sizes"]
    assert size["straightened"] == 1 and size["same_decisions"] == 2 and size["faithful"]
    assert np.abs(np.subtract(size["quads"][0], CORNERS)).max() < 2 and size["quads"][1] is None
    assert "quads" not in cases(bench(machine, pictures=("page.png", "empty.png")))[0]["sizes"][0]


@in_bench("-O")
def _(machine):
    assert "there/results.json" in bare_bench(machine, "-O", "there").files


@in_bench("--fresh")
def _(machine):
    here = machine.fresh()
    bench(machine, here=here)
    kept, anew = bench(machine, here=here), bench(machine, "--fresh", here=here)
    assert not any("mask-48" in name for name in kept.files) and any("mask-48" in n for n in anew.files)


@in_bench("--apply")
def _(machine):
    here = machine.fresh()
    bench(machine, "--apply", here=here, PEEL_CONFIG="HERE/config.yaml")
    assert "model" in (here / "config.yaml").read_text()


@in_bench("--json")
def _(machine):
    done = machine.run("bench", "photo.png", "--devices", "cpu", "--precisions", "fp32", "--sizes", "48",
                       "--rounds", "1", "--models", "./small.onnx")
    assert done.code == 0 and not done.out.startswith(b"{")


@in_bench("--quiet")
def _(machine):
    loud, quiet = bench(machine, terminal=True), bench(machine, "-q", terminal=True)
    assert loud.err != "" == quiet.err


def quantize(machine, *given, images="eight", **how):
    done = machine.run("quantize", "small.onnx", "--images", images, "--all-layers", *given, **how)
    assert done.code == 0, done.err
    return done


def in_quantize(*names):
    return row(*names, commands=("quantize",))


def model_of(done):
    return done.files["small_int8.onnx"]


def other_model(machine, *given):
    assert model_of(quantize(machine, *given)) != model_of(quantize(machine)), given


for option, given in {
        "--recursive": ["--recursive"], "--max-images": ["--max-images", "4"],
        "--ranges": ["--ranges", "minmax"], "--activations": ["--activations", "int8"],
        "--no-bias-correction": ["--no-bias-correction"],
        "--keep-float": ["--keep-float", "conv_d"]}.items():
    in_quantize(option)(lambda machine, given=given: other_model(machine, *given))


@in_quantize("--clip-weights")
def _(machine):
    clipped, whole = (machine.run("quantize", "wide.onnx", "--images", "eight", "--all-layers", *given)
                      for given in (["--clip-weights"], []))
    assert clipped.code == 0 and clipped.files != whole.files


@in_quantize("--images")
def _(machine):
    assert model_of(quantize(machine, images="eight")) != model_of(
        machine.run("quantize", "small.onnx", "--images", "eight/more", "eight/0.png", "--all-layers"))


@in_quantize("-o")
def _(machine):
    assert list(quantize(machine, "-o", "x.onnx").files) == ["x.onnx"]


def tolerant(machine, *given):
    done = machine.run("quantize", "small.onnx", "--images", "eight", "--json", *given)
    assert done.code == 0, done.err
    return json.loads(done.out)


@in_quantize("--max-difference")
def _(machine):
    assert tolerant(machine, "--max-difference", "0.5", "--min-iou", "0.01")["fp32_layers"] == 0
    assert tolerant(machine, "--max-difference", "0.0005", "--min-iou", "0.01")["fp32_layers"] > 0


@in_quantize("--min-iou")
def _(machine):
    assert tolerant(machine, "--max-difference", "0.5", "--min-iou", "0.9999")["fp32_layers"] > 0


@in_quantize("--margin")
def _(machine):
    loose, tight = (tolerant(machine, "--max-difference", "0.004", "--min-iou", "0.01", "--margin", m)
                    for m in ("1", "0.02"))
    assert tight["fp32_layers"] > loose["fp32_layers"]


@in_quantize("--all-layers")
def _(machine):
    assert json.loads(quantize(machine, "--json", "--max-difference", "0.0005").out)["fp32_layers"] == 0


@in_quantize("--probe-images")
def _(machine):
    few, many = (tolerant(machine, "--probe-images", n) for n in ("1", "6"))
    assert few["layers"] != many["layers"]


@in_quantize("--threads")
def _(machine):
    # Which must not show in what is made; test_quantize.py has its own.
    assert model_of(quantize(machine, "--threads", "3")) == model_of(quantize(machine))
    refused(lambda *given: machine.run("quantize", "small.onnx", "--images", "eight", *given), "--threads", "0")


@in_quantize("--json")
def _(machine):
    assert json.loads(quantize(machine, "--json").out) and not quantize(machine).out.startswith(b"{")


@in_quantize("--quiet")
def _(machine):
    # A broken picture is left out aloud.
    def broken(here):
        (here / "eight/x.png").write_bytes(b"no picture")

    assert quantize(machine, prepare=broken).err and not quantize(machine, "-q", prepare=broken).err
    refused(lambda *given: machine.run("quantize", "small.onnx", "--images", "eight", *given), "-q", "-v")


@in_quantize("--verbose")
def _(machine):
    assert len(quantize(machine, "-v").out) > len(quantize(machine).out)


def run_model(machine, *given, **how):
    done = machine.run("model", "run", "small.onnx", *given, **how)
    assert done.code == 0, done.err
    return done


def in_run(*names):
    return row(*names, commands=("model run",))


def array(here):
    np.save(here / "x.npy", np.full((1, 3, 48, 48), 0.5, np.float32))


@in_run("--input")
def _(machine):
    given, random = (run_model(machine, *more, "--output", "mask=y.npy", prepare=array).files["y.npy"]
                     for more in (["--input", "x=x.npy"], []))
    assert given != random


@in_run("--output")
def _(machine):
    assert set(run_model(machine, "--output", "mask=y.npy").files) == {"y.npy"}


@in_run("--shape")
def _(machine):
    done = machine.run("model", "run", "small.onnx", "--shape", "x=1,3,8,8")
    assert done.code != 0 and "8" in done.err


@in_run("--repeat")
def _(machine):
    assert len(json.loads(run_model(machine, "--json", "--repeat", "3").out)["times_ms"]) == 3


@in_run("--warmup")
def _(machine):
    refused(lambda *given: machine.run("model", "run", "small.onnx", *given), "--warmup", "2")
    run_model(machine, "--warmup", "2", "--repeat", "1")


@in_run("--threads")
def _(machine):
    assert json.loads(run_model(machine, "--json", "--threads", "3").out)["threads"] == 3


@in_run("--precision")
def _(machine):
    assert "int8" in run_model(machine, "--precision", "int8").err


@in_run("--device")
def _(machine):
    assert json.loads(run_model(machine, "--json", "--device", "cuda").out)["device_asked"] == "cuda"


@in_run("--backend")
def _(machine):
    assert machine.run("model", "run", "small.onnx", "--backend", "onnxruntime", "--strict").code == 3


@in_run("--ort")
def _(machine):
    refused(lambda *given: machine.run("model", "run", "small.onnx", *given), "--ort", "graph=fast")
    if (library := onnxruntime()) is not None:
        fused, plain = (json.loads(run_model(machine, "--json", "--backend", "onnxruntime", "--ort", ort,
                                             PEEL_ORT_LIB=library).out)["nodes"]
                        for ort in ("graph=extended", "graph=off"))
        assert sum(plain.values()) > sum(fused.values())


@in_run("--strict")
def _(machine):
    codes = [machine.run("model", "run", "small.onnx", "--device", "cuda", *given).code
             for given in (["--strict"], [])]
    assert codes == [3, 0]


@in_run("--profile")
def _(machine):
    assert b"conv_d" in run_model(machine, "--profile").out and b"conv_d" not in run_model(machine).out


@in_run("--json")
def _(machine):
    assert json.loads(run_model(machine, "--json").out) and not run_model(machine).out.startswith(b"{")


def info(machine, *given, **how):
    done = machine.run("model", "info", "small.onnx", *given, **how)
    assert done.code == 0, done.err
    return done.out


def in_info(*names):
    return row(*names, commands=("model info",))


@in_info("--plan")
def _(machine):
    assert len(info(machine, "--plan")) > len(info(machine))


@in_info("--shape")
def _(machine):
    refused(lambda *given: machine.run("model", "info", "small.onnx", *given), "--shape", "x=1,3,48,48")
    done = machine.run("model", "info", "small.onnx", "--plan", "--shape", "x=1,3,8,8")
    assert done.code != 0 or done.out != info(machine, "--plan")


@in_info("--threads")
def _(machine):
    refused(lambda *given: machine.run("model", "info", "small.onnx", *given), "--threads", "2")
    assert info(machine, "--plan", "--threads", "1") != info(machine, "--plan", "--threads", "7")


@in_info("--json")
def _(machine):
    assert json.loads(info(machine, "--json")) and not info(machine).startswith(b"{")


def tune(machine, *given, **how):
    done = machine.run("model", "tune", "small.onnx", "--images", "eight", *given, **how)
    assert done.code == 0, done.err
    return done


def in_tune(*names):
    return row(*names, commands=("model tune",))


def tuned(machine, *given):
    return json.loads(tune(machine, "--json", *given).out)


@in_tune("--images", "--max-images", "--recursive")
def _(machine):
    pictures = [tuned(machine, *given)["calibration_pictures"] for given in ([], ["--max-images", "4"], ["--recursive"])]
    assert pictures[1] < pictures[0] < pictures[2], pictures
    assert machine.run("model", "tune", "small.onnx").code == 2


@in_tune("--max-difference", "--min-iou")
def _(machine):
    def notes(*given):
        return [c["note"] for c in tuned(machine, *given)["candidates"]]

    assert notes("--max-difference", "0.000001", "--min-iou", "0.999999") != notes(
        "--max-difference", "1", "--min-iou", "0") or "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text()


@in_tune("--threads")
def _(machine):
    assert tuned(machine, "--threads", "3")["threads"] == 3


@in_tune("--json")
def _(machine):
    assert not tune(machine).out.startswith(b"{") and tuned(machine)


@in_tune("--quiet")
def _(machine):
    def broken(here):
        (here / "eight/x.png").write_bytes(b"no picture")

    assert tune(machine, prepare=broken).err and not tune(machine, "-q", prepare=broken).err


@row("--json", commands=("models", "models list"))
def _(machine):
    assert json.loads(machine.run("models", "list", "--json").out)
    assert machine.run("models", "--json").out == machine.run("models", "list", "--json").out
    assert not machine.run("models", "list").out.startswith((b"[", b"{"))


@row("--json", commands=("models info",))
def _(machine):
    assert json.loads(machine.run("models", "info", "peel", "--json").out)
    assert not machine.run("models", "info", "peel").out.startswith(b"{")


@row("--sha256", commands=("models pull",))
def _(machine):
    def downloads_small(here):
        (here / "bin").mkdir()
        (here / "bin/curl").write_text(
            f'#!/bin/sh\nwhile [ "$1" != -o ] && [ "$1" != --output ]; do shift; done\nexec /bin/cp {here}/small.onnx "$2"\n')
        (here / "bin/curl").chmod(0o755)

    def pull(digest):
        return machine.run("models", "pull", "https://localhost/x.onnx", "--sha256", digest,
                           prepare=downloads_small, PATH="HERE/bin", XDG_DATA_HOME="HERE/data")

    right = hashlib.sha256((machine.template / "small.onnx").read_bytes()).hexdigest()
    assert pull(right).code == 0 and "data/peel/models/x.onnx" in pull(right).files
    assert pull("0" * 64).code == 3 and not [n for n in pull("0" * 64).files if n.startswith("data")]


def in_doctor(*names):
    return row(*names, commands=("doctor",))


@in_doctor("--json")
def _(machine):
    assert json.loads(machine.run("doctor", "--json").out) and machine.run("doctor").out.startswith(b"peel")


@in_doctor("--verify", "--runs", "--model", "--threads")
def _(machine):
    for about_it in (["--runs", "2"], ["-m", "peel"], ["--threads", "2"]):
        refused(lambda *given: machine.run("doctor", *given), *about_it)
    small, peel = (json.loads(machine.run("doctor", "--verify", "--runs", "1", "--json", *given).out)
                   for given in (["-m", "./small.onnx", "--threads", "1"], ["-m", "./small.onnx", "--threads", "3"]))
    assert small != peel
    assert machine.run("doctor", "--verify", "-m", "nowhere.onnx").code == 3


@in_doctor("--ort")
def _(machine):
    refused(lambda *given: machine.run("doctor", *given), "--ort", "graph=fast")


# ---- the environment and the configuration -------------------------------------------------------

VARIABLES = {}


def variable(*names):
    def keep(check):
        VARIABLES.update(dict.fromkeys(names, check))
        return check

    return keep


def variables_read():
    """By name, in the sources of the program and the library."""
    found = set()
    for source in [*ROOT.glob("src/**/*.cc"), *ROOT.glob("apps/**/*.cc")]:
        # Those of another system can only be tried there.
        if not source.stem.endswith(("_test", "_bench")) and source.parent.name != "windows":
            text = source.read_text()
            found |= set(re.findall(r'(?:getenv|Variable|variable|environment)\("([A-Z][A-Z0-9_]+)"\)', text))
            found |= set(re.findall(r'"(PEEL_[A-Z0-9_]+)"', text))
    return sorted(found)


@pytest.mark.parametrize("name", variables_read())
def test_variable(machine, name):
    check = VARIABLES.get(name)
    assert check is not None, f"an environment variable without a row here: {name}"
    check(machine)


def doctor(machine, **env):
    return json.loads(machine.run("doctor", "--json", **env).out)


@variable("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP",
          "SLURM_ARRAY_TASK_COUNT", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE",
          "JOB_COMPLETION_INDEX")
def _(machine):
    """Each scheduler's tasks are the parts of --shard I/N; what is not clear is refused, in words."""
    def files(*given, **env):
        done = cut(machine, "-O", "o", "--recursive", *given, picture="in", own=True, **env)
        assert done.code == 0, done.err
        return set(done.files)

    def refusal(*given, **env):
        done = cut(machine, "-O", "o", "--shard", "auto", *given, picture="in", own=True, **env)
        assert done.code == 2 and "--shard auto" in done.err and not done.files, done.err
        return done.err

    def slurm(number, least, most, step=None, count=None):
        env = {"ID": number, "MIN": least, "MAX": most, "STEP": step, "COUNT": count}
        return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in env.items() if value is not None}

    def batch(number, count):
        return {"AWS_BATCH_JOB_ARRAY_INDEX": str(number), "AWS_BATCH_JOB_ARRAY_SIZE": str(count)}

    parts = [files("--shard", f"{i}/3") for i in (1, 2, 3)]
    assert parts[0] and parts[1] and not parts[0] & parts[1]
    for tasks in ([slurm(i, 0, 2) for i in range(3)], [slurm(i, 1, 3, 1, 3) for i in (1, 2, 3)],
                  [slurm(i, 4, 16, 6, 3) for i in (4, 10, 16)], [batch(i, 3) for i in range(3)]):
        assert [files("--shard", "auto", **env) for env in tasks] == parts, tasks
        assert [files("--shard", "auto", "--shards", "3", **env) for env in tasks] == parts, tasks
    assert "no task of an array" in refusal()
    assert "3/8" in refusal(**slurm(0, 0, 1), JOB_COMPLETION_INDEX="1")
    assert "gaps" in refusal(**slurm(7, 1, 7, 1, 3))
    assert "by itself" in refusal("--shards", "2", **slurm(1, 1, 1))
    assert "SLURM_ARRAY_TASK_MIN is not set" in refusal(SLURM_ARRAY_TASK_ID="1", SLURM_ARRAY_TASK_MAX="2")
    assert "SLURM_ARRAY_TASK_MAX is not set" in refusal(SLURM_ARRAY_TASK_ID="1", SLURM_ARRAY_TASK_MIN="1")
    assert "none of an array" in refusal(**slurm(5, 4, 10, 6, 2))
    assert "AWS_BATCH_JOB_ARRAY_SIZE is not set" in refusal(AWS_BATCH_JOB_ARRAY_INDEX="1")
    assert "none of 2 parts" in refusal(**batch(2, 2))
    assert "no number" in refusal("--shards", "2", JOB_COMPLETION_INDEX="one")
    assert "none of 2 parts" in refusal("--shards", "2", JOB_COMPLETION_INDEX="2")
    assert "no number" in refusal("--shards", "2", JOB_COMPLETION_INDEX="-1")


@variable("PEEL_CPU", "PEEL_CPU_TRACE")
def _(machine):  # every file that dispatches, at every level: tests/kernels/test_dispatch.py
    here = machine.fresh()
    run_model(machine, here=here, PEEL_CPU="scalar", PEEL_CPU_TRACE="HERE/trace")
    ran = {line.split()[-1] for line in (here / "trace").read_text().splitlines()}
    assert ran and not any("AVX" in target for target in ran)
    assert not list(machine.fresh().glob("trace"))


def decoded_elsewhere(machine, **env):
    """A single TIFF that ends, stops or confuses the helper that decodes it, if one does."""
    here = machine.fresh()
    Image.new("RGB", (40, 30), (200, 60, 50)).save(here / "end.tif")
    with open(here / "end.tif", "ab") as file:
        file.write(b"PEEL-TEST")
    return machine.run("end.tif", "-o", "end.png", here=here, **env)


@variable("PEEL_ISOLATE", "PEEL_TEST_DECODE_HELPER")
def _(machine):
    assert decoded_elsewhere(machine, PEEL_ISOLATE="always").code == 0
    assert decoded_elsewhere(machine, PEEL_ISOLATE="never", PEEL_TEST_DECODE_HELPER="crash").code == 0
    done = decoded_elsewhere(machine, PEEL_ISOLATE="always", PEEL_TEST_DECODE_HELPER="crash")
    assert done.code == 1 and "crashed" in done.err
    assert "always or never" in decoded_elsewhere(machine, PEEL_ISOLATE="perhaps").err


@variable("PEEL_TEST_WORKER")
def _(machine):
    photo = (machine.template / "photo.png").read_bytes()
    with serving("--workers", "1", program=PROGRAM, env={"PEEL_TEST_WORKER": "crash@network"}) as service:
        codes = [service.cut(picture).status_code for picture in (photo, photo + b"PEEL-TEST", photo)]
    assert codes == [200, 500, 200]


@variable("PEEL_DECODE_TIMEOUT")
def _(machine):
    done = decoded_elsewhere(machine, PEEL_ISOLATE="always", PEEL_TEST_DECODE_HELPER="hang",
                             PEEL_DECODE_TIMEOUT="1")
    assert done.code == 1 and "did not come to an end" in done.err


@variable("PEEL_KERNELS_OFF")
def _(machine):
    def kernels(**env):
        return {s["kernel"] for s in json.loads(run_model(machine, "--json", "--profile", **env).out)["steps"]}

    assert kernels(PEEL_KERNELS_OFF="all") != kernels()


@variable("PEEL_PASSES_OFF")
def _(machine):
    passes = re.findall(r"passes\s+(\w+)", info(machine).decode()) or ["fuse_activation"]
    assert info(machine, PEEL_PASSES_OFF="all") != info(machine), passes


@variable("PEEL_TUNE", "PEEL_CACHE_DIR")
def _(machine):
    here = machine.fresh()
    run_model(machine, here=here, PEEL_TUNE="on", PEEL_CACHE_DIR="HERE/mine")
    assert list((here / "mine").rglob("*")), "nothing measured"
    here = machine.fresh()
    run_model(machine, here=here, PEEL_TUNE="off", PEEL_CACHE_DIR="HERE/mine")
    assert not list(here.glob("mine/**/*.*"))


@variable("PEEL_ORT_LIB")
def _(machine):
    done = machine.run("model", "run", "small.onnx", "--backend", "onnxruntime", "--strict",
                       PEEL_ORT_LIB="HERE/nothing.so")
    assert "nothing.so" in done.err


@variable("PEEL_FFMPEG", "PEEL_FFPROBE")
def _(machine):
    def tools(here):
        for name in ("mine", "ffprobe"):
            (here / name).write_text("#!/bin/sh\ncase $1 in\n-version) echo 'ffmpeg version 9.9-mine x'; "
                                     "echo 'libavutil 60. 1.100 / 60. 1.100';;\n"
                                     "*) echo ' V..... libx264 x';;\nesac\n")
            (here / name).chmod(0o755)

    def video(**env):
        here = machine.fresh()
        tools(here)
        return json.loads(machine.run("doctor", "--json", here=here, **env).out)["video"]

    mine = video(PEEL_FFMPEG="HERE/mine")
    assert mine["version"] == "9.9-mine" and mine["encoders"]["h264"] == "libx264"
    assert mine["encoders"]["vp9"] is None and not mine["tone_mapping"]
    # The one beside it, unless another is named.
    assert mine["ffprobe"].endswith("/ffprobe") and mine["ffprobe"].startswith(str(mine["ffmpeg"][:-5]))
    assert video(PEEL_FFMPEG="HERE/mine", PEEL_FFPROBE="HERE/mine")["ffprobe"].endswith("/mine")
    missing = video(PEEL_FFMPEG="HERE/none")
    assert not missing["found"] and "PEEL_FFMPEG" in missing["reason"]


@variable("PEEL_FFMPEG_PATIENCE")  # while it reads and writes films: tests/video/test_video_hung.py
def _(machine):
    def reason(patience):
        here = machine.fresh()
        (here / "hung").write_text("#!/bin/sh\nexec /bin/sleep 100\n")
        (here / "hung").chmod(0o755)
        return json.loads(machine.run("doctor", "--json", here=here, PEEL_FFMPEG="HERE/hung", PEEL_FFPROBE="HERE/hung",
                                      PEEL_FFMPEG_PATIENCE=patience).out)["video"]["reason"]

    assert "hung did nothing for 0.3 seconds" in reason("0.3")
    assert "no number of seconds" in reason("soon")


@variable("PEEL_ORT_OPTIONS")
def _(machine):
    done = machine.run("model", "run", "small.onnx", PEEL_ORT_OPTIONS="graph=fast")
    assert done.code == 2 and "PEEL_ORT_OPTIONS" in done.err


@variable("VIRTUAL_ENV", "CONDA_PREFIX")
def _(machine):
    def package(here):
        (here / "env/lib/python3.11/site-packages/onnxruntime/capi").mkdir(parents=True)

    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        done = machine.run("model", "run", "small.onnx", "--backend", "onnxruntime", "--strict",
                           prepare=package, PEEL_ORT_LIB="UNSET", **{name: "HERE/env"})
        assert "env/lib/python3.11" in done.err, done.err


@variable("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME", "HOME")
def _(machine):
    places = {"U2NET_HOME": "u2netp.onnx", "REMBG_HOME": "models/u2netp/u2netp.onnx",
              "XDG_DATA_HOME": "peel/models/u2netp.onnx", "HOME": ".u2net/u2netp.onnx"}
    for name, place in places.items():
        def put(here, place=place):
            (here / "models" / place).parent.mkdir(parents=True)
            (here / "models" / place).write_bytes((here / "small.onnx").read_bytes())

        env = {name: "HERE/models"}
        assert machine.run("cut", "photo.png", "-m", "u2netp", prepare=put, **env).code == 0, name
    assert machine.run("cut", "photo.png", "-m", "u2netp").code == 3


def configured(text, name="config.yaml"):
    def write(here):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)

    return write


@variable("PEEL_CONFIG", "XDG_CONFIG_HOME")
def _(machine):
    bad = "colour: red\n"
    for place, env in (("c.yaml", {"PEEL_CONFIG": "HERE/c.yaml"}),
                       ("peel/config.yaml", {"XDG_CONFIG_HOME": "HERE"})):
        done = machine.run("cut", "photo.png", prepare=configured(bad, place), **env)
        assert done.code == 2 and "colour" in done.err


@variable("XDG_CACHE_HOME")
def _(machine):
    here = machine.fresh()
    run_model(machine, here=here, PEEL_TUNE="on", PEEL_CACHE_DIR="UNSET", XDG_CACHE_HOME="HERE/xdg")
    assert list((here / "xdg").rglob("*"))


@variable("PATH")
def _(machine):
    done = machine.run("models", "pull", "u2netp")
    assert done.code == 3 and "curl" in done.err


CONFIGURED = {
    "model": ("./small.onnx", lambda done, usual: done.image()[1].tobytes() != usual.image()[1].tobytes()),
    "device": ("cuda", lambda done, usual: "cuda" in done.err),
    "backend": ("onnxruntime", lambda done, usual: "onnxruntime" in done.err.lower()),
    "precision": ("int8", lambda done, usual: "int8" in done.err),
    "threads": ("3", lambda done, usual: "with 3 threads" in done.err),
    "jobs": ("7", lambda done, usual: "7 jobs" in done.err),
    "ort": ("graph=fast", lambda done, usual: done.code == 2 and "graph" in done.err),
}


def test_every_key_of_the_configuration(machine):
    told = machine.run("cut", "photo.png", prepare=configured("colour: red\n"), PEEL_CONFIG="HERE/config.yaml").err
    keys = set(re.findall(r"\w+", told.split("there are")[1])) - {"and", "Run", "with"}
    assert keys == set(CONFIGURED)
    usual = stream(machine, "-v", "--threads", "1")
    for key, (value, differs) in CONFIGURED.items():
        fixed = () if key in ("threads", "jobs") else ("--threads", "1")
        fixed = ("--jobs", "1") if key == "threads" else fixed
        done = stream(machine, "-v", *fixed, prepare=configured(f"{key}: {value}\n"),
                      PEEL_CONFIG="HERE/config.yaml")
        assert differs(done, usual), (key, done.err)
        # The command line wins.
    over = stream(machine, "-v", "--device", "cpu", prepare=configured("device: cuda\n"),
                  PEEL_CONFIG="HERE/config.yaml")
    assert over.code == 0 and "cuda" not in over.err
