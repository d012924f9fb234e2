#!/bin/bash
# Checks that the program compiles for Windows: platforms.sh [TARGET...]. Where rustup has no standard library for a
# target, Debian's Rust compiles it from its own sources (into target/platforms), with mingw-w64 for the C in
# dependencies. Nothing is linked and nothing is run.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$PWD/target/platforms
version=1.96

check() {
    local target=$1
    if rustup target list --installed 2>/dev/null | grep -qx "$target"; then
        cargo check --locked --target "$target"
        return
    fi
    set_up
    LD_LIBRARY_PATH=$place/root/usr/lib/x86_64-linux-gnu RUSTC=$place/root/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-posix AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar \
        CARGO_TARGET_DIR=$place/target cargo check --locked -Zbuild-std=std,panic_abort --target "$target"
}

# Unpacked beside the build, not installed: the machine's own compiler stays what it is.
set_up() {
    [ -x "$place/root/usr/bin/rustc" ] && return
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    "${root[@]}" apt-get -qq update
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends gcc-mingw-w64-x86-64-posix
    mkdir -p "$place/debs"
    local packages release
    release=$(apt-cache madison rustc-web | awk -v v="$version" '$3 ~ "^"v { print $3; exit }')
    [ -n "$release" ] || { echo "Debian's Rust $version is not to be had here: rustup target add $target, and try again"; return 1; }
    packages=("rustc-web=$release" "rust-web-src=$release" "libstd-rust-web-dev=$release" "libstd-rust-web-$version")
    packages+=($(apt-cache depends "libstd-rust-web-$version" | awk '/Depends: libllvm/ { print $2 }'))
    (cd "$place/debs" && apt-get -qq download "${packages[@]}" && for deb in *.deb; do dpkg -x "$deb" ../root; done)
}

for target in "${@:-x86_64-pc-windows-gnu}"; do
    check "$target"
done
