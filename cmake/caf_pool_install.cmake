# What `cmake --install` copies: the libraries and headers with a CMake package
# and pkg-config files (component devel), the programs (component runtime).
#
# The package has components, so that an embedding program needs no HTTP or
# metrics library: embed (always), remote, config, node.

include(CMakePackageConfigHelpers)

set(_caf_pool_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/caf_pool")

# -- libraries and headers -----------------------------------------------------

set(_caf_pool_remote caf_pool_remote)
set(_caf_pool_config caf_pool_config)
set(_caf_pool_node caf_pool_admin caf_pool_log caf_pool_gate caf_pool_node_lib)
get_property(_caf_pool_embed GLOBAL PROPERTY CAF_POOL_LIBRARIES)
add_custom_target(libraries DEPENDS ${_caf_pool_embed})
list(REMOVE_ITEM _caf_pool_embed ${_caf_pool_remote} ${_caf_pool_config}
     ${_caf_pool_node})

foreach(_component embed remote config node)
  install(TARGETS ${_caf_pool_${_component}} EXPORT caf_pool-${_component}
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT devel)
  install(EXPORT caf_pool-${_component} NAMESPACE caf_pool::
          DESTINATION "${_caf_pool_cmake_dir}" COMPONENT devel)
endforeach()

set(_absent)
foreach(_backend postgres redis sqlite)
  string(TOUPPER ${_backend} _option)
  if(NOT CAF_POOL_WITH_${_option})
    list(APPEND _absent ${_backend})
  endif()
endforeach()
set(_target "${CMAKE_INSTALL_INCLUDEDIR}")
if(NOT IS_ABSOLUTE "${_target}")
  set(_target "\${CMAKE_INSTALL_PREFIX}/${_target}")
endif()
install(CODE "set(_root \"${PROJECT_SOURCE_DIR}/libcaf_pool\")
              set(_target \"${_target}\")
              set(_absent \"${_absent}\")"
        COMPONENT devel)
install(SCRIPT "${PROJECT_SOURCE_DIR}/cmake/caf_pool_headers.cmake"
        COMPONENT devel)

# -- conformance suite ---------------------------------------------------------

# For tests of a user's own backend, as sources, because they need that user's
# Catch2: compile these files into the test program, with their folder's parent
# in front of includes. CMake finds both by caf_pool_CONFORMANCE_SOURCES and
# caf_pool_CONFORMANCE_INCLUDE_DIR.

set(_support "${PROJECT_SOURCE_DIR}/tests/support")
file(GLOB _caf_pool_conformance CONFIGURE_DEPENDS
     "${_support}/conformance*.[ch]pp")
install(FILES ${_caf_pool_conformance} "${_support}/catch_compat.hpp"
              "${_support}/eventually.hpp"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/caf_pool/conformance/support"
        COMPONENT devel)
set(_caf_pool_conformance_dir "${CMAKE_INSTALL_DATADIR}/caf_pool/conformance")

# -- CMake package -------------------------------------------------------------

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/caf_poolConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/caf_poolConfig.cmake"
  INSTALL_DESTINATION "${_caf_pool_cmake_dir}"
  PATH_VARS _caf_pool_conformance_dir)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/caf_poolConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(
  FILES "${PROJECT_BINARY_DIR}/caf_poolConfig.cmake"
        "${PROJECT_BINARY_DIR}/caf_poolConfigVersion.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake"
  DESTINATION "${_caf_pool_cmake_dir}" COMPONENT devel)

# -- pkg-config ----------------------------------------------------------------

# caf_pool_pkg_config(<name> <description> <requires> <libs> <library>...)
function(caf_pool_pkg_config name description requires libs)
  list(TRANSFORM ARGN PREPEND "-l" OUTPUT_VARIABLE _ours)
  list(JOIN _ours " " _ours)
  file(RELATIVE_PATH _up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" _up "${_up}")
  set(_with_postgres "$<BOOL:${CAF_POOL_WITH_POSTGRES}>")
  set(_with_redis "$<BOOL:${CAF_POOL_WITH_REDIS}>")
  set(_with_sqlite "$<BOOL:${CAF_POOL_WITH_SQLITE}>")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/caf_pool.pc.in"
                 "${PROJECT_BINARY_DIR}/${name}.pc.gen" @ONLY)
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/${name}.pc"
       INPUT "${PROJECT_BINARY_DIR}/${name}.pc.gen")
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT devel)
endfunction()

set(_caf_pool_requires libssl libcrypto)
set(_caf_pool_libs "-lcaf_core -pthread")
if(CAF_POOL_WITH_SQLITE)
  list(APPEND _caf_pool_requires sqlite3)
endif()
if(CAF_POOL_WITH_POSTGRES)
  list(APPEND _caf_pool_requires libpqxx libpq)
endif()
if(CAF_POOL_WITH_REDIS)
  list(APPEND _caf_pool_requires hiredis)
  string(PREPEND _caf_pool_libs "-lboost_url ")
endif()
list(JOIN _caf_pool_requires ", " _caf_pool_requires)
caf_pool_pkg_config(
  caf_pool "Pooled connections, embedded in a program"
  "${_caf_pool_requires}" "${_caf_pool_libs}" ${_caf_pool_embed})
caf_pool_pkg_config(
  caf_pool_remote "Pooled connections of another process, without drivers"
  libcrypto "-lcaf_io -lcaf_core -pthread" caf_pool_remote caf_pool_net
  caf_pool_protocol caf_pool_calls caf_pool_caf caf_pool_core)

# -- documents and profiles ----------------------------------------------------

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
              "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT devel)
install(FILES "${PROJECT_SOURCE_DIR}/README.md"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT devel OPTIONAL)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/config"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/caf_pool" COMPONENT runtime
        FILES_MATCHING PATTERN "*.toml")
