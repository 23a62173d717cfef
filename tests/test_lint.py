"""tools/lint.py reads everything, tells what it finds, and leaves alone what it has found clean."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not shutil.which("clang-tidy") or not shutil.which("clang-format"),
                                reason="clang-tidy or clang-format is missing: tools/install_deps.sh lint")
CASTS = "int {}(double v) {{ return (int)v; }}\n"
NULL = "const int* {}() {{ return 0; }}\n"


class Tree:
    """A tree of sources with lint.py in it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tools").mkdir()
        (folder / "build").mkdir()
        shutil.copy(ROOT / "tools/lint.py", folder / "tools")
        self.write(**{".clang-tidy": "# Why.\nChecks: >\n  -*,google-readability-casting,\n  "
                      "modernize-use-nullptr\nWarningsAsErrors: '*'\nHeaderFilterRegex: '.*'\n",
                      ".clang-format": "BasedOnStyle: Google\n",
                      "src/codec/decode.cc": "int Decode() { return 1; }\n",
                      "src/capi/layout_test.c": "int layout;\n"})
        (folder / "build/compile_commands.json").write_text(json.dumps(
            [{"file": str(folder / name), "command": f"ccache c++ -I{folder} -c {name} -o a.o"}
             for name in ("src/codec/decode.cc", "src/capi/layout_test.c")]))
        subprocess.run(["git", "init", "-q", folder], check=True)

    def write(self, **files):
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def lint(self, *arguments):
        subprocess.run(["git", "-C", self.folder, "add", "-A", "."], check=True)
        run = subprocess.run([sys.executable, self.folder / "tools/lint.py", *arguments],
                             capture_output=True, text=True)
        assert not run.stderr, run.stderr
        return run.returncode, run.stdout


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_what_is_clean_is_read_once(tree):
    code, told = tree.lint()
    assert code == 0 and "2 sources (2 read, 0 unchanged" in told, told
    code, told = tree.lint()
    assert code == 0 and "2 sources (0 read, 2 unchanged" in told, told


def test_a_finding_is_told_until_it_is_gone(tree):
    tree.write(**{"src/codec/a.cc": CASTS.format("A"), "src/codec/b.cc": "int B() { return 2; }\n"})
    code, told = tree.lint()
    assert code == 1 and "src/codec/a.cc:1:" in told and "1 findings" in told, told
    assert "1 google-readability-casting" in told
    code, told = tree.lint()
    assert code == 1 and "(1 read, 3 unchanged" in told and "src/codec/a.cc:1:" in told, told
    tree.write(**{"src/codec/a.cc": "int A(double v) { return static_cast<int>(v); }\n"})
    assert tree.lint()[0] == 0


def test_ways_through_a_function_are_followed_in_units_and_headers(tree):
    way = "int {}(int v) {{\n  int* p = nullptr;\n  if (v > 3) p = &v;\n  return *p;\n}}\n"
    shutil.copy(ROOT / ".clang-tidy", tree.folder)
    tree.write(**{"src/a.h": "#pragma once\ninline " + way.format("Inline"),
                  "src/codec/a.cc": '#include "src/a.h"\n\n' + way.format("A"),
                  "src/codec/b.cc": way.format("B")})
    code, told = tree.lint()
    assert code == 1 and "3 clang-analyzer-core.NullDereference" in told, told
    for place in ("src/a.h:5", "src/codec/a.cc:6", "src/codec/b.cc:4"):
        assert f"{place}:10: error: Dereference of null pointer" in told, told


