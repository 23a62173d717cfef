"""The layers' timings as a table and as a roofline."""
import measure

TITLES = {"u2netp": "U²-Net-p", "u2net": "U²-Net", "isnet": "IS-Net", "modnet": "MODNet"}
COLOURS = ["#1b7837", "#2166ac", "#b35806", "#6a51a3", "#c51b7d", "#8c6d31", "#01665e", "#777777", "#d6604d",
           "#4393c3"]


def out_size(layer):
    return (layer[2] - 1) // layer[5] + 1


def multiply_adds(layer):
    into, out, _, kernel, _, _, groups = layer
    return into // groups * out * kernel * kernel * out_size(layer) ** 2


def least_bytes(layer):
    """Input, output and weights once each, in float32: what any way of computing the layer has to move."""
    into, out, size, kernel, _, _, groups = layer
    return 4 * (into * size**2 + out * out_size(layer)**2 + into // groups * out * kernel * kernel)


def describe(layer):
    into, out, size, kernel, dilation, stride, groups = layer
    text = f"{into}→{out}, {size}², {kernel}×{kernel}"
    text += f", dilation {dilation}" if dilation > 1 else ""
    text += f", stride {stride}" if stride > 1 else ""
    return text + (", depthwise" if groups > 1 else "")


class Run:
    def __init__(self, row, layer=None):
        self.kernel, self.threads = row["kernel"], row["threads"]
        self.ms, self.fastest, self.slowest = measure.median(row["ms"]), min(row["ms"]), max(row["ms"])
        self.rate = 2e-6 * multiply_adds(layer) / self.ms if layer else measure.median(row["rates"])


def plot(path, layers, runs, roof, bandwidth, threads, machine):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    kernels = sorted({r.kernel for some in runs.values() for r in some})
    figure, axis = pyplot.subplots(figsize=(9, 6), layout="constrained")
    best = {layer: min((r for r in runs[layer] if r.threads == threads), key=lambda r: r.ms) for layer in layers}
    for colour, kernel in zip(COLOURS, kernels):
        for chosen in (False, True):
            points = [(2 * multiply_adds(l) / least_bytes(l), r.rate, multiply_adds(l)) for l in layers
                      for r in runs[l] if r.kernel == kernel and r.threads == threads and (r is best[l]) == chosen]
            if not points:
                continue
            x, y, work = zip(*points)
            area = [10 + 90 * (w / 1.0e10) ** 0.5 for w in work]
            axis.scatter(x, y, s=area, color=colour if chosen else "none", edgecolors=colour, linewidths=0.8,
                         alpha=0.8 if chosen else 0.35, label=kernel if chosen else None, zorder=3 if chosen else 2)
    low, high = axis.get_xlim()
    low, high = max(low, 0.3), max(high, 1000)
    knee = roof / bandwidth
    axis.plot([low, knee, high], [low * bandwidth, roof, roof], color="black", linewidth=1.2)
    axis.text(high, roof, f"peak {roof:.0f}", ha="right", va="bottom", fontsize=8)
    for factor, name in ((2.25, "F(2×2)"), (4, "F(4×4)")):
        axis.plot([knee * factor, high], [roof * factor] * 2, color="black", linewidth=0.8, linestyle=":")
        axis.text(high, roof * factor, f"bound of {name}", ha="right", va="bottom", fontsize=8)
    axis.plot([knee, 4 * knee], [roof, 4 * roof], color="black", linewidth=0.8, linestyle=":")
    axis.text(low, low * bandwidth, f" copy from memory {bandwidth:.0f} GB/s", rotation=0, va="top", fontsize=8)
    axis.set(xscale="log", yscale="log", xlim=(low, high),
             xlabel="operations of the plain convolution a byte (input, output and weights once)\n"
                    "filled: the fastest kernel of a layer; hollow: the others; area: the layer's work; "
                    "operands of small layers are in a cache\n" + machine,
             ylabel=f"effective GFLOP/s, {threads} threads")
    axis.xaxis.label.set_size(8)
    axis.grid(True, which="major", linewidth=0.3)
    axis.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def write(folder, layers, rows):
    machine = {(r["kernel"], r["threads"]): Run(r) for r in rows["machine"]}
    runs = {layer: [Run(r, layer) for r in rows[" ".join(map(str, layer))]] for layer in layers}
    runs = {layer: some for layer, some in runs.items() if some}
    layers = {layer: users for layer, users in layers.items() if layer in runs}
    threads = max(t for _, t in machine)
    roof, bandwidth = machine["peak", threads].rate, machine["bandwidth", threads].rate
    lines = ["| layer | GMAC | in | fastest kernel | ms | GFLOP/s | % of peak | 1 thread ms | scaling | others, ms |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for layer, users in layers.items():
        order = sorted((r for r in runs[layer] if r.threads == threads), key=lambda r: r.ms)
        first = order[0]
        alone = next(r for r in runs[layer] if r.threads == 1 and r.kernel == first.kernel)
        lines.append(
            f"| {describe(layer)} | {multiply_adds(layer) / 1e9:.3f} | "
            f"{', '.join(f'{TITLES[n]} {count}' for n, count in users.items())} | {first.kernel} | {first.ms:.3f} | "
            f"{first.rate:.0f} | {100 * first.rate / roof:.0f} | {alone.ms:.3f} | {alone.ms / first.ms:.2f} | "
            f"{', '.join(f'{r.kernel} {r.ms:.3f}' for r in order[1:]) or '–'} |")
    text = (f"{len(layers)} layers, {threads} threads. Peak of the fp32 micro-kernel {roof:.0f} GFLOP/s "
            f"({machine['peak', 1].rate:.0f} on one thread), copy from memory to memory {bandwidth:.1f} GB/s "
            f"({machine['bandwidth', 1].rate:.1f}). Medians of repeated timings with warm caches.\n\n")
    record = {"peak_gflops": {t: machine["peak", t].rate for t in (1, threads)},
              "bandwidth_gb_s": {t: machine["bandwidth", t].rate for t in (1, threads)},
              "layers": [{"layer": layer, "networks": users, "multiply_adds": multiply_adds(layer),
                          "least_bytes": least_bytes(layer), "runs": rows[" ".join(map(str, layer))]}
                         for layer, users in layers.items()]}
    plot(folder + "/shapes.png", layers, runs, roof, bandwidth, threads, measure.machine())
    measure.write(folder, "shapes", record, text + "\n".join(lines) + "\n")
