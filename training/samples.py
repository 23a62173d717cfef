"""What the student is shown: photographs, composites and pictures without a subject.

A sample is a function of (seed, number) and of the store alone. Each is a dict:

    image   uint8   [3,T,T]  RGB
    mask    uint8   [1,T,T]  the target matte, 255 = subject
    subject float32 []       1 there is a subject, 0 there is none
    judged  float32 []       0 where that is not known
    plain   float32 []       1 where it is a photograph as it was taken, no close-up

Batches of them go through `to_network`.
"""

import dataclasses

import numpy as np
import torch
from torch.nn import functional as F

from training import augment
from training import fringe
from training import store as store_lib
from training import teacher as teacher_lib

_MEAN = torch.from_numpy(teacher_lib.MEAN).view(3, 1, 1)
_STD = torch.from_numpy(teacher_lib.STD).view(3, 1, 1)


@dataclasses.dataclass
class Pools:
    """Indices into the store, by use."""

    all: np.ndarray  # weighted choice for plain photographs
    weight: np.ndarray
    clear: np.ndarray  # subjects cut with confidence: foregrounds of composites
    clear_weight: np.ndarray
    quiet: np.ndarray  # nothing stands out: backgrounds, and "no subject"


def normalise(image: torch.Tensor) -> torch.Tensor:
    """[..,3,H,W] RGB in 0..1 as the network is fed."""
    return (image - _MEAN.to(image.device)) / _STD.to(image.device)


