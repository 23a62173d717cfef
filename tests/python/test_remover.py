"""BackgroundRemover: settings, batches."""
import numpy as np
import pytest
from PIL import Image

import peel
from conftest import ball, decoded, encoded


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
