"""Animation in, animation out: what Pillow reads of the result against the source's frames, each cut out alone."""
import io
import json

from cli_support import ball, leftovers
import numpy as np
from PIL import Image, ImageSequence
import pytest

SIZE = (160, 120)
KINDS = ("gif", "webp", "png")
DELAYS = [80, 200, 40, 120]


def frames(count=4, size=SIZE):
    """A ball that moves to the right."""
    made = []
    for i in range(count):
        image = Image.new("RGB", size, (100, 160, 110))
        image.paste(ball(*size).crop((30, 10, 130, 110)), (15 * (i % 4), 10))
        image.putpixel((i % size[0], size[1] - 1), (i % 251, 0, 0))
        made.append(image)
    return made


def save(path, made, delays=None, loop=0, **options):
    if str(path).endswith("webp"):
        options["lossless"] = True
    if loop is not None:
        options["loop"] = loop
    made[0].save(path, save_all=True, append_images=made[1:], duration=delays or 100, **options)


def read(data):
    """RGBA of every frame, their milliseconds, and how often they are played (0: for ever)."""
    image = Image.open(io.BytesIO(data) if isinstance(data, bytes) else data)
    shown, delays = [], []
    for i in range(getattr(image, "n_frames", 1)):
        image.seek(i)
        image.load()
        delays.append(round(image.info.get("duration", 0)))
        shown.append(np.asarray(image.convert("RGBA")))
    if image.format == "GIF":
        plays = image.info["loop"] and image.info["loop"] + 1 if "loop" in image.info else 1
    else:
        plays = image.info.get("loop", 1)
    return shown, delays, plays


def frames_alone(peel, name, *options):
    """Every frame cut out as a PNG of its own."""
    assert peel(name, "--all-frames", "-O", "alone", *options).code == 0
    return [np.asarray(Image.open(f"alone/{one}").convert("RGBA")) for one in leftovers("alone")]


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_every_frame_is_cut_out(peel, tmp_path, source, target):
    save(f"a.{source}", frames(), DELAYS)
    want = frames_alone(peel, f"a.{source}")
    assert len(want) == 4
    done = peel(f"a.{source}", "-o", f"out.{target}", *(["--lossless"] if target == "webp" else []))
    assert (done.code, done.err) == (0, "")
    got, delays, plays = read(f"out.{target}")
    assert (len(got), delays, plays) == (4, DELAYS, 0)
    for one, alone in zip(got, want):
        assert 0.05 < (alone[..., 3] == 255).mean() < 0.6
        if target == "gif":
            assert np.array_equal(one[..., 3] == 255, alone[..., 3] >= 128)
            assert set(np.unique(one[..., 3])) == {0, 255}
            seen = one[..., 3] == 255
            assert np.abs(one[seen][:, :3].astype(int) - alone[seen][:, :3]).mean() < 4
        else:
            assert np.array_equal(one[..., 3], alone[..., 3])
            seen = alone[..., 3] > 0
            assert np.array_equal(one[seen], alone[seen])


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("loop", [None, 2, 5])
def test_number_of_plays(everything, tmp_path, source, target, loop):
    save(tmp_path / f"a.{source}", frames(2), loop=loop)
    _, _, before = read(tmp_path / f"a.{source}")
    assert before == {None: 0 if source != "gif" else 1, 2: 2 + (source == "gif"),
                      5: 5 + (source == "gif")}[loop]
    _, _, after = read(everything(f"a.{source}", SIZE, f"out.{target}"))
    assert after == before


def test_delays_that_are_no_milliseconds(everything, tmp_path):
    """1/30 s: exact in an APNG, and without a drift in the others."""
    made = frames(9)
    save(tmp_path / "a.png", made, 1000 / 30)
    data = (tmp_path / "a.png").read_bytes()
    assert data.count(b"fcTL") == 9
    for target, whole in (("png", 1), ("webp", 1), ("gif", 10)):
        _, delays, _ = read(everything("a.png", SIZE, f"out.{target}"))
        assert len(delays) == 9 and abs(sum(delays) - 300) <= max(whole, 4)


def test_default_result_is_an_apng(peel):
    save("a.gif", frames(), DELAYS)
    assert peel("a.gif", "--report", "report.json").code == 0
    got, delays, _ = read("a.cut.png")
    assert (len(got), delays) == (4, DELAYS)
    entry, = json.loads(open("report.json").read())
    assert entry["frames"] == 4 and "frame" not in entry and entry["subject"]
    # Whoever knows no APNG sees the first frame: all of it.
    data = open("a.cut.png", "rb").read()
    assert data.index(b"fcTL") < data.index(b"IDAT") < data.index(b"fdAT")


