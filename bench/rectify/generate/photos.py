"""Photographs that serve as grounds, prints and pictures within pictures."""
import functools
import pathlib

from PIL import Image

KINDS = (".jpg", ".jpeg", ".png", ".webp")


class Pool:
    """Large and small photographs, of some folders or files, in a fixed order. Asked with a generator it gives one of them, cut
    and turned at random; without any file it gives None."""

    def __init__(self, large=(), small=()):
        self.large = listed(large)
        self.small = listed(small)

    def __bool__(self):
        return bool(self.large or self.small)

    def named(self, names):
        """A pool of those small photographs alone whose names are the lines of a file."""
        wanted = set(pathlib.Path(names).read_text(encoding="utf-8").split())
        found = Pool()
        found.small = [path for path in self.small if pathlib.Path(path).name in wanted]
        return found

    def path(self, rng, large_share=0.4):
        from_large = self.large and (not self.small or rng.random() < large_share)
        files = self.large if from_large else self.small
        return files[int(rng.integers(len(files)))] if files else None

    def __call__(self, rng, large_share=0.4):
        path = self.path(rng, large_share)
        if path is None:
            return None
        photo = opened(path)
        width, height = photo.size
        share = rng.uniform(0.55, 1)
        w, h = width * share, height * share
        left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
        photo = photo.crop((int(left), int(top), int(left + w), int(top + h)))
        return photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else photo


@functools.lru_cache(maxsize=24)
def opened(path):
    photo = Image.open(path)
    photo.draft("RGB", (1600, 1600))
    photo = photo.convert("RGB")
    photo.thumbnail((2000, 2000), Image.Resampling.BOX)
    return photo


def listed(places):
    """Folders' photographs and single files."""
    found = []
    for place in map(pathlib.Path, places):
        files = [place] if place.is_file() else sorted(place.iterdir())
        found += [str(p) for p in files if p.suffix.lower() in KINDS]
    return found
