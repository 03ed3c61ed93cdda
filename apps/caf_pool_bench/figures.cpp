#include "figure.hpp"

namespace caf_pool::bench {

std::vector<figure> all_figures() {
  return {
    f1_lease(), f2_contention(), f3_messages(),
#if CAF_POOL_WITH_POSTGRES
      f4_select(), f5_connect(),
#endif
      f6_remote(),
#if CAF_POOL_WITH_POSTGRES
      f7_open_loop(),
#endif
      f8_footprint(),
#if CAF_POOL_WITH_POSTGRES
      f9_outage(),
#endif
      f10_simulation(),
#if CAF_POOL_WITH_POSTGRES
      f24_reset(), f27_overload(),
#endif
#if CAF_POOL_WITH_REDIS
      f40_get(), f41_pipeline(), f42_shared(), f45_remote_get(),
#endif
  };
}

std::string without_postgres(const run_options& x) {
  if (x.postgres.empty())
    return "needs a PostgreSQL server: use tests/bench/run, or name one by "
           "--postgres";
  return {};
}

std::string without_redis(const run_options& x) {
  if (x.redis.empty())
    return "needs a Redis server: use tests/bench/run, or name its unix "
           "socket by --redis";
  return {};
}

std::string without_node(const run_options& x) {
  if (x.node.empty())
    return "needs the program caf_pool_node: name it by --node";
  return {};
}

} // namespace caf_pool::bench
