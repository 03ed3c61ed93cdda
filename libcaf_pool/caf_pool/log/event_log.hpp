#pragma once

#include "caf_pool/actor/manager_messages.hpp"
#include "caf_pool/log/logger.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace caf_pool {

/// Lets some lines of a kind through and counts the rest.
///
/// Thread-safety: like a plain value.
class rate_limit {
public:
  /// At most `burst` lines of a key in `window`.
  rate_limit(std::uint32_t burst, duration window)
    : burst_(burst), window_(window) {
    // nop
  }

  struct decision {
    bool pass = true;
    /// Lines that were held back before this one.
    std::uint64_t held_back = 0;
  };

  decision check(const std::string& key, time_point now);

private:
  struct bucket {
    time_point start{};
    std::uint32_t passed = 0;
    std::uint64_t held_back = 0;
  };

  std::uint32_t burst_;
  duration window_;
  std::map<std::string, bucket> buckets_;
};

/// Spawns an actor that writes the events of all pools to the log: per pool and
/// kind at most ten in ten seconds.
caf::actor spawn_event_log(caf::actor_system& sys,
                           const manager_handle& manager,
                           std::shared_ptr<logger> out);

} // namespace caf_pool
