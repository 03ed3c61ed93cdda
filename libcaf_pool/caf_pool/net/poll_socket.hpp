#pragma once

#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"

#include <poll.h>

namespace caf_pool {

/// Waits until a socket is ready for `events`. Returns what it is ready for, or
/// 0 at the deadline and when the bell rings, if there is one; an invalid
/// socket is ready for an error.
///
/// Thread-safety: any thread at any time.
short poll_socket(int fd, short events, time_point deadline,
                  const bell* called_off = nullptr) noexcept;

} // namespace caf_pool
