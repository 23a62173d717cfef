"""The pages that people read, and their pieces: fenced blocks, headings, links."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pages():
    """Every Markdown file of the repository, as git knows them."""
    done = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT,
                          capture_output=True, text=True)
    names = done.stdout.split("\n") if done.returncode == 0 else [
        p.relative_to(ROOT).as_posix() for top in ("docs", "models", "training", "samples", ".github")
        for p in (ROOT / top).rglob("*.md")] + [p.name for p in ROOT.glob("*.md")]
    return sorted(ROOT / name for name in names if name and (ROOT / name).exists())


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def without_blocks(text):
    """The text with fenced blocks emptied; line numbers stay."""
    return re.sub(r"^```.*?^```", lambda m: "\n" * m.group().count("\n"), text, flags=re.M | re.S)


def anchors(page):
    """The anchors that GitHub gives to the headings of a page."""
    found, seen = set(), {}
    for title in re.findall(r"^#{1,6} +(.*)$", without_blocks(page.read_text(encoding="utf-8")), flags=re.M):
        title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(anchor if count == 0 else f"{anchor}-{count}")
    return found


def blocks(page):
    """The runnable blocks: (line, language, text, what they give)."""
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(r"^```(sh|python) runnable\n(.*?)^```\n(?:<!-- gives: (.*?) -->)?", text,
                             flags=re.M | re.S):
        yield text[:block.start()].count("\n") + 1, block.group(1), block.group(2), block.group(3)
