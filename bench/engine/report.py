"""The engine benchmark's runs as JSON, as Markdown tables and as a picture."""
import dataclasses

import contenders
import measure

# Columns of the short table: the engines in fp32, and OpenVINO's own default where it is another.
SHORT = ["peel/fp32", "onnxruntime/fp32", "openvino/fp32", "openvino/bf16", "ncnn/fp32"]
COLOURS = {"peel": "#1b7837", "onnxruntime": "#2166ac", "openvino": "#b35806", "ncnn": "#6a51a3"}


def title(key):
    engine, precision = key.split("/")
    return f"{contenders.TITLES[engine]} {precision}"


class Cell:
    """All rounds of one contender on one model with one number of threads."""

    def __init__(self, rows):
        self.rows = sorted(rows, key=lambda r: r["round"])
        self.why = next((r["unavailable"] for r in rows if "unavailable" in r), "")
        self.there = bool(rows) and not self.why

    def median(self, key):
        return measure.median([r[key] for r in self.rows])

    def rounds(self):
        """Median inference of each round, by round."""
        return {r["round"]: measure.median(r["times_ms"]) for r in self.rows}

    def time(self):
        return measure.median(list(self.rounds().values()))

    def fastest(self):
        return min(min(r["times_ms"]) for r in self.rows)

    def spread(self):
        """Half the distance between the slowest and the fastest round, as a share of the median."""
        values = self.rounds().values()
        return (max(values) - min(values)) / 2 / self.time()

    def times_slower_than(self, other):
        mine, theirs = self.rounds(), other.rounds()
        shared = [mine[r] / theirs[r] for r in mine if r in theirs]
        return measure.median(shared) if shared else None


def table(lines):
    head = lines[0]
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines[1:]]) + "\n"


def short_table(cells, chosen, threads_list):
    """A row a model and thread count: milliseconds of each engine and by how much Peel is faster."""
    lines = [["model", "threads", "Peel fp32 ms"] + [f"{title(k)} ms (×)" for k in SHORT[1:]]]
    for model in chosen:
        for threads in threads_list:
            ours = cells(model, threads, "peel/fp32")
            if not ours.there:
                continue
            line = [model.title, str(threads), f"**{ours.time():.1f}**"]
            for key in SHORT[1:]:
                cell = cells(model, threads, key)
                line.append(f"{cell.time():.1f} ({cell.times_slower_than(ours):.2f})" if cell.there else "–")
            lines.append(line)
    return table(lines)


def start_table(cells, chosen, threads_list):
    """Load and first result, and peak memory, of every engine in fp32 with the most threads."""
    threads = max(threads_list)
    keys = [k for k in SHORT if k.endswith("/fp32")]
    names = [contenders.TITLES[k.split("/")[0]] for k in keys]
    lines = [["model"] + [f"{n}: load + first ms" for n in names] + [f"{n}: peak MB" for n in names]]
    for model in chosen:
        row = [cells(model, threads, key) for key in keys]
        if row[0].there:
            lines.append([model.title] + [f"{c.median('first_ms'):.0f}" if c.there else "–" for c in row] +
                         [f"{c.median('peak_bytes') / 1e6:.0f}" if c.there else "–" for c in row])
    return table(lines)


def long_table(cells, chosen, threads_list):
    lines = [["model", "threads", "engine", "median ms", "fastest ms", "spread ±%", "× Peel fp32", "load ms",
              "load + first ms", "peak MB", "mask off by, max", "mean"]]
    for model in chosen:
        for threads in threads_list:
            ours = cells(model, threads, "peel/fp32")
            for contender in contenders.CONTENDERS:
                cell = cells(model, threads, contender.key)
                if not cell.there:
                    continue
                ratio = cell.times_slower_than(ours) if ours.there else None
                off = cell.rows[-1].get("difference")
                lines.append([
                    model.title, str(threads), title(contender.key), f"{cell.time():.2f}",
                    f"{cell.fastest():.2f}", f"{100 * cell.spread():.1f}", f"{ratio:.2f}" if ratio else "–",
                    f"{cell.median('load_ms'):.0f}", f"{cell.median('first_ms'):.0f}",
                    f"{cell.median('peak_bytes') / 1e6:.0f}",
                    *(f"{v:.1e}" for v in off or [])] + ([] if off else ["–", "–"]))
    return table(lines)


