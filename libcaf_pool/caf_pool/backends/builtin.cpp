// Names every kind of backend; nothing else in the library does.

#include "caf_pool/backend/registry.hpp"

#if CAF_POOL_WITH_POSTGRES
#  include "caf_pool/backend/postgres/postgres.hpp"
#endif
#if CAF_POOL_WITH_REDIS
#  include "caf_pool/backend/redis_cluster/redis_cluster.hpp"
#endif
#if CAF_POOL_WITH_SQLITE
#  include "caf_pool/backend/sqlite/sqlite.hpp"
#endif

namespace caf_pool {

backend_registry backend_registry::with_defaults() {
  backend_registry known;
#if CAF_POOL_WITH_POSTGRES
  known.add(postgres_info());
#else
  known.leave_out("postgres", "CAF_POOL_WITH_POSTGRES");
#endif
#if CAF_POOL_WITH_REDIS
  known.add(redis_server_or_cluster_info());
#else
  known.leave_out("redis", "CAF_POOL_WITH_REDIS");
#endif
#if CAF_POOL_WITH_SQLITE
  known.add(sqlite_info());
#else
  known.leave_out("sqlite", "CAF_POOL_WITH_SQLITE");
#endif
  return known;
}

} // namespace caf_pool
