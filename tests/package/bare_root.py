"""A Debian 12 with nothing in it, to try packages in: made once by debootstrap, copied for each test."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIRROR = os.environ.get("PEEL_DEBIAN_MIRROR", "http://deb.debian.org/debian")
BASE = ROOT / ".cache" / "debian-12"


def require():
    """Skips where the packages cannot be tried."""
    if not os.environ.get("PEEL_TEST_PACKAGES"):
        pytest.skip("takes minutes; make test-packages")
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")


def base():
    if not (BASE / "etc" / "debian_version").exists():
        fresh = BASE.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(exist_ok=True)
        done = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", fresh, MIRROR],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"debootstrap failed: {done.stdout[-300:]}")
        fresh.rename(BASE)
    return BASE


class BareRoot:
    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["cp", "-a", base(), folder], check=True)
        for name in ("resolv.conf", "hosts"):  # for apt
            shutil.copy(pathlib.Path("/etc") / name, folder / "etc" / name)

    def start(self, script, user=None, folder="/", read_only=False, binds=()):
        """Runs a shell script in the root; its mounts go with it. binds: (outside, inside) pairs."""
        mounts = f'mount --bind "{self.folder}" "{self.folder}"\n'
        for outside, inside in binds:
            (self.folder / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
            mounts += f'mount --bind "{outside}" "{self.folder}{inside}"\n'
        mounts += f'mount -t proc proc "{self.folder}/proc"\n'
        if read_only:
            mounts += f'mount -o remount,bind,ro "{self.folder}"\n'
        userspec = f"--userspec={user}" if user else ""
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                       "DEBIAN_FRONTEND": "noninteractive", "SCRIPT": f"cd '{folder}'\n{script}"}
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec",
             f'{mounts}exec chroot {userspec} "{self.folder}" sh -ec "$SCRIPT"'],
            env=environment, capture_output=True, timeout=3000)

    def run(self, script, **options):
        done = self.start(script, **options)
        assert done.returncode == 0, \
            f"{script}:\n{done.stdout.decode(errors='replace')[-3000:]}{done.stderr.decode()[-3000:]}"
        return done.stdout

    def put(self, path, inside):
        target = self.folder / inside.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
