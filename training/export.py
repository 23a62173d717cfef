"""Writes a checkpoint as the ONNX file that Peel embeds.

    python -m training.export --config training/config.yaml --out models/peel.onnx

Input  `input`   float32 [1,3,S,S], RGB, (x / 255 - mean) / std
Output `mask`    float32 [1,1,S,S], the subject's opacity, 0..1
Output `subject` float32 [1,1], the probability that there is a subject at all

Weights are stored as fp16 initialisers behind Cast nodes (half the size; every
engine folds them at load). `peel.*` metadata carry what a reader needs to know.
"""

import argparse
import pathlib
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
import onnxruntime
import torch
from torch import nn

from training import checkpoint as checkpoint_lib
from training import config as config_lib
from training import model as model_lib
from training import teacher as teacher_lib

OPSET = 17


class Exported(nn.Module):
    """The network with its outputs as probabilities."""

    def __init__(self, net: model_lib.PeelNet):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mask, subject = self.net(x)
        return torch.sigmoid(mask), torch.sigmoid(subject)


def tidy(model: onnx.ModelProto) -> None:
    """Turns Constant nodes into initialisers and removes Identity nodes of weights."""
    graph = model.graph
    tensors = {t.name: t for t in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
        elif node.op_type == "Identity" and node.input[0] in tensors:
            # The exporter shares equal tensors; give each reader its own again.
            tensor = onnx.TensorProto()
            tensor.CopyFrom(tensors[node.input[0]])
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def narrow_weights(model: onnx.ModelProto) -> None:
    """Stores every float32 weight of two or more dimensions as fp16 behind a Cast."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            kept.append(tensor)
            continue
        half = numpy_helper.to_array(tensor).astype(np.float16)
        kept.append(numpy_helper.from_array(half, tensor.name + ".fp16"))
        casts.append(onnx.helper.make_node(
            "Cast", [tensor.name + ".fp16"], [tensor.name], name="cast." + tensor.name,
            to=onnx.TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def to_onnx(net: model_lib.PeelNet, size: int, threshold: float,
            path: pathlib.Path) -> None:
    """Exports `net` for inputs of `size` and checks the file against PyTorch."""
    wrapped = Exported(net.float().eval())
    sample = torch.zeros(1, 3, size, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(wrapped, (sample,), str(path), input_names=["input"],
                          output_names=["mask", "subject"], opset_version=OPSET,
                          dynamo=False)
    model = onnx.load(str(path))
    tidy(model)
    narrow_weights(model)
    onnx.helper.set_model_props(model, {
        "peel.family": "peel",
        "peel.size": str(size),
        "peel.mean": ",".join(f"{v:g}" for v in teacher_lib.MEAN),
        "peel.std": ",".join(f"{v:g}" for v in teacher_lib.STD),
        "peel.subject_threshold": f"{threshold:.4f}",
    })
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
    verify(wrapped, size, path)


def verify(wrapped: nn.Module, size: int, path: pathlib.Path) -> None:
    """Raises unless ONNX Runtime and PyTorch agree to within fp16 storage."""
    sample = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = [t.numpy() for t in wrapped(sample)]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    got = session.run(["mask", "subject"], {"input": sample.numpy()})
    worst = max(float(np.abs(a - b).mean()) for a, b in zip(wanted, got))
    if not worst < 2e-3:
        raise RuntimeError(f"{path}: exported model differs from the checkpoint by {worst:g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default="training/config.yaml", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--checkpoint", type=pathlib.Path,
                        help="default: last.pt of the configured run")
    parser.add_argument("--out", default="models/peel.onnx", type=pathlib.Path)
    parser.add_argument("--threshold", type=float,
                        help="subject probability below which a picture counts as empty; "
                        "default: the checkpoint's own where it was calibrated, else 0.5")
    args = parser.parse_args()
    config = config_lib.load(args.config, args.set)
    path = args.checkpoint or pathlib.Path(config.paths.run) / "last.pt"
    net = model_lib.PeelNet(**vars(config.model))
    checkpoint_lib.load_weights(path, config, net)
    threshold = args.threshold
    if threshold is None:
        threshold = checkpoint_lib.load(path, config).get("threshold", 0.5)
    to_onnx(net, config.data.size, threshold, args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, "
          f"{model_lib.multiply_adds(net, config.data.size) / 1e9:.2f} GMAC")


if __name__ == "__main__":
    main()
