"""Nothing that is set is ignored: with every option of the module set, something else comes out.

The options are read off the signatures; one without a row here fails. A row says what is set and in what
way the outcome differs: pixels, bytes, what is known about the result, or an exception.
"""
import asyncio
import inspect
import io
import pathlib
import re
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

import peel
from peel import _options, _peel, _types, rembg
from peel.rembg import cli
from peel.rembg.sessions.base import BaseSession
from pictures import U2NETP, ball, decoded, encoded, sheets

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NOISE = np.random.default_rng(5).normal(0, 12, (120, 160, 3))
PHOTO = (ball() + NOISE).clip(0, 255).astype(np.uint8)
PNG = encoded(PHOTO, icc_profile=SRGB)
IMAGE = Image.open(io.BytesIO(PNG))
TRIMAP = np.zeros((120, 160), np.uint8)
TRIMAP[30:90, 20:70] = 255
TRIMAP[30:90, 70:90] = 128
HINTS = np.zeros((120, 160, 4), np.uint8)
HINTS[58:62, 60:100] = 255, 0, 0, 255
HINTS[5:9, 5:30] = 0, 255, 0, 255
SHEET = np.asarray(sheets.photo_of(sheets.CORNERS))


def comparable(result):
    """What counts of a result: its kind, shape, depth, bytes, info."""
    if isinstance(result, peel.Cutout):
        result = result.image
    if isinstance(result, Image.Image):
        return "image", result.mode, result.size, result.tobytes(), sorted(result.info.items())
    if isinstance(result, np.ndarray):
        return "array", result.shape, str(result.dtype), result.tobytes()
    return "bytes", result


