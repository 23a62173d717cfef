"""Copies of an engine's Python package that take this processor for one without AVX-512.

ONNX Runtime and ncnn choose their code by CPUID and have no switch for it (OpenVINO's ONEDNN_MAX_CPU_ISA holds
only a part of OpenVINO). Few virtual machines let a process have CPUID fault, so every CPUID instruction of a
package's libraries, found by disassembly, becomes a UD2 of the same length in a copy, and masked_cpuid.c answers
it. All other code is as it was shipped; libraries ask when they are loaded, so nothing is slower. x86-64 alone.
"""
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = re.compile(r"^\s*([0-9a-f]+):\s+0f a2\s+cpuid")
# Of OpenVINO: what does not compute on the CPU.
NO_PART = re.compile(r"_(gpu|npu)_plugin|_frontend")


def text_sections(library):
    """(address, offset in the file, size) of what is executable."""
    headers = subprocess.run(["objdump", "-h", "-w", library], capture_output=True, text=True, check=True).stdout
    found = []
    for line in headers.splitlines():
        words = line.split()
        if len(words) > 7 and words[0].isdigit() and "CODE" in line:
            found.append((int(words[3], 16), int(words[5], 16), int(words[2], 16)))
    return found


def patch(library):
    """Replaces every CPUID of the file; returns how many there were."""
    sections = text_sections(library)
    with open(library, "r+b") as file:
        if b"\x0f\xa2" not in file.read():
            return 0
        done = 0
        listing = subprocess.Popen(["objdump", "-d", "-w", library], stdout=subprocess.PIPE, text=True)
        for line in listing.stdout:
            match = LINE.match(line)
            if not match:
                continue
            address = int(match.group(1), 16)
            start, offset, _ = next(s for s in sections if s[0] <= address < s[0] + s[2])
            file.seek(offset + address - start)
            assert file.read(2) == b"\x0f\xa2"
            file.seek(offset + address - start)
            file.write(b"\x0f\x0b")
            done += 1
        if listing.wait() != 0:
            raise RuntimeError(f"objdump does not read {library}")
    return done


def prepare(package, folder):
    """The folder to put before sys.path for the patched copy of the package, made where there is none."""
    answerer = os.path.join(folder, "masked_cpuid.so")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(answerer):
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", os.path.join(HERE, "masked_cpuid.c"), "-o",
                        answerer + ".part"], check=True)
        os.rename(answerer + ".part", answerer)
    source = os.path.dirname(importlib.util.find_spec(package).origin)
    version = importlib.metadata.version(package)
    root = os.path.join(folder, f"{package}-{version}")
    if not os.path.exists(root):
        shutil.rmtree(root + ".part", ignore_errors=True)
        copy = shutil.copytree(source, os.path.join(root + ".part", package))
        beside = source + ".libs"  # what auditwheel puts beside a package
        if os.path.isdir(beside):
            shutil.copytree(beside, os.path.join(root + ".part", os.path.basename(beside)))
        total = 0
        for path, _, names in os.walk(root + ".part"):
            for name in names:
                if ".so" in name and not NO_PART.search(name) and not os.path.islink(os.path.join(path, name)):
                    total += patch(os.path.join(path, name))
        if total == 0:
            raise RuntimeError(f"{copy} holds no CPUID instruction: what does it go by?")
        os.rename(root + ".part", root)
    return root, answerer


if __name__ == "__main__":
    print(*prepare(sys.argv[1], sys.argv[2]), sep="\n")
