#include "caf_pool/redis/redis_companions.hpp"

#include "caf_pool/backend/redis/redis.hpp"
#include "caf_pool/backend/redis/redis_target.hpp"

#include <cstdint>
#include <utility>

namespace caf_pool {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::string_view suffix = "_blocking";

/// Returns what the connections for blocking commands are pooled by. Waiting is
/// their work: that they take long says nothing of the server.
backend_spec<redis_connection> spec_for_blocking(const pool_config& from,
                                                 std::uint32_t count) {
  auto config = from;
  config.name = from.name.substr(0, longest_name - suffix.size());
  config.name += suffix;
  config.options["blocking"] = "true";
  config.min_size = 0;
  config.max_size = count;
  config.max_overflow = 0;
  config.shed_overload = false;
  config.breaker.slow_call = duration::zero();
  config.leak_threshold = duration::zero();
  config.leak_revoke = duration::zero();
  return make_spec<redis_connection>(config, make_redis(config));
}

} // namespace

result<pool<redis_connection>*> redis_companions::blocking(
  const any_pool& owner) {
  std::lock_guard guard{mtx_};
  if (blocking_ != nullptr)
    return blocking_.get();
  if (drained_)
    return error{errc::closed, "the pool is closed", {}};
  auto where = redis_target::from(owner.config());
  if (!where)
    return where.error();
  auto count = where->options->blocking_connections;
  if (count == 0)
    return error{errc::not_supported,
                 "the pool has no connections for commands that block "
                 "(blocking_connections = 0)",
                 {}};
  auto made = std::make_unique<pool<redis_connection>>(
    owner, spec_for_blocking(owner.config(), count));
  if (auto ok = made->ready(); !ok)
    return ok.error();
  blocking_ = std::move(made);
  return blocking_.get();
}

redis_subscriber& redis_companions::subscriber(const any_pool& owner) {
  std::lock_guard guard{mtx_};
  if (subscriber_ == nullptr)
    subscriber_ = std::make_unique<redis_subscriber>(owner.config());
  return *subscriber_;
}

redis_subscriber* redis_companions::present_subscriber() const {
  std::lock_guard guard{mtx_};
  return subscriber_.get();
}

result<void> redis_companions::drain(duration limit) {
  pool<redis_connection>* present = nullptr;
  {
    std::lock_guard guard{mtx_};
    drained_ = true;
    present = blocking_.get();
  }
  return present != nullptr ? present->drain(limit) : result<void>{};
}

} // namespace caf_pool
