"""First stage: the student's outermost encoder learns to give what the teacher's gives.

Costs a quarter of a full training step a picture and spares the inherited body
from learning against noise.
"""

import torch
from torch.nn import functional as F

from training import inherit
from training import model as model_lib


class Imitation:
    """Loss of one batch: relative squared error of what stage 2 works on."""

    def __init__(self, teacher, device: torch.device):
        self._stem = inherit.TeacherStem(teacher).eval().to(device)
        self._stem.requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, net: model_lib.PeelNet, batch: dict) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            wanted = self._stem(batch["image"]).float()
        got = net.enc2.entry(net.enc1(batch["image"])).float()
        scale = wanted.pow(2).mean((0, 2, 3), keepdim=True).clamp(min=1e-3)
        loss = (F.mse_loss(got, wanted, reduction="none") / scale).mean()
        return {"total": loss}