def to_network(batch: dict[str, torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    """A batch of samples on `device`, as the network and the losses take it: float32, the
    images normalised, the masks in 0..1."""
    batch = {key: value.to(device, non_blocking=True).float() for key, value in batch.items()}
    image = normalise(batch["image"] / 255)
    return {**batch, "image": image.contiguous(memory_format=torch.channels_last),
            "mask": batch["mask"] / 255}


def to_bytes(picture: torch.Tensor) -> torch.Tensor:
    return (picture.clamp(0, 1) * 255 + 0.5).byte()


def sharpen(soft: torch.Tensor, power: float) -> torch.Tensor:
    """Pushes probabilities from one half: an average of passes is too grey."""
    a, b = soft ** power, (1 - soft) ** power
    return a / (a + b)


def join_truth(drawn: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    """A drawn mask outranks the teacher, who keeps the fine edge where both agree.

    Both [1,H,W] in 0..1. Outside a band of 4 pixels around the drawn contour the
    drawn mask rules; inside the band, the teacher does if the two agree overall.
    """
    a, b = drawn > 0.5, soft > 0.5
    agree = (a & b).sum() / (a | b).sum().clamp(min=1)
    if agree < 0.75:
        return drawn
    grown = F.max_pool2d(drawn[None], 9, 1, 4)[0]
    shrunk = -F.max_pool2d(-drawn[None], 9, 1, 4)[0]
    return torch.where(grown - shrunk > 0.5, soft, drawn)


def draw_weight(row: dict[str, str], weights: dict[str, float]) -> float:
    """How often a picture is drawn, by its source and by its category."""
    return weights.get(row["source"], 1.0) * weights.get(row["category"], 1.0)


def make_pools(store: store_lib.Store, split: str, weights: dict[str, float]) -> Pools:
    """Sorts the pictures of `split` that have a soft target or a drawn mask."""
    ready = np.flatnonzero(store.ready())
    ready = np.array([i for i in ready if store.rows[i]["split"] == split], np.int64)
    kept, clear, quiet, weight = [], [], [], []
    for i in ready:
        row = store.rows[i]
        drawn = store.drawn(i)
        soft = (store.soft(i) if drawn is None else drawn)[::4, ::4]
        area = float((soft > 127).mean())
        unsure = float(((soft > 40) & (soft < 215)).mean())
        kept.append(i)
        weight.append(draw_weight(row, weights) * max(0.1, store.agreed(i)))
        if 0.03 < area < 0.6 and unsure < 0.15 * area:
            clear.append(i)
        if area < 0.002 and float((soft > 60).mean()) < 0.01 and row["has_mask"] == "0":
            quiet.append(i)
    weight = np.array(weight) / np.sum(weight)
    ready, clear = np.array(kept, np.int64), np.array(clear, np.int64)
    clear_weight = weight[np.searchsorted(ready, clear)]
    return Pools(ready, weight, clear, clear_weight / max(1e-9, clear_weight.sum()),
                 np.array(quiet, np.int64))


class Samples(torch.utils.data.Dataset):
    """Samples number `first` .. `first + count - 1` at T×T pixels."""

    def __init__(self, store: store_lib.Store, pools: Pools, options, seed: int,
                 size: int, first: int, count: int):
        self._store, self._pools, self._options = store, pools, options
        self._seed, self._size, self._first, self._count = seed, size, first, count
        self._sharp = sharpen(torch.arange(256) / 255, options.sharpen).numpy()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, item: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([self._seed, self._first + item])
        kind = rng.random()
        o = self._options
        plain = False
        if kind < o.composite and len(self._pools.clear):
            image, mask, subject, judged = self._composite(rng)
        elif kind < o.composite + o.empty:
            image, mask, subject, judged = self._empty(rng)
        else:
            image, mask, subject, judged, plain = self._photograph(rng)
        image = augment.take(image, rng)
        return {
            "image": to_bytes(image),
            "mask": to_bytes(mask),
            "subject": torch.tensor(float(subject)),
            "judged": torch.tensor(float(judged)),
            "plain": torch.tensor(float(plain)),
        }

    def planes(self, i: int) -> torch.Tensor:
        """float32 [4,S,S]: RGB and the best known matte of picture `i`."""
        image = torch.from_numpy(np.array(self._store.images[i])).permute(2, 0, 1)
        soft = torch.from_numpy(self._sharp[self._store.soft(i)])[None]
        if self._store.rows[i]["has_mask"] == "1":
            drawn = torch.from_numpy(np.array(self._store.masks[i]))[None].float() / 255
            soft = join_truth(drawn, soft)
        return torch.cat([image.float() / 255, soft])

    def _photograph(self, rng: np.random.Generator):
        pools = self._pools
        planes = self.planes(rng.choice(pools.all, p=pools.weight))
        area = float((planes[3] > 0.5).float().mean())
        close = area > 0.02 and rng.random() < self._options.close
        if close:
            window = augment.close_window(planes[3:], rng)
        else:
            window = augment.random_window(rng, self._options.crop)
        planes = augment.look(planes, self._size, **window)
        mask = planes[3:]
        area, top = float((mask > 0.5).float().mean()), float(mask.max())
        subject = area > 0.005 and top > 0.8
        judged = subject or (area < 0.0005 and top < 0.5)
        return planes[:3], mask, subject, judged, not close

    def _backdrop(self, rng: np.random.Generator):
        """A background [3,T,T] and the matte of what stands out in it, [1,T,T]."""
        pools = self._pools
        if len(pools.quiet) and rng.random() < 0.25:
            window = augment.random_window(rng, 0.3)
            planes = augment.look(self.planes(rng.choice(pools.quiet)), self._size, **window)
            return planes[:3], torch.zeros_like(planes[3:])
        planes = self.planes(rng.choice(pools.all))
        for _ in range(6):  # A part of the picture without its subject.
            wide, high = rng.uniform(0.25, 0.6, 2)
            centre = (rng.uniform(wide / 2, 1 - wide / 2), rng.uniform(high / 2, 1 - high / 2))
            part = augment.look(planes, self._size, centre, (wide, high),
                                rng.random() < 0.5)
            if float(part[3:].max()) < 0.15:
                return part[:3], torch.zeros_like(part[3:])
        part = augment.look(planes, self._size, **augment.random_window(rng, 0.7))
        return part[:3], part[3:]

    def _empty(self, rng: np.random.Generator):
        for _ in range(4):
            image, mask = self._backdrop(rng)
            if float(mask.max()) < 0.15:
                return image, mask * 0, False, True
        top, bottom = rng.uniform(0, 1, (2, 3, 1, 1)).astype(np.float32)
        ramp = torch.linspace(0, 1, self._size).view(1, -1, 1).expand(3, -1, self._size)
        image = torch.from_numpy(top) * ramp + torch.from_numpy(bottom) * (1 - ramp)
        return image.contiguous(), torch.zeros(1, self._size, self._size), False, True

    def _composite(self, rng: np.random.Generator):
        image, mask = self._backdrop(rng)
        if rng.random() < 0.35 and not mask.any():  # Out of focus, as behind a near subject.
            image = augment.soften(image, rng.uniform(1, 9))
        number = 1 + int(rng.random() < 0.3) + int(rng.random() < 0.1)
        small = rng.random() < self._options.small
        for _ in range(number):
            image, mask = self._paste(image, mask, rng, number, small)
        area = float((mask > 0.5).float().mean())
        return image, mask, True, area > 0.005

    def _paste(self, image: torch.Tensor, mask: torch.Tensor,
               rng: np.random.Generator, number: int, small: bool):
        """Puts one confidently cut subject over `image`; returns the new pair."""
        planes = self.planes(rng.choice(self._pools.clear, p=self._pools.clear_weight))
        inside = torch.nonzero(planes[3] > 0.5).float() / planes.shape[-1]
        if not len(inside):
            return image, mask
        low, high = inside.amin(0), inside.amax(0)
        middle, extent = (low + high) / 2, (high - low).clamp(min=0.05)
        share = rng.uniform(0.3, 1.15) / np.sqrt(number)  # of the new picture's side
        if small:
            share = rng.uniform(0.12, 0.32)
        elif number == 1 and rng.random() < self._options.close:
            share = rng.uniform(1.0, 1.8)
        zoom = float(extent.max()) / share
        stretch = float(np.exp(rng.uniform(-0.1, 0.1)))
        wide, tall = zoom * stretch, zoom / stretch
        centre = (float(middle[1]) + rng.normal(0, 0.25) * wide,
                  float(middle[0]) + rng.normal(0, 0.2) * tall)
        turn = rng.normal(0, 0.12) if rng.random() < 0.5 else 0.0
        view = dict(size=self._size, centre=centre, extent=(wide, tall),
                    mirror=rng.random() < 0.5, turn=turn)
        colour = augment.look(planes[:3], **view, outside="border")
        alpha = augment.look(planes[3:], **view, outside="zeros")
        alpha = ((alpha - 0.08) / 0.84).clamp(0, 1)  # Trim the old background's rim.
        if rng.random() < self._options.fringe:
            colour, alpha = fringe.grow(colour, alpha, rng)
        if rng.random() < 0.08:
            colour, alpha = augment.smear(colour, alpha, rng)
        if rng.random() < 0.5:
            colour = augment.grade(colour, rng, 0.7)
        if rng.random() < 0.6:
            colour = _harmonise(colour, alpha, image, rng.uniform(0.2, 0.8))
        if rng.random() < 0.3:
            image = _shade(image, alpha, rng)
        image = colour * alpha + image * (1 - alpha)
        return image, alpha + mask * (1 - alpha)


def _harmonise(colour: torch.Tensor, alpha: torch.Tensor, image: torch.Tensor,
               amount: float) -> torch.Tensor:
    """Moves the subject's mean and spread of colour towards the background's."""
    weight = alpha.sum().clamp(min=1)
    mean = (colour * alpha).sum((1, 2), keepdim=True) / weight
    spread = (((colour - mean) ** 2 * alpha).sum((1, 2), keepdim=True) / weight).sqrt() + 0.02
    other, wide = image.mean((1, 2), keepdim=True), image.std((1, 2), keepdim=True) + 0.02
    new_mean = mean + (other - mean) * amount * 0.6
    scale = (wide / spread).clamp(0.6, 1.6) ** amount
    return ((colour - mean) * scale + new_mean).clamp(0, 1)


def _shade(image: torch.Tensor, alpha: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """A soft shadow: the matte, displaced and blurred, darkens the background."""
    size = alpha.shape[-1]
    shift = (int(rng.normal(0, 0.06) * size), int(rng.uniform(0, 0.08) * size))
    shadow = augment.soften(torch.roll(alpha, shift, (2, 1)), rng.uniform(3, 12))
    return image * (1 - shadow * rng.uniform(0.2, 0.6))
