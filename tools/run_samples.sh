#!/usr/bin/env bash
# Cuts out every picture of a folder and says where the results lie.
# usage: tools/run_samples.sh PROGRAM SAMPLES OUT
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: $0 PROGRAM SAMPLES OUT" >&2; exit 2; }
program=$1 samples=$2 out=$3
shopt -s nullglob
pictures=("$samples"/*.jpg "$samples"/*.png "$samples"/*.webp)
[ ${#pictures[@]} -gt 0 ] || { echo "$samples: no pictures" >&2; exit 1; }
code=0
"$program" "${pictures[@]}" -O "$out" -v || code=$?
echo
echo "Cut-outs (PNG with transparency):"
for picture in "${pictures[@]}"; do
  name=$(basename "$picture")
  result=$out/${name%.*}.cut.png
  [ -f "$result" ] && echo "  $picture -> $(realpath "$result")"
done
exit $code
