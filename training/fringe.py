"""Soft edges with exact truth: hair, fur and leaves grown on a subject that is pasted.

Drawn masks and the teacher know few of them, and photographs in which they are
marked are not in the training set.
"""

import numpy as np
import torch
from torch.nn import functional as F

from training import augment


def _strands(size: int, rng: np.random.Generator) -> torch.Tensor:
    """Noise in 0..1 that is drawn out in one direction, [1,size,size]."""
    make = torch.Generator().manual_seed(int(rng.integers(2**31)))
    along, across = rng.uniform(5, 25), rng.uniform(1.2, 4)
    noise = torch.rand((1, 1, max(4, int(size / along)), max(4, int(size / across))),
                       generator=make)
    noise = F.interpolate(noise, size=(size, size), mode="bilinear", align_corners=False)
    bend, turn = rng.normal(0, 0.4), rng.uniform(0, np.pi)
    line = torch.linspace(-1, 1, size)
    y, x = torch.meshgrid(line, line, indexing="ij")
    u = x * np.cos(turn) + y * np.sin(turn)
    v = y * np.cos(turn) - x * np.sin(turn)
    grid = torch.stack([u + bend * v * v, v], -1)[None].float()
    noise = F.grid_sample(noise, grid, padding_mode="reflection", align_corners=False)[0]
    fine = torch.rand((1, size, size), generator=make)
    return ((0.8 * noise + 0.2 * fine - 0.5) * 1.8 + 0.5).clamp(0, 1)


def grow(colour: torch.Tensor, alpha: torch.Tensor,
         rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Colour [3,S,S] and matte [1,S,S] of the subject with a soft, stringy rim."""
    size = alpha.shape[-1]
    reach = rng.uniform(2, 14) * size / 320
    wide = augment.soften(alpha, reach)
    depth = rng.uniform(0.5, 1.3)
    matte = ((1 + depth) * wide - depth * _strands(size, rng)).clamp(0, 1)
    # Outside the old rim lies the old background: spread the subject's colour there.
    weight = augment.soften(alpha, 2 * reach)
    spread = augment.soften(colour * alpha, 2 * reach) / weight.clamp(min=0.02)
    inner = (2 * alpha - 1).clamp(0, 1)
    return (colour * inner + spread.clamp(0, 1) * (1 - inner)), matte
