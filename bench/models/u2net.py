"""U²-Net and U²-Net-p (Qin et al., 2020), and IS-Net (Qin et al., 2022), which is the full U²-Net behind a
first convolution of stride 2 and without the fused seventh map: the DIS repository's ISNetDIS."""
from onnx_builder import Builder

# Height of the block (4F: dilated instead of pooled), middle and output channels, stage by stage.
STAGES = {
    "u2net": [("7", 32, 64), ("6", 32, 128), ("5", 64, 256), ("4", 128, 512), ("4F", 256, 512),
              ("4F", 256, 512), ("4F", 256, 512), ("4", 128, 256), ("5", 64, 128), ("6", 32, 64),
              ("7", 16, 64)],
    "u2netp": [(height, 16, 64) for height in ("7", "6", "5", "4", "4F", "4F", "4F", "4", "5", "6", "7")],
}
STAGES["isnet"] = STAGES["u2net"]


def block(b, x, out, dilation=1):
    return b.relu(b.conv(x, out, dilation=dilation, norm=True))


def rsu(b, x, height, middle, out):
    """A residual U-block: encoder, a dilated bottom, decoder, and the input added back."""
    inner = block(b, x, out)
    dilated = height.endswith("F")
    levels = int(height[0])
    down, y = [], inner
    for i in range(levels - 1):
        if i > 0 and not dilated:
            y = b.pool(y)
        y = block(b, y, middle, dilation=2**i if dilated else 1)
        down.append(y)
    y = block(b, y, middle, dilation=2 ** (levels - 1) if dilated else 2)
    for i in reversed(range(levels - 1)):
        y = b.grow(y, b.size[down[i]])
        y = block(b, b.concat(y, down[i]), out if i == 0 else middle, dilation=2**i if dilated else 1)
    return b.add(y, inner)


def build(kind, size, opset):
    """Returns (model, builder). The first output is the mask; the others are the side outputs."""
    b = Builder(size)
    stages = STAGES[kind]
    skips, y = [], "input"
    if kind == "isnet":
        y = b.conv(y, 64, stride=2)
    for i, (height, middle, out) in enumerate(stages[:6]):
        y = rsu(b, b.pool(y) if i else y, height, middle, out)
        skips.append(y)
    sides = [skips[5]]
    for i, (height, middle, out) in enumerate(stages[6:]):
        skip = skips[4 - i]
        y = rsu(b, b.concat(b.grow(y, b.size[skip]), skip), height, middle, out)
        sides.append(y)
    masks = [b.grow(b.conv(side, 1), size) for side in reversed(sides)]
    if kind != "isnet":
        masks.insert(0, b.conv(b.concat(*masks), 1, kernel=1))
    return b.model(kind, [b.sigmoid(mask) for mask in masks], opset), b
