# Helpers of the CMakeLists files. Folders are globbed, so that a new file
# needs no edit; a folder without sources gives an empty library.

set(CAF_POOL_STUB "${PROJECT_BINARY_DIR}/stub.cpp")
file(CONFIGURE OUTPUT "${CAF_POOL_STUB}"
     CONTENT "// Stands in for a library that has no sources yet.\n")

# caf_pool_glob(<variable> <pattern>...)
# Collects sources. Leaves out fuzzers, and without PostgreSQL also what is
# named after it.
function(caf_pool_glob out)
  set(_patterns ${ARGN})
  list(TRANSFORM _patterns PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  file(GLOB _files CONFIGURE_DEPENDS ${_patterns})
  list(FILTER _files EXCLUDE REGEX "\\.fuzz\\.cpp$")
  if(NOT CAF_POOL_WITH_POSTGRES)
    list(FILTER _files EXCLUDE REGEX "/(postgres|pg_|pq_)[^/]*$")
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

# caf_pool_pch(<target> [FROM <maker>])
# Gives a target CAF's headers precompiled: the maker makes them, the others
# reuse them. All that share one are compiled with the same options.
function(caf_pool_pch target)
  cmake_parse_arguments(_arg "" "FROM" "" ${ARGN})
  set(_header "${PROJECT_SOURCE_DIR}/libcaf_pool/caf_pool/caf/pch.hpp")
  if(NOT CAF_POOL_PCH)
    return()
  endif()
  if(NOT _arg_FROM)
    set(_arg_FROM caf_pool)
  endif()
  target_compile_options(${target} PRIVATE ${CAF_POOL_PCH_FLAGS})
  if(NOT target STREQUAL "caf_pool")
    # g++ refuses a precompiled header made with -fPIC where the user has -fPIE.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  if(target STREQUAL _arg_FROM)
    target_precompile_headers(${target} PRIVATE "${_header}")
  else()
    target_precompile_headers(${target} REUSE_FROM ${_arg_FROM})
  endif()
endfunction()
