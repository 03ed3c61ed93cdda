#pragma once

#include "caf_pool/redis.hpp"

#include "figure.hpp"
#include "redis_raw.hpp"
#include "warm_pool.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace caf_pool::bench {

/// Returns a pool of `size` connections to the server of the figures, open.
inline pool<redis_connection> make_redis_pool(const run_options& x,
                                              std::uint32_t size) {
  return make_warm_pool(redis("unix://" + x.redis).size(size));
}

/// Throws `std::runtime_error` if a reply is not what the server has.
inline void expect(const result<redis_value>& reply, const redis_entry& x) {
  if (!reply)
    throw std::runtime_error{to_string(reply.error())};
  if (reply->text() != x.value)
    throw std::runtime_error{"a wrong value of " + x.key};
}

} // namespace caf_pool::bench
