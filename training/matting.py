"""Errors of soft mattes (Rhemann et al., CVPR 2009). float [H,W] in 0..1.

As is usual, SAD is in thousands of pixels, MSE is a mean, gradient and
connectivity are in thousands.
"""

import numpy as np
from scipy import ndimage


def sad(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(mask - truth).sum() / 1000)


def mse(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(((mask - truth) ** 2).mean())


def _slope(values: np.ndarray, sigma: float) -> np.ndarray:
    """Magnitude of Gaussian-derivative responses, kernels of unit norm."""
    radius = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * 0.01))))
    r = np.arange(-radius, radius + 1)
    bell = np.exp(-(r**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
    kernel = np.outer(bell, -r * bell / sigma**2)
    kernel /= np.sqrt((kernel**2).sum())
    gx = ndimage.convolve(values, kernel, mode="nearest")
    gy = ndimage.convolve(values, kernel.T, mode="nearest")
    return np.hypot(gx, gy)


def gradient(mask: np.ndarray, truth: np.ndarray, sigma: float = 1.4) -> float:
    return float(((_slope(mask, sigma) - _slope(truth, sigma)) ** 2).sum() / 1000)


def connectivity(mask: np.ndarray, truth: np.ndarray, step: float = 0.1) -> float:
    """Pixels that hang together with the common subject at lower levels than they should."""
    level = np.full(mask.shape, -1.0)
    thresholds = np.arange(0, 1 + step / 2, step)
    for below, threshold in zip(thresholds, thresholds[1:]):
        both = (mask >= threshold) & (truth >= threshold)
        labels, count = ndimage.label(both)
        biggest = np.zeros_like(both)
        if count:
            biggest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
        level[(level == -1) & ~biggest] = below
    level[level == -1] = 1
    far_mask, far_truth = mask - level, truth - level
    phi_mask = 1 - far_mask * (far_mask >= 0.15)
    phi_truth = 1 - far_truth * (far_truth >= 0.15)
    return float(np.abs(phi_mask - phi_truth).sum() / 1000)


ALL = {"SAD": sad, "MSE": mse, "gradient": gradient, "connectivity": connectivity}
