#pragma once

#include <cstdint>

namespace caf_pool::test {

/// Returns a TCP port of 127.0.0.1 on which nobody listens. It is kept for who
/// binds it by number and SO_REUSEADDR, as servers do, also after they are
/// gone: the kernel gives it to nobody else as long as the program runs.
std::uint16_t free_port();

} // namespace caf_pool::test
