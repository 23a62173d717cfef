"""Measures of a matte against the truth. Pure numpy; every function is deterministic.

Arguments are float arrays [H,W] in 0..1: `mask` is predicted, `truth` is drawn
(and cut at one half where a measure needs a binary truth). Sources:

  max Fβ        Achanta et al., "Frequency-tuned Salient Region Detection", CVPR 2009
  weighted Fβ   Margolin et al., "How to Evaluate Foreground Maps?", CVPR 2014
  S-measure     Fan et al., "Structure-measure", ICCV 2017
  E-measure     Fan et al., "Enhanced-alignment Measure", IJCAI 2018
  boundary IoU  Cheng et al., "Boundary IoU", CVPR 2021
  SAD, MSE, gradient, connectivity   Rhemann et al., "A Perceptually Motivated
                Online Benchmark for Image Matting", CVPR 2009 (see matting.py)
"""

import numpy as np
from scipy import ndimage

_EPS = np.finfo(np.float64).eps


def mae(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(mask - truth).mean())


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union at one half; 1 when both are empty."""
    a, b = mask >= 0.5, truth >= 0.5
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 1.0


def f_curve(mask: np.ndarray, truth: np.ndarray, beta2: float = 0.3) -> np.ndarray:
    """Fβ at the 256 thresholds t/255: a pixel is subject where round(255 mask) ≥ t."""
    levels = np.clip(np.round(mask * 255), 0, 255).astype(np.int64)
    positive = truth >= 0.5
    hit = np.bincount(levels[positive], minlength=256)[::-1].cumsum()[::-1]
    named = np.bincount(levels.ravel(), minlength=256)[::-1].cumsum()[::-1]
    precision = hit / np.maximum(named, 1)
    recall = hit / max(int(positive.sum()), 1)
    return (1 + beta2) * precision * recall / np.maximum(beta2 * precision + recall, _EPS)


def max_f(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(f_curve(mask, truth).max())


def _gauss(size: int, sigma: float) -> np.ndarray:
    """MATLAB's fspecial("gaussian", size, sigma)."""
    r = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-(r[:, None] ** 2 + r[None] ** 2) / (2 * sigma**2))
    kernel[kernel < _EPS * kernel.max()] = 0
    return kernel / kernel.sum()


def weighted_f(mask: np.ndarray, truth: np.ndarray) -> float:
    """Fβω with β² = 1: errors spread over 7×7, those far from the subject weigh more."""
    truth = truth >= 0.5
    if not truth.any():
        return 0.0
    distance, nearest = ndimage.distance_transform_edt(~truth, return_indices=True)
    error = np.abs(mask - truth)
    spread = error.copy()
    outside = ~truth
    spread[outside] = error[nearest[0][outside], nearest[1][outside]]
    spread = ndimage.correlate(spread, _gauss(7, 5.0), mode="constant")
    least = np.where(truth & (spread < error), spread, error)
    importance = np.ones_like(error)
    importance[outside] = 2.0 - np.exp(np.log(0.5) / 5.0 * distance[outside])
    weighted = least * importance
    true_positive = truth.sum() - weighted[truth].sum()
    false_positive = weighted[outside].sum()
    recall = 1 - weighted[truth].mean()
    precision = true_positive / (_EPS + true_positive + false_positive)
    return float(2 * recall * precision / (_EPS + recall + precision))


def _object_score(values: np.ndarray) -> float:
    """How alike and how high the values of one region are."""
    if not values.size:
        return 0.0
    mean = values.mean()
    spread = values.std(ddof=1) if values.size > 1 else 0.0
    return float(2 * mean / (mean**2 + 1 + spread + _EPS))


def _region_ssim(mask: np.ndarray, truth: np.ndarray) -> float:
    count = mask.size
    if not count:
        return 0.0
    mx, my = mask.mean(), truth.mean()
    vx = ((mask - mx) ** 2).sum() / (count - 1 + _EPS)
    vy = ((truth - my) ** 2).sum() / (count - 1 + _EPS)
    vxy = ((mask - mx) * (truth - my)).sum() / (count - 1 + _EPS)
    a, b = 4 * mx * my * vxy, (mx**2 + my**2) * (vx + vy)
    if a != 0:
        return float(a / (b + _EPS))
    return 1.0 if b == 0 else 0.0


def s_measure(mask: np.ndarray, truth: np.ndarray, alpha: float = 0.5) -> float:
    """Structure: object-aware and region-aware similarity, in equal parts."""
    truth = (truth >= 0.5).astype(np.float64)
    share = truth.mean()
    if share == 0:
        return float(1 - mask.mean())
    if share == 1:
        return float(mask.mean())
    inside = truth == 1
    by_object = (share * _object_score(mask[inside])
                 + (1 - share) * _object_score(1 - mask[~inside]))
    rows, columns = np.nonzero(inside)
    # One past the rounded centroid: the reference counts pixels from one.
    y, x = int(np.round(rows.mean())) + 1, int(np.round(columns.mean())) + 1
    by_region = 0.0
    for part in (np.s_[:y, :x], np.s_[:y, x:], np.s_[y:, :x], np.s_[y:, x:]):
        weight = truth[part].size / truth.size
        by_region += weight * _region_ssim(mask[part], truth[part])
    return float(max(0.0, alpha * by_object + (1 - alpha) * by_region))


def e_measure(mask: np.ndarray, truth: np.ndarray) -> float:
    """Enhanced alignment at the adaptive threshold min(1, 2 mean(mask))."""
    truth = truth >= 0.5
    cut = mask >= min(1.0, 2 * mask.mean())
    if mask.max() == 0:
        cut = np.zeros_like(truth)
    if not truth.any():
        enhanced = 1.0 - cut
    elif truth.all():
        enhanced = cut.astype(np.float64)
    else:
        a, b = cut - cut.mean(), truth - truth.mean()
        align = 2 * a * b / (a * a + b * b + _EPS)
        enhanced = (align + 1) ** 2 / 4
    return float(enhanced.sum() / (truth.size - 1 + _EPS))


def _rim(binary: np.ndarray, width: int) -> np.ndarray:
    """Pixels of the region within `width` of its contour or of the picture's border."""
    padded = np.pad(binary, 1)
    inner = ndimage.binary_erosion(padded, np.ones((3, 3), bool), iterations=width)
    return binary & ~inner[1:-1, 1:-1]


def boundary_iou(mask: np.ndarray, truth: np.ndarray, band: float = 0.02) -> float:
    """IoU of the two rims, `band` of the diagonal wide; 1 when both are empty."""
    a, b = mask >= 0.5, truth >= 0.5
    width = max(1, int(round(band * np.hypot(*a.shape))))
    rim_a, rim_b = _rim(a, width), _rim(b, width)
    union = (rim_a | rim_b).sum()
    return float((rim_a & rim_b).sum() / union) if union else 1.0


ALL = {
    "IoU": iou, "MAE": mae, "max F": max_f, "weighted F": weighted_f, "S": s_measure,
    "E": e_measure, "boundary IoU": boundary_iou,
}
