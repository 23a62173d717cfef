"""What the pages refer to is there: files, headings, sources, make targets; and made pages are up to date."""
import re
import subprocess
import sys

import pytest

from pages import ROOT, anchors, name_of, pages, without_blocks

PAGES = pages()
TOPS = "src|apps|include|python|tests|tools|bench|cmake|models|training|fuzz|examples|samples|docs|web"


def by_name(page):
    return name_of(page)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_links_lead_somewhere(page):
    text = without_blocks(page.read_text(encoding="utf-8"))
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            wrong.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(there):
            wrong.append(f"{target}: no such heading")
    assert not wrong


# What is named before it is there.
PLANNED = {"training/checkpoints/second-edition.pt"}


# A changelog tells of paths as they were. NAME and name stand for something to be filled in.
@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "CHANGELOG.md"], ids=by_name)
def test_sources_that_are_named_exist(page):
    wrong = []
    for quoted in re.findall(r"`([^`\n]+)`", without_blocks(page.read_text(encoding="utf-8"))):
        for path in re.findall(rf"(?:^|(?<=[\s(=]))((?:{TOPS})/[\w./*{{}},+-]+)", quoted):
            path = path.rstrip(".,/")
            if path not in PLANNED and "NAME" not in path and not any_of(path):
                wrong.append(path)
    assert not wrong, f"{name_of(page)} names what is not there"


def alternatives(path):
    """a/{b,c}.h gives a/b.h and a/c.h; glob knows the stars."""
    found = re.search(r"\{([^}]*)\}", path)
    if not found:
        return [path]
    return [one for word in found.group(1).split(",")
            for one in alternatives(path[:found.start()] + word + path[found.end():])]


def any_of(path):
    return any(True for one in alternatives(path) for _ in ROOT.glob(one))


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_make_targets_that_are_named_exist(page):
    targets = set(re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    targets = {word for line in targets for word in line.split()}
    named = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.M)
    assert set(named) <= targets


def test_pages_of_benchmarks_are_what_the_results_give():
    done = subprocess.run([sys.executable, ROOT / "bench/publish.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run bench/publish.py: {done.stdout}{done.stderr}"


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_every_page_is_reached():
    """From README.md, by links alone."""
    todo, seen = [ROOT / "README.md"], set()
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            if ":" not in target:
                todo.append((page.parent / target).resolve())
    missing = [name_of(p) for p in PAGES if p not in seen and not name_of(p).startswith(".github/")]
    assert not missing, "no link leads there"
