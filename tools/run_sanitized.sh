#!/usr/bin/env bash
# Runs the C++ tests and a handful of whole runs of the program under a sanitizer. Any finding makes it
# fail. usage: tools/run_sanitized.sh asan|tsan
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
case $kind in asan | tsan) ;; *) echo "usage: $0 asan|tsan" >&2; exit 2 ;; esac
build=build-$kind
program=$build/peel
[ -x "$program" ] || { echo "$program: not built; run \`make $kind\`" >&2; exit 1; }

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

ctest --test-dir "$build" --output-on-failure -j "$(nproc)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shopt -s nullglob
pictures=(samples/*.jpg samples/*.png samples/*.webp examples/example.png)
photo=${pictures[0]}
findings=0

# expect CODES ARGUMENTS...: a run that must end with one of these exit codes and no report.
expect() {
  local codes=$1 code=0
  shift
  timeout 300 "$program" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
  if [[ " $codes " != *" $code "* ]] || grep -qE 'Sanitizer|runtime error:' "$work/stderr"; then
    echo "FAILED: $program $* (exit code $code)" >&2
    tail -n 60 "$work/stderr" >&2
    findings=$((findings + 1))
  else
    local shown="$*"
    echo "ok: peel ${shown:0:140}"
  fi
}

expect 0 doctor --json
expect 0 models list
expect 0 models verify
expect 0 model info models/peel.onnx --plan
expect 0 model run models/peel.onnx --repeat 1 --threads 2 --json
expect 0 "$photo" -o "$work/a.png"
expect 0 "$photo" -o "$work/a.webp" --background blur --crop 10 --max-size 300
expect 0 "$photo" -o "$work/a.jpg" --background "$photo" --edges refine
expect 0 "$photo" -o "$work/m.png" --mask --edges off --threads 3
expect 0 "$photo" -o "$work/c.png" --compat rembg
expect 0 "${pictures[@]}" -O "$work/many" --jobs 3 --threads 3 --max-size 400 --report "$work/r.json"
expect 2 "$photo" --format bmp
expect 3 "$photo" -m "$work/none.onnx" -o "$work/x.png"

# Broken files, made here and, where they are at hand, collected.
head -c 700 "$photo" >"$work/truncated.jpg"
: >"$work/empty.png"
head -c 20000 /dev/zero >"$work/zeros.png"
head -c 4000 models/peel.onnx >"$work/truncated.onnx"
expect 1 "$work/truncated.jpg" "$work/empty.png" "$work/zeros.png" "$photo" -O "$work/broken" --max-size 300
expect 3 "$photo" -m "$work/truncated.onnx" -o "$work/x.png"
odd=(../shared/images/odd/*)
collected=(../shared/images/broken/*)
for ((i = 0; i < ${#odd[@]}; i += 4)); do collected+=("${odd[i]}"); done
if [ ${#collected[@]} -gt 0 ] && [ "$kind" = asan ]; then
  mkdir "$work/links"
  n=0
  for file in "${collected[@]}"; do
    ln -s "$(realpath "$file")" "$work/links/$((n++))-$(basename "$file")"
  done
  expect "0 1" "$work"/links/* -O "$work/collected" --max-size 200
fi

[ $findings -eq 0 ] && echo "$kind: no findings" || { echo "$kind: $findings runs failed" >&2; exit 1; }
