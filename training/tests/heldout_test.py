"""The held-out pictures: none of them is in the training split."""

import numpy as np

from training import heldout
from training import index as index_lib


def test_quiet_window_touches_no_subject():
    truth = np.zeros((60, 100), np.float32)
    truth[10:30, 5:30] = 1
    left, top, right, bottom = heldout._quiet_window(truth, 0.4)
    assert truth[top:bottom, left:right].max() == 0
    assert right - left >= 40 and bottom - top >= 24
    assert heldout._quiet_window(np.ones((20, 20), np.float32), 0.4) is None


def test_drawn_cases_are_held_out(data):
    training = {row.image.stem for row in index_lib.read_index(data) if row.split == "train"}
    cases = heldout.drawn(data)
    assert len(cases) == 30
    assert not training & {case.name for case in cases}
    for case in cases:
        assert case.truth.shape == (case.image.height, case.image.width)


def test_matting_cases_are_soft(data):
    cases = heldout.matting(data)
    assert len(cases) == 14
    assert all(((c.truth > 0.1) & (c.truth < 0.9)).any() for c in cases)
