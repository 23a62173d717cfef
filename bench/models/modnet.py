"""MODNet (Ke et al., 2022) on MobileNetV2, with the nodes that the authors' export script gives: half of each
normalisation a batch norm on a slice of the channels, the other half an instance norm."""
import numpy as np

from onnx_builder import Builder

HIGH = 32                            # channels of the detail branch
ENCODER = [16, 24, 32, 96, 1280]     # of the backbone at 1/2, 1/4, 1/8, 1/16, 1/32
# MobileNetV2: expansion, channels, repeats, stride of the first.
BACKBONE = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
            (6, 320, 1, 1)]


def relu6(b, x):
    low = b.constant(np.float32(0), f"low{b.count}")
    high = b.constant(np.float32(6), f"high{b.count}")
    return b.node("Clip", [x, low, high], b.channels[x], b.size[x])


def folded(b, x, out, act=True, **kwargs):
    """A convolution without a bias of its own whose batch norm the export folded in."""
    y = b.conv(x, out, norm=True, bias=False, **kwargs)
    return relu6(b, y) if act else y


def inverted_residual(b, x, out, stride, expansion):
    hidden = b.channels[x] * expansion
    y = folded(b, x, hidden, kernel=1) if expansion != 1 else x
    y = folded(b, y, hidden, stride=stride, groups=hidden)
    y = folded(b, y, out, kernel=1, act=False)
    return b.add(x, y) if stride == 1 and b.channels[x] == out else y


def backbone(b):
    """Features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the side."""
    y = folded(b, "input", 32, stride=2)
    features = {}
    for expansion, out, repeats, stride in BACKBONE:
        for i in range(repeats):
            y = inverted_residual(b, y, out, stride if i == 0 else 1, expansion)
        features[out] = y
    y = folded(b, y, 1280, kernel=1)
    return [features[16], features[24], features[32], features[96], y]


def channel_slice(b, x, first, last):
    names = [b.constant(np.array([v], np.int64), f"{k}{b.count}")
             for k, v in (("start", first), ("end", last), ("axis", 1))]
    return b.node("Slice", [x, *names], last - first, b.size[x])


def ibn_conv(b, x, out, kernel=3, stride=1, norm=True):
    """Convolution, then batch norm on the first half of the channels and instance norm on the second, ReLU."""
    y = b.conv(x, out, kernel=kernel, stride=stride)
    if not norm:
        return y
    half = out // 2
    first, second = channel_slice(b, y, 0, half), channel_slice(b, y, half, out)
    number, size = b.count, b.size[y]
    vectors = [b.constant(np.full(half, v, np.float32), f"{k}{number}")
               for k, v in (("gamma", 1), ("beta", 0), ("mean", 0), ("var", 1))]
    b.parameters += 2 * half
    first = b.node("BatchNormalization", [first, *vectors], half, size, epsilon=1e-5)
    rest = out - half
    plain = [b.constant(np.full(rest, v, np.float32), f"{k}{number}") for k, v in (("one", 1), ("zero", 0))]
    second = b.node("InstanceNormalization", [second, *plain], rest, size, epsilon=1e-5)
    return b.relu(b.concat(first, second))


def scale(b, x, factor):
    scales = b.constant(np.array([1, 1, factor, factor], np.float32), f"scales{b.count}")
    return b.node("Resize", [x, "", scales], b.channels[x], int(b.size[x] * factor), mode="linear",
                  coordinate_transformation_mode="half_pixel")


def matrix(b, x, out):
    into = b.channels[x]
    w = b.constant((b.random.standard_normal((into, out)) / np.sqrt(into)).astype(np.float32), f"m{b.count}")
    b.parameters += into * out
    b.multiply_adds += into * out
    return b.node("MatMul", [x, w], out, 1)


def squeeze_excite(b, x, reduction):
    channels = b.channels[x]
    y = b.node("GlobalAveragePool", [x], channels, 1)
    y = b.node("Reshape", [y, b.constant(np.array([1, channels], np.int64), "flat")], channels, 1)
    y = b.sigmoid(matrix(b, b.relu(matrix(b, y, channels // reduction)), channels))
    y = b.node("Reshape", [y, b.constant(np.array([1, channels, 1, 1], np.int64), "square")], channels, 1)
    y = b.node("Expand", [y, b.node("Shape", [x], 4, 1)], channels, b.size[x])
    return b.node("Mul", [x, y], channels, b.size[x])


def build(size, opset):
    """Returns (model, builder); the one output is the matte."""
    b = Builder(size)
    half, quarter, _, _, deep = backbone(b)
    # Where the subject is, at low resolution.
    y = squeeze_excite(b, deep, 4)
    y = ibn_conv(b, scale(b, y, 2), ENCODER[3], kernel=5)
    low = ibn_conv(b, scale(b, y, 2), ENCODER[2], kernel=5)
    # Its details.
    half = ibn_conv(b, half, HIGH, kernel=1)
    y = ibn_conv(b, b.concat(scale(b, "input", 0.5), half), HIGH, stride=2)
    y = ibn_conv(b, b.concat(y, ibn_conv(b, quarter, HIGH, kernel=1)), 2 * HIGH)
    y = b.concat(y, scale(b, low, 2), scale(b, "input", 0.25))
    for out in (2 * HIGH, 2 * HIGH, HIGH):
        y = ibn_conv(b, y, out)
    y = b.concat(scale(b, y, 2), half)
    for out in (2 * HIGH, HIGH, HIGH, HIGH):
        y = ibn_conv(b, y, out)
    # Both together. The branches' own heads are for training alone.
    low = ibn_conv(b, scale(b, low, 2), HIGH, kernel=5)
    y = ibn_conv(b, b.concat(scale(b, low, 2), y), HIGH)
    y = ibn_conv(b, b.concat(scale(b, y, 2), "input"), HIGH // 2)
    return b.model("modnet", [b.sigmoid(ibn_conv(b, y, 1, kernel=1, norm=False))], opset), b
