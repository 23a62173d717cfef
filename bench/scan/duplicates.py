"""How well one capture is known again: photographs and what is made of them, through `peel scan`'s hashes and groups.

    cmake --preset bench && ninja -C build-bench scan_measure scan_group scan_million
    python bench/scan/duplicates.py --out out/bench                  (needs Pillow; imagehash for the peers' hashes)

Variants: re-encoded (JPEG 60), half the size, a twentieth of width and height cut off anywhere, a quarter turn, lighter with more
contrast and colour. A variant is found where it is in its photograph's group; a pair in one group is right where both are of one
photograph. Strangers: every other photograph at hand beside them. Peers: imagededup's PHash and DHash are those of imagehash (a
DCT of 32 x 32 and differences of 9 x 8), linked up to its default distance of 10.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from PIL import Image, ImageEnhance

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import measure as bench  # noqa: E402
SHARED = ROOT.parent / "shared"
PAIRS = ((31, 0), (31, 31), (31, 40), (36, 40), (40, 40), (44, 44), (48, 48))


def variants(image, rng):
    w, h = image.size
    left, top = rng.uniform(0, 0.05), rng.uniform(0, 0.05)
    yield "re-encoded", image, 60
    yield "half", image.resize((max(1, w // 2), max(1, h // 2)), Image.LANCZOS), 85
    yield "cropped", image.crop((round(left * w), round(top * h), round((left + 0.95) * w), round((top + 0.95) * h))), 85
    yield "turned", image.transpose(Image.ROTATE_90), 85
    edited = ImageEnhance.Color(image).enhance(1.2)
    edited = ImageEnhance.Contrast(edited).enhance(1.15)
    yield "edited", ImageEnhance.Brightness(edited).enhance(1.1), 80


def run(program, text, *arguments):
    done = subprocess.run([program, *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def score(groups, truth):
    """groups: lists of paths. Recall by kind, precision of pairs."""
    group_of = {path: i for i, group in enumerate(groups) for path in group}
    found, all_ = collections.Counter(), collections.Counter()
    for path, (source, kind) in truth.items():
        if kind is None:
            continue
        all_[kind] += 1
        found[kind] += path in group_of and group_of[path] == group_of.get(source)
    right = wrong = 0
    for group in groups:
        for i, a in enumerate(group):
            for b in group[:i]:
                if truth[a][0] == truth[b][0]:
                    right += 1
                else:
                    wrong += 1
    return {"recall": {kind: found[kind] / all_[kind] for kind in all_}, "recall_all": sum(found.values()) / sum(all_.values()),
            "precision": right / max(1, right + wrong), "wrong_pairs": wrong}


def peers(paths, truth):
    """A photograph and its variants are found where their distance is within 10; precision over all pairs."""
    try:
        import imagehash
        import numpy as np
    except ImportError:
        return {}
    result = {}
    for name, function in (("phash", imagehash.phash), ("dhash", imagehash.dhash)):
        bits = np.array([function(Image.open(p)).hash.ravel() for p in paths], np.float32) * 2 - 1
        sources = np.array([hash(truth[p][0]) for p in paths])
        right = wrong = 0
        at = {p: i for i, p in enumerate(paths)}
        for i in range(len(paths)):
            near = (bits.shape[1] - bits[i + 1:] @ bits[i]) / 2 <= 10
            same = sources[i + 1:] == sources[i]
            right += int((near & same).sum())
            wrong += int((near & ~same).sum())
        found, all_ = collections.Counter(), collections.Counter()
        for path, (source, kind) in truth.items():
            if kind is not None:
                all_[kind] += 1
                found[kind] += (bits.shape[1] - bits[at[path]] @ bits[at[source]]) / 2 <= 10
        result[name] = {"recall": {k: float(found[k] / all_[k]) for k in all_}, "recall_all": float(sum(found.values()) / sum(all_.values())),
                        "precision": right / max(1, right + wrong), "wrong_pairs": wrong}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build-bench" / "bench" / "scan")
    parser.add_argument("--count", type=int, default=600, help="photographs to make variants of")
    parser.add_argument("--strangers", type=int, default=8000, help="other photographs beside them")
    parser.add_argument("--rows", type=int, default=0, help="also the cost of so many made rows")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out" / "bench")
    options = parser.parse_args()
    photos = [str(p) for top, ext in (("train", "jpg"), ("train-masks", "webp"))
              for p in sorted((SHARED / "data" / top / "images").glob(f"*.{ext}"))]
    random.Random(11).shuffle(photos)
    chosen, strangers = photos[:options.count], photos[options.count:options.count + options.strangers]
    result = {"photographs": len(chosen), "strangers": len(strangers), "distances": {}}
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        truth = {}
        for i, path in enumerate(chosen):
            truth[path] = (path, None)
            image = Image.open(path).convert("RGB")
            for kind, picture, quality in variants(image, rng):
                made = f"{folder}/{i:05d}-{kind}.jpg"
                picture.save(made, quality=quality)
                truth[made] = (path, kind)
        truth |= {path: (path, None) for path in strangers}
        lines = run(options.programs / "scan_measure", "\n".join(truth))
        text = "\n".join(map(json.dumps, lines))
        # What is twice among the photographs themselves is no false link: the same picture in two collections.
        own = "\n".join(json.dumps(line) for line in lines if truth[line["path"]][1] is None)
        known = collections.defaultdict(set)
        for group in run(options.programs / "scan_group", own, 12, 0):
            paths = [m["path"] for m in group["members"]]
            for path in paths:
                known[path].update(paths)
        result["twice_in_the_collections"] = len(known)
        merged = {p: (min(known[s] | {s}), k) for p, (s, k) in truth.items()}
        for same, crop in PAIRS:
            groups = run(options.programs / "scan_group", text, same, crop)
            row = score([[m["path"] for m in g["members"]] for g in groups], {p: (merged[p][0], truth[p][1]) for p in truth})
            # A variant is found with any copy of its photograph.
            group_of = {m["path"]: i for i, g in enumerate(groups) for m in g["members"]}
            by_kind = collections.defaultdict(list)
            for path, (source, kind) in truth.items():
                if kind is not None:
                    by_kind[kind].append(path in group_of and group_of[path] == group_of.get(source))
            row["recall"] = {k: sum(v) / len(v) for k, v in by_kind.items()}
            row["recall_all"] = sum(map(sum, by_kind.values())) / sum(map(len, by_kind.values()))
            row["wrong"] = [[m["path"] for m in g["members"]] for g in groups
                            if len({merged[m["path"]][0] for m in g["members"]}) > 1][:40]
            result["distances"][f"{same}, {crop}"] = row
            print(f"{same:3} {crop:3}", {k: round(v, 4) for k, v in row["recall"].items()},
                  f"recall {row['recall_all']:.4f} precision {row['precision']:.5f} wrong {row['wrong_pairs']}")
        result["peers"] = peers([p for p in truth if p not in set(strangers)], {p: t for p, t in truth.items() if p not in set(strangers)})
        for name, row in result["peers"].items():
            print(name, {k: round(v, 4) for k, v in row["recall"].items()},
                  f"recall {row['recall_all']:.4f} precision {row['precision']:.5f} wrong {row['wrong_pairs']}")
    if options.rows:
        result["many"] = run(options.programs / "scan_million", "", options.rows)
    options.out.mkdir(parents=True, exist_ok=True)
    result["text"] = {
        "title": "Duplicates found", "command": "python bench/scan/duplicates.py",
        "peers": "imagehash, from PyPI" if result["peers"] else "",
        "about": f"{len(chosen)} photographs of at most 352 pixels and five variants of each, among {len(strangers)} others. "
                 "Recall: variants in their photograph's group; precision: pairs within groups.",
        "tables": [{"caption": "By the greatest distance of the hash, and of the hashes of crops (0: without those). 40 and 40 are the default"}],
        "notes": ["What imagededup publishes for its CNN on its own near-duplicates is a recall of 0.127 at a precision of 0.995; "
                  "its PHash and DHash are measured here through imagehash, which computes the same."]}
    bench.write(str(options.out), "scan-duplicates", result, tables(result))


def tables(result):
    kinds = ["re-encoded", "half", "cropped", "turned", "edited"]
    lines = ["| | " + " | ".join(kinds) + " | recall | precision | wrong pairs |", "|---" * (len(kinds) + 4) + "|"]
    rows = {f"Peel, {name}": row for name, row in result["distances"].items()}
    rows |= {f"{name}, 10": row for name, row in result["peers"].items()}
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{row['recall'][k]:.3f}" for k in kinds) +
                     f" | {row['recall_all']:.4f} | {row['precision']:.5f} | {row['wrong_pairs']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
