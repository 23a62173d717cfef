"""The manual, the completions and the table of variables know what the program knows."""
import re
import subprocess

import pytest

from pages import ROOT

PROGRAM = ROOT / "build/peel"
COMMANDS = ["cut", "rectify", "video", "stream", "serve", "bench", "quantize", "model run", "model info", "model tune", "models pull", "doctor", "scan",
            "scan tune", "scan bench", "scan find", "scan duplicates"]
# Of a command whose page in the manual refers to its --help.
REFER_TO_HELP = {"bench", "quantize", "doctor", "model tune", "model info", "model run"}


def options_of(command):
    if not PROGRAM.exists():
        return []
    done = subprocess.run([PROGRAM, *command.split(), "--help"], capture_output=True, text=True)
    return [line.split()[0].split(",")[-1] for line in done.stdout.splitlines() if re.match(r"  -", line)]


OPTIONS = [(c, o) for c in COMMANDS for o in options_of(c)]


@pytest.mark.parametrize("command,option", OPTIONS)
def test_completions_know_it(command, option):
    if option == "--help":
        return
    bash = (ROOT / "apps/peel/completions/peel.bash").read_text(encoding="utf-8")
    zsh = (ROOT / "apps/peel/completions/_peel").read_text(encoding="utf-8")
    short = {"--alpha-matting-foreground-threshold": "-af", "--alpha-matting-background-threshold": "-ab",
             "--alpha-matting-erode-size": "-ae"}.get(option, option)
    for shell, text in (("bash", bash), ("zsh", zsh)):
        assert re.search(rf"(?<![\w-]){re.escape(short)}(?![\w-])", text), f"{shell} does not complete {option}"


@pytest.mark.parametrize("command,option", [(c, o) for c, o in OPTIONS if c not in REFER_TO_HELP])
def test_the_manual_has_it(command, option):
    if option == "--help":
        return
    manual = (ROOT / "docs/man/peel.1").read_text(encoding="utf-8").replace("\\-", "-")
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", manual)


def variables():
    found = set()
    for source in [*ROOT.glob("src/**/*.cc"), *ROOT.glob("apps/**/*.cc")]:
        if not source.stem.endswith(("_test", "_bench")):
            found |= set(re.findall(r'"(PEEL_[A-Z0-9_]+)"', source.read_text(encoding="utf-8")))
    return sorted(name for name in found if not name.startswith("PEEL_TEST_"))


@pytest.mark.parametrize("name", variables())
def test_variables_are_listed(name):
    assert f"`{name}`" in (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
