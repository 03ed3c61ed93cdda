#!/usr/bin/env bash
# The flags of hiredis make GCC drop a precompiled header.
#
# One would guess that a library which only wants files of 64 bits changes
# nothing on a system that has no others. Its pkg-config file defines
# _FILE_OFFSET_BITS for whoever links it. GCC takes a precompiled header only if
# the macros that it looks at are the same as when it was made: a target that
# links hiredis and shares a header with others compiles it all anew, in silence
# unless -Winvalid-pch is on.
#
# Version: libhiredis-dev 0.14.1 (Debian 12), GCC 12.2.
# Seen:    without the flags: "! all.hpp.gch"; with them: "x all.hpp.gch" and
#          the warning "not used because `_FILE_OFFSET_BITS' is defined"
# Source:  hiredis 0.14.1, Makefile, target $(PKGCONFNAME); GCC 12 manual, "Using
#          Precompiled Headers".
#
# For a build: take the definition out of the imported target, or give it to all
# who share the header.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

fetch libhiredis-dev=0.14.1-3

folder=$root/usr/lib/$(uname -m)-linux-gnu/pkgconfig
flags=$(PKG_CONFIG_PATH=$folder pkg-config --cflags-only-other hiredis)
expect "the flags" "-D_FILE_OFFSET_BITS=64" "${flags% }"

mkdir "$tmp/build"
cd "$tmp/build"
echo '#include <stdio.h>' >all.hpp
printf '#include "all.hpp"\nint main() { return 0; }\n' >main.cpp
g++ -x c++-header all.hpp

# takes <flag>...: what GCC says of the precompiled header.
takes() {
  g++ -H -Winvalid-pch "$@" -fsyntax-only main.cpp 2>&1 \
    | sed -n 's/^\([!x]\) .*all.hpp.gch$/\1/p'
}

expect "without the flags" "!" "$(takes)"
expect "with them" "x" "$(takes -D_FILE_OFFSET_BITS=64)"
