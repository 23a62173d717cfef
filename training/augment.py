"""Changes to one picture: where it is looked at, and how it was taken.

Pictures are float32 tensors in 0..1: colour [3,H,W], mattes [1,H,W]. All
randomness comes from the numpy generator that is passed in, so a sample is a
function of its number alone.
"""

import io

import numpy as np
from PIL import Image
import torch
from torch.nn import functional as F


def look(planes: torch.Tensor, size: int, centre: tuple[float, float],
         extent: tuple[float, float], mirror: bool, turn: float = 0.0,
         outside: str = "reflection") -> torch.Tensor:
    """Samples a window of `planes` [C,H,W] into [C,size,size].

    `centre` and `extent` (width, height) are fractions of the picture; `turn` is
    in radians; `outside` is a padding mode of grid_sample.
    """
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    wide, high = extent
    flip = -1.0 if mirror else 1.0
    theta = torch.tensor([[
        [flip * wide * cos, -high * sin, 2 * centre[0] - 1],
        [flip * wide * sin, high * cos, 2 * centre[1] - 1],
    ]], dtype=torch.float32)
    grid = F.affine_grid(theta, [1, planes.shape[0], size, size], align_corners=False)
    if max(extent) * planes.shape[-1] > 1.5 * size:  # Avoid aliasing when shrinking.
        planes = F.avg_pool2d(planes[None], 3, 1, 1, count_include_pad=False)[0]
    return F.grid_sample(planes[None], grid, mode="bilinear", padding_mode=outside,
                         align_corners=False)[0]


def random_window(rng: np.random.Generator, smallest: float) -> dict:
    """Arguments of `look` for a window inside the picture, of side ≥ `smallest`."""
    if rng.random() < 0.4:
        wide = high = 1.0
    else:
        side = rng.uniform(smallest, 1.0)
        stretch = np.exp(rng.uniform(-0.2, 0.2))
        wide, high = min(1.0, side * stretch), min(1.0, side / stretch)
    centre = (rng.uniform(wide / 2, 1 - wide / 2), rng.uniform(high / 2, 1 - high / 2))
    turn = rng.normal(0, 0.08) if rng.random() < 0.3 else 0.0
    return dict(centre=centre, extent=(wide, high), mirror=rng.random() < 0.5, turn=turn)


def close_window(mask: torch.Tensor, rng: np.random.Generator) -> dict:
    """Arguments of `look` for a close-up: the subject of `mask` [1,S,S] fills the window
    and is often cut by its rim."""
    inside = torch.nonzero(mask[0] > 0.5).float() / mask.shape[-1]
    low, high = inside.amin(0), inside.amax(0)
    box = (high - low).clamp(min=0.1)
    share = rng.uniform(0.45, 1.15)
    high_, wide = [float(np.clip(float(b) * share * np.exp(rng.uniform(-0.15, 0.15)), 0.15, 1))
                   for b in box]
    row, column = [float(m) + rng.normal(0, 0.15) * float(b)
                   for m, b in zip((low + high) / 2, box)]
    centre = (float(np.clip(column, wide / 2, 1 - wide / 2)),
              float(np.clip(row, high_ / 2, 1 - high_ / 2)))
    return dict(centre=centre, extent=(wide, high_), mirror=rng.random() < 0.5)


def grade(picture: torch.Tensor, rng: np.random.Generator, strength: float) -> torch.Tensor:
    """Random gain per channel, saturation, contrast and gamma."""
    gain = torch.tensor(np.exp(rng.normal(0, 0.08 * strength, (3, 1, 1))), dtype=torch.float32)
    grey = picture.mean(0, keepdim=True)
    picture = grey + (picture - grey) * float(np.exp(rng.normal(0, 0.25 * strength)))
    mean = picture.mean()
    picture = mean + (picture - mean) * float(np.exp(rng.normal(0, 0.2 * strength)))
    picture = (picture * gain * float(np.exp(rng.normal(0, 0.15 * strength)))).clamp(0, 1)
    return picture ** float(np.exp(rng.normal(0, 0.2 * strength)))


def soften(picture: torch.Tensor, radius: float) -> torch.Tensor:
    """Gaussian-like blur of [C,H,W] by shrinking and enlarging."""
    size = picture.shape[-1]
    small = max(8, int(size / (1 + radius)))
    down = F.interpolate(picture[None], size=(small, small), mode="bilinear",
                         align_corners=False, antialias=True)
    return F.interpolate(down, size=(size, size), mode="bilinear", align_corners=False)[0]


def smear(colour: torch.Tensor, alpha: torch.Tensor,
          rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Motion blur of a subject: colour [3,S,S] and matte [1,S,S] along a random line."""
    length = int(rng.integers(3, 12)) | 1
    kernel = torch.zeros(length, length)
    turn = rng.uniform(0, np.pi)
    for t in np.linspace(-(length // 2), length // 2, 2 * length):
        kernel[int(round(length // 2 + t * np.sin(turn))),
               int(round(length // 2 + t * np.cos(turn)))] = 1
    kernel = (kernel / kernel.sum()).expand(4, 1, length, length)
    planes = torch.cat([colour * alpha, alpha])[None]
    planes = F.conv2d(planes, kernel, padding=length // 2, groups=4)[0]
    matte = planes[3:]
    return torch.where(matte > 0.01, planes[:3] / matte.clamp(min=0.01), colour), matte


def jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    """Encodes and decodes as JPEG of the given quality (1..95)."""
    pixels = (picture.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    decoded = np.asarray(Image.open(buffer)).astype(np.float32) / 255
    return torch.from_numpy(decoded).permute(2, 0, 1).contiguous()


def take(picture: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """How the camera and the web treat a picture: light, blur, noise, JPEG, grey."""
    if rng.random() < 0.7:
        picture = grade(picture, rng, 1.0)
    if rng.random() < 0.04:
        picture = picture.mean(0, keepdim=True).expand(3, -1, -1)
    if rng.random() < 0.15:
        picture = soften(picture, rng.uniform(0.2, 2.0))
    if rng.random() < 0.25:
        seed = int(rng.integers(2**31))
        noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed))
        picture = picture + noise * rng.uniform(0.005, 0.06)
    if rng.random() < 0.2:
        picture = jpeg(picture, int(rng.integers(25, 90)))
    return picture.clamp(0, 1)
