#!/usr/bin/env python3
"""The straightforward pipeline that `peel scan` is compared with: Pillow, OpenCV and ONNX Runtime, every phase
decoding anew, as such scripts are written. The same networks as Peel's; prints {phase: [seconds, processor seconds]}.

usage: bench/scan/trial.py OBJECTS.onnx SCENES.onnx FILE...
"""
import json
import resource
import sys
import time

import cv2
import numpy as np
import onnxruntime
from PIL import Image


def metadata(path):
    with Image.open(path) as picture:
        exif = picture.getexif()
        return picture.size, dict(exif), dict(exif.get_ifd(0x8769)), dict(exif.get_ifd(0x8825))


def content(path):
    """Sharpness, light, colours and a perceptual hash."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    sharpness = cv2.Laplacian(grey, cv2.CV_64F).var()
    small = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    rule = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    _, labels, colours = cv2.kmeans(small, 5, None, rule, 1, cv2.KMEANS_PP_CENTERS)
    low = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))[:8, :8]
    return sharpness, grey.mean(), grey.std(), colours, np.bincount(labels.ravel()), low > np.median(low)


class Networks:
    def __init__(self, objects, scenes):
        self.objects = onnxruntime.InferenceSession(objects, providers=["CPUExecutionProvider"])
        self.scenes = onnxruntime.InferenceSession(scenes, providers=["CPUExecutionProvider"])
        steps = [(416 // s, s) for s in (8, 16, 32)]
        self.grid = np.concatenate([np.stack(np.meshgrid(np.arange(n), np.arange(n)), -1).reshape(-1, 2) for n, _ in steps])
        self.step = np.concatenate([np.full((n * n, 1), s) for n, s in steps])

    def __call__(self, path):
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        scale = min(416 / pixels.shape[0], 416 / pixels.shape[1])
        size = (int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
        box = np.full((416, 416, 3), 114, np.uint8)
        box[:size[1], :size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)[..., ::-1]
        feed = {self.objects.get_inputs()[0].name: box.transpose(2, 0, 1)[None].astype(np.float32)}
        found = self.objects.run(None, feed)[0][0]
        centre, sides = (found[:, :2] + self.grid) * self.step, np.exp(found[:, 2:4]) * self.step
        scores = found[:, 4:5] * found[:, 5:]
        best = scores.max(1)
        kept = cv2.dnn.NMSBoxes(np.hstack([centre - sides / 2, sides]).tolist(), best.tolist(), 0.3, 0.45)
        taken = self.scenes.get_inputs()[0]
        tile = cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA)[None]
        if taken.shape[1] == 3:
            tile = tile.transpose(0, 3, 1, 2)
        tile = tile.astype(np.uint8 if "uint8" in taken.type else np.float32)
        return kept, self.scenes.run(None, {taken.name: np.ascontiguousarray(tile)})


def main():
    objects, scenes, *files = sys.argv[1:]
    told = {}
    for name, phase in (("metadata", metadata), ("content", content), ("scenes and objects", Networks(objects, scenes))):
        phase(files[0])
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        for file in files:
            phase(file)
        after = resource.getrusage(resource.RUSAGE_SELF)
        told[name] = [time.monotonic() - start,
                      after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
