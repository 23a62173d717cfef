"""Where the photographs for grounds, prints and screens' contents are."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHARED = ROOT.parent / "shared"
SMALL = SHARED / "data/train/images"
NONE = HERE / "none.txt"
# Not photographs, or one that shows a framed painting.
LEFT_OUT = {"bird_classes.png", "dog_classes.png", "42_IndexError.jpg"}


def large():
    folders = [SHARED / "images/camera", SHARED / "images/objects", ROOT / "samples"]
    return [str(p) for f in folders if f.is_dir() for p in sorted(f.iterdir())
            if p.suffix in (".jpg", ".png") and p.name not in LEFT_OUT]


def small():
    return [str(SMALL)] if SMALL.is_dir() else []


def arguments():
    """Of the generator."""
    return ["--large", *large(), "--small", *small(), *(["--none", str(NONE)] if small() else [])]
