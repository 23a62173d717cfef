"""The Debian packages, the archive and the container, each in a bare Debian 12."""
import io
import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
from PIL import Image
import pytest

from bare_root import BareRoot, ROOT, require

DIST = ROOT / "dist"
PHOTO = ROOT / "samples" / "duck.jpg"


@pytest.fixture
def bare(tmp_path):
    require()
    root = BareRoot(tmp_path / "root")
    root.put(PHOTO, "/pictures")
    with Image.open(PHOTO) as picture:
        for name in ("photo.tiff", "photo.avif", "photo.gif"):
            try:
                picture.resize((280, 210)).save(root.folder / "pictures" / name)
            except (KeyError, OSError):  # Pillow without AVIF
                pass
    yield root
    shutil.rmtree(root.folder)


def newest(pattern):
    files = sorted(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)
    assert files, f"dist/{pattern} is not there; make test-packages makes it"
    return files[-1]


def check_cut(png):
    with Image.open(io.BytesIO(png)) as picture:
        alpha = np.asarray(picture.getchannel("A"))
    assert alpha.shape == Image.open(PHOTO).size[::-1]
    assert (alpha == 0).mean() > 0.2 and (alpha == 255).mean() > 0.02


def test_deb_program(bare):
    bare.put(newest("peel_*.deb"), "/packages")
    bare.run("apt-get update && apt-get install -y --no-install-recommends /packages/peel_*.deb")
    check_cut(bare.run("peel /pictures/duck.jpg -o -"))
    # What is opened at its first use is recommended, not needed, and its absence is told with the way out.
    refused = bare.start("peel /pictures/photo.tiff -o /dev/null")
    assert refused.returncode != 0 and b"libtiff" in refused.stderr
    bare.run("apt-get install -y $(dpkg-query -W -f '${Recommends}' peel | tr -d ,)")
    for picture in (bare.folder / "pictures").glob("photo.*"):
        png = bare.run(f"peel /pictures/{picture.name} -o -")
        assert Image.open(io.BytesIO(png)).size == (280, 210)
    files = bare.run("dpkg -L peel").decode().split()
    for name in ("man/man1/peel.1.gz", "doc/peel/copyright", "doc/peel/changelog.Debian.gz",
                 "bash-completion/completions/peel", "zsh/vendor-completions/_peel"):
        assert f"/usr/share/{name}" in files
    bare.run("zcat /usr/share/doc/peel/changelog.Debian.gz | grep -q 'The Peel authors'")
    # Nothing is left behind.
    bare.run("apt-get purge -y peel && test ! -e /usr/bin/peel && test ! -e /usr/share/doc/peel")


def test_deb_library(bare):
    """A C++ program is built with libpeel-dev, shared and static, by pkg-config and by CMake."""
    for package in ("libpeel0_*.deb", "libpeel-dev_*.deb"):
        bare.put(newest(package), "/packages")
    consumer = pathlib.Path(__file__).parent / "consumer"
    shutil.copytree(consumer, bare.folder / "consumer")
    bare.run("apt-get update && apt-get install -y --no-install-recommends /packages/*.deb"
             " g++ pkg-config cmake make")
    bare.run("g++ -std=c++20 /consumer/cut_picture.cc -o /cut $(pkg-config --cflags --libs peel)")
    check_cut(bare.run("/cut /pictures/duck.jpg /cut.png && cat /cut.png"))
    bare.run("cmake -S /consumer -B /b && cmake --build /b")
    for program in ("cut_shared", "cut_static"):
        check_cut(bare.run(f"/b/{program} /pictures/duck.jpg /{program}.png && cat /{program}.png"))


