#pragma once

#include "caf_pool/backend/postgres/postgres.hpp"
#include "caf_pool/pool.hpp"

#include "figure.hpp"
#include "pg_raw.hpp"
#include "warm_pool.hpp"

#include <cstdint>
#include <utility>

namespace caf_pool::bench {

/// Returns a pool of `size` connections to the server of the figures, open.
inline pool<postgres_connection> make_postgres_pool(const run_options& x,
                                                    std::uint32_t size) {
  auto spec = postgres(x.postgres).size(size);
  spec.config.open_concurrency = 4;
  return make_warm_pool(std::move(spec));
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
