"""Guidance: at plain photographs the student keeps to what the teacher computes there.

The student inherits the teacher's stages, so its features can be compared with the
teacher's one to one ("hints", Romero et al., "FitNets", 2015). That says far more about
a picture than its mask does. The teacher's answer to the very same picture, as it was cropped
and coloured, is asked for too: what the store holds was answered to the whole photograph.
At composites and close-ups the teacher is not asked: there the truth is better known, and
what the teacher sees may be wrong.
"""

import torch
from torch import nn
from torch.nn import functional as F

from training import inherit
from training import losses
from training import u2netp


class Guide(nn.Module):
    """Losses of the student's features and mask (see PeelNet.forward) against the teacher's."""

    def __init__(self, path, last: int):
        super().__init__()
        self._teacher = u2netp.U2NetP(path)
        stages, sides = inherit.read_teacher(path)
        self._keep = torch.from_numpy(inherit.kept_channels(sides, stages, last))
        self.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def _ask(self, image: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The teacher's e2 .. e6, d5 .. d3, those channels of d2 that the student has, and
        the subject's probability [N,1,S,S]."""
        features, probability = self._teacher(image, features=True)
        features[-1] = features[-1][:, self._keep.to(image.device)]
        return features, probability

    def forward(self, image: torch.Tensor, got: list[torch.Tensor], mask: torch.Tensor,
                plain: torch.Tensor, edge: float) -> tuple[torch.Tensor, torch.Tensor]:
        """(features' loss, mask's loss) at the pictures in `plain`.

        image [N,3,S,S] normalised; mask [N,1,S,S] or smaller, logits; plain [N], 1 where the
        teacher is asked. The first is the mean over the stages of the relative squared error;
        a channel's error is relative to its own mean square, so that quiet channels count
        too. The second is the cross-entropy with the teacher's probabilities, weighted near
        contours by up to 1 + `edge`.
        """
        chosen = torch.nonzero(plain > 0.5)[:, 0]
        if not len(chosen):
            return image.new_zeros(()), image.new_zeros(())
        with torch.no_grad():
            wanted, probability = self._ask(image[chosen])
        loss = 0.0
        for have, want in zip(got, (t.float() for t in wanted), strict=True):
            scale = want.pow(2).mean((0, 2, 3), keepdim=True)
            scale = scale.clamp(min=1e-3 * float(scale.mean()) + 1e-8)
            error = F.mse_loss(have[chosen].float(), want, reduction="none") / scale
            loss = loss + error.clamp(max=100).mean()
        if mask.shape[-1] != probability.shape[-1]:  # The head was left out.
            probability = F.adaptive_avg_pool2d(probability, mask.shape[-1])
        answer = losses.weighted_bce(mask[chosen].float(), probability,
                                     losses.edge_weight(probability, edge))
        return loss / len(wanted), answer