@pytest.mark.parametrize("name", ["out.jpg", "out.tif", "out.avif"])
def test_still_formats_take_the_first_frame_and_say_so(peel, name):
    save("a.gif", frames())
    done = peel("a.gif", "-o", name)
    assert done.code == 0 and "the first of 4 frames" in done.err
    assert getattr(Image.open(name), "n_frames", 1) == 1


def test_first_frame_on_demand(peel):
    save("a.webp", frames())
    done = peel("a.webp", "-o", "out.png", "--animation", "first")
    assert (done.code, done.err) == (0, "")
    got, _, _ = read("out.png")
    assert len(got) == 1 and np.array_equal(got[0], frames_alone(peel, "a.webp")[0])
    done = peel("a.webp", "-o", "rembg.png", "--compat", "rembg")
    assert done.code == 0 and len(read("rembg.png")[0]) == 1
    done = peel("a.webp", "--all-frames", "--animation", "auto")
    assert done.code == 2 and "--animation" in done.err
    done = peel("stream", "2", "2", "--animation", "first", stdin=b"")
    assert done.code == 2 and "raw frames" in done.err


def test_one_frame_is_a_picture(peel):
    frames(1)[0].save("a.gif")
    assert peel("a.gif", "-o", "out.png").code == 0
    assert b"acTL" not in open("out.png", "rb").read()


@pytest.mark.parametrize("options", [["--background", "#102030"], ["--background", "rgba(9, 8, 7, 0.5)"],
                                     ["--background", "blur"], ["--mask"], ["--max-size", "80"],
                                     ["--size", "90x90", "--position", "bottom"], ["--edges", "off"],
                                     ["--shadow"]], ids=" ".join)
def test_options_hold_for_every_frame(peel, options):
    save("a.gif", frames())
    want = frames_alone(peel, "a.gif", *options)
    for target in ("png", "webp"):
        lossless = ["--lossless"] if target == "webp" else []
        assert peel("a.gif", "-o", f"out.{target}", *lossless, *options).code == 0
        got, _, _ = read(f"out.{target}")
        assert len(got) == 4
        for one, alone in zip(got, want):
            assert one.shape == alone.shape
            seen = alone[..., 3] > 0
            assert np.array_equal(one[..., 3], alone[..., 3]) and np.array_equal(one[seen], alone[seen])


def test_a_background_picture(peel):
    save("a.gif", frames())
    Image.effect_noise((50, 40), 60).convert("RGB").save("back.png")
    want = frames_alone(peel, "a.gif", "--background", "back.png")
    assert peel("a.gif", "--background", "back.png", "-o", "out.png").code == 0
    assert all(np.array_equal(a, b) for a, b in zip(read("out.png")[0], want))


def test_a_crop_is_one_box_for_all(peel):
    save("a.gif", frames())
    whole = np.stack(frames_alone(peel, "a.gif"))
    rows, columns = np.nonzero((whole[..., 3] >= 8).any(0))
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    margin = 3
    box = np.s_[:, max(top - margin, 0):bottom + margin, max(left - margin, 0):right + margin]
    assert peel("a.gif", "-o", "out.png", "--crop", margin).code == 0
    got = np.stack(read("out.png")[0])
    assert got.shape == whole[box].shape
    assert np.array_equal(got[..., 3], whole[box][..., 3])


def test_frames_without_a_subject_are_empty(peel):
    made = frames(3)
    made[1] = Image.new("RGB", SIZE, (100, 160, 110))
    save("a.png", made)
    done = peel("a.png", "-o", "out.webp")
    assert done.code == 0 and "no subject found in 1 of 3 frames" in done.err
    got, _, _ = read("out.webp")
    assert len(got) == 3
    assert got[0][..., 3].max() == 255 and got[1][..., 3].max() == 0 and got[2][..., 3].max() == 255


