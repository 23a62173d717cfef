"""The tables, on a model that is known to be right or wrong."""

import numpy as np
from PIL import Image

from training import evaluate
from training import grid
from training import heldout
from training import runner as runner_lib


class Oracle:
    """Answers with the pictures' own brightness: right on the cases below."""

    def __init__(self, subject):
        self._subject = subject

    def __call__(self, image):
        matte = np.asarray(image.convert("L"), np.float32) / 255
        return runner_lib.Answer(matte, self._subject(matte))


def made_cases():
    truth = np.zeros((40, 60), np.float32)
    truth[10:30, 20:40] = 1
    image = Image.fromarray((truth * 255).astype(np.uint8)).convert("RGB")
    full = [heldout.Case("a", "drawn: made", image, truth),
            heldout.Case("b", "matting", image, truth)]
    faint = truth * 0
    faint[:20] = 0.9  # What the oracle will wrongly call a subject.
    empty = [heldout.Case("c", "empty", Image.new("RGB", (60, 40)), truth * 0),
             heldout.Case("d", "empty",
                          Image.fromarray((faint * 255).astype(np.uint8)).convert("RGB"),
                          truth * 0)]
    return full + empty


def test_a_right_model_scores_one():
    values = evaluate.measure(Oracle(lambda matte: None), made_cases())
    table = evaluate.table({"oracle": values}, ["drawn: made", "matting"], ["IoU", "MAE"])
    assert "| drawn: made | 1 | oracle | 1.0000 ±0.0000 | 0.0000 ±0.0000 |" in table
    assert "| matting | 1 | oracle | 1.0000 ±0.0000 | 0.0000 ±0.0000 |" in table


def test_empty_pictures_are_counted():
    mute = evaluate.measure(Oracle(lambda matte: None), made_cases())
    sure = evaluate.measure(Oracle(lambda matte: 0.1), made_cases())
    text = evaluate.subject_table({"mute": mute, "sure": sure}, {"mute": 0.5, "sure": 0.5})
    assert "| mute | 2 | 1 (50.0%) | 2 | 0 (0.0%) |" in text
    assert "| sure | 2 | 0 (0.0%) | 2 | 2 (100.0%) |" in text


def test_grid_shows_every_kind():
    cases = [c for c in made_cases() if c.kind != "empty"]
    assert {c.kind for c in grid.choose(cases, 2, 1)} == {"drawn: made", "matting"}
    sheet = grid.draw(cases, {"oracle": Oracle(lambda matte: None)}, 2)
    assert sheet.width > 2 * 3 * 140 and np.asarray(sheet).std() > 1


def test_worst_cases_come_first():
    cases = [c for c in made_cases() if c.kind != "empty"]
    half = cases[0].truth.copy()
    half[20:] = 0
    cases.append(heldout.Case("half", "matting", cases[0].image, half))
    chosen = grid.worst(cases, Oracle(lambda matte: None), 2)
    assert len(chosen) == 2 and chosen[0].name == "half"


def test_interval_is_that_of_a_mean():
    values = np.random.default_rng(3).normal(5, 2, 400)
    assert 0.15 < evaluate.interval(values) < 0.25  # 1.96 · 2 / sqrt(400) = 0.196
    assert evaluate.interval([1.0]) == 0


def test_differences_are_paired_by_picture():
    made = [("drawn: a", 0.2), ("drawn: a", 0.9), ("drawn: b", 0.5)]
    base = [{"kind": kind, "IoU": value} for kind, value in made]
    better = [{"kind": kind, "IoU": value + 0.1} for kind, value in made]
    text = evaluate.versus({"new": better, "base": base}, ["IoU"])
    assert "| drawn: a | 2 | new | +0.1000 ±0.0000 |" in text
    assert "| mean of the kinds | 2 | new | +0.1000 |" in text


def test_mean_of_two_models():
    class One:
        threshold = 0.5

        def __init__(self, value):
            self._value = value

        def __call__(self, image):
            return runner_lib.Answer(np.full((4, 4), self._value, np.float32), self._value)
    answer = runner_lib.Mean([One(0.2), One(0.6)])(None)
    assert answer.matte.mean() == np.float32(0.4) and answer.subject == 0.2
