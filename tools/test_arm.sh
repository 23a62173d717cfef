#!/usr/bin/env bash
# Builds for 64-bit Arm and runs under qemu-user the units of base and of the engine: kernels on NEON against
# their references, graph, planner, session.
# usage: tools/test_arm.sh [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
tests=(base engine_graph engine_onnx engine_kernels engine_plan engine)
tools/install_deps.sh arm
tools/arm64_sysroot.sh build-arm64-sysroot
cmake --preset arm64 >/dev/null
cmake --build --preset arm64 -j "$jobs" --target peel_program $(printf '%s_test ' "${tests[@]}")

libraries=$PWD/build-arm64-sysroot/usr/lib/aarch64-linux-gnu
emulate=(qemu-aarch64 -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$libraries")
for test in "${tests[@]}"; do
  echo "== $test on emulated Arm"
  "${emulate[@]}" "build-arm64/${test}_test" --gtest_brief=1
done
"${emulate[@]}" build-arm64/peel doctor | sed -n '/^Processor/,/^$/p'
