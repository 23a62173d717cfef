#!/usr/bin/env python3
"""The pages of docs/benchmarks/ and the table in README.md, made from docs/benchmarks/results/*.json.

usage: bench/publish.py                      writes the pages from the stored results
       bench/publish.py --take FOLDER NAME…  first takes the tables of FOLDER/NAME.json (what bench/run.sh
                                             left in out/bench) into the stored results
       bench/publish.py --check              exit code 1 where a page is not what the results give

A stored result has: title, about (what is measured), command, machine, peers, tables (caption, columns,
rows of text) and notes. One that is `part_of` another becomes a section of that one's page. Text for people stays as
it is when figures are taken. `date` comes with the first
figures taken; a result without one was copied from the tables of an earlier page, and its page says so.
"""
import argparse
import json
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/benchmarks"
RESULTS = PAGES / "results"
BEGIN, END = "<!-- benchmarks: begin (bench/publish.py) -->", "<!-- benchmarks: end -->"
# The order of the index; what is not named here comes after.
ORDER = ["cold", "warm", "folder", "fleet", "serve", "engine", "engine-avx2", "crowded", "edges", "matting",
         "rectify", "rectify-ocr", "scan", "scan-duplicates", "scan-quality", "video", "formats", "png", "python",
         "quantize", "model"]


def read(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(columns, rows):
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def tables_of_markdown(text):
    """The tables of a page that a bench script wrote, as {columns, rows}."""
    found, lines = [], text.splitlines()
    for at in range(len(lines) - 1):
        if lines[at].startswith("|") and set(lines[at + 1]) <= set("|-: ") and "-" in lines[at + 1]:
            body = []
            for line in lines[at + 2:]:
                if not line.startswith("|"):
                    break
                body.append(line)
            split = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in [lines[at], *body]]
            found.append({"columns": split[0], "rows": split[1:]})
    return found


def take(folder, name):
    """Tables, machine and date of a finished benchmark go into the stored result of its name."""
    record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    fresh = tables_of_markdown((folder / f"{name}.md").read_text(encoding="utf-8"))
    if not fresh:
        sys.exit(f"{folder / name}.md has no table")
    # What a page says around its tables comes with the first figures, where the script has words for it.
    stored = read(name) if (RESULTS / f"{name}.json").exists() else {
        "title": name, "about": "", "command": f"bench/run.sh {name}", "peers": "", "notes": [],
        "tables": [{}], **record.get("text", {})}
    for old, new in zip(stored.get("tables", []), fresh):
        if "caption" in old:
            new["caption"] = old["caption"]
    stored["tables"] = fresh[:max(1, len(stored.get("tables", [])))]
    stored.update({key: record[key] for key in ("machine", "date") if key in record})
    (RESULTS / f"{name}.json").write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n",
                                          encoding="utf-8")
    if (folder / f"{name}.svg").exists():
        shutil.copy(folder / f"{name}.svg", ROOT / "docs/images")


def measured(result):
    peers = f" Peers: {result['peers']}." if result["peers"] else ""
    date = f", {result['date']}" if "date" in result else ""
    copied = "" if date else " Not dated: copied by hand from an earlier page."
    return f"Command: `{result['command']}`. Machine: {result['machine']}{date}.{peers}{copied}\n"


def section(result, mark):
    parts = [f"{mark} {result['title']}\n", result["about"] + "\n"]
    for entry in result["tables"]:
        parts.append((entry["caption"] + ":\n\n" if "caption" in entry else "") +
                     table(entry["columns"], entry["rows"]))
    parts += [note + "\n" for note in result["notes"]]
    return "\n".join(parts + [measured(result)])


def page(name, sections):
    """`sections`: the names of the results that are part of it."""
    made = f"<!-- Made by bench/publish.py from results/{name}.json. -->\n"
    return "\n".join([made + section(read(name), "#")] + [section(read(n), "##") for n in sections])


def index(names):
    lines = "".join(f"- [{read(n)['title']}]({n}.md)\n" for n in names)
    return ("<!-- Made by bench/publish.py. -->\n# Benchmarks\n\n"
            "`make bench` measures Peel against rembg, ONNX Runtime, OpenVINO, ncnn, Pillow and PyMatting, with the\n"
            "same models and files, in turn on one machine. Results go to `out/bench`;\n"
            "`bench/publish.py --take out/bench NAME` stores them in `results/` and writes these pages, each with\n"
            "the command, the machine and the versions that its figures come from.\n\n"
            "Figures without a date are older than this way of storing them: they were copied by hand from the tables\n"
            "of the pages before, and no record of the run is kept. Measured again, each page gets its date.\n\n" + lines)


def readme(text):
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit("README.md lacks the two lines between which the table goes")
    before, rest = text.split(BEGIN)
    result = read("summary")
    body = "".join(table(t["columns"], t["rows"]) for t in result["tables"])
    return f"{before}{BEGIN}\n{body}\n{measured(result)}{END}{rest.split(END)[1]}"


def pages():
    """{path: text} of everything that is made here."""
    owners = {p.stem: read(p.stem).get("part_of") for p in RESULTS.glob("*.json") if p.stem != "summary"}
    names = {name for name, owner in owners.items() if owner is None}
    ordered = [n for n in ORDER if n in names] + sorted(names - set(ORDER))
    made = {PAGES / f"{n}.md": page(n, sorted(part for part, owner in owners.items() if owner == n)) for n in ordered}
    made[PAGES / "README.md"] = index(ordered)
    made[ROOT / "README.md"] = readme((ROOT / "README.md").read_text(encoding="utf-8"))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--take", nargs="+", metavar=("FOLDER", "NAME"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.take:
        for name in options.take[1:]:
            take(pathlib.Path(options.take[0]), name)
    stale = []
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(ROOT).as_posix())
            if not options.check:
                path.write_text(text, encoding="utf-8")
    print("\n".join(stale) if stale else "all pages are up to date")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
