# Language level, ccache and the warnings that every target of ours gets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CAF_POOL_CCACHE ccache)
mark_as_advanced(CAF_POOL_CCACHE)
if(CAF_POOL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache never caches a file that uses a
  # precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      "${CAF_POOL_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(CAF_POOL_PCH_FLAGS -fpch-preprocess)
  elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    set(CAF_POOL_PCH_FLAGS "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

set(CAF_POOL_WARNINGS
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wcast-align
    -Wdouble-promotion
    -Wextra-semi
    -Wformat=2
    -Wnon-virtual-dtor
    -Wold-style-cast
    -Woverloaded-virtual
    -Wundef
    -Wunused
    -Wvla)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND CAF_POOL_WARNINGS -Wduplicated-cond -Wlogical-op)
  # g++ 12 reports overlapping copies inside std::string's own operator+
  # (GCC bug 105651).
  list(APPEND CAF_POOL_WARNINGS -Wno-restrict)
endif()

if(CAF_POOL_WERROR)
  list(APPEND CAF_POOL_WARNINGS -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # These come from the optimizer's flow analysis: they change with the
    # compiler's version and with sanitizers, so they warn without breaking.
    foreach(_flow array-bounds free-nonheap-object maybe-uninitialized
                  stringop-overflow stringop-overread)
      list(APPEND CAF_POOL_WARNINGS -Wno-error=${_flow})
    endforeach()
  endif()
endif()
