#pragma once

#include <cstdint>

namespace caf_pool::test {

/// Returns a TCP port of 127.0.0.1 that nobody listens on right now.
std::uint16_t free_port();

} // namespace caf_pool::test