def missing(cells, chosen, threads_list):
    lines = []
    for contender in contenders.CONTENDERS:
        reasons = {}
        for model in chosen:
            why = next((c.why for c in (cells(model, t, contender.key) for t in threads_list) if c.why), "")
            if why:
                reasons.setdefault(why.strip().splitlines()[-1], []).append(model.title)
        for why, titles in reasons.items():
            lines.append(f"- {title(contender.key)}, {', '.join(titles)}: {why}\n")
    return "".join(lines)


def plot(path, cells, chosen, threads_list, note):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    threads = max(threads_list)
    shown = [m for m in chosen if any(cells(m, threads, c.key).there for c in contenders.CONTENDERS)]
    figure, axes = pyplot.subplots(len(shown), 1, squeeze=False, layout="constrained",
                                   figsize=(7.5, 0.6 + 1.75 * len(shown)))
    for axis, model in zip(axes[:, 0], shown):
        there = [(c, cells(model, threads, c.key)) for c in contenders.CONTENDERS]
        there = [(c, cell) for c, cell in there if cell.there]
        ours = cells(model, threads, "peel/fp32")
        for y, (contender, cell) in enumerate(there):
            value = cell.time()
            slow = max(cell.rounds().values())
            fast = min(cell.rounds().values())
            pale = 1.0 if contender.precision == "fp32" else 0.55
            axis.barh(y, value, color=COLOURS[contender.engine], alpha=pale, height=0.74)
            axis.plot([fast, slow], [y, y], color="black", linewidth=1)
            ratio = cell.times_slower_than(ours) if ours.there else None
            text = f" {value:.0f} ms" if value >= 100 else f" {value:.1f} ms"
            if ratio and contender.key != "peel/fp32":
                text += f", {ratio:.2f} ×"
            axis.text(slow, y, text, va="center", fontsize=8)
        axis.set_yticks(range(len(there)), [title(c.key) for c, _ in there], fontsize=8)
        axis.invert_yaxis()
        axis.set_title(model.title + (" (random weights)" if model.random else ""), fontsize=9, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(axis="x", labelsize=8)
        axis.margins(x=0.18)
        axis.set_xlim(left=0)
    axes[-1, 0].set_xlabel(f"milliseconds an inference, {threads} threads; × is the time in units of Peel fp32's\n"
                           f"{note}", fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def write(folder, name, record, chosen, threads_list):
    groups = {}
    for row in record["runs"]:
        groups.setdefault((row["model"], row["threads"], row["contender"]), []).append(row)

    def cells(model, threads, key):
        return Cell(groups.get((model.key, threads, key), []))

    versions = record["versions"]
    peers = (f"ONNX Runtime {versions['onnxruntime']}, OpenVINO {versions['openvino']}, "
             f"ncnn {versions['ncnn']}")
    shares = [r["others_share"] for r in record["runs"] if "others_share" in r]
    quiet = (f"Peers: {peers}, from PyPI. {record['rounds']} rounds; other programs took "
             f"{100 * measure.median(shares):.1f} % of the processors (median), at most "
             f"{100 * max(shares):.0f} % in a run." if shares else "")
    random = ", ".join(m.title for m in chosen if m.random)
    if record["cpu"]:
        chosen = [dataclasses.replace(m, title=f"{m.title}, {record['cpu'].upper()}") for m in chosen]
    level = f"Every engine held to {record['cpu'].upper()}. " if record["cpu"] else ""
    text = (level + "(×): time in units of Peel's." + (f" Random weights: {random}." if random else "") + "\n\n" +
            short_table(cells, chosen, threads_list) + "\n" + start_table(cells, chosen, threads_list) + "\n" +
            "Everything measured:\n\n" + long_table(cells, chosen, threads_list))
    absent = missing(cells, chosen, threads_list)
    if absent:
        text += "\nNot there:\n\n" + absent
    plot(f"{folder}/{name}.png", cells, chosen, threads_list, record["machine"] + (", " + level.lower() if level else ""))
    measure.write(folder, name, record, text + "\n" + quiet + "\n")
