#!/usr/bin/env python3
"""Average precision of Peel's objects beside the reference implementation's, on the pictures of coco128.

    bench/scan/objects.py PHOTOS [--labels FOLDER] [--model FILE] [--every N]

PHOTOS: coco128_*.jpg. --labels: a NAME.txt for each with lines "class x y width height" in parts of the picture
(YOLO's form); without them the truth is what the reference finds on the mirrored picture with a score of a half and
more, which neither side has seen: enough to see whether the two differ, not how good the model is.
--model: the published yolox_nano.onnx for the reference, so that the half precision of Peel's weights counts too.
Average precision as COCO computes it: IoU .50 to .95 in steps of .05, 101 points of recall, at most 100 boxes each.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageOps

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "library"))
import label_reference as reference  # noqa: E402

SCORE, OVERLAP = 0.01, 0.65  # as YOLOX evaluates
STEPS = np.arange(0.5, 0.96, 0.05)


def average_precision(found, truth, step):
    """found: [(score, picture, box)] of one class; truth: {picture: [box]}."""
    total = sum(map(len, truth.values()))
    taken = {picture: np.zeros(len(boxes), bool) for picture, boxes in truth.items()}
    hits = []
    for _, picture, box in sorted(found, key=lambda f: -f[0]):
        hit = False
        if len(truth.get(picture, ())):
            near = np.where(taken[picture], -1, reference.overlaps(box, np.array(truth[picture])))
            if near.max() >= step:
                taken[picture][near.argmax()] = hit = True
        hits.append(hit)
    if not hits:
        return 0.0
    right = np.cumsum(hits)
    recall, precision = right / total, right / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.mean([precision[i] if i < len(precision) else 0 for i in at]))


def mean_average_precision(found, truth):
    """found, truth: {picture: [(class, score, box)]}."""
    classes = sorted({c for boxes in truth.values() for c, _, _ in boxes})
    per_class = []
    for kind in classes:
        mine = [(s, p, b) for p, boxes in found.items() for c, s, b in boxes[:100] if c == kind]
        theirs = {p: [b for c, _, b in boxes if c == kind] for p, boxes in truth.items()}
        per_class.append([average_precision(mine, theirs, step) for step in STEPS])
    return np.mean(per_class), np.mean([row[0] for row in per_class])


def read_truth(folder, names):
    truth = {}
    for name in names:
        boxes = []
        for line in (folder / (name.stem.replace("coco128_", "") + ".txt")).read_text().splitlines():
            kind, x, y, w, h = map(float, line.split())
            boxes.append((int(kind), 1.0, np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])))
        truth[name.stem] = boxes
    return truth


def mirrored_truth(network, pictures):
    truth = {}
    for name, picture in pictures.items():
        seen = reference.objects(network, np.asarray(ImageOps.mirror(picture)), score=0.5)
        truth[name] = [(c, s, np.array([1 - b[2], b[1], 1 - b[0], b[3]])) for c, s, b in seen]
    return truth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--labels", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/scan/objects.onnx")
    parser.add_argument("--every", type=int, default=1, help="take one picture of so many")
    a = parser.parse_args()
    names = sorted(a.photos.glob("coco128_*.jpg"))[::a.every]
    pictures = {n.stem: Image.open(n).convert("RGB") for n in names}
    network = reference.session(a.model)
    own = reference.session(ROOT / "models/scan/objects.onnx")
    labels = own.get_modelmeta().custom_metadata_map["labels"].splitlines()
    truth = read_truth(a.labels, names) if a.labels else mirrored_truth(network, pictures)
    theirs = {n: reference.objects(network, np.asarray(p), SCORE, OVERLAP) for n, p in pictures.items()}
    mine = {}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, picture in pictures.items():
            files.append(f"{folder}/{name}.png")
            picture.save(files[-1])
        lines = subprocess.run([ROOT / "build/label_pictures", "--objects", "--score", str(SCORE), "--overlap",
                                str(OVERLAP), *files], check=True, capture_output=True, text=True).stdout
    for name, line in zip(pictures, lines.splitlines()):
        mine[name] = [(labels.index(o["label"]), o["score"], reference.corners(o["box"]))
                      for o in json.loads(line)["objects"]]
    boxes = sum(map(len, truth.values()))
    print(f"{len(pictures)} pictures, {boxes} boxes of the truth ({'labels' if a.labels else 'mirrored reference'})")
    for name, found in (("reference", theirs), ("peel", mine)):
        ap, ap50 = mean_average_precision(found, truth)
        print(f"{name:10} AP {100 * ap:.2f}  AP50 {100 * ap50:.2f}  boxes {sum(map(len, found.values()))}")
    # Box by box, of those that are more than a guess.
    sure, near = 0, 0
    for name in pictures:
        for kind, score, box in theirs[name]:
            if score < 0.3:
                continue
            sure += 1
            near += any(c == kind and abs(s - score) < 0.02 and reference.overlaps(box, b[None])[0] > 0.95
                        for c, s, b in mine[name])
    print(f"of {sure} boxes of the reference with a score of .3 and more, {near} are Peel's too (same class, score "
          "within .02, IoU above .95)")


if __name__ == "__main__":
    main()
