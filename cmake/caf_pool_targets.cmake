# Helpers of the CMakeLists files. Folders are globbed, so that a new file
# needs no edit; a folder without sources gives an empty library.

set(CAF_POOL_STUB "${PROJECT_BINARY_DIR}/stub.cpp")
file(CONFIGURE OUTPUT "${CAF_POOL_STUB}"
     CONTENT "// Stands in for a library that has no sources yet.\n")

# caf_pool_glob(<variable> <pattern>...)
# Collects sources. Leaves out fuzzers, and without PostgreSQL or Redis also what
# is named after it.
function(caf_pool_glob out)
  set(_patterns ${ARGN})
  list(TRANSFORM _patterns PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  file(GLOB _files CONFIGURE_DEPENDS ${_patterns})
  list(FILTER _files EXCLUDE REGEX "\\.fuzz\\.cpp$")
  if(NOT CAF_POOL_WITH_POSTGRES)
    list(FILTER _files EXCLUDE REGEX "/(postgres|pg_|pq_)[^/]*$")
  endif()
  if(NOT CAF_POOL_WITH_REDIS)
    list(FILTER _files EXCLUDE REGEX "/(backend/redis[^/]*/|caf_pool_bench/redis_)[^/]*$")
  endif()
  set(${out} "${_files}" PARENT_SCOPE)
endfunction()

# caf_pool_subfolder(<folder>)
# Reads the folder's CMakeLists.txt as soon as there is one.
macro(caf_pool_subfolder folder)
  file(GLOB _found CONFIGURE_DEPENDS
       "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
  if(_found)
    add_subdirectory(${folder})
  endif()
endmacro()

# caf_pool_flags(<target> [WITHOUT_CAF])
# Warnings and checks, for our own targets only: nothing of it is exported.
function(caf_pool_flags target)
  target_compile_options(${target} PRIVATE ${CAF_POOL_WARNINGS})
  if("WITHOUT_CAF" IN_LIST ARGN)
    target_compile_definitions(${target}
                               PRIVATE ${CAF_POOL_CHECKS_WITHOUT_CAF})
  endif()
endfunction()

# caf_pool_unity(<target>)
# Compiles several sources at a time, so that their headers are read once.
function(caf_pool_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON
                                             UNITY_BUILD_BATCH_SIZE 12)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Each source is a header there to the compiler.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# caf_pool_library(<target> [WITHOUT_CAF] SOURCES <file>... LINK <library>...)
function(caf_pool_library target)
  cmake_parse_arguments(_arg "WITHOUT_CAF" "" "SOURCES;LINK" ${ARGN})
  if(NOT _arg_SOURCES)
    set(_arg_SOURCES "${CAF_POOL_STUB}")
  endif()
  add_library(${target} STATIC ${_arg_SOURCES})
  target_include_directories(
    ${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/libcaf_pool>"
                     "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC ${_arg_LINK})
  if(_arg_WITHOUT_CAF)
    caf_pool_flags(${target} WITHOUT_CAF)
  else()
    caf_pool_flags(${target})
  endif()
  if(CAF_POOL_UNITY)
    caf_pool_unity(${target})
  endif()
  string(REGEX REPLACE "^caf_pool_" "" _export_name ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${_export_name})
  add_library(caf_pool::${_export_name} ALIAS ${target})
  set_property(GLOBAL APPEND PROPERTY CAF_POOL_LIBRARIES ${target})
endfunction()

# caf_pool_executable(<target> SOURCES <file>... LINK <library>...)
function(caf_pool_executable target)
  cmake_parse_arguments(_arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${target} ${_arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${_arg_LINK})
  caf_pool_flags(${target})
endfunction()

# caf_pool_precompiled(<maker> HEADER <file> [LINK <library>...]
#                      [OPTIONS <option>...] [CHECKED])
# Precompiles a header for the targets that are given to caf_pool_pch. They must
# be compiled with the same options; CHECKED if they are free of CAF.
function(caf_pool_precompiled maker)
  cmake_parse_arguments(_arg "CHECKED" "HEADER" "LINK;OPTIONS" ${ARGN})
  if(NOT CAF_POOL_PCH)
    return()
  endif()
  add_library(${maker} OBJECT EXCLUDE_FROM_ALL "${CAF_POOL_STUB}")
  target_include_directories(${maker}
                             PRIVATE "${PROJECT_SOURCE_DIR}/libcaf_pool")
  target_link_libraries(${maker} PRIVATE ${_arg_LINK})
  set(_flags)
  if(_arg_CHECKED)
    set(_flags WITHOUT_CAF)
  endif()
  caf_pool_flags(${maker} ${_flags}) # a warning may define macros, too
  target_compile_options(${maker} PRIVATE ${_arg_OPTIONS}
                                          ${CAF_POOL_PCH_FLAGS})
  target_precompile_headers(${maker} PRIVATE "${_arg_HEADER}")
endfunction()

# caf_pool_pch(<target> <maker>)
function(caf_pool_pch target maker)
  if(NOT CAF_POOL_PCH)
    return()
  endif()
  # g++ refuses a precompiled header made with -fPIC where the user has -fPIE.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC ${CAF_POOL_PCH_FLAGS})
  target_precompile_headers(${target} REUSE_FROM ${maker})
endfunction()
