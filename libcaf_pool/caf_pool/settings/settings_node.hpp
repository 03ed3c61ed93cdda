#pragma once

// Included by settings.hpp only: what a node is told besides its pools.

namespace caf_pool {

namespace detail {

inline constexpr std::string_view log_levels[]
  = {"trace", "debug", "info", "warn", "error", "off"};

inline constexpr std::string_view log_formats[] = {"text", "json"};

template <class Config, class F>
void node_settings(Config& x, F&& f) {
  using text = setting<std::string>;
  f(text{"node.name", "Name of the node in logs, metrics and greetings.", {}},
    x.name);
  f(setting<std::uint32_t>{"node.scheduler_threads", "Threads for actors.", 2,
                           256},
    x.scheduler_threads);
  f(setting<duration>{"node.drain_timeout",
                      "How long leases may finish when the node stops.", zero,
                      day},
    x.drain_timeout);
  f(text{"node.state_folder",
         "Folder for files that the node writes; empty picks "
         "$STATE_DIRECTORY, $XDG_STATE_HOME/caf_pool or "
         "~/.local/state/caf_pool.",
         {}},
    x.state_folder);
}

template <class Config, class F>
void remote_settings(Config& x, F&& f) {
  using text = setting<std::string>;
  using span = setting<duration>;
  using u32 = setting<std::uint32_t>;
  auto& r = x.remote;
  f(setting<bool>{"remote.enabled", "Let actors in other processes in."},
    r.enabled);
  f(text{"remote.address", "Loopback address to listen at.", {}}, r.address);
  f(setting<std::uint16_t>{"remote.port", "Port; 0 picks a free one.", 0,
                           65535},
    r.port);
  f(
    text{
      "remote.token_file",
      "File with the tokens that may log in, made at start if missing; empty "
      "means tokens in the state folder.",
      {}},
    r.token_file);
  f(span{"remote.heartbeat", "How often client and node say that they live.",
         10 * millisecond, 60 * second},
    r.heartbeat);
  f(span{"remote.lease_ttl", "A client silent for longer loses its leases.",
         100 * millisecond, 3600 * second},
    r.lease_ttl);
  f(u32{"remote.max_leases_per_client", "Leases that one client may hold.", 1,
        10000},
    r.max_leases_per_client);
  f(u32{"remote.max_requests_per_client",
        "Requests that one client may have waiting.", 1, 1000000},
    r.max_requests_per_client);
  f(u32{"remote.max_connections",
        "Clients connected at a time; fewer if the limit of open files is low.",
        1, 100000},
    r.max_connections);
  f(span{"remote.login_timeout", "How long a peer may take to log in.",
         100 * millisecond, 3600 * second},
    r.login_timeout);
}

template <class Config, class F>
void edge_settings(Config& x, F&& f) {
  using text = setting<std::string>;
  f(setting<bool>{"admin.enabled",
                  "Serve health, metrics and statistics by "
                  "HTTP."},
    x.admin.enabled);
  f(text{"admin.address", "Loopback address to listen at.", {}},
    x.admin.address);
  f(setting<std::uint16_t>{"admin.port", "Port; 0 picks a free one.", 0, 65535},
    x.admin.port);
  f(
    setting<std::uint32_t>{
      "admin.max_connections",
      "Connections at a time; fewer if the limit of open files is low.", 8,
      100000},
    x.admin.max_connections);
  f(setting<duration>{"admin.metrics_interval",
                      "How often figures that need a history are taken.",
                      100 * millisecond, 3600 * second},
    x.admin.metrics_interval);
  f(text{"log.level", "Least important level to log.", log_levels},
    x.log.level);
  f(text{"log.format", "One line of text or one JSON object per entry.",
         log_formats},
    x.log.format);
}

} // namespace detail

} // namespace caf_pool
