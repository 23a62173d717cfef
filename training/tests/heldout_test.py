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


def test_select_and_report_share_neither_pictures_nor_sources(data):
    rows = index_lib.read_index(data)
    of = {split: [row for row in rows if row.split == split]
          for split in ("train", "select", "report")}
    assert sum(map(len, of.values())) == len(rows)
    images = [{row.image for row in some} for some in of.values()]
    assert not images[0] & images[1] and not images[1] & images[2] and not images[0] & images[2]
    sources = {split: {row.source for row in some} for split, some in of.items()}
    assert not sources["select"] & sources["report"]
    assert not index_lib.REPORT & sources["train"]
    assert not index_lib.SELECT & sources["train"]


def test_drawn_cases_are_held_out(data):
    training = {row.image.stem for row in index_lib.read_index(data) if row.split == "train"}
    for split in ("select", "report"):
        cases = heldout.drawn(data, split, 3)
        assert len({case.kind for case in cases}) >= 2
        assert len(cases) <= 3 * len({case.kind for case in cases})
        assert not training & {case.name for case in cases}
        for case in cases:
            assert case.truth.shape == (case.image.height, case.image.width)


def test_matting_cases_are_soft(data):
    cases = heldout.matting(data)
    assert len(cases) == 14
    assert all(((c.truth > 0.1) & (c.truth < 0.9)).any() for c in cases)
