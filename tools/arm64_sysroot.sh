#!/usr/bin/env bash
# Fills FOLDER with the arm64 libraries and headers that Peel is built from, as Debian packages unpacked,
# so that the machine's own package database does not get a foreign architecture. Needs no root: apt works
# on a state of its own, with the machine's sources and keys.
# usage: tools/arm64_sysroot.sh FOLDER
set -euo pipefail
root=$(mkdir -p "${1:?usage: $0 FOLDER}" && cd "$1" && pwd)
packages=(libhwy-dev libhwy1 libgtest-dev libgmock-dev zlib1g-dev zlib1g libfmt-dev libfmt9 libcli11-dev nlohmann-json3-dev libprotozero-dev
          libjpeg62-turbo-dev libjpeg62-turbo libdeflate-dev libdeflate0
          libwebp-dev libwebp7 libwebpmux3 libwebpdemux2
          libtiff-dev libtiff6 libavif-dev libavif15 libheif-dev libheif1 libgif-dev libgif7 libyaml-cpp-dev libyaml-cpp0.7)
stamp=$(printf '%s\n' "${packages[@]}" | sha256sum)
[ "$(cat "$root/.stamp" 2>/dev/null)" = "$stamp" ] && exit 0
echo "unpacking arm64 packages into $root"
apt=$root/.apt
mkdir -p "$apt"/{lists/partial,archives/partial}
: >"$apt/status"
options=(-qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$apt"
         -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status"
         -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" -o APT::Sandbox::User="$(id -un)"
         -o Acquire::Languages=none)
# Sources of other vendors may have nothing for arm64: what matters is that the packages are found.
apt-get "${options[@]}" update 2>"$apt/update.log" || true
(cd "$apt/archives" && apt-get "${options[@]}" download "${packages[@]}") ||
  { cat "$apt/update.log" >&2; exit 1; }
for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
rm -rf "$apt"
echo "$stamp" >"$root/.stamp"
