#!/usr/bin/env bash
# Installs through apt what building, testing or fuzzing needs and is not there yet.
# usage: tools/install_deps.sh [build] [test] [bench] [fuzz] [lint] [arm] [emulate] [windows] [deb] [package] [browser]
set -euo pipefail
build=(g++ cmake ninja-build ccache pkg-config libhwy-dev libprotozero-dev libcli11-dev
       libfmt-dev nlohmann-json3-dev libyaml-cpp-dev libjpeg62-turbo-dev libdeflate-dev libwebp-dev
       zlib1g-dev libtiff-dev libavif-dev libheif-dev libgif-dev libjxl-dev libraw-dev liblcms2-dev
       libboost1.81-dev libssl-dev libseccomp-dev libsqlite3-dev libutf8proc-dev)
test=(libgtest-dev libgmock-dev python3 python3-venv python3-dev qpdf poppler-utils libimage-exiftool-perl ffmpeg strace)
bench=(libbenchmark-dev python3 python3-venv)
fuzz=(clang libclang-rt-14-dev)
lint=(clang-format clang-tidy)
arm=(g++-aarch64-linux-gnu cmake ninja-build ccache pkg-config qemu-user)
emulate=(qemu-user)
windows=(g++-mingw-w64-x86-64-posix libz-mingw-w64-dev wine64 libgtest-dev libprotozero-dev
         nlohmann-json3-dev cmake ninja-build ccache curl)
deb=(dpkg-dev file binutils)
package=(debootstrap)
browser=(chromium chromium-driver)
want=()
for group in "${@:-build}"; do
  declare -n list=$group
  want+=("${list[@]}")
done
missing=()
for name in "${want[@]}"; do  # not "package", which is a group above
  dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing: ${missing[*]}"
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "needs root or sudo to run: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
