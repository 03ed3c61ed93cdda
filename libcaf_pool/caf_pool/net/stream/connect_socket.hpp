#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/net/bell.hpp"
#include "caf_pool/net/stream/timed_socket.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace caf_pool {

/// Connects to a numeric address by TCP. Small messages leave at once
/// (TCP_NODELAY); see `stream_options::keep_alive`.
///
/// Returns `open_timeout` at the deadline, `cancelled` when the bell rings, and
/// `open_failed` with what the system said.
///
/// Thread-safety: any thread at any time.
result<std::unique_ptr<timed_socket>> connect_tcp(const std::string& address,
                                                  std::uint16_t port,
                                                  bool keep_alive,
                                                  time_point deadline,
                                                  const bell* called_off);

/// Connects to a unix socket. Errors as above; besides, `open_refused` if the
/// path is too long, or this user may not connect.
///
/// Thread-safety: any thread at any time.
result<std::unique_ptr<timed_socket>> connect_unix(const std::string& path,
                                                   time_point deadline,
                                                   const bell* called_off);

} // namespace caf_pool