def test_tarball(bare):
    archive = newest("peel-*-linux-*.tar.gz")
    folder = bare.folder / "opt" / "with a space"
    folder.mkdir(parents=True)
    subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    top, = folder.iterdir()
    program = f"'/opt/with a space/{top.name}/bin/peel'"
    check_cut(bare.run(f"{program} /pictures/duck.jpg -o -"))
    for name in ("photo.avif", "photo.gif"):
        if (bare.folder / "pictures" / name).exists():
            assert Image.open(io.BytesIO(bare.run(f"{program} /pictures/{name} -o -"))).size == (280, 210)
    # By a link from elsewhere, too; and every library is found beside it or is the C or C++ run time's.
    bare.run(f"ln -s {program} /usr/local/bin/peel && peel --version")
    libraries = bare.run(f"for f in '/opt/with a space/{top.name}'/lib/*; do LD_LIBRARY_PATH="
                         f"'/opt/with a space/{top.name}/lib' ldd \"$f\"; done; ldd {program}").decode()
    assert "not found" not in libraries
    system = set(re.findall(r"=> /(?:usr/)?lib/x86_64-linux-gnu/(\S+)\.so", libraries))
    assert system <= {"libc", "libm", "libstdc++", "libgcc_s", "libpthread", "libdl", "librt"}
    licenses = {path.name for path in (top / "share/doc/peel/licenses").iterdir()}
    assert {"libjxl0.7", "libavif15", "libjpeg62-turbo", "libcli11-dev", "libsqlite3-0"} <= licenses
    assert not [path for path in (top / "lib").iterdir() if re.match("lib(jbig|x265|tiff|heif)", path.name)]


def instructions(path):
    """The instructions of a Dockerfile: (word, rest) pairs."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.M).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def test_dockerfile(tmp_path):
    """Carries the instructions out in bare roots, as where no container can be built: checks what they
    do, not what Docker does with them. The compiler's cache of this machine is lent to the build."""
    require()
    stages, binds, state = {}, [], None
    cache = subprocess.run(["ccache", "-k", "cache_dir"], capture_output=True, text=True)
    for word, rest in instructions(ROOT / "Dockerfile"):
        if word == "FROM":
            image, *name = rest.split(" AS ")
            assert image == "debian:12-slim"
            state = {"root": BareRoot(tmp_path / f"stage{len(stages)}"), "folder": "/", "user": None}
            stages[name[0] if name else "last"] = state
            binds = [(cache.stdout.strip(), "/root/.cache/ccache")] if name and not cache.returncode else []
        elif word == "WORKDIR":
            state["folder"] = rest
            (state["root"].folder / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY":  # COPY . . of a clean checkout, less what .dockerignore names
            files = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "-co", "--exclude-standard"],
                                   capture_output=True, check=True).stdout.decode().split("\0")
            ignored = [pattern for pattern in (ROOT / ".dockerignore").read_text().splitlines()
                       if pattern and not pattern.startswith("#")]
            target = state["root"].folder / state["folder"].lstrip("/")
            for name in filter(None, files):
                path = pathlib.PurePath(name)
                if not any(parent.match(pattern) and len(parent.parts) == len(pathlib.PurePath(pattern).parts)
                           for pattern in ignored for parent in (path, *path.parents)):
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, target / name, follow_symlinks=False)
        elif word == "RUN":
            extra = []
            mount = re.match(r"--mount=type=bind,from=(\w+),source=(\S+),target=(\S+)\s+", rest)
            if mount:
                stage, source, into = mount.groups()
                extra = [(stages[stage]["root"].folder / source.lstrip("/"), into)]
                rest = rest[mount.end():]
            state["root"].run(rest, folder=state["folder"], binds=binds + extra)
        elif word == "USER":
            state["user"] = rest
        elif word == "ENTRYPOINT":
            state["entry"] = json.loads(rest)
        else:
            pytest.fail(f"this test does not know {word}")
    last = stages["last"]
    assert last["user"] and not last["user"].startswith(("0", "root"))
    png = last["root"].run(f"{' '.join(last['entry'])} duck.jpg -o -", user=last["user"], read_only=True,
                           folder=last["folder"], binds=[(PHOTO.parent, "/pictures")])
    check_cut(png)
    for stage in stages.values():
        shutil.rmtree(stage["root"].folder)
