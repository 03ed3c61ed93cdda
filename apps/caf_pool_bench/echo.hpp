#pragma once

#include "caf_pool/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caf_pool::bench {

/// Answers each text with itself, as a bare CAF program in a process of its own
/// does: publishes an actor on the loopback interface, prints "echo port=N", and
/// ends by SIGTERM.
int run_echo();

/// Times of all calls in microseconds, and how long all took together.
struct echo_times {
  std::vector<double> calls;
  duration took = duration::zero();
};

/// Asks such a process for a while with so many requests under way at a time.

echo_times ask_echo(std::uint16_t port, std::size_t outstanding,
                    duration length);

} // namespace caf_pool::bench
