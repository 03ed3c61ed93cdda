# Everything that the libraries link. cmake/setup.sh has the package names.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CAF 0.17.6 REQUIRED COMPONENTS core io)
find_package(OpenSSL REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
find_package(spdlog REQUIRED)
if(CAF_VERSION VERSION_GREATER_EQUAL 1.0)
  # What both versions have is on its way out in 1.x.
  list(APPEND CAF_POOL_WARNINGS -Wno-deprecated-declarations)
endif()
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET GLOBAL libsystemd)

if(CAF_POOL_WITH_SQLITE)
  find_package(SQLite3 REQUIRED)
endif()

if(CAF_POOL_WITH_POSTGRES)
  pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET GLOBAL libpqxx)
  pkg_check_modules(PQ REQUIRED IMPORTED_TARGET GLOBAL libpq)
  set(CAF_POOL_PQ PkgConfig::PQ)
endif()

if(CAF_POOL_WITH_REDIS)
  pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET GLOBAL hiredis)
  # It asks for files of 64 bits, which a 64-bit system has anyway; a definition
  # that comes late makes precompiled headers invalid.
  set_property(TARGET PkgConfig::HIREDIS PROPERTY INTERFACE_COMPILE_OPTIONS)
  set(CAF_POOL_HIREDIS PkgConfig::HIREDIS)
  find_package(boost_url ${Boost_VERSION} CONFIG REQUIRED)
endif()

if(CAF_POOL_BUILD_APPS)
  find_package(CLI11 CONFIG REQUIRED)
endif()

if(CAF_POOL_BUILD_TESTS OR CAF_POOL_FUZZ)
  find_package(Catch2 REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
