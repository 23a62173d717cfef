#!/usr/bin/env python3
"""How good edges are at full resolution: errors of mattes after Rhemann et al. 2009, of plain upsampling,
`--edges refine`, `--edges matting` and rembg's own alpha matting, all from the same coarse matte.

usage: bench/edges.py PEEL DATA LEMUR MODEL.onnx OUT [--factors 4,8]
DATA holds images/ and alphas/ (PNG of one name), LEMUR lemur.png and lemur_alpha.png. Two kinds of
coarse mattes: the true alpha reduced by a factor (8 is a 320-pixel network on a 6-megapixel photo),
and what MODEL (U²-Net-p) says. All tools are handed the coarse matte as a model that answers with it.
rembg runs in this interpreter (`rembg` from PyPI, `alpha_matting=True`).
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import measure

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from training import matting as errors  # noqa: E402

MEAN, STD = np.array([.485, .456, .406]), np.array([.229, .224, .225])


def pictures(data, lemur):
    """(name, path, true alpha 0..1) of every photo."""
    folder = os.path.join(data, "images")
    for file in sorted(os.listdir(folder)):
        alpha = Image.open(os.path.join(data, "alphas", file)).convert("L")
        yield file[:-4], os.path.join(folder, file), np.asarray(alpha) / 255.0
    alpha = Image.open(os.path.join(lemur, "lemur_alpha.png")).convert("L")
    yield "lemur", os.path.join(lemur, "lemur.png"), np.asarray(alpha) / 255.0


def reduced(alpha, factor):
    size = max(1, round(alpha.shape[1] / factor)), max(1, round(alpha.shape[0] / factor))
    return np.asarray(Image.fromarray(alpha.astype(np.float32)).resize(size, Image.Resampling.BOX))


def predicted(session, photo):
    """What the network says of the photo, fed as rembg feeds it."""
    image = Image.open(photo).convert("RGB").resize((320, 320), Image.Resampling.LANCZOS)
    x = np.asarray(image).astype(np.float64)
    x = ((x / max(x.max(), 1e-6) - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
    feed = {session.get_inputs()[0].name: x}
    return session.run([session.get_outputs()[0].name], feed)[0][0, 0]


def answering_model(matte, path):
    """A model of any input size whose only answer is this matte."""
    height, width = matte.shape
    constant = numpy_helper.from_array(matte[None, None].astype(np.float32), "given")
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    nodes = [helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=1),
             helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
             helper.make_node("Add", ["nothing", "given"], ["mask"])]
    graph = helper.make_graph(
        nodes, "given",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, height, width])],
        [constant, zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    entry = model.metadata_props.add()
    entry.key, entry.value = "peel.size", f"{height},{width}"
    onnx.save(model, path)


def by_peel(peel, photo, model, edges, scratch):
    out = os.path.join(scratch, "mask.png")
    subprocess.run([peel, photo, "-m", model, "--mask", "--edges", edges, "-o", out, "-q"],
                   check=True)
    return np.asarray(Image.open(out).convert("L")) / 255.0


def by_rembg(photo, model):
    """The alpha of rembg's cut-out with its defaults for alpha_matting."""
    import rembg
    session = rembg.new_session("u2net_custom", model_path=model)
    cut = rembg.remove(Image.open(photo).convert("RGB"), session=session, alpha_matting=True)
    return np.asarray(cut.getchannel("A")) / 255.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peel")
    parser.add_argument("data")
    parser.add_argument("lemur")
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--factors", default="4,8")
    args = parser.parse_args()

    network = onnxruntime.InferenceSession(args.model, providers=["CPUExecutionProvider"])
    kinds = {f"true alpha / {f}": (lambda photo, alpha, f=float(f): reduced(alpha, f))
             for f in args.factors.split(",")}
    kinds["U²-Net-p's"] = lambda photo, alpha: predicted(network, photo)
    ways = {"plain (`--edges off`)": "off", "`--edges refine`": "refine",
            "`--edges matting`": "matting", "rembg's alpha matting": "rembg"}
    record = {"rows": {}}
    table = ("| coarse matte | edges | SAD | MSE ‰ | gradient | connectivity | SAD of plain | "
             "gradient of plain |\n" + "|---" * 8 + "|\n")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["U2NET_HOME"] = scratch  # rembg takes models from below its own folder alone
        model = os.path.join(scratch, "given.onnx")
        for kind, coarse in kinds.items():
            scores = {way: [] for way in ways}
            for _, photo, alpha in pictures(args.data, args.lemur):
                answering_model(coarse(photo, alpha), model)
                for way, edges in ways.items():
                    matte = (by_rembg(photo, model) if edges == "rembg" else
                             by_peel(args.peel, photo, model, edges, scratch))
                    scores[way].append([f(matte, alpha) for f in errors.ALL.values()])
            plain = np.array(scores["plain (`--edges off`)"])
            record["rows"][kind] = scores
            for way, rows in scores.items():
                sad, mse, gradient, connectivity = np.mean(rows, axis=0)
                share = np.exp(np.log(np.array(rows) / plain).mean(axis=0))
                table += (f"| {kind} | {way} | {sad:.2f} | {mse * 1e3:.2f} | {gradient:.2f} | "
                          f"{connectivity:.2f} | {share[0]:.0%} | {share[2]:.0%} |\n")
                if not all(math.isfinite(v) for v in (sad, mse, gradient, connectivity)):
                    raise RuntimeError(f"{kind}, {way}: an error measure is not a number")
    table += ("\nMeans over all photos, in thousands but for MSE; the last two columns are geometric "
              "means of each photo's ratio to plain.\n")
    measure.write(args.out, "edges", record, table)


if __name__ == "__main__":
    main()
