#pragma once

#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/secret.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/protocol/link_options.hpp"

#include <string>

namespace caf_pool {

/// How a caller wants to be served by a node; `wait` and `limit` are the
/// client's own `limit` where they are not said.
using remote_acquire_options = acquire_options;

/// Where a node is and who wants to talk to it.
struct remote_options {
  /// A numeric address, or localhost, and a port.
  std::string address = "127.0.0.1:4700";
  /// From the node's token file.
  secret token;
  /// The name that stands before the token.
  std::string principal = "local";
  /// What the client calls itself, for logs and lists of leases.
  std::string client;
  /// How long a call may take that names no limit.
  duration limit = std::chrono::seconds{30};
  /// How long connecting and logging in may take.
  duration connect_limit = std::chrono::seconds{5};
  /// How long to wait before connecting again: drawn from zero up to this, and
  /// that doubles from one to the other.
  duration first_pause = std::chrono::milliseconds{50};
  duration longest_pause = std::chrono::seconds{5};
  /// Has to match the node's settings: silence for longer than the timeout ends
  /// the connection on either side.
  link_options link;
};

} // namespace caf_pool
