"""Draws held-out photographs beside the truth and what models make of them.

    python -m training.grid models/peel.onnx ../shared/models/u2netp-fp32.onnx \\
        --out docs/images/model-grid.jpg
    python -m training.grid models/peel.onnx ../shared/models/u2netp-fp32.onnx \\
        --worst 12 --out docs/images/model-limits.jpg

Each cell shows the photograph, the reference, and one cut-out per model on a
checkerboard. The choice of pictures depends on the seed alone, or with `--worst` on the first
model's IoU with what is drawn or known.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image, ImageDraw

from training import heldout
from training import metrics
from training import runner as runner_lib
from training import teacher as teacher_lib

_CELL = 150  # pixels
_LABEL = 14


def cut_out(image: Image.Image, matte: np.ndarray) -> Image.Image:
    """The photograph over a checkerboard, seen through the matte."""
    side = (np.indices((image.height, image.width)) // 10).sum(0) % 2
    board = np.where(side[..., None] == 0, 255.0, 205.0)
    alpha = matte[..., None].astype(np.float64)
    pixels = np.asarray(image, np.float64) * alpha + board * (1 - alpha)
    return Image.fromarray(np.round(pixels).astype(np.uint8))


def choose(cases: list[heldout.Case], count: int, seed: int) -> list[heldout.Case]:
    """Takes from the kinds in turn, so that all are shown."""
    rng = np.random.default_rng(seed)
    kinds = {}
    for i in rng.permutation(len(cases)):
        kinds.setdefault(cases[i].kind, []).append(cases[i])
    chosen = []
    while len(chosen) < min(count, len(cases)):
        for kind in sorted(kinds):
            if kinds[kind] and len(chosen) < count:
                chosen.append(kinds[kind].pop())
    return sorted(chosen, key=lambda case: (case.kind, case.name))


def worst(cases: list[heldout.Case], model: runner_lib.Runner, count: int) -> list[heldout.Case]:
    """The `count` cases of least IoU, the least first."""
    scored = [(metrics.iou(model(case.image).matte, case.truth), case) for case in cases]
    return [case for _, case in sorted(scored, key=lambda pair: pair[0])[:count]]


def draw(cases: list[heldout.Case], models: dict[str, runner_lib.Runner],
         across: int) -> Image.Image:
    """One sheet; `across` photographs in each row."""
    columns = 2 + len(models)
    down = -(-len(cases) // across)
    sheet = Image.new("RGB", (across * (columns * _CELL + 12),
                              down * (_CELL + _LABEL + 4)), "white")
    pen = ImageDraw.Draw(sheet)
    for n, case in enumerate(cases):
        left = n % across * (columns * _CELL + 12)
        top = n // across * (_CELL + _LABEL + 4)
        cells = [case.image, cut_out(case.image, case.truth)]
        cells += [cut_out(case.image, run(case.image).matte) for run in models.values()]
        names = [case.kind, "reference", *models]
        for k, (cell, name) in enumerate(zip(cells, names)):
            cell = cell.copy()
            cell.thumbnail((_CELL - 4, _CELL - 4))
            pen.text((left + k * _CELL + 2, top), name, fill="black")
            sheet.paste(cell, (left + k * _CELL, top + _LABEL))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--split", default="report", choices=("select", "report"))
    parser.add_argument("--count", default=40, type=int)
    parser.add_argument("--across", default=2, type=int)
    parser.add_argument("--seed", default=4, type=int)
    parser.add_argument("--worst", type=int, metavar="N",
                        help="the N photographs with a known truth that the first model does worst")
    parser.add_argument("--data", default="../shared/data", type=pathlib.Path)
    parser.add_argument("--teacher", default="../shared/models/u2netp-fp32.onnx",
                        type=pathlib.Path)
    parser.add_argument("--cache", default="out/training/agreed", type=pathlib.Path)
    parser.add_argument("--agreed", default=150, type=int, metavar="N",
                        help="at most this many photographs without a drawn mask to choose from")
    args = parser.parse_args()
    models = {path.stem: runner_lib.Runner(path) for path in args.models}
    cases = heldout.drawn(args.data, args.split)
    if args.split == "report":
        cases += heldout.matting(args.data)
    if args.worst:
        cases = worst(cases, models[args.models[0].stem], args.worst)
    else:
        if args.split == "select":
            cases += heldout.agreed(args.data, teacher_lib.Teacher(args.teacher), args.cache,
                                    args.agreed)
        cases = choose(cases, args.count, args.seed)
    sheet = draw(cases, models, args.across)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(args.out, quality=82)
    print(f"{args.out}: {sheet.width}×{sheet.height}")


if __name__ == "__main__":
    main()
