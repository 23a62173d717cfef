"""How steady and how right the mattes of films are, on composites with known alpha and motion.

    cmake --preset bench && ninja -C build-bench video_measure
    python bench/video/mattes.py --out out/bench            (needs numpy, Pillow and ffmpeg)

Half of the subjects chose the settings of steadying (--half tune), the other half is reported. Errors are of alpha from 0
to 1 (p: a pixel, t: a frame, v: how the subject moves from one frame to the next, which is known here; * the truth):

    SAD      sum over p of |a - a*|, in thousands
    MSE      mean over p of (a - a*)^2, in thousandths
    dtSSD    root of the mean over p of ((a(t+1) - a(t)) - (a*(t+1) - a*(t)))^2, in hundredths
    MESSDdt  mean over p of |(a(p, t) - a*(p, t))^2 - (a(p + v, t+1) - a*(p + v, t+1))^2|, in thousandths

The last two as in Erofeev, Gitman, Vatolin, Fedorov, Wang, "Perceptually motivated benchmark for video matting", 2015, with
means in place of sums, as most have given dtSSD since.
"""
import argparse
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import composites  # noqa: E402
import measure as bench  # noqa: E402
from composites import HEIGHT, WIDTH  # noqa: E402

MODES = ["off", "auto", "strong"]
MEASURES = ["SAD", "MSE", "dtSSD", "MESSDdt"]


def followed(error, matrix):
    """The next frame's squared error where this frame's pixels have gone; NaN where that is outside."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    inside = (u >= 0) & (u < WIDTH - 1) & (v >= 0) & (v < HEIGHT - 1)
    u, v = np.where(inside, u, 0), np.where(inside, v, 0)
    i, j = u.astype(int), v.astype(int)
    s, r = u - i, v - j
    mean = (1 - r) * ((1 - s) * error[j, i] + s * error[j, i + 1]) + r * ((1 - s) * error[j + 1, i] + s * error[j + 1, i + 1])
    return np.where(inside, mean, np.nan)


def judge(mattes, film):
    """{measure: mean over the film}."""
    truth = film["alphas"]
    errors = [m - t for m, t in zip(mattes, truth)]
    squares = [e * e for e in errors]
    steps = [np.sqrt(np.mean((b - a) ** 2)) for a, b in zip(errors, errors[1:])]
    moved = [np.nanmean(np.abs(a - followed(b, m))) for a, b, m in zip(squares, squares[1:], film["motion"])]
    return {"SAD": float(np.mean([np.abs(e).sum() for e in errors]) / 1e3), "MSE": float(np.mean(squares) * 1e3),
            "dtSSD": float(np.mean(steps) * 1e2), "MESSDdt": float(np.mean(moved) * 1e3)}


def frames_of(raw):
    return [m.astype(np.float32) / 255 for m in np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH)]


def sheet(film, results, path):
    """Six frames beside each other: the film, the truth, and every mode's matte."""
    chosen = range(6, 18, 2)
    rows = [[film["frames"][t] for t in chosen], [np.repeat(film["alphas"][t][..., None], 3, 2) for t in chosen]]
    rows += [[np.repeat(results[m][t][..., None], 3, 2) for t in chosen] for m in results]
    picture = np.concatenate([np.concatenate(row, 1) for row in rows], 0)[::3, ::3]
    Image.fromarray(np.uint8(picture * 255 + 0.5)).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build-bench/bench/video/video_measure")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/bench")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--work", type=pathlib.Path, help="keep composites and predictions here between runs")
    parser.add_argument("--modes", nargs="+", default=MODES)
    parser.add_argument("--sheets", action="store_true", help="contact sheets beside the results")
    options = parser.parse_args()
    work = options.work or options.out / "video"
    work.mkdir(parents=True, exist_ok=True)
    rows = {}
    for index, subject in enumerate(composites.subjects()):
        if (index % 2 == 0) != (options.half == "tune"):
            continue
        kept = work / f"{subject[0]}.npz"
        if not kept.exists():
            film = composites.make(index, *subject)
            np.savez(kept, frames=np.float16(film["frames"]), alphas=np.float16(film["alphas"]), motion=film["motion"])
        film = {"name": subject[0], **np.load(kept)}
        film["frames"], film["alphas"] = np.float32(film["frames"]), np.float32(film["alphas"])
        raw = b"".join(composites.yuv420(f) for f in film["frames"])
        results = {}
        for mode in options.modes:
            command = [str(options.program), str(WIDTH), str(HEIGHT), "8", "420", mode, f"predictions={work / subject[0]}.predictions"]
            done = subprocess.run(command, input=raw, capture_output=True, check=False)
            if done.returncode != 0:
                sys.exit(done.stderr.decode())
            results[mode] = frames_of(done.stdout)
            rows.setdefault(subject[0], {})[mode] = judge(results[mode], film)
        if options.sheets:
            sheet(film, results, work / f"{subject[0]}.png")
        rows[subject[0]]["pace"] = composites.PACES[index // 2 % 3][0]
        print(subject[0], " ".join(f"{m}: " + " ".join(f"{v:.2f}" for v in rows[subject[0]][m].values()) for m in options.modes), flush=True)
    groups = {"all": rows.values()}
    groups |= {name: [r for r in rows.values() if r["pace"] == name] for name, _ in composites.PACES}
    lines = ["| subject | steady | " + " | ".join(MEASURES) + " | dtSSD / off | MESSDdt / off |", "|---" * (len(MEASURES) + 4) + "|"]
    for group, films in groups.items():
        means = {m: {k: float(np.mean([r[m][k] for r in films])) for k in MEASURES} for m in options.modes}
        for m, mean in means.items():
            ratios = [mean[k] / means[options.modes[0]][k] for k in ("dtSSD", "MESSDdt")]
            lines.append(f"| {group} ({len(films)}) | {m} | " + " | ".join(f"{v:.2f}" for v in [*mean.values(), *ratios]) + " |")
    result = {"films": rows, "text": {
        "title": "Mattes of films: how steady, how right",
        "about": "Composites of 24 frames of 960 x 540 with known alpha and motion (`bench/video/composites.py`): cut-out pictures "
                 "that move before films and pans, with sensor noise; mattes by the embedded model. SAD in thousands, MSE in "
                 "thousandths, dtSSD in hundredths, MESSDdt in thousandths; `bench/video/mattes.py` has the formulas. These are the "
                 "films that chose no setting.",
        "command": "python bench/video/mattes.py"}}
    text = "\n".join(lines) + "\n"
    if options.half == "report":
        bench.write(str(options.out), "video", result, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
