# CAF_POOL_SANITIZE and CAF_POOL_FUZZ: flags for everything we build.

string(REPLACE "," ";" _caf_pool_sanitizers "${CAF_POOL_SANITIZE}")

foreach(_name IN LISTS _caf_pool_sanitizers)
  if(NOT _name MATCHES "^(address|undefined|thread)$")
    message(FATAL_ERROR "CAF_POOL_SANITIZE: unknown sanitizer \"${_name}\", "
                        "use address, undefined or thread")
  endif()
endforeach()
if("thread" IN_LIST _caf_pool_sanitizers
   AND "address" IN_LIST _caf_pool_sanitizers)
  message(FATAL_ERROR "CAF_POOL_SANITIZE: address and thread exclude each other")
endif()

if(CAF_POOL_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CAF_POOL_FUZZ needs clang: set CMAKE_CXX_COMPILER")
  endif()
  # The libraries need the coverage hooks, only the fuzzers the main function.
  add_compile_options(-fsanitize=fuzzer-no-link)
  list(APPEND _caf_pool_sanitizers address undefined)
  list(REMOVE_DUPLICATES _caf_pool_sanitizers)
endif()

if(_caf_pool_sanitizers)
  list(JOIN _caf_pool_sanitizers "," _flag)
  add_compile_options(-fsanitize=${_flag} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${_flag})
endif()

# The standard library's own checks, for targets without CAF: CAF 0.17 fails
# them when it spawns an actor from a function without arguments.
if(_caf_pool_sanitizers OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CAF_POOL_CHECKS_WITHOUT_CAF _GLIBCXX_ASSERTIONS)
endif()

# caf_pool_check_less()
# For folders whose code is not the library's: leaves out what the undefined
# behaviour sanitizer asks of each pointer, which takes half of the compile time
# of tests. The address sanitizer sees bad pointers as well, when they are used.
macro(caf_pool_check_less)
  if("undefined" IN_LIST _caf_pool_sanitizers)
    add_compile_options(
      -fno-sanitize=null,alignment,object-size,vptr,pointer-overflow)
  endif()
endmacro()
