"""The network: a nested U of small U blocks, pooled early and with a fine head.

The body follows U²-Net-p (Qin et al., "U²-Net: Going Deeper with Nested
U-Structure for Salient Object Detection", 2020): residual U blocks (RSU) of 64
outer and 16 inner channels. Two thirds of that network's arithmetic lies in its
outermost encoder and decoder, which work at the full resolution. Here

- only the encoder's entry does, and what it gives is pooled at once (`PooledRsu`);
- a narrow head stands for the decoder. At half the resolution it joins the most important
  channels of the stage before with the coarser levels of that decoder, by which it sees the
  whole picture (`Context`); at the full resolution it meets the photograph itself (`look`)
  and draws the contour there (`draw`, `out`), in `fine` channels;
- the other decoder blocks convolve what comes from below before they double it (`Merge`).

There are no normalisation layers: the teacher's are folded into its
convolutions, and the body starts from those (see inherit.py), so training and
inference see the same network.

Shapes are N,C,H,W; S is the input side, a multiple of 32.
"""

import torch
from torch import nn
from torch.nn import functional as F


class ConvRelu(nn.Conv2d):
    """3×3 convolution with bias, same size (or halved by `stride`), then ReLU."""

    def __init__(self, cin: int, cout: int, stride: int = 1, dilation: int = 1):
        super().__init__(cin, cout, 3, stride, padding=dilation, dilation=dilation)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(super().forward(x))


class _Up(torch.autograd.Function):
    """Doubling with a backward pass as a strided convolution.

    PyTorch's own is a sixth of a whole training step on a CPU. Pixel i of the small
    picture gives to 2i-1 .. 2i+2 with weights 1/4, 3/4, 3/4, 1/4; the outermost pixels
    also get what would have gone to a neighbour outside, hence the replicated rim.
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> torch.Tensor:
        channels = grad.shape[1]
        line = grad.new_tensor([0.25, 0.75, 0.75, 0.25])
        kernel = torch.outer(line, line).expand(channels, 1, 4, 4)
        rim = F.pad(grad, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(rim, kernel, stride=2, groups=channels)


def up(x: torch.Tensor) -> torch.Tensor:
    """Twice the size, bilinear."""
    if x.requires_grad and x.device.type == "cpu":
        return _Up.apply(x)
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def pool(x: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(x, 2)


def through_levels(down, bottom: nn.Module, rise, x: torch.Tensor) -> torch.Tensor:
    """Down the levels of a U, through its bottom and up again; as many of `rise` as of `down`."""
    skips = [down[0](x)]
    for layer in list(down)[1:]:
        skips.append(layer(pool(skips[-1])))
    y = bottom(skips[-1])
    for level, layer in enumerate(rise):
        y = layer(torch.cat([up(y) if level else y, skips.pop()], 1))
    return y


class Merge(nn.Module):
    """Entry of a decoder block: [N,below,H/2,W/2] and [N,beside,H,W] → [N,cout,H,W].

    A 3×3 convolution with ReLU over the doubled first and the second, taken apart: the
    first is convolved before it is doubled, for a quarter of the arithmetic. What is
    doubled is smooth, so that the two orders give nearly the same.
    """

    def __init__(self, below: int, beside: int, cout: int):
        super().__init__()
        self.below = nn.Conv2d(below, cout, 3, padding=1, bias=False)
        self.beside = nn.Conv2d(beside, cout, 3, padding=1)
        for layer in (self.below, self.beside):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(self.beside.bias)

    def forward(self, below: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
        return F.relu(self.beside(beside) + up(self.below(below)))


class Rsu(nn.Module):
    """Residual U block of `depth` levels: [N,cin,H,W] → [N,cout,H,W].

    With `below` it is a decoder block: its first input is [N,below,H/2,W/2].
    """

    def __init__(self, depth: int, cin: int, mid: int, cout: int, below: int = 0):
        super().__init__()
        self.entry = Merge(below, cin, cout) if below else ConvRelu(cin, cout)
        self.down = nn.ModuleList(
            [ConvRelu(cout, mid)] + [ConvRelu(mid, mid) for _ in range(depth - 2)])
        self.bottom = ConvRelu(mid, mid, dilation=2)
        self.rise = nn.ModuleList(
            [ConvRelu(2 * mid, mid) for _ in range(depth - 2)] + [ConvRelu(2 * mid, cout)])

    def forward(self, *x: torch.Tensor) -> torch.Tensor:
        first = self.entry(*x)
        return through_levels(self.down, self.bottom, self.rise, first) + first


class PooledRsu(Rsu):
    """The outermost encoder, pooled: [N,cin,S,S] → [N,cout,S/2,S/2].

    Only the entry sees every pixel. What it gives is pooled at once, where an Rsu followed
    by a pool would do that at the end, so the U's two outermost levels both work at S/2.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = pool(self.entry(x))
        outer = self.down[0](first)
        inner = through_levels(self.down[1:], self.bottom, self.rise[:-1], outer)
        return self.rise[-1](torch.cat([inner, outer], 1)) + first


