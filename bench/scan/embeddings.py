#!/usr/bin/env python3
"""Which small network's features tell pictures apart: MobileNet v2 (models/scan/scenes.onnx) against SqueezeNet.

    bench/scan/embeddings.py PHOTOS [--squeezenet FILE] [--pictures N]

Each picture is varied as people vary theirs (half the size, JPEG quality 40, brighter, 5 % cropped, mirrored, turned by
5 degrees, black and white); each variant asks for its nearest neighbour among all pictures. Printed: how often that is
its own picture, and of the variants how many are nearer to their picture than any two different pictures are to each
other but for one pair in a hundred thousand. On ONNX Runtime, so that both networks have the same engine.
"""
import argparse
import io
import pathlib
import time

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageEnhance, ImageOps

ROOT = pathlib.Path(__file__).resolve().parents[2]


def variants(picture):
    width, height = picture.size
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=40)
    return {
        "half": picture.resize((max(width // 2, 1), max(height // 2, 1)), Image.LANCZOS),
        "jpeg 40": Image.open(packed).convert("RGB"),
        "brighter": ImageEnhance.Brightness(picture).enhance(1.3),
        "crop 5 %": picture.crop((width // 20, height // 20, width - width // 20, height - height // 20)),
        "mirrored": ImageOps.mirror(picture),
        "turned 5°": picture.rotate(5, Image.BICUBIC, expand=False),
        "grey": picture.convert("L").convert("RGB"),
    }


def middle(picture):
    width, height = picture.size
    border = width // 16, height // 16
    return np.asarray(picture.crop((*border, width - border[0], height - border[1])).resize((224, 224), Image.BILINEAR))


def open_session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options)


def mobilenet():
    session = open_session(str(ROOT / "models/scan/scenes.onnx"))
    return lambda p: session.run(["features"], {"image": np.ascontiguousarray(middle(p).transpose(2, 0, 1)[None])})[0]


def squeezenet(path, pooled):
    """pooled: the mean of the maps before the last convolution, else the 1,000 classes before the softmax."""
    model = onnx.load(path)
    softmax = next(n for n in model.graph.node if n.op_type == "Softmax")
    last = [n for n in model.graph.node if n.op_type == "Conv"][-1]
    name = last.input[0] if pooled else softmax.input[0]
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT16, None))
    session = open_session(model.SerializeToString())
    first = session.get_inputs()[0].name

    def embed(picture):
        # As published: BGR less the mean of ImageNet.
        values = middle(picture)[:, :, ::-1] - np.array([104.0, 117.0, 123.0])
        maps = session.run([name], {first: values.transpose(2, 0, 1)[None].astype(np.float16)})[0].astype(np.float32)
        return maps.reshape(maps.shape[1], -1).mean(1)
    return embed


def judge(name, embed, pictures):
    def unit(picture):
        v = np.asarray(embed(picture), np.float32).ravel()
        return v / np.linalg.norm(v)

    start = time.process_time()
    originals = np.array([unit(p) for p in pictures])
    each = (time.process_time() - start) / len(pictures)
    alike = originals @ originals.T
    others = np.sort(alike[np.triu_indices(len(pictures), 1)])
    limit = others[-max(1, len(others) // 100000)]
    print(f"{name}: {originals.shape[1]} values, {1e3 * each:.1f} ms a picture; different pictures "
          f"{np.median(others):.3f} (median), {limit:.3f} (one of 100,000)")
    for kind in variants(pictures[0]):
        found = np.array([unit(variants(p)[kind]) for p in pictures])
        near = found @ originals.T
        own = np.diag(near)
        print(f"  {kind:10} nearest is its own {np.mean(near.argmax(1) == np.arange(len(own))):6.1%}   "
              f"above the limit {np.mean(own > limit):6.1%}   median {np.median(own):.3f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--squeezenet")
    parser.add_argument("--pictures", type=int, default=300)
    a = parser.parse_args()
    names = sorted(a.photos.glob("*.jpg"))
    pictures = [Image.open(n).convert("RGB") for n in names[::max(1, len(names) // a.pictures)]]
    judge("MobileNet v2", mobilenet(), pictures)
    if a.squeezenet:
        judge("SqueezeNet, classes", squeezenet(a.squeezenet, False), pictures)
        judge("SqueezeNet, pooled", squeezenet(a.squeezenet, True), pictures)


if __name__ == "__main__":
    main()
