#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/secret.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool {

/// The state in which each holder of a connection finds its session.
///
/// Thread-safety: a plain value.
struct redis_home {
  std::int64_t database = 0;
  /// Empty for the user `default`.
  std::string user = {};
  /// Empty for a server that asks for none.
  secret password = {};
  /// Empty for none.
  std::string client_name = {};
  /// What CLIENT SETINFO says; empty for servers that do not know it.
  std::string library_name = {};
  std::string library_version = {};
  /// 2 or 3.
  int protocol = 2;
  /// The server is a replica in a cluster, which is read from.
  bool replica = false;
};

/// Returns the commands that bring a new session home, in their order: HELLO
/// with the login and the name, then what differs from a server's defaults.
/// Each of them is to be answered without an error.
std::vector<redis_command> redis_set_up(const redis_home& home);

} // namespace caf_pool
