#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"

#include <string>

namespace caf_pool::demo {

/// What the demonstration drives.
struct load_options {
  std::string address = "127.0.0.1:4700";
  std::string token_file;
  std::string principal = "local";
  std::string pool = "main";
  int threads = 8;
  duration length = std::chrono::seconds{5};
};

/// Drives real load through a node as a remote client: orders are written in
/// transactions and read back. Shows a progress bar where somebody looks, and
/// prints what came of it. Returns an error if any call failed, or if the
/// database does not hold exactly what was written.
result<void> drive_load(const load_options& x);

} // namespace caf_pool::demo
