#!/bin/sh
# check.sh <build folder> <consumer folder> <compiler>
#
# Installs into a temporary folder, moves that elsewhere, so that a path that
# was written down would be found out, and builds the consumer against it by
# find_package and by pkg-config.

set -eu

build=$1
consumer=$2
compiler=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "-- installing"
cmake --build "$build" --target libraries >"$work/log" || {
  cat "$work/log"
  exit 1
}
cmake --install "$build" --prefix "$work/first" --component devel >"$work/log"
mv "$work/first" "$work/installed"
cp -r "$consumer" "$work/consumer"
cp "$consumer/../../../apps/examples/custom_backend."?pp "$work/consumer"
if grep -r "$build" "$work/installed/lib"*/cmake "$work/installed/lib"*/pkgconfig
then
  echo "the installed files name the build folder"
  exit 1
fi

# Every header for users, in one file that the consumer compiles.
(
  cd "$work/installed/include"
  for header in caf_pool/*.hpp; do
    echo "#include \"$header\""
  done
) >"$work/consumer/faces.cpp"

# try <program>: runs it and looks at what it says.
try() {
  said=$("$1")
  if [ "$said" != "1 row" ]; then
    echo "expected \"1 row\", not \"$said\""
    exit 1
  fi
}

echo "-- find_package(caf_pool)"
cmake -S "$work/consumer" -B "$work/by_cmake" -G Ninja \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/installed" \
  >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
cmake --build "$work/by_cmake"
try "$work/by_cmake/consumer"

echo "-- headers"
ninja -C "$work/by_cmake" -t deps CMakeFiles/others.dir/faces.cpp.o \
  | sed -n "s|^ *$work/installed/include/||p" | sort >"$work/needed"
(cd "$work/installed/include" && find caf_pool -name '*.hpp') \
  | sort >"$work/there"
if ! diff "$work/needed" "$work/there"; then
  echo "installed are not just the headers that users need (<: needed only)"
  exit 1
fi
echo "$(wc -l <"$work/there") headers"

echo "-- conformance suite"
"$work/by_cmake/conforms"

echo "-- pkg-config caf_pool"
PKG_CONFIG_PATH=$(find "$work/installed" -type d -name pkgconfig)
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs caf_pool)
# shellcheck disable=SC2086 # the flags are words
"$compiler" "$work/consumer/main.cpp" -o "$work/by_pkg_config" $flags
try "$work/by_pkg_config"
