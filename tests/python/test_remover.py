"""BackgroundRemover: settings, batches."""
import numpy as np
import pytest
from PIL import Image

import peel
from pictures import ball, decoded, encoded


@pytest.fixture(scope="module")
def remover():
    return peel.BackgroundRemover()


def test_same_as_cut(remover, photo, png):
    wanted = peel.cut(photo)
    assert np.array_equal(remover(photo), wanted)
    assert np.array_equal(decoded(remover.process(png)), wanted)
    assert np.array_equal(remover.matte(photo), wanted[..., 3])
    assert remover.process(Image.fromarray(photo)).mode == "RGBA"


def test_bgr_and_white(photo):
    remover = peel.BackgroundRemover(bgr=True, background="white", max_size=100)
    result = remover(photo[..., ::-1])
    assert result.shape == photo.shape and tuple(result[0, 0]) == (255, 255, 255)
    assert tuple(result[60, 80]) == tuple(photo[60, 80][::-1])


def test_max_size_keeps_the_pictures_size():
    big = ball(900, 700)
    limited = peel.BackgroundRemover(max_size=300)(big)
    assert limited.shape == (700, 900, 4)
    assert np.array_equal(limited[350, 450, :3], big[350, 450])


def test_batches_come_in_order(remover):
    pictures = [ball(60 + 4 * i, 50) for i in range(9)]
    results = list(remover.process_batch(iter(pictures), workers=3))
    assert [r.shape[1] for r in results] == [p.shape[1] for p in pictures]
    for picture, result in zip(pictures, results):
        assert np.array_equal(result, remover(picture))


def test_batches_read_ahead_only_a_little(remover, photo):
    taken = 0

    def source():
        nonlocal taken
        for _ in range(50):
            taken += 1
            yield photo

    batch = remover.process_batch(source(), workers=2)
    next(batch)
    assert taken <= 6
    batch.close()
    assert taken <= 8


def test_batches_of_mixed_kinds_and_bad_pictures(remover, photo, png):
    pictures = [photo, png, b"nonsense", Image.fromarray(photo), photo.astype(float), photo]
    results = list(remover.process_batch(pictures, errors="return"))
    assert [type(r).__name__ for r in results] == [
        "ndarray", "bytes", "Unsupported", "Image", "TypeError", "ndarray"]
    with pytest.raises(peel.Unsupported):
        list(remover.process_batch(pictures))
    assert list(remover.process_batch([])) == []


def test_errors_of_the_source_pass_through(remover, photo):
    def source():
        yield photo
        raise KeyError("source")

    with pytest.raises(KeyError, match="source"):
        list(remover.process_batch(source()))


@pytest.mark.parametrize("options", [
    {"max_size": 0}, {"background": 3}, {"edges": "none"}, {"format": "gif"},
    {"alpha_matting_erode_size": -1}, {"alpha_matting_foreground_threshold": 256},
])
def test_settings_that_make_no_sense(options):
    with pytest.raises((ValueError, TypeError)):
        peel.BackgroundRemover(**options)


def test_batch_arguments(remover):
    with pytest.raises(peel.InvalidArgument, match="errors"):
        remover.process_batch([], errors="ignore")
    with pytest.raises(peel.InvalidArgument, match="workers"):
        remover.process_batch([], workers=0)


def test_encoded_results(png):
    jpeg = peel.BackgroundRemover(format="jpg", quality=80)(png)
    assert jpeg[:2] == b"\xff\xd8" and tuple(decoded(jpeg)[0, 0]) == (255, 255, 255)
    assert encoded(decoded(jpeg))[:4] == b"\x89PNG"


def test_one_engine_serves_batches_too(monkeypatch, photo):
    """The weights are in memory once: never two sessions at a time."""
    import weakref

    from peel import _remover

    alive = weakref.WeakSet()
    most = []

    class Counted(peel.Session):
        def __init__(self, *args, **options):
            most.append(len(alive) + 1)
            super().__init__(*args, **options)
            alive.add(self)

    monkeypatch.setattr(_remover, "Session", Counted)
    wanted = peel.cut(photo)
    with peel.BackgroundRemover(threads=3) as remover:
        assert remover.session.threads == 3
        for _ in range(2):
            for result in remover.process_batch([photo] * 4, workers=3):
                assert np.array_equal(result, wanted)
                # All workers together keep to the threads, and single pictures run beside them.
                assert remover.session.jobs == 3 and remover.session.threads == 1
                assert np.array_equal(remover(photo), wanted)
            assert np.array_equal(remover(photo), wanted) and remover.session.threads == 3
        batches = [remover.process_batch([photo] * 3, workers=n) for n in (2, 3)]
        for results in zip(*batches):
            assert all(np.array_equal(r, wanted) for r in results)
    assert max(most) == 1 and len(most) == 6


def test_removers_that_were_closed(photo):
    remover = peel.BackgroundRemover()
    batch = remover.process_batch([photo] * 3)
    next(batch)
    remover.close()
    with pytest.raises(peel.InvalidArgument, match="closed"):
        list(batch)
        list(remover.process_batch([photo]))


def test_alpha_matting_and_its_numbers():
    noisy = (ball() + np.random.default_rng(2).normal(0, 12, (120, 160, 3))).clip(0, 255).astype(np.uint8)
    results = [peel.BackgroundRemover(**options)(noisy) for options in (
        {}, {"alpha_matting": True}, {"alpha_matting": True, "alpha_matting_erode_size": 2},
        {"alpha_matting": True, "alpha_matting_foreground_threshold": 120},
        {"alpha_matting": True, "alpha_matting_background_threshold": 120})]
    for i, one in enumerate(results):
        assert not any(np.array_equal(one, other) for other in results[i + 1:])
    assert np.array_equal(peel.BackgroundRemover(edges="matting")(noisy), results[1])
    assert np.array_equal(peel.cut(noisy, edges="matting"), results[1])
