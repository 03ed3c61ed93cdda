#pragma once

#include "caf_pool/backend/postgres/postgres.hpp"
#include "caf_pool/pool.hpp"

#include "figure.hpp"
#include "pg_raw.hpp"

#include <stdexcept>

namespace caf_pool::bench {

/// Returns a pool of `size` connections to the server of the figures, open.
inline pool<postgres_connection> make_postgres_pool(const run_options& x,
                                                    std::uint32_t size) {
  auto spec = postgres(x.postgres).size(size);
  spec.config.min_size = size;
  spec.config.warm_up = warm_up_policy::to_min;
  spec.config.open_concurrency = 4;
  auto result = pool{std::move(spec)};
  if (auto ready = result.warm_up(std::chrono::seconds{30}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  return result;
}

/// Reads one account through a pool, and checks what came.
inline result<void> select_pooled(any_pool& db, std::int64_t id) {
  auto rows = db.execute(select_text, {id});
  if (!rows)
    return rows.error();
  if ((*rows)[0][0].as<std::int64_t>() != 2 * id)
    return error{errc::internal, "a wrong balance", {}};
  return {};
}

} // namespace caf_pool::bench
