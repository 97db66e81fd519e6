#!/bin/sh
# Builds libvortex and installs it: install.sh PREFIX (such as /usr/local or $HOME/.local).
#   PREFIX/include/vortex.h, PREFIX/lib/libvortex.*, PREFIX/lib/pkgconfig/vortex.pc
# DESTDIR is put before PREFIX, for packages. VORTEX_LIBRARIES names a folder of built libraries.
set -eu

[ $# -eq 1 ] || { echo "usage: install.sh PREFIX" >&2; exit 2; }
case $1 in
    /*) prefix=$1 ;;
    *) echo "install.sh: PREFIX is $1; it must begin with /" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' "$here/../../Cargo.toml")

libraries=${VORTEX_LIBRARIES:-}
if [ -z "$libraries" ]; then
    cargo build --release --manifest-path "$here/Cargo.toml"
    libraries=${CARGO_TARGET_DIR:-$here/../../target}/release
fi

to=${DESTDIR:-}$prefix
install -d "$to/include" "$to/lib/pkgconfig"
install -m 644 "$here/include/vortex.h" "$to/include/vortex.h"
install -m 644 "$libraries/libvortex.a" "$to/lib/libvortex.a"
# Programs look for the name with the first number, the linker for the one without.
if [ "$(uname -s)" = Darwin ]; then
    install -m 755 "$libraries/libvortex.dylib" "$to/lib/libvortex.$version.dylib"
    ln -sf "libvortex.$version.dylib" "$to/lib/libvortex.0.dylib"
    ln -sf libvortex.0.dylib "$to/lib/libvortex.dylib"
    private="-lc -lm"
else
    install -m 755 "$libraries/libvortex.so" "$to/lib/libvortex.so.$version"
    ln -sf "libvortex.so.$version" "$to/lib/libvortex.so.0"
    ln -sf libvortex.so.0 "$to/lib/libvortex.so"
    private="-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
fi
sed -e "s|@prefix@|$prefix|" -e "s|@version@|$version|" -e "s|@private@|$private|" \
    "$here/vortex.pc.in" >"$to/lib/pkgconfig/vortex.pc"
chmod 644 "$to/lib/pkgconfig/vortex.pc"
echo "libvortex $version is in $prefix"
