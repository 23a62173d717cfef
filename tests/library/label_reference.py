"""What the published code makes of a picture, written anew with NumPy on ONNX Runtime: YOLOX's demo and evaluation
(yolox/data/data_augment.py preproc, yolox/utils/boxes.py postprocess)."""
import numpy as np


def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def resized(picture, width, height):
    """INTER_LINEAR in exact arithmetic, or where four pixels would miss most the mean of areas."""
    if picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        from PIL import Image

        return np.asarray(Image.fromarray(picture).resize((width, height), Image.BOX))

    def taps(source, target):
        at = (np.arange(target) + 0.5) * source / target - 0.5
        low = np.floor(at)
        return (np.clip(low, 0, source - 1).astype(int), np.clip(low + 1, 0, source - 1).astype(int), at - low)

    x0, x1, fx = taps(picture.shape[1], width)
    y0, y1, fy = taps(picture.shape[0], height)
    values = picture.astype(np.float64)
    across = values[:, x0] * (1 - fx)[None, :, None] + values[:, x1] * fx[None, :, None]
    return np.rint(across[y0] * (1 - fy)[:, None, None] + across[y1] * fy[:, None, None])


def overlaps(box, others):
    """Intersection over union of [left, top, right, bottom]."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    return both / np.maximum(area - both, 1e-12)


def objects(network, picture, score=0.3, overlap=0.45, resize=resized):
    """[(class, score, [left, top, right, bottom] in parts of the picture)], by falling score."""
    height, width = picture.shape[:2]
    size = network.get_inputs()[0].shape[2]
    ratio = min(size / height, size / width)
    padded = np.full((size, size, 3), 114, np.float32)
    inside = resize(picture, max(int(width * ratio), 1), max(int(height * ratio), 1))
    padded[:inside.shape[0], :inside.shape[1]] = inside
    output = network.run(None, {network.get_inputs()[0].name:
                                padded[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    grids, strides = [], []
    for stride in (8, 16, 32):
        side = size // stride
        y, x = np.mgrid[:side, :side]
        grids.append(np.stack([x, y], 2).reshape(-1, 2))
        strides.append(np.full((side * side, 1), stride))
    grid, stride = np.concatenate(grids), np.concatenate(strides)
    centre, sides = (output[:, :2] + grid) * stride, np.exp(output[:, 2:4]) * stride
    boxes = np.concatenate([centre - sides / 2, centre + sides / 2], 1) / ratio
    classes = output[:, 5:].argmax(1)
    scores = output[:, 4] * output[:, 5:].max(1)
    chosen = np.flatnonzero(scores >= score)
    found = []
    for kind in np.unique(classes[chosen]):
        left = [i for i in chosen[np.argsort(-scores[chosen], kind="stable")] if classes[i] == kind]
        while left:
            best, left = left[0], left[1:]
            found.append(best)
            if left:
                near = overlaps(boxes[best], boxes[left])
                left = [i for i, o in zip(left, near) if o <= overlap]
    found.sort(key=lambda i: -scores[i])
    parts = np.clip(boxes / [width, height, width, height], 0, 1)
    return [(int(classes[i]), float(scores[i]), parts[i]) for i in found
            if (parts[i][2:] > parts[i][:2]).all()]


def corners(box):
    """Of Peel's [x, y, width, height]."""
    return np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]])