def outcome(function, *arguments, **options):
    """What comes out, or the type of what is raised."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result = function(*arguments, **options)
            if inspect.isawaitable(result):
                async def wait():
                    return await result
                result = asyncio.run(wait())
            return comparable(result), [str(w.message) for w in told]
        except Exception as error:
            return type(error), str(error)


def cancelled():
    token = peel.Cancel()
    token.set()
    return token


class Told(list):
    def __call__(self, stage, share):
        self.append((stage, share))


def refuse(stage, share):
    raise KeyError(stage)


# Option: (the picture, what else is set in both calls, the option's value).
CUT = {
    "bgr": (PHOTO, {}, True),
    "edges": (PHOTO, {}, "matting"),
    "crop": (PHOTO, {}, 3),
    "max_size": (PHOTO, {}, 50),
    "work_size": (PHOTO, {}, 40),
    "format": (PNG, {}, "webp"),
    "quality": (PNG, {"format": "jpg"}, 20),
    "lossless": (PNG, {"format": "webp"}, True),
    "compat": (PHOTO, {}, "rembg"),
    "max_pixels": (PHOTO, {}, 100),
    "trimap": (PHOTO, {}, TRIMAP),
    "hints": (PHOTO, {}, HINTS),
    "progress": (PHOTO, {}, refuse),
    "out": (PHOTO, {}, np.zeros((120, 160), np.uint16)),  # of another type than the result
    "cancel": (PHOTO, {}, cancelled()),
    "background": (PHOTO, {}, "blur"),
    "mask": (PHOTO, {}, True),
    "keep_metadata": (PNG, {}, False),
    "rectify": (SHEET, {}, True),
}


def test_the_table_is_whole():
    options = set(_types.CutOptions.__annotations__)
    assert options == set(CUT)
    by_run = {"bgr", "cancel", "out"}
    assert set(inspect.signature(_options.make_options).parameters) | by_run == options
    assert set(_types.MatteOptions.__annotations__) == options - {"background", "mask", "keep_metadata", "rectify"}
    for function in (peel.cut, peel.matte, peel.cut_async, peel.matte_async):
        assert set(inspect.signature(function).parameters) == {"data", "model", "session", "options"}


def test_every_member_of_the_c_options_is_bound():
    header = (pathlib.Path(__file__).parents[2] / "include/peel/peel.h").read_text()
    struct = re.search(r"typedef struct peel_cut_options \{(.*?)\n\} peel_cut_options;", header, re.S)[1]
    members = set(re.findall(r"(\w+);", re.sub(r"/\*.*?\*/", "", struct, flags=re.S)))
    bound = {name for name in dir(_peel.Options) if not name.startswith("_")}
    # The size is set by its constructor, the token is the call's, the data are progress itself.
    assert members - {"size", "cancel", "progress_data"} == bound


@pytest.fixture(scope="module")
def functions(session):
    return {"peel.cut": peel.cut, "Session.cut": session.cut, "Session.run": session.run,
            "peel.cut_async": peel.cut_async, "Session.cut_async": session.cut_async,
            "peel.matte": peel.matte, "Session.matte": session.matte,
            "peel.matte_async": peel.matte_async, "Session.matte_async": session.matte_async}


@pytest.mark.parametrize("name", CUT)
def test_options_of_cut_and_matte(functions, name):
    data, base, value = CUT[name]
    for called, function in functions.items():
        plain = outcome(function, data, **base)
        assert not isinstance(plain[0], type), (called, plain)
        got = outcome(function, data, **base, **{name: value})
        assert got != plain, f"{called}({name}={value!r}) changes nothing"
        if "matte" in called and name in ("background", "mask", "keep_metadata", "rectify"):
            assert got[0] is TypeError and name in got[1]


def test_effects_by_name(session):
    """That they are the right ones, where a row above only tells that there is one."""
    swapped = session.cut(PHOTO[..., ::-1], bgr=True)
    assert np.array_equal(swapped[..., [2, 1, 0, 3]], session.cut(PHOTO))
    assert session.cut(PHOTO, max_size=50).shape[:2] == (38, 50)
    assert np.array_equal(session.cut(PHOTO, mask=True), session.matte(PHOTO))
    assert np.array_equal(session.cut(PHOTO, compat="rembg"),
                          rembg.remove(PHOTO, session=rembg.new_session("peel")))
    assert Image.open(io.BytesIO(session.cut(PNG))).info["icc_profile"] == SRGB
    assert session.cut(IMAGE).info["icc_profile"] == SRGB
    for data in (PNG, IMAGE):
        result = session.cut(data, keep_metadata=False)
        result = Image.open(io.BytesIO(result)) if isinstance(result, bytes) else result
        assert "icc_profile" not in result.info
    out = np.zeros((120, 160, 4), np.uint8)
    assert session.cut(PHOTO, out=out) is out and np.array_equal(out, session.cut(PHOTO))
    told = Told()
    session.cut(PNG, progress=told)
    assert [s for s, _ in told] == ["decode", "network", "matte", "compose", "encode", "done"]
    assert [f for _, f in told] == sorted(f for _, f in told) and told[-1][1] == 1
    alpha = session.cut(PHOTO, trimap=TRIMAP)[..., 3]
    assert np.all(alpha[TRIMAP == 255] == 255) and not alpha[TRIMAP == 0].any()
    corrected = session.cut(PHOTO, hints=HINTS)
    assert not corrected[58:62, 60:100, 3].any() and np.all(corrected[5:9, 5:30, 3] == 255)
    assert np.array_equal(session.cut(PHOTO, hints=Image.fromarray(HINTS)), corrected)
    assert np.array_equal(session.cut(PHOTO, hints=encoded(HINTS)), corrected)
    on_white = np.where(HINTS[..., 3:] > 0, HINTS[..., :3], np.uint8(255))
    assert np.array_equal(session.cut(PHOTO, hints=on_white), corrected)
    drawn = Image.fromarray(TRIMAP)
    assert np.array_equal(session.cut(PHOTO, trimap=drawn)[..., 3], alpha)
    colour = session.cut(PHOTO, background=(1, 2, 3))
    assert np.array_equal(colour, session.cut(PHOTO, background="#010203"))


@pytest.mark.parametrize("data,options", [
    (PHOTO, {"format": "png"}), (PHOTO, {"quality": 9}), (IMAGE, {"lossless": True}),
    (IMAGE, {"format": "webp"}), (PNG, {"bgr": True}), (IMAGE, {"bgr": True}),
    (PNG, {"out": np.zeros(9)}), (PNG, {"quality": 50}), (PNG, {"format": "tiff", "quality": 50}),
    (PNG, {"format": "jpg", "lossless": True}),
    (PNG, {"format": "webp", "lossless": True, "quality": 50}),
    (PHOTO, {"mask": True, "background": "white"}), (PHOTO, {"compat": "rembg", "edges": "refine"}),
    (PHOTO, {"compat": "rembg", "trimap": TRIMAP}), (PHOTO, {"trimap": TRIMAP, "edges": "off"}),
    (PHOTO, {"hints": HINTS, "trimap": TRIMAP}), (PHOTO, {"hints": HINTS, "compat": "rembg"}),
    (PHOTO, {"hints": HINTS[1:]}), (PHOTO, {"hints": TRIMAP}),
    (PHOTO, {"trimap": TRIMAP, "work_size": 50}), (PHOTO, {"trimap": TRIMAP[1:]}),
    (PHOTO, {"compat": "rembg", "background": "blur"})], ids=lambda v: str(v)[:60] if isinstance(v, dict) else "")
def test_what_an_option_cannot_do_is_refused(session, data, options):
    with pytest.raises(peel.InvalidArgument):
        session.cut(data, **options)


# ---- what a session is made of -------------------------------------------------------------------

SESSION = {
    "model": lambda: peel.Session("no such model"),
    "device": lambda: peel.Session(device="cuda", strict=True),
    "precision": lambda: peel.Session(precision="fp16", strict=True),
    "threads": lambda: peel.Session(threads=3).threads == 3,
    "strict": lambda: (peel.Session(device="cuda").device == "cpu",
                       peel.Session(device="cuda", strict=True)),
    "family": lambda: peel.Session(family="no such family"),
    "backend": lambda: peel.Session(backend="no such backend"),
    "runtime": lambda: peel.Session(runtime={"graph": "no such level"}),
    "jobs": lambda: peel.Session(threads=3, jobs=3).threads == 1,
    "memory_limit": lambda: peel.Session(memory_limit=1000).cut(PHOTO),
}


def test_options_of_a_session(monkeypatch):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")
    assert set(inspect.signature(peel.Session.__init__).parameters) - {"self"} == set(SESSION)
    for name, effect in SESSION.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert effect() is True, f"{name} changes nothing"
            except peel.Error as error:
                assert str(error), name


def test_options_for_another_runtime_are_told(monkeypatch):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")
    with pytest.warns(RuntimeWarning, match="runtime"):
        peel.Session(runtime={"graph": "all"})


def test_families_feed_models_in_ways_of_their_own():
    if not U2NETP.exists():
        pytest.skip(f"{U2NETP} is not at hand")
    data = U2NETP.read_bytes()
    mattes = [peel.Session(data, family=family).matte(PHOTO) for family in ("u2net", "isnet")]
    assert not np.array_equal(*mattes)
    assert np.array_equal(mattes[0], peel.Session(U2NETP).matte(PHOTO))


# ---- BackgroundRemover ---------------------------------------------------------------------------

MATTED = {"alpha_matting": True}
REMOVER = {
    "max_size": (PHOTO, {}, 40), "background": (PHOTO, {}, "white"), "bgr": (PHOTO, {}, True),
    "alpha_matting": (PHOTO, {}, True), "edges": (PHOTO, {}, "matting"),
    "alpha_matting_foreground_threshold": (PHOTO, MATTED, 120),
    "alpha_matting_background_threshold": (PHOTO, MATTED, 120),
    "alpha_matting_erode_size": (PHOTO, MATTED, 2),
    "format": (PNG, {}, "webp"), "quality": (PNG, {"format": "jpg"}, 20),
    "model": (PHOTO, {}, "no such model"), "device": (PHOTO, {"strict": True}, "cuda"),
    "precision": (PHOTO, {"strict": True}, "fp16"), "strict": (PHOTO, {"device": "cuda"}, True),
    "threads": (PHOTO, {}, 5000),
}


@pytest.mark.parametrize("name", REMOVER)
def test_options_of_a_remover(monkeypatch, name):
    monkeypatch.setenv("PEEL_ORT_LIB", "off")
    assert set(inspect.signature(peel.BackgroundRemover.__init__).parameters) - {"self"} == set(REMOVER)
    data, base, value = REMOVER[name]
    for method in ("process", "matte", "process_batch"):
        def run(**options):
            with peel.BackgroundRemover(**options) as remover:
                if method == "process_batch":
                    return next(iter(remover.process_batch([data])))
                return getattr(remover, method)(data)

        plain, got = outcome(run, **base), outcome(run, **base, **{name: value})
        if method == "matte" and name in ("background", "bgr"):
            # Neither has a matte; bgr decides what the network sees.
            assert name == "background" or got != plain
            continue
        assert got != plain, f"{method} with {name}={value!r} changes nothing"


@pytest.mark.parametrize("options", [
    {"alpha_matting_erode_size": 5}, {"alpha_matting_foreground_threshold": 200}, {"quality": 50},
    {"alpha_matting_background_threshold": 20}, {"alpha_matting": True, "edges": "off"}])
def test_what_a_remover_cannot_do_is_refused(options):
    with pytest.raises(peel.InvalidArgument):
        peel.BackgroundRemover(**options)(PNG)


def test_options_of_batches(monkeypatch):
    assert set(inspect.signature(peel.BackgroundRemover.process_batch).parameters) == {
        "self", "images", "workers", "errors"}
    with peel.BackgroundRemover() as remover:
        batch = remover.process_batch([b"none", PHOTO], errors="return")
        assert isinstance(next(batch), peel.Error) and next(batch).shape == (120, 160, 4)
        with pytest.raises(peel.Error):
            next(remover.process_batch([b"none"], errors="raise"))
        for workers in (1, 3):
            batch = remover.process_batch([PHOTO] * 4, workers=workers)
            next(batch)
            assert remover.session.jobs == workers
            batch.close()


# ---- peel.rembg ----------------------------------------------------------------------------------


class Given(BaseSession):
    """Soft around a disc, or as soft as `level` says."""

    def predict(self, img, *args, level=1, **kwargs):
        y, x = np.mgrid[0:img.height, 0:img.width]
        disc = np.clip((50 - np.hypot(x - img.width / 2, y - img.height / 2)) * 12, 0, 255)
        return [Image.fromarray((disc // level).astype(np.uint8))]


REMBG = {
    "alpha_matting": ({}, True), "alpha_matting_foreground_threshold": (MATTED, 100),
    "alpha_matting_background_threshold": (MATTED, 200), "alpha_matting_erode_size": (MATTED, 25),
    "session": ({}, None), "only_mask": ({}, True), "post_process_mask": ({}, True),
    "decontaminate": ({}, True), "vitmatte": ({}, True), "vitmatte_model": ({"vitmatte": True}, "small"),
    "bgcolor": ({}, (9, 8, 7, 255)), "force_return_bytes": ({}, True),
    "args": ({}, None), "kwargs": ({}, {"level": 3}), "putalpha": ({}, True),
}


@pytest.mark.filterwarnings("ignore:rembg's default model")
@pytest.mark.parametrize("name", REMBG)
@pytest.mark.parametrize("session", ["given", "peel"])
def test_options_of_rembgs_remove(session, name):
    assert set(inspect.signature(rembg.remove).parameters) - {"data"} | {"putalpha"} == set(REMBG)
    base, value = REMBG[name]
    session = Given("given") if session == "given" else rembg.new_session("peel")
    plain = outcome(rembg.remove, PHOTO, session=session, **base)
    if name == "args":  # for predict alone, as in rembg
        return
    if name == "session":
        assert outcome(rembg.remove, PHOTO, session=Given("given")) != outcome(rembg.remove, PHOTO)
        return
    if name == "vitmatte_model":  # refused with its switch
        assert plain[0] is peel.Unsupported
        return
    if name == "kwargs":  # the session's own
        if isinstance(session, Given):
            assert outcome(rembg.remove, PHOTO, session=session, **value) != plain
        return
    got = outcome(rembg.remove, PHOTO, session=session, **base, **{name: value})
    assert got != plain, f"{name}={value!r} changes nothing"


def test_options_of_rembgs_new_session(rembg_home):
    assert set(inspect.signature(rembg.new_session).parameters) == {
        "model_name", "args", "sess_opts", "kwargs"}

    class SessionOptions:
        intra_op_num_threads = 1

    assert rembg.new_session("u2netp").model_name == "u2netp"
    assert rembg.new_session("peel", sess_opts=SessionOptions()).engine.threads == 1
    with pytest.warns(RuntimeWarning, match="CUDA|cuda"):
        rembg.new_session("peel", providers=["CUDAExecutionProvider"])
    (rembg_home / "mine.onnx").symlink_to(U2NETP)
    assert rembg.new_session("u2net_custom", model_path=str(rembg_home / "mine.onnx"))


# Flag: (what else is given, the flag with its value).
FLAGS = {
    "model": ([], ["-m", "u2netp"]), "alpha_matting": ([], ["-a"]),
    "alpha_matting_foreground_threshold": (["-a"], ["-af", "120"]),
    "alpha_matting_background_threshold": (["-a"], ["-ab", "120"]),
    "alpha_matting_erode_size": (["-a"], ["-ae", "30"]), "only_mask": ([], ["-om"]),
    "post_process_mask": ([], ["-ppm"]), "decontaminate": ([], ["-dc"]), "vitmatte": ([], ["-vm"]),
    "bgcolor": ([], ["-bgc", "9", "8", "7", "255"]), "extras": ([], ["-x", '{"putalpha": true}']),
}


def commands():
    parser = cli._parser()
    sub, = (a for a in parser._actions if hasattr(a, "choices") and a.choices)
    return {name: {a.dest for a in command._actions} - {"help"} for name, command in sub.choices.items()}


def run(monkeypatch, capfd, *arguments, stdin=b""):
    class In:
        buffer = io.BytesIO(stdin)

        def isatty(self):
            return False

    monkeypatch.setattr(cli.sys, "stdin", In())
    try:
        code = cli.main([str(a) for a in arguments])
    except SystemExit as end:
        code = end.code
    return code, capfd.readouterr().err


def test_every_flag_is_spoken_of_here():
    steps = set(FLAGS)
    assert commands() == {
        "i": steps | {"input", "output"},
        "p": steps | {"input", "output", "watch", "delete_input", "accept_usage_cost"},
        "b": steps | {"image_width", "image_height", "output_specifier"},
        "s": {"port", "host", "log_level", "threads", "no_ui"},  # all refused: there is no service
        "d": {"models"}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("command", ["i", "p", "b"])
@pytest.mark.parametrize("flag", FLAGS)
def test_flags_of_rembgs_commands(rembg_home, monkeypatch, capfd, tmp_path, command, flag):
    base, added = FLAGS[flag]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes(PNG)

    def made(name, arguments):
        target = tmp_path / name
        if command == "i":
            code, text = run(monkeypatch, capfd, "i", *arguments, tmp_path / "in/photo.png", target / "photo.png")
        elif command == "p":
            code, text = run(monkeypatch, capfd, "p", *arguments, tmp_path / "in", target)
        else:
            code, text = run(monkeypatch, capfd, "b", *arguments, "-o", target / "photo-%u.png", 160, 120,
                             stdin=PHOTO.tobytes())
        path = target / ("photo-0.png" if command == "b" else "photo.png")
        return code, path.exists() and comparable(Image.open(path)), code != 0 and text[:60]

    plain = made("plain", ["-m", "peel", *base])
    assert plain[0] == 0 and plain[1], plain
    with_it = made("with", ["-m", "peel", *base, *added] if flag != "model" else added)
    assert with_it != plain, f"{command} {' '.join(added)} changes nothing"


def test_further_flags(rembg_home, monkeypatch, capfd, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes(PNG)
    code, _ = run(monkeypatch, capfd, "p", "-m", "peel", "-d", tmp_path / "in", tmp_path / "out")
    assert code == 0 and not (tmp_path / "in/photo.png").exists()
    (tmp_path / "in" / "photo.jpg").write_bytes(encoded(PHOTO, "JPEG"))
    (tmp_path / "in" / "stop.txt").touch()
    code, _ = run(monkeypatch, capfd, "p", "-m", "peel", "-w", "--accept-usage-cost", tmp_path / "in",
                  tmp_path / "out")  # the last one agrees to costs, which nothing here has
    assert code == 0 and not (tmp_path / "in/stop.txt").exists()
    started = []
    with monkeypatch.context() as patched:  # what it would become; tests/serve runs it
        patched.setattr("peel.rembg.server.find_program", lambda: "/bin/peel")
        patched.setattr("peel.rembg.server.os.execv", lambda program, words: started.append(" ".join(words)))
        for flags, words in ((["-p", "7001"], "--port 7001"), (["-h", "127.0.0.2"], "--host 127.0.0.2"),
                             (["-l", "error"], "--log off"), (["-t", "2"], "--workers 2"), (["--no-ui"], "--no-ui")):
            run(patched, capfd, "s")
            run(patched, capfd, "s", *flags)
            assert words in started.pop() and words not in started.pop(), flags
        patched.setattr("peel.rembg.server.find_program", lambda: None)
        code, text = run(patched, capfd, "s")
        assert code == 3 and "PATH" in text and not started
    code, text = run(monkeypatch, capfd, "d", "nope")
    assert code == 1 and "nope" in text
    run(monkeypatch, capfd, "b", "-m", "peel", "-o", tmp_path / "f-%02d.png", 160, 120,
        stdin=PHOTO.tobytes() * 2)
    assert decoded((tmp_path / "f-01.png").read_bytes()).shape == (120, 160, 4)
    for name in ("out.png", "out-%s-%s.png", "out-%"):
        code, text = run(monkeypatch, capfd, "b", "-m", "peel", "-o", name, 160, 120)
        assert code == 2 and "out-%03u.png" in text
