"""The teacher as a PyTorch network: the whole of U²-Net-p, with folded normalisation.

On a processor with bfloat16 arithmetic a batch of pictures takes two thirds of the
time that ONNX Runtime needs in float32; soft targets bear the difference (mean
absolute 0.003).
"""

import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training import inherit
from training import model as model_lib
from training import samples as samples_lib

_DEPTH = {"enc1": 7, "enc2": 6, "enc3": 5, "enc4": 4, "dec4": 4, "dec3": 5, "dec2": 6, "dec1": 7}


class U2NetP(nn.Module):
    """[N,3,S,S] normalised → the subject's probability [N,1,S,S]."""

    def __init__(self, path: pathlib.Path):
        super().__init__()
        stages, sides = inherit.read_teacher(path)
        for stage, pairs in stages.items():
            cin = 3 if stage == "enc1" else 64 if stage[:3] == "enc" else 128
            block = (model_lib.Rsu(_DEPTH[stage], cin, 16, 64) if stage in _DEPTH
                     else model_lib.RsuFlat(cin, 16, 64))
            inherit.copy_block(block, pairs)
            setattr(self, stage, block)
        self.side = nn.ModuleList([nn.Conv2d(64, 1, 3, padding=1) for _ in range(6)])
        self.fuse = nn.Conv2d(6, 1, 1)
        for layer, name in zip([*self.side, self.fuse],
                               [f"side{i}" for i in range(1, 7)] + ["outconv"], strict=True):
            inherit.copy_layer(layer, *sides[name])

    def forward(self, x: torch.Tensor, features: bool = False):
        """The probability, or with `features` (what enc2 .. enc6 and dec5 .. dec2 give, it)."""
        skips = [self.enc1(x)]
        for stage in (self.enc2, self.enc3, self.enc4, self.enc5, self.enc6):
            skips.append(stage(model_lib.pool(skips[-1])))
        encoded = skips[1:]
        rising = [skips.pop()]
        for stage in (self.dec5, self.dec4, self.dec3, self.dec2, self.dec1):
            rising.append(stage(torch.cat([model_lib.up(rising[-1]), skips.pop()], 1)))
        outs = [side(t) for side, t in zip(self.side, reversed(rising), strict=True)]
        outs = [F.interpolate(t, size=x.shape[2:], mode="bilinear", align_corners=False)
                for t in outs]
        probability = torch.sigmoid(self.fuse(torch.cat(outs, 1)).float())
        return (encoded + rising[1:-1], probability) if features else probability


class BatchTeacher:
    """Answers for several pictures at once."""

    def __init__(self, path: pathlib.Path, threads: int, bf16: bool):
        torch.set_num_threads(threads)
        self._bf16 = bf16
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._net = U2NetP(path).eval().requires_grad_(False).to(
            self._device, memory_format=torch.channels_last)
        self.batch = 64 if self._device.type == "cuda" else 4  # pictures, that suit the device

    def predict(self, images: np.ndarray, size: int, mirror: bool, side: int) -> np.ndarray:
        """Pictures uint8 [N,H,W,3], one pass at `size` → uint8 [N,side,side], 255 = subject."""
        x = torch.from_numpy(np.array(images)).to(self._device).permute(0, 3, 1, 2).float()
        x = F.interpolate(x, size=(size, size), mode="bicubic", align_corners=False,
                          antialias=True).clamp(0, 255) / 255
        x = samples_lib.normalise(x.flip(3) if mirror else x)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16, self._bf16):
            mask = self._net(x)
        mask = F.interpolate(mask.flip(3) if mirror else mask, size=(side, side),
                             mode="bilinear", align_corners=False, antialias=size > side)
        return (mask[:, 0] * 255 + 0.5).clamp(0, 255).byte().cpu().numpy()
