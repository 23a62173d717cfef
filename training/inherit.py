"""Starts the student from the teacher: copies the layers that both have.

The teacher's file is U²-Net-p with batch normalisation folded into its 112
convolutions, which appear in the order in which they run. The student keeps
stages 1 to 6 and 5d to 2d and the coarser levels of 1d; the rest of its head and its
subject score are new.
"""

import pathlib

import numpy as np
import onnx
from onnx import numpy_helper
import torch
from torch import nn

from training import model as model_lib

# Stage → number of 3×3+ReLU convolutions, in the order of execution.
_STAGES = {
    "enc1": 14, "enc2": 12, "enc3": 10, "enc4": 8, "enc5": 8, "enc6": 8,
    "dec5": 8, "dec4": 8, "dec3": 10, "dec2": 12, "dec1": 14,
}


class InheritError(ValueError):
    """The teacher's file is not the network that this code knows."""


def read_teacher(path: pathlib.Path) -> tuple[dict, dict]:
    """Returns ({stage: [(weight, bias), ...]}, {"side1": (weight, bias), ...})."""
    graph = onnx.load(str(path)).graph
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    body, sides = [], {}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        pair = (tensors[node.input[1]], tensors[node.input[2]])
        name = node.input[1].split(".")[0]
        if name.startswith("side") or name == "outconv":
            sides[name] = pair
        else:
            body.append(pair)
    if len(body) != sum(_STAGES.values()) or len(sides) != 7:
        raise InheritError(f"{path}: {len(body)} convolutions and {len(sides)} outputs, "
                           f"not those of a folded U²-Net-p")
    stages, at = {}, 0
    for stage, count in _STAGES.items():
        stages[stage] = body[at:at + count]
        at += count
    return stages, sides


def _layers(block: nn.Module) -> list[nn.Conv2d]:
    """The block's convolutions in the order of execution, without the entry."""
    return [*block.down, block.bottom, *block.rise]


def copy_layer(layer: nn.Conv2d, weight: np.ndarray, bias: np.ndarray) -> None:
    if tuple(layer.weight.shape) != weight.shape:
        raise InheritError(f"layer of shape {tuple(layer.weight.shape)} cannot take "
                           f"{weight.shape}")
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        layer.bias.copy_(torch.from_numpy(bias.copy()))


def copy_context(context: model_lib.Context, pairs: list) -> None:
    """Fills the coarser levels of an RSU from a whole stage's (weight, bias) pairs."""
    layers = _layers(context)
    outer = (len(pairs) - len(layers) - 1) // 2  # levels that the student does not have
    for layer, pair in zip(layers, pairs[1 + outer:-outer], strict=True):
        copy_layer(layer, *pair)


def half_spaced(weight: np.ndarray) -> np.ndarray:
    """The 3×3 filters that come nearest, before a picture is doubled, to `weight` after it.

    Bilinear doubling puts two pixels where one was, so a step of `weight` is half a step
    before; half-way between two pixels lies their mean.
    """
    spread = np.array([[0.5, 0.0, 0.0], [0.5, 1.0, 0.5], [0.0, 0.0, 0.5]], weight.dtype)
    return np.einsum("iy,ocyx,jx->ocij", spread, weight, spread)


def copy_merge(entry: model_lib.Merge, weight: np.ndarray, bias: np.ndarray) -> None:
    """Fills a decoder block's entry from one that works on the doubled and the other."""
    below = entry.below.in_channels
    copy_layer(entry.beside, weight[:, below:], bias)
    with torch.no_grad():
        entry.below.weight.copy_(torch.from_numpy(half_spaced(weight[:, :below])))


def copy_block(block: nn.Module, pairs: list, keep: np.ndarray | slice = slice(None)) -> None:
    """Fills a block with a stage's (weight, bias) pairs; of the outer channels it has `keep`."""
    entry, first, *middle, final = pairs
    fill = copy_merge if isinstance(block.entry, model_lib.Merge) else copy_layer
    fill(block.entry, entry[0][keep], entry[1][keep])
    layers = _layers(block)
    copy_layer(layers[0], first[0][:, keep], first[1])
    for layer, pair in zip(layers[1:-1], middle, strict=True):
        copy_layer(layer, *pair)
    copy_layer(layers[-1], final[0][keep], final[1][keep])


def kept_channels(sides: dict, stages: dict, count: int) -> np.ndarray:
    """The channels of stage 2d that matter most to those who read them (L1 norm), in order."""
    readers = [stages["dec1"][0][0][:, :64], sides["side2"][0]]
    weight = sum(np.abs(r).sum((0, 2, 3)) / np.abs(r).sum() for r in readers)
    return np.argsort(-weight)[:count]


def inherit(net: model_lib.PeelNet, path: pathlib.Path) -> None:
    """Copies stages 1–6 and 5d–2d of the teacher in `path` into `net`, and 1d's context."""
    stages, sides = read_teacher(path)
    copy_context(net.head_context, stages["dec1"])
    for stage in ("enc1", "enc2", "enc3", "enc4", "enc5", "enc6", "dec5", "dec4", "dec3"):
        copy_block(getattr(net, stage), stages[stage])
    with torch.no_grad():  # Those two work at half the resolution here.
        for layer in (net.enc1.down[0], net.enc1.rise[-1]):
            layer.weight.copy_(torch.from_numpy(half_spaced(layer.weight.numpy())))
    keep = kept_channels(sides, stages, net.dec2.entry.beside.out_channels)
    copy_block(net.dec2, stages["dec2"], keep)
    for layer, name in zip(net.side, ("side2", "side3", "side4", "side5", "side6")):
        weight, bias = sides[name]
        copy_layer(layer, weight[:, keep] if name == "side2" else weight, bias)


class TeacherStem(nn.Module):
    """The teacher up to the entry of its stage 2: what the student's first stage imitates.

    [N,3,S,S] normalised → [N,64,S/2,S/2].
    """

    def __init__(self, path: pathlib.Path):
        super().__init__()
        stages, _ = read_teacher(path)
        self.enc1 = model_lib.Rsu(7, 3, 16, 64)
        copy_block(self.enc1, stages["enc1"])
        self.entry2 = model_lib.ConvRelu(64, 64)
        copy_layer(self.entry2, *stages["enc2"][0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.entry2(model_lib.pool(self.enc1(x)))
