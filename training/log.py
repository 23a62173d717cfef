"""The run's log: a CSV with one line per `log_every` steps, and a plot of it."""

import csv
import pathlib

COLUMNS = ("step", "stage", "seconds", "rate", "pictures_per_second", "total", "bce", "iou",
           "laplacian", "deep", "subject", "guide", "answer",
           "val_agreed", "val_drawn", "val_composite", "val_empty")


class Log:
    """Appends to `folder/log.csv`; survives restarts."""

    def __init__(self, folder: pathlib.Path):
        self._path = folder / "log.csv"
        if not self._path.exists():
            self._write(COLUMNS)

    def _write(self, values) -> None:
        with open(self._path, "a", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerow(values)

    def add(self, **values) -> None:
        self._write([f"{values[c]:.6g}" if isinstance(values.get(c), float)
                     else values.get(c, "") for c in COLUMNS])


def plot(folder: pathlib.Path) -> pathlib.Path:
    """Draws the losses of `folder/log.csv` over the steps into `folder/log.png`."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with open(folder / "log.csv", newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["bce"]]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4))
    steps = [int(row["step"]) for row in rows]
    for name in ("total", "bce", "iou", "laplacian", "deep", "subject", "guide", "answer"):
        values = [float(row[name]) for row in rows]
        kernel = min(len(values), 15)
        smooth = [sum(values[max(0, i - kernel + 1):i + 1]) / min(kernel, i + 1)
                  for i in range(len(values))]
        axes[0].plot(steps, smooth, label=name)
    axes[0].set(xlabel="step", ylabel="loss (running mean)", yscale="log")
    axes[0].legend()
    axes[1].plot(steps, [float(row["rate"]) for row in rows])
    axes[1].set(xlabel="step", ylabel="learning rate of the body")
    figure.tight_layout()
    figure.savefig(folder / "log.png", dpi=90)
    pyplot.close(figure)
    return folder / "log.png"
