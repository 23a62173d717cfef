"""From light to a file: lens blur, noise, the camera's own processing, JPEG."""
import numpy as np
from PIL import Image

from .texture import srgb


def separable(light, kernel):
    """The kernel along both axes; borders are repeated."""
    half = len(kernel) // 2
    for axis in (0, 1):
        pad = [(0, 0)] * light.ndim
        pad[axis] = (half, half)
        wide = np.pad(light, pad, mode="edge")
        total = None
        for k, weight in enumerate(kernel):
            part = wide[k:k + light.shape[0]] if axis == 0 else wide[:, k:k + light.shape[1]]
            total = part * np.float32(weight) if total is None else total + part * np.float32(weight)
        light = total
    return light


def gaussian(sigma):
    half = max(1, int(np.ceil(2.6 * sigma)))
    k = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return k / k.sum()


def by_offsets(light, offsets):
    """The mean of copies moved by whole and half pixels: [(dx, dy, weight)]."""
    reach = int(np.ceil(max(max(abs(dx), abs(dy)) for dx, dy, _ in offsets))) + 1
    wide = np.pad(light, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = light.shape[:2]
    whole = {}
    for dx, dy, weight in offsets:
        x, y = int(np.floor(dx)), int(np.floor(dy))
        fx, fy = dx - x, dy - y
        for ox, oy, share in (
            (0, 0, (1 - fx) * (1 - fy)),
            (1, 0, fx * (1 - fy)),
            (0, 1, (1 - fx) * fy),
            (1, 1, fx * fy),
        ):
            if share > 1e-6:
                key = y + oy, x + ox
                whole[key] = whole.get(key, 0) + weight * share
    total = np.zeros_like(light)
    for (y, x), weight in sorted(whole.items()):
        total += wide[reach + y:reach + y + height, reach + x:reach + x + width] * np.float32(weight)
    return total


def defocus(light, radius):
    """A disc of this radius in pixels."""
    n = int(np.ceil(radius))
    offsets = [(x, y) for y in range(-n, n + 1) for x in range(-n, n + 1)]
    weights = [float(np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)) for x, y in offsets]
    total = sum(weights)
    return by_offsets(light, [(x, y, w / total) for (x, y), w in zip(offsets, weights) if w > 0])


def motion(light, length, angle):
    n = max(2, int(np.ceil(length * 2)))
    at = (np.arange(n) / (n - 1) - 0.5) * length
    return by_offsets(light, [(a * np.cos(angle), a * np.sin(angle), 1 / n) for a in at])


def noisy(rng, light, level):
    """Shot and read noise as it is after a phone has smoothed it a little: coarser than a pixel, more so in colour."""
    height, width = light.shape[:2]
    grey = rng.standard_normal((height, width), dtype=np.float32)
    grey = (grey + np.roll(grey, 1, 1) + np.roll(grey, 1, 0)) * np.float32(0.6)
    coarse = rng.standard_normal(((height + 2) // 3, (width + 2) // 3, 3), dtype=np.float32)
    tint = np.repeat(np.repeat(coarse, 3, 0), 3, 1)[:height, :width]
    spread = np.sqrt(np.maximum(light, 0) * np.float32(level ** 2) + np.float32((level * 0.12) ** 2))
    return light + spread * (grey[..., None] * np.float32(0.85) + tint * np.float32(0.45))


def developed(rng, light, gain, balance, contrast, sharpen):
    """Linear light to sRGB bytes: exposure, white balance, an S-shaped tone curve, sharpening with its halo."""
    light = light * (np.float32(gain) * np.asarray(balance, np.float32))
    light = np.where(light > 0.8, 0.8 + 0.2 * (1 - np.exp(-(light - 0.8) / 0.2)), light)  # a shoulder
    table = srgb(np.linspace(0, 1, 4096))
    table = table + contrast * (table - 0.5) * table * (1 - table) * 4
    value = table.astype(np.float32)[(np.clip(light, 0, 1) * 4095).astype(np.uint16)]
    if sharpen > 0:
        grey = value.mean(2)
        value = value + np.float32(sharpen) * (grey - separable(grey, gaussian(1.2)))[..., None]
    return (np.clip(value, 0, 1) * 255 + 0.5).astype(np.uint8)


def save(path, pixels, quality, focal_35mm=None):
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    if focal_35mm:
        exif.get_ifd(0x8769)[0xA405] = int(round(focal_35mm))  # FocalLengthIn35mmFilm
    image.save(path, quality=int(quality), subsampling="4:2:0" if quality < 93 else "4:4:4", exif=exif)