def test_what_was_drawn_over_earlier_frames_is_seen_as_shown(peel):
    """Frames that only say what changed, of GIF's and APNG's kinds of disposal and blending."""
    made = [image.convert("RGBA") for image in frames()]
    for image in made[1:]:
        image.paste((0, 0, 0, 0), (0, 0, 160, 10))
    for name, options in (("a.gif", {"disposal": 2}), ("b.gif", {"disposal": 1}),
                          ("a.png", {"disposal": 1, "blend": 1}), ("b.png", {"disposal": 0, "blend": 1})):
        save(name, made, **options)
        assert peel(name, "--all-frames", "-O", f"alone-{name}").code == 0
        want = [np.asarray(Image.open(f"alone-{name}/{one}").convert("RGBA"))
                for one in leftovers(f"alone-{name}")]
        assert peel(name, "-o", f"out-{name}.png").code == 0
        got = read(f"out-{name}.png")[0]
        assert len(got) == len(want) == 4
        assert all(np.array_equal(a[..., 3], b[..., 3]) for a, b in zip(got, want))


def test_a_truncated_animation_gives_what_there_is(peel):
    save("a.gif", frames(8))
    data = open("a.gif", "rb").read()
    open("cut.gif", "wb").write(data[:len(data) * 6 // 10])
    done = peel("cut.gif", "-o", "out.png")
    assert done.code == 0 and "the animation ends before frame" in done.err and "truncated" in done.err
    got, _, _ = read("out.png")
    assert 2 <= len(got) < 8


def test_in_a_stream(peel):
    save("a.gif", frames())
    data = open("a.gif", "rb").read()
    done = peel("stream", stdin=data + data)
    assert done.code == 0, done.err
    assert done.out.count(b"acTL") == 2 and done.out.count(b"fcTL") == 8


def test_a_still_gif_is_written(peel, photo):
    assert peel(photo, "-o", "out.gif").code == 0
    got, _, _ = read("out.gif")
    assert len(got) == 1 and set(np.unique(got[0][..., 3])) == {0, 255}
    done = peel(photo, "-o", "out.gif", "--quality", "50")
    assert done.code != 0 and "256 colours" in done.err


def test_what_a_gif_cannot_hold_is_told(peel, shared):
    done = peel(shared / "reports/photo_p3.jpg", "-o", "out.gif")
    assert done.code == 0 and "profile was left out: GIF" in done.err


@pytest.mark.parametrize("target", KINDS)
def test_memory_does_not_grow_with_the_frames(program, peel, peak_memory, target):
    size = (320, 240)
    Image.new("L", size, 255).save("white.png")  # no network: only what frames take is looked at
    used = []
    for count in (20, 200):
        noise = [image.resize(size) for image in frames(count)]
        save(f"a{count}.gif", noise)
        used.append(peak_memory([program, f"a{count}.gif", "--trimap", "white.png", "-o", f"out{count}.{target}"]))
        assert len(read(f"out{count}.{target}")[0]) == count
    assert used[1] < 1.5 * used[0], used


@pytest.mark.parametrize("name", ["anim.gif", "anim.webp", "anim.png"])
def test_reported_files(peel, shared, name):
    source = Image.open(shared / "reports" / name)
    _, delays, plays = read(shared / "reports" / name)
    for target in KINDS:
        assert peel(shared / "reports" / name, "-o", f"out.{target}").code == 0
        got, after, played = read(f"out.{target}")
        assert len(got) == source.n_frames > 1
        assert (after, played) == (delays, plays)
        assert got[0].shape[1::-1] == source.size


def test_an_avif_sequence(peel):
    made = frames(3)
    made[0].save("a.avif", save_all=True, append_images=made[1:], duration=[100, 200, 300], quality=90)
    assert peel("a.avif", "-o", "out.png").code == 0
    got, delays, plays = read("out.png")
    assert (len(got), delays, plays) == (3, [100, 200, 300], 0)
    # Of several files each is decoded in a process of its own.
    made[0].save("b.avif", save_all=True, append_images=made[1:], duration=70)
    assert peel("a.avif", "b.avif", "-O", "out").code == 0
    got, delays, plays = read("out/a.cut.png")
    assert (len(got), delays, plays) == (3, [100, 200, 300], 0)
    assert read("out/b.cut.png")[1] == [70, 70, 70]


def test_sequence_of_frames_in_pillow(peel):
    """Every frame on its own canvas, in whatever order they are read."""
    save("a.gif", frames())
    assert peel("a.gif", "-o", "out.webp", "--lossless").code == 0
    straight = read("out.webp")[0]
    for i, image in enumerate(ImageSequence.Iterator(Image.open("out.webp"))):
        assert np.array_equal(np.asarray(image.convert("RGBA")), straight[i])
