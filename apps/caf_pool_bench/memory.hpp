#pragma once

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace caf_pool::bench {

/// Returns the resident bytes of a process; 0 if there is none.
inline double resident_bytes(const std::string& pid = "self") {
  std::ifstream in{"/proc/" + pid + "/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  return static_cast<double>(resident)
         * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

inline constexpr double mega = 1024 * 1024;

} // namespace caf_pool::bench
