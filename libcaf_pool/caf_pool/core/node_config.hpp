#pragma once

#include "caf_pool/core/pool_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace caf_pool {

/// Access for remote actors. Loopback only.
struct remote_config {
  bool enabled = true;
  std::string address = "127.0.0.1";
  /// 0 picks a free port; the readiness line names it.
  std::uint16_t port = 4700;
  /// File with the tokens that may log in; created with a fresh token at start
  /// if it does not exist and its folder is writable.
  std::string token_file;
  duration heartbeat = std::chrono::seconds{1};
  /// A client that stays silent longer loses its leases.
  duration lease_ttl = std::chrono::seconds{5};
  /// Leases and waiting requests of one client.
  std::uint32_t max_leases_per_client = 100;
  std::uint32_t max_requests_per_client = 1000;
  /// Connections of clients at a time; fewer if the limit of open files is low.
  std::uint32_t max_connections = 1000;
  /// A peer that connects has so long to log in.
  duration login_timeout = std::chrono::seconds{5};

  friend bool operator==(const remote_config&, const remote_config&) = default;
};

/// The HTTP server for health, metrics and statistics. Loopback only.
struct admin_config {
  bool enabled = true;
  std::string address = "127.0.0.1";
  std::uint16_t port = 4780;
  /// Connections at a time; fewer if the limit of open files says so.
  std::uint32_t max_connections = 256;
  /// How often figures that need a history are taken.
  duration metrics_interval = std::chrono::seconds{5};

  friend bool operator==(const admin_config&, const admin_config&) = default;
};

struct log_config {
  /// One of trace, debug, info, warn, error, off.
  std::string level = "info";
  /// One of text, json.
  std::string format = "text";

  friend bool operator==(const log_config&, const log_config&) = default;
};

/// A running process with pools.
struct node_config {
  std::string name = "caf_pool";
  std::string profile = "base";
  /// Threads for actors; at least 2.
  std::uint32_t scheduler_threads = 2;
  duration drain_timeout = std::chrono::seconds{30};
  /// Folder for files that the node writes. The loader of configuration files
  /// picks one if they name none; empty only in configurations made by code.
  std::string state_folder;
  remote_config remote;
  admin_config admin;
  log_config log;
  std::vector<pool_config> pools;

  friend bool operator==(const node_config&, const node_config&) = default;
};

} // namespace caf_pool
