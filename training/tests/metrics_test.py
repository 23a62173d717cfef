"""The measures on cases whose values are known.

`PUBLISHED` holds what PySODMetrics 1.6.2 (Pang et al.) gives for the same
pictures; that package stretches predictions to 0..1 first, so these do too.
"""

import numpy as np
import pytest

from training import matting
from training import metrics

_Y, _X = np.mgrid[:48, :64]
DISC = ((_Y - 24) ** 2 + (_X - 30) ** 2 < 15**2).astype(float)
SOFT = np.clip(1.2 - np.hypot(_Y - 22, _X - 34) / 18, 0, 1)
TWO = np.maximum(DISC, ((_Y - 8) ** 2 + (_X - 56) ** 2 < 6**2))
HALF = (_X >= 32).astype(float)
NOTHING = np.zeros_like(DISC)

# prediction, truth: max F, weighted F, S, adaptive E, MAE
PUBLISHED = {
    "soft disc": (SOFT, DISC, 0.84394, 0.63606, 0.79906, 0.91822, 0.14127),
    "second missed": (DISC, TWO, 0.96517, 0.92812, 0.91759, 0.95858, 0.03548),
    "half": (HALF, DISC, 0.27616, 0.21065, 0.26082, 0.38320, 0.52832),
    "perfect": (DISC, DISC, 1.0, 1.0, 1.0, 1.00033, 0.0),
    "inverse": (1 - DISC, DISC, 0.27616, 0.0, 0.0, 0.0, 1.0),
    "nothing": (NOTHING, DISC, 0.27616, 0.0, 0.38656, 0.25008, 0.22689),
}


def stretched(mask: np.ndarray) -> np.ndarray:
    """As the package sees it: 8 bits, then stretched to 0..1."""
    mask = np.round(mask * 255) / 255
    low, high = mask.min(), mask.max()
    return (mask - low) / (high - low) if high > low else mask


@pytest.mark.parametrize("name", PUBLISHED)
def test_equals_published_implementation(name):
    mask, truth, *wanted = PUBLISHED[name]
    mask = stretched(mask)
    got = [f(mask, truth) for f in (metrics.max_f, metrics.weighted_f, metrics.s_measure,
                                    metrics.e_measure, metrics.mae)]
    assert got == pytest.approx(wanted, abs=1e-5)


def test_iou_counts_pixels():
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[:2], b[1:3] = 1, 1
    assert metrics.iou(a, b) == pytest.approx(4 / 12)
    assert metrics.iou(a * 0, b * 0) == 1.0
    assert metrics.iou(a * 0.49, b) == 0.0


def test_boundary_iou_sees_only_the_rim():
    truth = np.zeros((100, 100))
    truth[20:80, 20:80] = 1
    hollow = truth.copy()
    hollow[45:55, 45:55] = 0  # Far from the contour, but a contour of its own.
    assert metrics.boundary_iou(truth, truth) == 1.0
    rim = 60 * 60 - 54 * 54  # Band of round(0.02 · 141.4) = 3 pixels.
    ring = 16 * 16 - 10 * 10
    assert metrics.boundary_iou(hollow, truth) == pytest.approx(rim / (rim + ring))


def test_boundary_iou_counts_the_border_of_the_picture():
    full, empty = np.ones((50, 50)), np.zeros((50, 50))
    assert metrics.boundary_iou(full, full) == 1.0
    assert metrics.boundary_iou(full, empty) == 0.0
    assert metrics.boundary_iou(empty, empty) == 1.0


def test_empty_truth_does_not_divide_by_zero():
    for name, f in metrics.ALL.items():
        for mask in (NOTHING, DISC, SOFT):
            assert np.isfinite(f(mask, NOTHING)), name
            assert np.isfinite(f(mask, np.ones_like(DISC))), name


def test_matting_errors_of_a_known_difference():
    mask = DISC * 0.5
    assert matting.sad(mask, DISC) == pytest.approx(DISC.sum() * 0.5 / 1000)
    assert matting.mse(mask, DISC) == pytest.approx(DISC.mean() * 0.25)
    for f in matting.ALL.values():
        assert f(DISC, DISC) == 0
        assert f(mask, DISC) > 0


def test_connectivity_dislikes_an_island():
    island = DISC.copy()
    island[2:5, 55:60] = 1
    assert matting.connectivity(island, DISC) == pytest.approx(15 / 1000)
