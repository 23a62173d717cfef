"""Peel in other projects: installed and found, fetched, added as a folder, or by pkg-config. Each way
the consumer is built, shared and static, and cuts out a picture."""
import json
import os
import pathlib
import shutil
import subprocess

from PIL import Image
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CONSUMER = pathlib.Path(__file__).parent / "consumer"
PHOTO = ROOT / "samples" / "duck.jpg"

if not (BUILD / "libpeel.so").exists():
    pytest.skip("libpeel is not built; run `make all` first", allow_module_level=True)


def run(*words, **options):
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=900, **options)
    assert done.returncode == 0, f"{words}:\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "duck.png"
    run(BUILD / "peel", PHOTO, "-o", out, env={**os.environ, "PEEL_CONFIG": "off"})
    return out.read_bytes()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where Peel was installed to and then moved, which a package must stand."""
    folder = tmp_path_factory.mktemp("with space")
    run("cmake", "--install", BUILD, "--prefix", folder / "first")
    (folder / "first").rename(folder / "prefix")
    return folder / "prefix"


@pytest.fixture(scope="module")
def libraries(installed):
    return next(installed.glob("lib/**/libpeel.so")).parent


def configure(source, build, *words):
    run("cmake", "-S", source, "-B", build, "-G", "Ninja", *words)


def check_cuts(folder, tmp_path, expected, **options):
    for program in ("cut_shared", "cut_static"):
        out = tmp_path / f"{program}.png"
        run(folder / program, PHOTO, out, **options)
        assert out.read_bytes() == expected
    with Image.open(out) as picture:
        low, high = picture.getchannel("A").getextrema()
    assert (low, high) == (0, 255)
    assert "libpeel.so.0" in run("readelf", "-d", folder / "cut_shared")
    assert "libpeel.so" not in run("readelf", "-d", folder / "cut_static")


def test_find_package(installed, tmp_path, expected):
    configure(CONSUMER, tmp_path / "b", f"-DCMAKE_PREFIX_PATH={installed}")
    run("cmake", "--build", tmp_path / "b")
    check_cuts(tmp_path / "b", tmp_path, expected)


def test_a_newer_minor_version_is_not_found(installed, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(p NONE)\nfind_package(peel 0.2 QUIET)\n"
        "if(peel_FOUND)\nmessage(FATAL_ERROR found)\nendif()\n")
    configure(tmp_path, tmp_path / "b", f"-DCMAKE_PREFIX_PATH={installed}")


def test_pkg_config(installed, libraries, tmp_path, expected):
    """The tree was installed with --prefix and moved: the file must say where it lies now."""
    environment = {**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
                   "PHOTO": str(PHOTO), "LD_LIBRARY_PATH": str(libraries)}
    shell = f"g++ -std=c++20 '{CONSUMER}/cut_picture.cc' -o"
    run("sh", "-ec", f"eval {shell} cut_shared $(pkg-config --cflags --libs peel)".replace("'", "\\'"),
        cwd=tmp_path, env=environment)
    # As where the static library alone is installed.
    static = tmp_path / "static"
    shutil.copytree(installed, static)
    for library in static.glob("lib/**/libpeel.so*"):
        library.unlink()
    environment["PKG_CONFIG_PATH"] = environment["PKG_CONFIG_PATH"].replace(str(installed), str(static))
    run("sh", "-ec",
        f"eval {shell} cut_static $(pkg-config --static --cflags --libs peel)".replace("'", "\\'"),
        cwd=tmp_path, env=environment)
    check_cuts(tmp_path, tmp_path, expected, env=environment)


def test_components(tmp_path):
    """What a package takes from each: the program alone, the library alone, what builds against it."""
    names = {}
    for component in ("Program", "Runtime", "Development"):
        run("cmake", "--install", BUILD, "--prefix", tmp_path / component, "--component", component)
        names[component] = {p.name for p in (tmp_path / component).rglob("*") if not p.is_dir()}
    assert names["Program"] == {"peel", "peel.1", "_peel"}  # bash's completion is a "peel" as well
    assert {name.split(".so")[0] for name in names["Runtime"]} == {"libpeel"}
    assert "libpeel.so" not in names["Runtime"]
    assert {"libpeel.so", "libpeel.a", "peel.h", "peel.hpp", "peelConfig.cmake", "peel.pc",
            "LICENSE"} <= names["Development"]


# Compiles the library anew, from ccache's objects where they are there.
@pytest.fixture
def build_beside(request):
    """A build folder as deep as build/, which is what ccache's relative paths go by."""
    folder = ROOT / f"build-in-{request.node.callspec.id.replace('_', '-')}"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(not shutil.which("ccache") and not os.environ.get("PEEL_TEST_PACKAGES"),
                    reason="compiles the library anew; make test-packages")
@pytest.mark.parametrize("way", ["fetch_content", "add_subdirectory"])
def test_in_the_tree(way, build_beside, tmp_path, expected):
    if way == "add_subdirectory" and not os.environ.get("PEEL_TEST_PACKAGES"):
        configure(CONSUMER, build_beside, f"-DPEEL_FROM={way}", f"-DPEEL_SOURCE={ROOT}")
        return
    configure(CONSUMER, build_beside, f"-DPEEL_FROM={way}", f"-DPEEL_SOURCE={ROOT}",
              f"-DFETCHCONTENT_SOURCE_DIR_PEEL={ROOT}", "-DFETCHCONTENT_FULLY_DISCONNECTED=ON",
              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
              "-DPEEL_CCACHE=ON", "-DPEEL_WARNINGS=ON")
    # No build type was named: Peel is optimised all the same, the host's own code as it says.
    commands = {pathlib.Path(c["file"]).name: c["command"]
                for c in json.loads((build_beside / "compile_commands.json").read_text())}
    assert " -O3 " in commands["decode.cc"] and " -O3 " not in commands["cut_picture.cc"]
    # Nothing of what is for Peel's own developers.
    targets = run("cmake", "--build", build_beside, "--target", "help")
    for target in ("peel_program", "base_test", "render_samples", "NightlyTest"):
        assert f"\n{target}: " not in targets
    run("cmake", "--build", build_beside, "-j", os.cpu_count())
    check_cuts(build_beside, tmp_path, expected)
    # The host's own install takes nothing of Peel's along.
    run("cmake", "--install", build_beside, "--prefix", tmp_path / "host")
    assert not (tmp_path / "host").exists()