def test_the_analyzer_is_not_heard_about_headers_of_libraries(tree, tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    (library / "lib.h").write_text("template <class T> int At(T* p) { return *p; }\n")
    shutil.copy(ROOT / ".clang-tidy", tree.folder)
    tree.write(**{"src/codec/a.cc": f'#include "{library}/lib.h"\nint A() {{ return At<int>(nullptr); }}\n'})
    code, told = tree.lint()
    assert code == 0 and "0 findings" in told, told
    tree.write(**{"src/codec/a.cc": "int A() {\n  int* p = nullptr;\n  return *p;\n}\n"})
    code, told = tree.lint()
    assert code == 1 and "src/codec/a.cc:3" in told, told
    tree.write(**{"src/codec/a.cc": f'#include "{library}/lib.h"\nint A() {{ return At(3); }}\n'})
    code, told = tree.lint()  # what does not compile is told wherever
    assert code == 1, told


def test_a_quick_run_leaves_the_analyzer_to_a_later_one(tree):
    shutil.copy(ROOT / ".clang-tidy", tree.folder)
    tree.write(**{"src/codec/a.cc": "int A() {\n  int* p = nullptr;\n  return *p;\n}\n"})
    code, told = tree.lint("--quick")
    assert code == 0 and "(3 read, 0 unchanged" in told, told
    assert "(0 read, 3 unchanged" in tree.lint("--quick")[1]
    code, told = tree.lint()
    assert code == 1 and "(3 read, 0 unchanged" in told, told
    assert "1 clang-analyzer-core.NullDereference" in told, told


@pytest.mark.parametrize("other", [
    "namespace {\nint Sum(int a) { return a; }\n}  // namespace\nint B() { return Sum(1); }\n",  # seen by its name
    "namespace { int Sum(int a) { return a; } }\nint B() { return Sum(1); }\n",  # told by the compiler
])
def test_sources_that_do_not_go_together_are_read_alone(tree, other):
    mine = "namespace {\nint Sum(int a) { return a + 1; }\n}  // namespace\nint A() { return Sum(1); }\n"
    tree.write(**{"src/codec/a.cc": mine + CASTS.format("C"), "src/codec/b.cc": other + NULL.format("D")})
    code, told = tree.lint("src/codec/a.cc", "src/codec/b.cc")
    assert code == 1 and "1 google-readability-casting" in told and "1 modernize-use-nullptr" in told, told
    assert "2 findings" in told


def test_what_does_not_compile_is_told(tree):
    tree.write(**{"src/codec/a.cc": "int A() { return Missing(); }\n", "src/codec/b.cc": "int B() { return 2; }\n"})
    code, told = tree.lint()
    assert code == 1 and "undeclared identifier 'Missing'" in told and "1 findings" in told, told


def test_a_header_counts_for_who_includes_it(tree):
    tree.write(**{"src/a.h": "#pragma once\ninline int Twice(int v) { return 2 * v; }\n",
                  "src/codec/a.cc": '#include "src/a.h"\nint A() { return Twice(1); }\n'})
    assert tree.lint()[0] == 0
    tree.write(**{"src/a.h": "#pragma once\ninline int Twice(double v) { return 2 * (int)v; }\n"})
    code, told = tree.lint()
    assert code == 1 and "(1 read, 2 unchanged" in told and "src/a.h:2:" in told, told


def test_a_header_that_nothing_includes_is_told(tree):
    tree.write(**{"src/a.h": "#pragma once\n"})
    code, told = tree.lint()
    assert code == 1 and "src/a.h: no source includes it" in told, told


@pytest.mark.parametrize("name", ["src/codec/a.cc", "src/codec/a.c"])
def test_the_layout_is_told(tree, name):
    tree.write(**{name: "int  a;\n"})
    code, told = tree.lint()
    assert code == 1 and f"{name}:1:4: error: code should be clang-formatted" in told, told


def test_only_a_check_more_has_the_clean_read_again(tree):
    tree.lint()
    config = (tree.folder / ".clang-tidy").read_text()
    tree.write(**{".clang-tidy": config.replace("Why", "Because").replace("google-readability-casting,", "")})
    assert "(0 read, 2 unchanged" in tree.lint()[1]
    tree.write(**{".clang-tidy": config.replace("casting,", "casting,misc-unused-using-decls,")})
    assert "(2 read, 0 unchanged" in tree.lint()[1]
    tree.write(**{".clang-tidy": config + "ExtraArgs: [-DA]\n"})
    assert "(2 read, 0 unchanged" in tree.lint()[1]
