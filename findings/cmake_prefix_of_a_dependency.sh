#!/usr/bin/env bash
# The CMake package of toml++ moves the package that depends on it.
#
# One would guess that a package's own paths, made relocatable by
# configure_package_config_file(), have nothing to do with what
# find_dependency() finds. Both packages keep their prefix in one variable,
# PACKAGE_PREFIX_DIR, in one scope: whoever writes find_dependency() above its
# paths has them below the prefix of the dependency. It goes unnoticed as long
# as both are installed below /usr.
#
# Version: toml++ 3.3.0 and CMake 3.25.1 of Debian 12.
# Seen:    above find_dependency(): the prefix of the package; below it:
#          that of toml++
# Source:  toml++, tomlplusplusConfig.cmake, made from
#          cmake/tomlplusplusConfig.cmake.meson.in; CMake,
#          Modules/CMakePackageConfigHelpers.cmake (PACKAGE_INIT).
#
# For a library: all paths come before the first find_dependency().

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

fetch libtomlplusplus-dev=3.3.0+ds-1 libtomlplusplus3 cmake=3.25.1-1 \
  cmake-data=3.25.1-1 libjsoncpp25 librhash0 libuv1 libarchive13 \
  libcurl4

mkdir -p "$tmp/made" "$tmp/asks"
cat >"$tmp/made/shelfConfig.cmake.in" <<'END'
@PACKAGE_INIT@
set(shelf_above "@PACKAGE_place@")
include(CMakeFindDependencyMacro)
find_dependency(tomlplusplus)
set(shelf_below "@PACKAGE_place@")
END
cat >"$tmp/made/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(shelf LANGUAGES NONE)
include(CMakePackageConfigHelpers)
set(place share/shelf)
configure_package_config_file(
  shelfConfig.cmake.in shelfConfig.cmake
  INSTALL_DESTINATION lib/cmake/shelf PATH_VARS place)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/shelfConfig.cmake"
        DESTINATION lib/cmake/shelf)
END
cat >"$tmp/asks/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(asks LANGUAGES CXX)
find_package(shelf REQUIRED)
file(WRITE answer "${shelf_above}\n${shelf_below}\n")
END

cmake=$root/usr/bin/cmake
prefix=$tmp/prefix
toml=$(dirname "$(find "$root" -name tomlplusplusConfig.cmake)")
{
  "$cmake" -S "$tmp/made" -B "$tmp/made/build"
  "$cmake" --install "$tmp/made/build" --prefix "$prefix"
  "$cmake" -S "$tmp/asks" -B "$tmp/asks/build" \
    "-DCMAKE_PREFIX_PATH=$prefix" "-Dtomlplusplus_DIR=$toml"
} >"$tmp/log"

expect "above find_dependency()" "prefix/share/shelf" \
  "$(sed -n "1s|^$tmp/||p" "$tmp/asks/answer")"
expect "below find_dependency()" "root/usr/share/shelf" \
  "$(sed -n "2s|^$tmp/||p" "$tmp/asks/answer")"
