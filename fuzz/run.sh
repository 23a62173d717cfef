#!/usr/bin/env bash
# Runs every fuzz target that is built, FUZZ_SECONDS (60) each, beginning with the broken and odd
# files of ../shared/images where they are there. What a run learns is kept in
# BUILD/fuzz/corpus/NAME, what it finds in BUILD/fuzz/findings. Fails when anything was found.
# usage: [FUZZ_SECONDS=N] fuzz/run.sh [NAME...]     BUILD is build-fuzz unless set
set -uo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build-fuzz}
seconds=${FUZZ_SECONDS:-60}
findings=$build/fuzz/findings
mkdir -p "$findings"
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for program in "$build"/fuzzers/*_fuzz; do
    [ -x "$program" ] && targets+=("$(basename "$program")")
  done
fi
if [ ${#targets[@]} -eq 0 ]; then
  echo "no fuzz target in $build/fuzzers: build with cmake --preset fuzz && cmake --build --preset fuzz" >&2
  exit 2
fi
export LSAN_OPTIONS=suppressions=$PWD/fuzz/lsan.supp:print_suppressions=0
failed=()
for name in "${targets[@]}"; do
  corpus=$build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=()
  # A target may have its own seeds; those that read picture files share the broken and odd ones.
  [ -d "fuzz/seeds/$name" ] && seeds+=("fuzz/seeds/$name")
  case $name in
    decode_* | codec_* | exif_* | frames_* | heif_* | photo_* | picture_*)
      for folder in ../shared/images/odd ../shared/images/broken; do
        [ -d "$folder" ] && seeds+=("$folder")
      done ;;
  esac
  log=$findings/$name.log
  echo "$name: $seconds s"
  if "$build/fuzzers/$name" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=1024 \
      -timeout=25 -max_len=131072 -print_final_stats=1 -artifact_prefix="$findings/$name-" \
      "$corpus" "${seeds[@]}" >"$log" 2>&1; then
    grep -aE 'stat::(number_of_executed_units|peak_rss_mb)' "$log" | sed 's/^/  /'
  else
    failed+=("$name")
    grep -aE -m 3 'ERROR|SUMMARY|runtime error|deadly signal|Test unit written' "$log" | sed 's/^/  /'
    echo "  see $log" >&2
  fi
done
if [ ${#failed[@]} -ne 0 ]; then
  echo "fuzzing found something in: ${failed[*]}" >&2
  exit 1
fi
echo "fuzzing: ${#targets[@]} targets, nothing found"
