#!/usr/bin/env bash
# Builds the components below the codecs for 64-bit Windows with Debian's MinGW and runs the unit tests of
# those in COMPONENTS under Wine: what they ask of a system lies in src/base/os alone. Tests that need what
# Windows does not have are left out below.
# usage: tools/test_windows.sh [JOBS]   (COMPONENTS="base image engine matte" unless set: see docs/internals/porting.md)
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
components=${COMPONENTS:-base image engine matte}
build=$PWD/build-windows
tools/install_deps.sh windows

sources=$build/sources
mkdir -p "$sources/headers"
for name in protozero nlohmann; do ln -sfn "/usr/include/$name" "$sources/headers/$name"; done
archive=highway_1.0.3.orig.tar.gz
if [ ! -d "$sources/highway-1.0.3" ]; then
  curl -fsSL -o "$sources/$archive" "http://deb.debian.org/debian/pool/main/h/highway/$archive"
  echo "566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e  $sources/$archive" | sha256sum -c --quiet
  tar -xzf "$sources/$archive" -C "$sources"
fi

cmake -G Ninja -S tools/windows -B "$build" -DCMAKE_SYSTEM_NAME=Windows -DPEEL_SOURCES="$sources" \
  -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc-posix -DCMAKE_CXX_COMPILER=x86_64-w64-mingw32-g++-posix \
  -DCMAKE_FIND_ROOT_PATH=/usr/x86_64-w64-mingw32 >/dev/null
# shellcheck disable=SC2086
cmake --build "$build" -j "$jobs" --target $(printf '%s_test ' $components)

missing=(  # what these tests ask for Windows, MinGW's library or Wine does not have
  CacheFileTest.FolderFollowsTheConvention CacheFileTest.WhatIsWrittenIsRead  # freedesktop.org, access rights
  SourceFileTest.OpensRegularFilesOnly SourceFileTest.KeepsWhatWasReplacedUnderItsName  # /dev; open files replaced
  WriteFileAtomically.FollowsLinks             # std::filesystem::create_symlink
  NeededTest.OfThisProgram NeededTest.BrokenFiles  # ELF
)
export WINEPREFIX=$build/wine WINEDEBUG=-all
wine64=$(command -v wine64 || echo /usr/lib/wine/wine64)
failed=()
for component in $components; do
  echo "== $component under Wine"
  "$wine64" "$build/${component}_test.exe" --gtest_brief=1 --gtest_filter="-$(IFS=:; echo "${missing[*]}")" ||
    failed+=("$component")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed under Wine: ${failed[*]}" >&2; exit 1; }
