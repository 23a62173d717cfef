"""tools/check_layers.py sees what it is there for."""
import pathlib
import shutil
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).resolve().parent.parent / "tools" / "check_layers.py"


def check(folder, files):
    """The exit code and output for a tree of these files."""
    (folder / "tools").mkdir()
    shutil.copy(CHECK, folder / "tools")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = subprocess.run([sys.executable, folder / "tools" / CHECK.name], capture_output=True, text=True)
    return run.returncode, run.stdout


@pytest.mark.parametrize("name, text", [
    ("src/base/a.cc", "#include <unistd.h>\n"),
    ("src/base/a.h", "#include <sys/stat.h>\n"),
    ("src/base/os/a.cc", "#include <fcntl.h>\n"),
    ("src/engine/a_test.cc", "#include <dlfcn.h>\n"),
    ("apps/peel/a.cc", "#include <csignal>\n"),
    ("python/src/a.cc", "#include <pthread.h>\n"),
    ("src/base/a.cc", '#include "src/base/os/linux/cgroup.h"\n'),
    ("src/base/os/a.cc", '#include "src/base/os/linux/cgroup.h"\n'),
    ("src/base/os/windows/a.cc", '#include "src/base/os/posix/a.h"\n'),
    ("src/matte/a.cc", '#include <cstdlib>\nint x = setenv("A", "b", 1);\n'),
    ("src/matte/a.cc", 'const char* x = "/proc/meminfo";\n'),
    ("src/matte/a.cc", "#ifdef __linux__\n#endif\n"),
])
def test_the_system_is_asked_in_one_place_only(tmp_path, name, text):
    code, told = check(tmp_path, {name: text})
    assert code == 1 and f"{name}: " in told and "behind src/base/os" in told, told


@pytest.mark.parametrize("name, text", [
    ("src/base/os/linux/a.cc", "#include <unistd.h>\n"),
    ("src/base/os/linux/a_test.cc", '#include <unistd.h>\n#include "src/base/os/linux/cgroup.h"\n'),
    ("src/base/a.cc", "#include <cerrno>\n#include <hwy/highway.h>\n#include <zlib.h>\n"),
    ("src/matte/a.cc", "// as /proc/meminfo and setenv would say, and __linux__\n"),
    ("src/matte/a_test.cc", 'void F() { setenv("A", "b", 1); }\n'),
])
def test_what_may_be_is_let_through(tmp_path, name, text):
    code, told = check(tmp_path, {name: text})
    assert code == 0, told


def test_arrows_that_run_back_are_told(tmp_path):
    code, told = check(tmp_path, {"src/base/a.cc": '#include "src/matte/a.h"\n', "src/matte/a.h": ""})
    assert code == 1 and "src/base may not include src/matte" in told


def test_this_tree_is_clean():
    run = subprocess.run([sys.executable, CHECK], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
