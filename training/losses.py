"""Losses for mattes and for the subject score. Logits and targets are [N,1,H,W]."""

import torch
from torch.nn import functional as F


def edge_weight(target: torch.Tensor, extra: float) -> torch.Tensor:
    """1 far from contours, up to 1 + `extra` near them (after F3Net, Wei et al. 2020)."""
    near = (F.avg_pool2d(target, 15, 1, 7, count_include_pad=False) - target).abs()
    return 1 + extra * (2 * near).clamp(max=1)


def weighted_bce(logit: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    loss = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    return ((loss * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))).mean()


def soft_iou(logit: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """1 - IoU of probabilities, over pictures whose target has a subject."""
    p = torch.sigmoid(logit)
    inter = torch.minimum(p, target).sum((1, 2, 3))
    union = torch.maximum(p, target).sum((1, 2, 3))
    has = (target.sum((1, 2, 3)) > 20).float()
    return ((1 - inter / union.clamp(min=1)) * has).sum() / has.sum().clamp(min=1)


def laplacian(logit: torch.Tensor, target: torch.Tensor, levels: int = 3) -> torch.Tensor:
    """L1 between Laplacian pyramids of the mattes: keeps edges sharp at each scale."""
    difference = torch.sigmoid(logit) - target
    loss = 0.0
    for level in range(levels):
        smaller = F.avg_pool2d(difference, 2)
        band = difference - F.interpolate(smaller, scale_factor=2, mode="nearest")
        loss = loss + band.abs().mean() * 2 ** level
        difference = smaller
    return loss + difference.abs().mean() * 2 ** levels / 4


def student_loss(mask: torch.Tensor, subject: torch.Tensor, deep: list[torch.Tensor],
                 guide: torch.Tensor, answer: torch.Tensor, batch: dict[str, torch.Tensor],
                 options) -> dict[str, torch.Tensor]:
    """All terms of the loss; "total" is their weighted sum (see config.yaml, `loss`)."""
    target = batch["mask"]
    mask = mask.float()
    if mask.shape != target.shape:  # The head was left out.
        target = F.adaptive_avg_pool2d(target, mask.shape[-1])
    terms = {
        "bce": weighted_bce(mask, target, edge_weight(target, options.edge)),
        "iou": soft_iou(mask, target),
        "laplacian": laplacian(mask, target),
    }
    sides = 0.0
    for logit in deep:
        small = F.adaptive_avg_pool2d(target, logit.shape[-1])
        sides = sides + F.binary_cross_entropy_with_logits(logit.float(), small)
    terms["deep"] = sides / len(deep)
    terms["guide"], terms["answer"] = guide, answer
    judged = batch["judged"]
    verdict = F.binary_cross_entropy_with_logits(
        subject.float()[:, 0], batch["subject"], reduction="none")
    terms["subject"] = (verdict * judged).sum() / judged.sum().clamp(min=1)
    terms["total"] = sum(getattr(options, name) * term for name, term in terms.items())
    return terms
