"""Textures: RGB in linear light with coverage, kept as bytes of its square root, and their smaller versions."""
import numpy as np
from PIL import Image

PAD = 16  # texels of nothing around a texture: its border lies between two texels at every level

_SRGB = np.arange(256) / 255.0
TO_LINEAR = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear(image):
    """sRGB bytes [h, w, 3] (or a Pillow image) to linear light."""
    return TO_LINEAR[np.asarray(image)]


def srgb(light):
    """Linear light to sRGB in 0..1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055)


class Texture:
    """light: [h, w, 3] linear, 0..1; cover: [h, w] 0..1, None for a full one."""

    def __init__(self, light, cover=None):
        self.height, self.width = light.shape[:2]
        code = np.zeros((self.height + 2 * PAD, self.width + 2 * PAD, 4), np.uint8)
        inside = code[PAD:-PAD, PAD:-PAD]
        inside[..., :3] = np.sqrt(light) * np.float32(255) + np.float32(0.5)
        inside[..., 3] = 255 if cover is None else cover * 255 + 0.5
        # Colour goes on beyond the border, so that only the coverage fades there.
        code[:PAD, PAD:-PAD, :3], code[-PAD:, PAD:-PAD, :3] = inside[:1, :, :3], inside[-1:, :, :3]
        code[:, :PAD, :3], code[:, -PAD:, :3] = code[:, PAD:PAD + 1, :3], code[:, -PAD - 1:-PAD, :3]
        self._levels = [Image.fromarray(code, "CMYK")]  # four bytes that Pillow does not premultiply

    @property
    def size(self):
        """With what is around it."""
        return self._levels[0].size

    def level(self, k):
        """The texture at half its size, k times over."""
        while len(self._levels) <= k:
            value = np.asarray(self._levels[-1]).astype(np.float32)
            value[..., :3] *= value[..., :3]
            value = halved(value)
            value[..., :3] = np.sqrt(value[..., :3])
            self._levels.append(Image.fromarray((value + np.float32(0.5)).astype(np.uint8), "CMYK"))
        return self._levels[k]


def halved(a):
    """Means of 2 x 2; an odd last row or column is doubled first."""
    if a.shape[0] % 2 or a.shape[1] % 2:
        grow = [(0, a.shape[0] % 2), (0, a.shape[1] % 2)] + [(0, 0)] * (a.ndim - 2)
        a = np.pad(a, grow, mode="edge")
    return (a[0::2, 0::2] + a[1::2, 0::2] + a[0::2, 1::2] + a[1::2, 1::2]) * np.float32(0.25)
