#!/usr/bin/env bash
# Everything that `make bench` measures, against peers from PyPI in a virtual environment of its own.
# Results (JSON and Markdown) go to out/bench. Needs ../shared for the photograph and U²-Net-p.
# BENCH_QUIET may name a command that is put before each minute of timing and keeps other work away.
# usage: bench/run.sh [engine|shapes|crowded|cold|warm|formats|matting|edges|png|folder|rectify|serve|soak|scan|video|fleet]...
# All of them by default, but crowded, serve, soak, scan, video and fleet, which take long. Fleet makes an environment with Ray
# of its own and needs a wheel (make wheel). Serve needs wrk, the Python module (make
# python) and, for the brush, Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
peel=build-bench/peel
out=out/bench
venv=.venv-bench
model=../shared/models/u2netp-fp32.onnx
photo=../shared/images/camera/HMD_Nokia_8.3_5G.jpg
parts=("$@")
[ $# -gt 0 ] || parts=(engine shapes cold warm formats matting edges png folder rectify)
mkdir -p "$out"

if [ ! -f "$model" ] || [ ! -f "$photo" ]; then
  echo "bench: $model or $photo is not there; nothing to measure with" >&2
  exit 1
fi
pins=$(cat bench/requirements.txt bench/requirements-nodeps.txt | sha256sum)
if [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$pins" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check -r bench/requirements.txt
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps -r bench/requirements-nodeps.txt
  echo "$pins" >"$venv/.stamp"
fi
python=$venv/bin/python

# In pieces of a minute, until the program says by its exit code that all is done.
in_pieces() {
  local code
  while true; do
    code=0
    ${BENCH_QUIET:-} "$python" "$@" --seconds 50 || code=$?
    [ "$code" -eq 75 ] || return "$code"
  done
}

for part in "${parts[@]}"; do
  case $part in
    engine) in_pieces bench/engine/run.py "$peel" "$out" ;;
    shapes) in_pieces bench/shapes/run.py build-bench/engine_kernels_bench "$out" ;;
    crowded) ${BENCH_QUIET:-} "$python" bench/engine/crowded.py "$peel" "$out" ;;
    cold) "$python" bench/cold.py "$peel" "$venv/bin/rembg" "$model" "$photo" "$out" ;;
    warm) "$python" bench/warm.py "$peel" "$venv/bin/rembg" "$model" "$photo" "$out" ;;
    formats) ${BENCH_QUIET:-} "$python" bench/formats.py "$peel" ../shared/images/camera/42_IndexError.jpg "$out" 3 ;;
    matting)
      "$python" -c "import pymatting" 2>/dev/null ||
        "$python" -m pip install -q --disable-pip-version-check -r bench/requirements.txt
      "$python" bench/matting.py "$peel" ../shared/data/matting "$out" ;;
    edges) "$python" bench/edges.py "$peel" ../shared/data/matting ../shared/images/objects/lemur \
             "$model" "$out" ;;
    folder) "$python" bench/folder.py "$peel" "$venv/bin/rembg" "$model" "$out" 200 \
              ../shared/images/camera/*.jpg ../shared/images/objects/*.jpg ;;
    png) "$python" bench/png/compare.py --bench build-bench/codec_bench --json "$out/png.json" |
           tee "$out/png.md" ;;
    scan) "$python" bench/scan/headline.py "$peel" "$out" ../shared/data/train/images ;;
    rectify)
      "$python" bench/rectify/run.py "$peel" "$out"
      "$python" bench/rectify/ocr.py "$peel" "$out" ;;
    serve)
      serve=("$python" bench/serve/run.py "$peel" .venv/bin/python "$venv/bin/rembg" "$model" "$photo" "$out")
      "${serve[@]}"
      ${BENCH_QUIET:-} "${serve[@]}" --single
      ${BENCH_QUIET:-} .venv/bin/python bench/serve/brush.py "$peel" ../shared/images/camera/42_IndexError.jpg "$out" ;;
    soak) "$python" bench/serve/run.py "$peel" .venv/bin/python "$venv/bin/rembg" "$model" "$photo" "$out" --soak 30 ;;
    # A peer takes part where it is installed and has its weights in ~/.u2net or $U2NET_HOME.
    video)
      "$python" bench/video/mattes.py --out "$out"
      ${BENCH_QUIET:-} "$python" bench/video/speed.py --peel "$peel" --peers "$python" --out "$out" ;;
    fleet)
      if [ ! -f "$venv-fleet/.stamp" ]; then
        python3 -m venv "$venv-fleet"
        "$venv-fleet/bin/python" -m pip install -q --disable-pip-version-check -r bench/fleet/requirements.txt
        touch "$venv-fleet/.stamp"
      fi
      "$venv-fleet/bin/python" -m pip install -q --disable-pip-version-check --no-deps --force-reinstall \
        "$(ls -t dist/peel-*.whl | head -1)"
      ${BENCH_QUIET:-} "$venv-fleet/bin/python" bench/fleet/overhead.py "$peel" "$model" "$out" 200 --rembg-count 60 \
        ../shared/images/camera/*.jpg ../shared/images/objects/*.jpg ;;
    *) echo "bench: no part called $part" >&2; exit 2 ;;
  esac
done
