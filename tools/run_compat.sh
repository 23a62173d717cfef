#!/usr/bin/env bash
# peel.rembg against the real rembg, in an environment that has both (.venv-rembg, about 1 GB).
# usage: tools/run_compat.sh [pytest's arguments]   PEEL_REMBG_CASES=1000 for more pictures
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-rembg
if [ ! -f "$venv/.stamp" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check 'rembg[cpu]==2.0.86' pytest imagehash
  # rembg does not pin Pillow; 13 is the one whose resizing Peel reproduces.
  "$venv/bin/python" -m pip install -q --disable-pip-version-check 'pillow==13.0.0'
  touch "$venv/.stamp"
fi
wheel=$(ls -t dist/peel-*.whl | head -1)
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --force-reinstall "$wheel"
"$venv/bin/python" -m pytest -q tests/compat "$@"
