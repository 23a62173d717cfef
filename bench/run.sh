#!/usr/bin/env bash
# Everything that `make bench` measures, against peers from PyPI in a virtual environment of its own.
# Results (JSON and Markdown) go to out/bench. Needs ../shared for the photograph and U²-Net-p.
# usage: bench/run.sh [cold|engine|png|folder]...     all of them by default
set -euo pipefail
cd "$(dirname "$0")/.."
peel=build-bench/peel
out=out/bench
venv=.venv-bench
model=../shared/models/u2netp-fp32.onnx
photo=../shared/images/camera/HMD_Nokia_8.3_5G.jpg
parts=("$@")
[ $# -gt 0 ] || parts=(engine cold png folder)
mkdir -p "$out"

if [ ! -f "$model" ] || [ ! -f "$photo" ]; then
  echo "bench: $model or $photo is not there; nothing to measure with" >&2
  exit 1
fi
if [ ! -x "$venv/bin/rembg" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r bench/requirements.txt
fi
python=$venv/bin/python

for part in "${parts[@]}"; do
  case $part in
    engine)
      [ -f "$out/u2net.onnx" ] || "$python" bench/models/make_u2net.py u2net "$out/u2net.onnx"
      "$python" bench/engine.py "$peel" "$out" "$model" "$out/u2net.onnx" models/peel.onnx ;;
    cold) "$python" bench/cold.py "$peel" "$venv/bin/rembg" "$model" "$photo" "$out" ;;
    folder) "$python" bench/folder.py "$peel" "$venv/bin/rembg" "$model" "$out" 200 \
              ../shared/images/camera/*.jpg ../shared/images/objects/*.jpg ;;
    png) "$python" bench/png/compare.py --bench build-bench/codec_bench --json "$out/png.json" |
           tee "$out/png.md" ;;
    *) echo "bench: no part called $part" >&2; exit 2 ;;
  esac
done
