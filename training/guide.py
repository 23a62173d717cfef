"""Guidance: at plain photographs the body keeps to what the teacher's body computes.

The student inherits the teacher's stages, so its features can be compared with the
teacher's one to one ("hints", Romero et al., "FitNets", 2015). That says far more about
a picture than its mask does. At composites the teacher is not asked: there the truth is
exact, and what the teacher sees may be wrong.
"""

import torch
from torch import nn
from torch.nn import functional as F

from training import inherit
from training import model as model_lib
from training import u2netp


class Guide(nn.Module):
    """Loss of the student's features (see PeelNet.forward) against the teacher's."""

    def __init__(self, path, last: int):
        super().__init__()
        self._teacher = u2netp.U2NetP(path)
        stages, sides = inherit.read_teacher(path)
        self._keep = torch.from_numpy(inherit.kept_channels(sides, stages, last))
        self.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def _features(self, image: torch.Tensor) -> list[torch.Tensor]:
        """The teacher's e2 .. e6, d5 .. d3 and those channels of d2 that the student has."""
        net = self._teacher
        skips = [net.enc1(image)]
        for stage in (net.enc2, net.enc3, net.enc4, net.enc5, net.enc6):
            skips.append(stage(model_lib.pool(skips[-1])))
        features, rising = skips[1:], skips[-1]
        for level, stage in enumerate((net.dec5, net.dec4, net.dec3, net.dec2)):
            rising = stage(torch.cat([model_lib.up(rising), skips[4 - level]], 1))
            features.append(rising)
        features[-1] = features[-1][:, self._keep.to(rising.device)]
        return features

    def forward(self, image: torch.Tensor, got: list[torch.Tensor],
                plain: torch.Tensor) -> torch.Tensor:
        """Mean over the stages of the relative squared error at the pictures in `plain`.

        image [N,3,S,S] normalised; plain [N], 1 where the teacher is asked. A channel's
        error is relative to its own mean square, so that quiet channels count too.
        """
        chosen = torch.nonzero(plain > 0.5)[:, 0]
        if not len(chosen):
            return image.new_zeros(())
        with torch.no_grad():
            wanted = [t.float() for t in self._features(image[chosen])]
        loss = 0.0
        for have, want in zip(got, wanted, strict=True):
            scale = want.pow(2).mean((0, 2, 3), keepdim=True)
            scale = scale.clamp(min=1e-3 * float(scale.mean()) + 1e-8)
            error = F.mse_loss(have[chosen].float(), want, reduction="none") / scale
            loss = loss + error.clamp(max=100).mean()
        return loss / len(wanted)
