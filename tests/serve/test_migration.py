"""Every example of docs/migrate.md runs: the page's text with another address."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from serve_support import ROOT, is_cut_out, opened

PAGE = ROOT / "docs" / "migrate.md"
EXAMPLES = re.findall(r"<!-- try: (\w+) (\w+) -->\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)

FILES = {"sh": "cut.sh", "python": "cut.py", "javascript": "cut.mjs", "go": "cut.go", "java": "Cut.java"}
COMMANDS = {"sh": ["sh", "-e"], "python": [sys.executable], "javascript": ["node"], "go": ["go", "run"],
            "java": ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]}  # the quick compiler is enough
NEEDS = {"sh": "curl", "javascript": "node", "go": "go", "java": "java"}


def test_five_languages_for_both():
    assert sorted((service, language) for service, language, _ in EXAMPLES) == sorted(
        (service, language) for service in ("removebg", "rembg") for language in FILES)


@pytest.mark.parametrize("of,language,code", EXAMPLES, ids=[f"{s}-{l}" for s, l, _ in EXAMPLES])
def test_example(service, photo, tmp_path, of, language, code):
    if language in NEEDS and not shutil.which(NEEDS[language]):
        pytest.skip(f"{NEEDS[language]} is not on this machine")
    assert "http://127.0.0.1:7000" in code
    (tmp_path / "photo.jpg").write_bytes(photo)
    (tmp_path / FILES[language]).write_text(code.replace("http://127.0.0.1:7000", service.address))
    done = subprocess.run([*COMMANDS[language], FILES[language]], cwd=tmp_path, capture_output=True, text=True,
                          timeout=300, env={**os.environ, "KEY": "any", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
    assert done.returncode == 0, done.stderr
    image = opened((tmp_path / "cut.png").read_bytes())
    assert image.format == "PNG" and image.size == (320, 240) and is_cut_out(image)
