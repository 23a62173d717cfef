"""How right a found quad is.

Jaccard index as in ICDAR 2015's SmartDoc challenge 1 (Burie et al. 2015): the found quad is brought into the
document's own frame by the true homography, and there the area of its overlap with the document is divided by that of
their union, so that pixels far from the camera count as much as near ones.
"""
import numpy as np

from generate.camera import homography


def clipped(polygon, inside):
    """A polygon [n, k] cut by a half space; `inside` gives a signed value for points [n, k] (Sutherland and Hodgman)."""
    if len(polygon) == 0:
        return polygon
    value = inside(polygon)
    kept = []
    for k in range(len(polygon)):
        j = (k + 1) % len(polygon)
        if value[k] >= 0:
            kept.append(polygon[k])
        if (value[k] >= 0) != (value[j] >= 0):
            t = value[k] / (value[k] - value[j])
            kept.append(polygon[k] + t * (polygon[j] - polygon[k]))
    return np.array(kept)


def area(polygon):
    if len(polygon) < 3:
        return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def jaccard(found, truth, ratio):
    """Of two quads [4, 2] in the picture; `ratio` is the true width / height."""
    to_frame = homography(truth, [[0, 0], [ratio, 0], [ratio, 1], [0, 1]])
    p = np.column_stack([found, np.ones(4)]) @ to_frame.T
    if to_frame[2] @ np.append(np.mean(truth, 0), 1) < 0:
        p = -p
    # What lies beyond the horizon of the document's plane does not count.
    p = clipped(p, lambda q: q[:, 2] - 1e-6)
    if len(p) < 3:
        return 0.0
    flat = p[:, :2] / p[:, 2:]
    common = flat
    for edge in (lambda q: q[:, 0], lambda q: ratio - q[:, 0], lambda q: q[:, 1], lambda q: 1 - q[:, 1]):
        common = clipped(common, edge)
    both = area(common) if len(common) else 0.0
    return both / max(area(flat) + ratio - both, 1e-12)


def turned(found, truth):
    """(quarter turns by which the found corners are numbered on, mean corner distance then)."""
    far = [np.linalg.norm(np.roll(found, k, 0) - truth, axis=1).mean() for k in range(4)]
    k = int(np.argmin(far))
    return k, far[k]


def judged(record, corners, ratio):
    """Measures of a found quad [4, 2] against a record of truth.jsonl; what is accepted beside the corners themselves
    (the display within its rim, the canvas within its frame) counts where it fits better."""
    found = np.asarray(corners, float)
    best = None
    for truth in [{"corners": record["corners"], "ratio": record["ratio"]}, *record["also"]]:
        true = np.asarray(truth["corners"], float)
        overlap = jaccard(found, true, truth["ratio"] or 1.0)  # which does not depend on the ratio
        if best is None or overlap > best["jaccard"]:
            turn, far = turned(found, true)
            expected = truth["ratio"] and (1 / truth["ratio"] if turn % 2 else truth["ratio"])
            best = {"jaccard": overlap, "corner": far / np.hypot(record["width"], record["height"]), "turn": turn,
                    "ratio_error": abs(ratio / expected - 1) if ratio and expected else None}
    return best


def matched(record, quads):
    """(sheets found with a Jaccard index of .9 or more, quads that are no sheet, whether the found ones come in the
    order of the true ones' rows) for a record with `sheets` and found quads in their order."""
    sheets = [{**record, **sheet} for sheet in record["sheets"]]
    taken = []
    wrong = 0
    for quad in quads:
        overlaps = [judged(sheet, quad, None)["jaccard"] if k not in taken else 0 for k, sheet in enumerate(sheets)]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= 0.9:
            taken.append(best)
        else:
            wrong += 1
    return len(taken), wrong, taken == sorted(taken)


def interval(values, statistic=np.mean, rounds=2000, seed=7):
    """The 95 % bootstrap interval of a statistic."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return (float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    picks = values[rng.integers(0, len(values), (rounds, len(values)))]
    if statistic is np.mean:
        drawn = picks.mean(1)
    else:
        drawn = np.array([statistic(p) for p in picks])
    return tuple(float(v) for v in np.percentile(drawn, [2.5, 97.5]))
