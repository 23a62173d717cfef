"""How a network in training does on the `select` split, at the size of the store.

Quick to compute and meant for comparing moments of a run; what a model is worth is
measured by training.evaluate.
"""

import numpy as np
import torch

from training import config as config_lib
from training import metrics
from training import model as model_lib
from training import samples as samples_lib
from training import store as store_lib

_BATCH = 16
_SEED = 7


def _answers(net: model_lib.PeelNet, data, device: torch.device):
    """Pairs (mask, target), bool [S,S], for a data set of samples."""
    loader = torch.utils.data.DataLoader(data, batch_size=_BATCH)
    for batch in loader:
        batch = samples_lib.to_network(batch, device)
        with torch.no_grad():
            masks = net(batch["image"])[0][:, 0].float() > 0
        yield from zip(masks.cpu().numpy(), (batch["mask"][:, 0] > 0.5).cpu().numpy())


def _plain(samples: samples_lib.Samples, indices) -> list[dict[str, torch.Tensor]]:
    def one(i: int) -> dict[str, torch.Tensor]:
        planes = samples_lib.to_bytes(samples.planes(i))
        return {"image": planes[:3], "mask": planes[3:]}
    return [one(i) for i in indices]


def validate(net: model_lib.PeelNet, store: store_lib.Store, options: config_lib.Config,
             device: torch.device, made: int = 200) -> dict[str, float]:
    """Scores of `net`:

    agreed     mean IoU with the soft targets, photographs in which these see a subject
    drawn      mean IoU with drawn masks
    composite  mean IoU of `made` composites of `select` pictures
    empty      share of `made` pictures without a subject that get a matte (0.5 % or more)
    """
    pools = samples_lib.make_pools(store, "select", vars(options.weights))

    def samples(**shares: float) -> samples_lib.Samples:
        changed = config_lib.Config(**{**vars(options), "composite": 0.0, "empty": 0.0, **shares})
        return samples_lib.Samples(store, pools, changed, _SEED, store.images.shape[1], 0, made)

    def mean_iou(data) -> float:
        return float(np.mean([metrics.iou(*pair) for pair in _answers(net, data, device)
                              if pair[1].mean() > 0.01] or [0.0]))

    has_mask = np.array([store.rows[i]["has_mask"] == "1" for i in pools.all], bool)
    plain = samples()
    return {
        "agreed": mean_iou(_plain(plain, pools.all[~has_mask])),
        "drawn": mean_iou(_plain(plain, pools.all[has_mask])),
        "composite": mean_iou(samples(composite=1.0)),
        "empty": float(np.mean([mask.mean() >= 0.005 for mask, _ in
                                _answers(net, samples(empty=1.0), device)])),
    }
