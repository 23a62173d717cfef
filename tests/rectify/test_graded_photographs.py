"""`peel rectify` on photographs with known corners. Thresholds stand below what Peel reaches on large sets
(bench/rectify), far above what chance or a picture's own border would give."""
import numpy as np

import measures

CLEAN, CLUTTERED, NONE = 12, 10, 10


def judged(pairs):
    return [
        measures.judged(r, e["corners"], e["ratio"]) if e["status"] == "ok" else {"jaccard": 0.0} for r, e in pairs
    ]


def test_clean_photographs(rectified):
    results = judged(rectified("clean", CLEAN))
    overlap = np.array([r["jaccard"] for r in results])
    assert np.mean(overlap > 0.95) >= 0.8, overlap.round(3)
    good = [r for r in results if r["jaccard"] > 0.95]
    assert np.median([r["corner"] for r in good]) < 0.004
    assert np.median([r["ratio_error"] for r in good]) < 0.03


def test_cluttered_photographs(rectified):
    overlap = np.array([r["jaccard"] for r in judged(rectified("cluttered", CLUTTERED))])
    assert np.mean(overlap > 0.95) >= 0.5, overlap.round(3)


def test_photographs_without_a_quad_are_left_alone(rectified):
    warped = [e["input"] for _, e in rectified("none", NONE) if e["status"] == "ok"]
    assert len(warped) <= 1, warped


def test_reports_agree_with_themselves(rectified):
    """The homography takes the found corners to the result's corners, and their numbers are complete."""
    for _, entry in rectified("clean", CLEAN):
        if entry["status"] != "ok":
            assert entry["reason"]
            continue
        assert len(entry["homography"]) == 9 and 0 <= entry["confidence"] <= 1
        p = np.column_stack([entry["corners"], np.ones(4)]) @ np.array(entry["homography"]).reshape(3, 3).T
        mapped = p[:, :2] / p[:, 2:]
        width, height = mapped[2]
        assert np.allclose(mapped, [[0, 0], [width, 0], [width, height], [0, height]], atol=0.5)
