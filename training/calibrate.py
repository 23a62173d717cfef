"""Sets what a trained network's outputs mean, without touching what it sees.

    python -m training.calibrate --checkpoint out/training/run/last.pt

Writes calibrated.pt beside the checkpoint, ready for `export`. Three things are set, on
pictures of the `train` split only:

  subject score  its small layers are fitted anew to fixed features of whole photographs and
                 of pictures without a subject: training shows too few of those, and its crops
                 and composites are harder than what users have
  threshold      the score that one photograph with a subject in 200 stays under, as scored by
                 layers that were fitted without it
  mask           a bias and a scale of the logits: the bias under which mean IoU at one
                 half is best, then the scale of least mean absolute error, on photographs
                 with drawn masks (Platt scaling, with IoU in place of likelihood)
"""

import argparse
import copy
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training import checkpoint as checkpoint_lib
from training import config as config_lib
from training import model as model_lib
from training import samples as samples_lib
from training import store as store_lib

# Share of the photographs with a subject that may be called empty. The rest of the network has
# seen them; of those that it has not, up to twice as many are.
_MISSED = 1 / 200
_FOLDS = 5
_BATCH = 4


def features(net: model_lib.PeelNet, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mask logits [N,1,S,S] and what the subject score is computed from, [N,F]."""
    seen = []
    handle = net.judge.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        masks = net(images)[0]
    handle.remove()
    return masks, seen[0]


def fit_judge(judge: nn.Module, seen: torch.Tensor, wanted: torch.Tensor,
              steps: int = 300) -> None:
    """Fits `judge` from its beginning to features [N,F] and answers [N].

    A strong weight decay over features of like spread: there are few pictures.
    """
    mean, spread = seen.mean(0), seen.std(0)
    spread = spread + 0.01 * spread.mean()
    for layer in (judge[0], judge[2]):
        layer.reset_parameters()
    optimiser = torch.optim.AdamW(judge.parameters(), 2e-3, weight_decay=3.0)
    for _ in range(steps):
        optimiser.zero_grad()
        F.binary_cross_entropy_with_logits(judge((seen - mean) / spread)[:, 0], wanted).backward()
        optimiser.step()
    with torch.no_grad():
        judge[0].weight.div_(spread)
        judge[0].bias.sub_(judge[0].weight @ mean)


def unseen_scores(judge: nn.Module, seen: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Scores [N] of pictures, each by a judge fitted to the others (cross-validation)."""
    scores = torch.zeros(len(seen))
    for fold in range(_FOLDS):
        held = torch.arange(len(seen)) % _FOLDS == fold
        other = copy.deepcopy(judge)
        fit_judge(other, seen[~held], wanted[~held])
        with torch.no_grad():
            scores[held] = torch.sigmoid(other(seen[held])[:, 0])
    return scores


def find_threshold(full: torch.Tensor, none: torch.Tensor) -> float:
    """The threshold for scores [N] of photographs with a subject and of pictures without."""
    threshold = float(torch.quantile(full, _MISSED)) * 0.999
    print(f"threshold {threshold:.3f}: under it lie {float((full < threshold).float().mean()):.1%} "
          f"of {len(full)} photographs and {float((none < threshold).float().mean()):.1%} of "
          f"{len(none)} pictures without a subject")
    return threshold


def fit_mask(logits: list[torch.Tensor], truths: list[torch.Tensor]) -> tuple[float, float]:
    """Bias and scale for sigmoid(scale * (logit + bias)); lists of [S,S]."""
    def iou(bias: float) -> float:
        values = []
        for logit, truth in zip(logits, truths):
            a, b = logit > -bias, truth > 0.5
            values.append(float((a & b).sum()) / max(1.0, float((a | b).sum())))
        return float(np.mean(values))

    biases = np.arange(-1.5, 1.51, 0.1)
    ious = [iou(b) for b in biases]
    # The mean over neighbours: the best of thirty noisy values is not the best bias.
    smooth = np.convolve(np.pad(ious, 2, mode="edge"), np.ones(5) / 5, "valid")
    bias = float(biases[int(np.argmax(smooth))])
    scales = np.arange(0.6, 1.61, 0.1)
    # No further: drawn masks know no soft edges, and a hard matte would please them best.
    errors = [np.mean([float((torch.sigmoid(s * (logit + bias)) - truth).abs().mean())
                       for logit, truth in zip(logits, truths)]) for s in scales]
    scale = float(scales[int(np.argmin(errors))])
    print(f"mask: {len(logits)} photographs, bias {bias:+.1f} (IoU {iou(0):.4f} -> "
          f"{iou(bias):.4f}), scale {scale:.1f} (MAE {errors[4]:.4f} -> {min(errors):.4f})")
    return bias, scale


def apply_mask(net: model_lib.PeelNet, bias: float, scale: float) -> None:
    """Folds bias and scale into the layers whose sum is the mask's logit."""
    with torch.no_grad():
        for layer in (net.side[0], net.out):
            layer.weight.mul_(scale)
            layer.bias.mul_(scale)
        net.out.bias.add_(scale * bias)


def calibrate(net: model_lib.PeelNet, store: store_lib.Store, config: config_lib.Config,
              count: int) -> float:
    """Changes `net` in place; returns the threshold of the subject score."""
    net.eval()
    options = config_lib.Config(**{**vars(config.samples), "composite": 0.0, "empty": 1.0})
    pools = samples_lib.make_pools(store, "train", vars(config.samples.weights))
    samples = samples_lib.Samples(store, pools, options, config.seed + 1000,
                                  config.data.size, 0, count // 2)
    device = torch.device("cpu")
    none = torch.cat([features(net, samples_lib.to_network(batch, device)["image"])[1] for batch
                      in torch.utils.data.DataLoader(samples, batch_size=_BATCH)])
    full = []
    for i in pools.all[::max(1, len(pools.all) // max(1, count))]:
        planes = samples.planes(i)
        if float((planes[3] > 0.5).float().mean()) > 0.01:
            full.append(features(net, samples_lib.normalise(planes[:3])[None])[1])
    seen = torch.cat([*full, none])
    wanted = (torch.arange(len(seen)) < len(full)).float()
    scores = unseen_scores(net.judge, seen, wanted)
    threshold = find_threshold(scores[:len(full)], scores[len(full):])
    fit_judge(net.judge, seen, wanted)
    drawn = [i for i in pools.all if store.rows[i]["has_mask"] == "1"]
    drawn = drawn[::max(1, len(drawn) // max(1, count // 4))]
    logits, truths = [], []
    for i in drawn:
        planes = samples.planes(i)
        masks, _ = features(net, samples_lib.normalise(planes[:3])[None])
        logits.append(masks[0, 0])
        truths.append(planes[3])
    apply_mask(net, *fit_mask(logits, truths))
    return threshold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default="training/config.yaml", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--checkpoint", type=pathlib.Path,
                        help="default: last.pt of the configured run")
    parser.add_argument("--out", type=pathlib.Path, help="default: calibrated.pt beside it")
    parser.add_argument("--count", default=1600, type=int, help="pictures for the score")
    args = parser.parse_args()
    config = config_lib.load(args.config, args.set)
    path = args.checkpoint or pathlib.Path(config.paths.run) / "last.pt"
    net = model_lib.PeelNet(**vars(config.model))
    try:
        checkpoint_lib.load_weights(path, config, net)
    except checkpoint_lib.CheckpointError as error:
        sys.exit(f"error: {error}")
    threshold = calibrate(net, store_lib.Store.open(config.paths.store), config, args.count)
    out = args.out or path.with_name("calibrated.pt")
    checkpoint_lib.save(out, config, ema=net.state_dict(), threshold=threshold)
    print(out)


if __name__ == "__main__":
    main()
