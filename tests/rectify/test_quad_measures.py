"""The measures of bench/rectify against cases that can be reckoned by hand."""
import numpy as np
import pytest

import measures

SQUARE = np.array([[100.0, 100], [300, 100], [300, 300], [100, 300]])


def test_the_same_quad_overlaps_whole():
    assert measures.jaccard(SQUARE, SQUARE, 1.0) == pytest.approx(1)


@pytest.mark.parametrize(
    "moved, overlap", [((100, 0), 1 / 3), ((0, 50), 0.75 / 1.25), ((200, 0), 0), ((500, 500), 0)]
)
def test_overlap_of_moved_squares(moved, overlap):
    assert measures.jaccard(SQUARE + moved, SQUARE, 1.0) == pytest.approx(overlap, abs=1e-9)


def test_quads_within_and_around():
    middle = SQUARE.mean(0)
    assert measures.jaccard(middle + (SQUARE - middle) / 2, SQUARE, 1.0) == pytest.approx(1 / 4)
    assert measures.jaccard(middle + (SQUARE - middle) * 2, SQUARE, 1.0) == pytest.approx(1 / 4)


def test_overlap_counts_in_the_sheets_own_frame():
    """Half of the sheet as its owner sees it, far less of the picture: the far half."""
    near = np.array([[100.0, 100], [200, 100], [300, 300], [0, 300]])
    to_frame = measures.homography(near, [[0, 0], [1, 0], [1, 1], [0, 1]])
    halves = np.linalg.inv(to_frame) @ np.array([[0, 0, 1], [1, 0, 1], [1, 0.5, 1], [0, 0.5, 1.0]]).T
    far_half = (halves[:2] / halves[2]).T
    assert measures.area(far_half) < 0.4 * measures.area(near)
    assert measures.jaccard(far_half, near, 1.0) == pytest.approx(0.5)


def test_a_quad_beyond_the_horizon_is_endless():
    near = np.array([[140.0, 100], [160, 100], [300, 300], [0, 300]])
    beyond = np.array([[0.0, -400], [300, -400], [300, 300], [0, 300]])
    assert 0 <= measures.jaccard(beyond, near, 1.0) < 1e-3


@pytest.mark.parametrize("turn", range(4))
def test_turns_are_told_apart_from_distance(turn):
    record = {"corners": SQUARE.tolist(), "ratio": 2.0, "also": [], "width": 300, "height": 400}
    found = np.roll(SQUARE, -turn, 0) + [3, 4]
    judged = measures.judged(record, found, 0.5 if turn % 2 else 2.0)
    assert judged["turn"] == turn
    assert judged["corner"] == pytest.approx(5 / 500)
    assert judged["ratio_error"] == pytest.approx(0)


def test_the_better_of_the_accepted_answers_counts():
    inner = SQUARE.mean(0) + (SQUARE - SQUARE.mean(0)) * 0.8
    record = {"corners": SQUARE.tolist(), "ratio": 1.0, "width": 300, "height": 400,
              "also": [{"corners": inner.tolist(), "ratio": 1.5}]}
    judged = measures.judged(record, inner, 1.5)
    assert judged["jaccard"] == pytest.approx(1)
    assert judged["ratio_error"] == pytest.approx(0)
    assert measures.judged({**record, "also": []}, inner, 1.5)["jaccard"] == pytest.approx(0.64)


def test_several_sheets_are_matched_once_each():
    other = SQUARE + [250, 0]
    record = {
        "sheets": [{"corners": q.tolist(), "ratio": 1.0, "also": []} for q in (SQUARE, other)],
        "width": 600,
        "height": 400,
    }
    assert measures.matched(record, [SQUARE + 1, other]) == (2, 0, True)
    assert measures.matched(record, [other, SQUARE]) == (2, 0, False)
    assert measures.matched(record, [SQUARE, SQUARE + 1, SQUARE + 90]) == (1, 2, True)
    assert measures.matched(record, []) == (0, 0, True)


def test_intervals_hold_the_mean_and_narrow_with_more():
    values = np.random.default_rng(1).normal(5, 1, 400)
    low, high = measures.interval(values)
    assert low < values.mean() < high
    few_low, few_high = measures.interval(values[:25])
    assert few_high - few_low > 2 * (high - low)
