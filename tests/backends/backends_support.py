"""What tests of backends share beside fixtures."""
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def build(folder, name, source, *flags):
    """A shared library from C source."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(path), str(source),
                    f"-Wl,-soname,{name}", *flags, "-ldl"], check=True)
    return path