class RsuFlat(nn.Module):
    """Residual U block that dilates (1, 2, 4, 8) in place of pooling; else as Rsu."""

    def __init__(self, cin: int, mid: int, cout: int, below: int = 0):
        super().__init__()
        self.entry = Merge(below, cin, cout) if below else ConvRelu(cin, cout)
        self.down = nn.ModuleList([
            ConvRelu(cout, mid), ConvRelu(mid, mid, dilation=2), ConvRelu(mid, mid, dilation=4)])
        self.bottom = ConvRelu(mid, mid, dilation=8)
        self.rise = nn.ModuleList([
            ConvRelu(2 * mid, mid, dilation=4), ConvRelu(2 * mid, mid, dilation=2),
            ConvRelu(2 * mid, cout)])

    def forward(self, *x: torch.Tensor) -> torch.Tensor:
        first = self.entry(*x)
        skips = [self.down[0](first)]
        for layer in list(self.down)[1:]:
            skips.append(layer(skips[-1]))
        y = self.bottom(skips[-1])
        for layer in self.rise:
            y = layer(torch.cat([y, skips.pop()], 1))
        return y + first


class Context(nn.Module):
    """The coarser levels of an RSU: `mid` channels in and out, same size."""

    def __init__(self, levels: int, mid: int):
        super().__init__()
        self.down = nn.ModuleList([ConvRelu(mid, mid) for _ in range(levels)])
        self.bottom = ConvRelu(mid, mid, dilation=2)
        self.rise = nn.ModuleList([ConvRelu(2 * mid, mid) for _ in range(levels)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return through_levels(self.down, self.bottom, self.rise, x)


class PeelNet(nn.Module):
    """Photograph [N,3,S,S], normalised → mask logits [N,1,S,S] and subject logit [N,1].

    Args:
      wide: outer channels of every block but the last.
      mid: inner channels of every block.
      last: outer channels of the decoder block at S/2.
      fine: channels of the head, at S/2 and at S.
    """

    def __init__(self, wide: int = 64, mid: int = 16, last: int = 48,
                 fine: int = 16):
        super().__init__()
        self.enc1 = PooledRsu(7, 3, mid, wide)
        self.enc2 = Rsu(6, wide, mid, wide)
        self.enc3 = Rsu(5, wide, mid, wide)
        self.enc4 = Rsu(4, wide, mid, wide)
        self.enc5 = RsuFlat(wide, mid, wide)
        self.enc6 = RsuFlat(wide, mid, wide)
        self.dec5 = RsuFlat(wide, mid, wide, below=wide)
        self.dec4 = Rsu(4, wide, mid, wide, below=wide)
        self.dec3 = Rsu(5, wide, mid, wide, below=wide)
        self.dec2 = Rsu(6, wide, mid, last, below=wide)
        self.side = nn.ModuleList([
            nn.Conv2d(c, 1, 3, padding=1) for c in (last, wide, wide, wide, wide)])
        self.head_entry = ConvRelu(last, mid)
        self.head_context = Context(4, mid)
        self.join = ConvRelu(2 * mid, fine)
        self.look = Merge(fine, 3, fine)
        self.draw = ConvRelu(fine, fine)
        self.out = nn.Conv2d(fine, 1, 3, padding=1)
        self.judge = nn.Sequential(nn.Linear(8 * wide, 32), nn.ReLU(), nn.Linear(32, 1))
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        nn.init.zeros_(self.judge[2].weight)
        nn.init.zeros_(self.judge[2].bias)

    def forward(self, x: torch.Tensor, sides: bool = False, head: bool = True):
        """Returns (mask logits, subject logit), and with `sides` also the list of
        coarser mask logits at S/2, S/4, S/8, S/16, S/32 for deep supervision, and the
        features of the stages from enc2 to dec2, which training.guide compares.

        Without `head` the mask is the first of those: the head is a third of the time
        of a training step and learns little of what a subject is.
        """
        e2 = self.enc2(self.enc1(x))  # S/2
        e3 = self.enc3(pool(e2))
        e4 = self.enc4(pool(e3))
        e5 = self.enc5(pool(e4))
        e6 = self.enc6(pool(e5))  # S/32
        d5 = self.dec5(e6, e5)
        d4 = self.dec4(d5, e4)
        d3 = self.dec3(d4, e3)
        d2 = self.dec2(d3, e2)
        coarse = self.side[0](d2)
        mask = coarse
        if head:
            around = self.head_context(self.head_entry(pool(d2)))
            joined = self.join(torch.cat([d2[:, :around.shape[1]], up(around)], 1))
            mask = up(coarse) + self.out(self.draw(self.look(joined, x)))
        stages = (e6, d5, d4, d3)
        seen = torch.cat([t.mean((2, 3)) for t in stages] + [t.amax((2, 3)) for t in stages], 1)
        subject = self.judge(seen)
        if not sides:
            return mask, subject
        deep = [coarse] + [side(t) for side, t in zip(list(self.side)[1:], (d3, d4, d5, e6))]
        return mask, subject, deep, [e2, e3, e4, e5, e6, d5, d4, d3, d2]


def multiply_adds(net: PeelNet, size: int) -> int:
    """Counts the multiply-adds of all convolutions in one inference pass."""
    total = 0

    def hook(layer: nn.Conv2d, _, out: torch.Tensor) -> None:
        nonlocal total
        total += out.numel() * layer.weight[0].numel()

    handles = [m.register_forward_hook(hook) for m in net.modules()
               if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        net(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    return total
