#pragma once

#include <hiredis/hiredis.h>

#include <cstddef>

// What differs between hiredis 0.14 (Debian 12) and 1.x (Debian 13). The older
// one reads RESP2 only.
namespace caf_pool {

#if HIREDIS_MAJOR >= 1

using redis_array_size = std::size_t;

inline constexpr bool redis_reads_resp3 = true;

#else

using redis_array_size = int;

inline constexpr bool redis_reads_resp3 = false;

#endif

/// Names what a reply of RESP3 is; those of RESP2 stand in hiredis.h.
enum redis_reply_type : int {
  redis_reply_double = 7,
  redis_reply_bool = 8,
  redis_reply_map = 9,
  redis_reply_set = 10,
  redis_reply_push = 12,
  redis_reply_verbatim = 14,
};

/// Adds what makes the objects that only RESP3 knows.
template <class Functions>
void redis_add_resp3(Functions& out,
                     [[maybe_unused]] void* (*make_double)(const redisReadTask*,
                                                           double, char*,
                                                           std::size_t),
                     [[maybe_unused]] void* (*make_bool)(const redisReadTask*,
                                                         int) ) {
  if constexpr (requires { out.createDouble; }) {
    out.createDouble = make_double;
    out.createBool = make_bool;
  }
}

} // namespace caf_pool
