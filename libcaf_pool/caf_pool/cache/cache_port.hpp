#pragma once

#include "caf_pool/calls/redis_script.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_value.hpp"
#include "caf_pool/core/result.hpp"

#include <string>
#include <vector>

namespace caf_pool {

/// What a cache asks of a pool, so that it is compiled once for all of them.
///
/// Thread-safety: any thread may call it.
class cache_port {
public:
  virtual ~cache_port() = default;

  virtual result<redis_replies> pipeline(std::vector<redis_command> commands,
                                         duration limit)
    = 0;

  virtual result<redis_value> script(const redis_script& what,
                                     const std::vector<std::string>& keys,
                                     const std::vector<std::string>& arguments,
                                     duration limit)
    = 0;
};

/// The port to whatever has the calls of `redis_calls` with `acquire_options`:
/// a pool of Redis, or `remote_redis`.
template <class Calls>
class cache_port_to : public cache_port {
public:
  /// `calls` must outlive it.
  explicit cache_port_to(Calls& calls) : calls_(&calls) {
    // nop
  }

  result<redis_replies> pipeline(std::vector<redis_command> commands,
                                 duration limit) override {
    return calls_->pipeline(std::move(commands), within(limit));
  }

  result<redis_value> script(const redis_script& what,
                             const std::vector<std::string>& keys,
                             const std::vector<std::string>& arguments,
                             duration limit) override {
    return calls_->script(what, keys, arguments, within(limit));
  }

private:
  static acquire_options within(duration limit) {
    auto result = acquire_options{};
    result.limit = limit;
    result.label = "redis_cache";
    return result;
  }

  Calls* calls_;
};

} // namespace caf_pool
