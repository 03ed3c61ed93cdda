// A repository for prices over time, as a service would have it: the pool is a
// member, statements are prepared once per connection, writes are batched in
// one transaction. On SQLite in memory, or on the PostgreSQL that an argument
// names ("postgres://app@localhost/shop"), where `price` becomes a hypertable
// if TimescaleDB is installed.

#include "caf_pool/pool.hpp"
#include "caf_pool/sqlite.hpp"
#if CAF_POOL_WITH_POSTGRES
#  include "caf_pool/postgres.hpp"
#endif

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace caf_pool;

struct price {
  std::int64_t at = 0;
  std::string symbol;
  double value = 0;
};

struct candle {
  std::int64_t begin = 0;
  double low = 0;
  double high = 0;
};

class price_repository {
public:
  explicit price_repository(any_pool& db) : db_(db) {
    // nop
  }

  result<void> create() {
    auto made = db_.execute(
      "CREATE TABLE IF NOT EXISTS price (at BIGINT NOT NULL, symbol TEXT, "
      "value DOUBLE PRECISION)");
    if (!made)
      return made.error();
    return {};
  }

  /// Splits the table by time, a day a piece, where the server can.
  result<void> use_timescaledb() {
    auto found
      = db_.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'");
    if (!found)
      return found.error();
    if (found->empty())
      return {};
    auto done = db_.execute(
      "SELECT create_hypertable('price', 'at', chunk_time_interval => 86400, "
      "if_not_exists => TRUE)");
    if (!done)
      return done.error();
    return {};
  }

  /// Stores all of the prices or none.
  result<void> store(const std::vector<price>& prices) {
    return db_.transaction([&prices](lease& conn) -> result<void> {
      for (auto& x : prices)
        if (auto done = conn.execute({"INSERT INTO price VALUES ($1, $2, $3)",
                                      {x.at, x.symbol, x.value}});
            !done)
          return done.error();
      return {};
    });
  }

  /// Returns the lowest and the highest price per `width` seconds.
  result<std::vector<candle>> candles(const std::string& symbol,
                                      std::int64_t width) {
    auto rows = db_.execute(
      "SELECT at / $2 * $2 AS begin, min(value) AS low, "
      "max(value) AS high FROM price WHERE symbol = $1 "
      "GROUP BY 1 ORDER BY 1",
      {symbol, width});
    if (!rows)
      return rows.error();
    std::vector<candle> xs;
    for (auto row : *rows)
      xs.push_back({row["begin"].as<std::int64_t>(), row["low"].as<double>(),
                    row["high"].as<double>()});
    return xs;
  }

private:
  any_pool& db_;
};

void fill_and_print(price_repository& prices) {
  std::vector<price> day;
  for (std::int64_t i = 0; i < 10; ++i)
    day.push_back({i * 20, "ACME", 100.0 + static_cast<double>(i % 4)});
  prices.store(day).value();
  for (auto& x : prices.candles("ACME", 60).value())
    std::cout << x.begin << ": " << x.low << " to " << x.high << '\n';
}

} // namespace

int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
#if CAF_POOL_WITH_POSTGRES
  if (argc > 1) {
    pool db{postgres(argv[1])};
    price_repository prices{db};
    prices.create().value();
    prices.use_timescaledb().value();
    fill_and_print(prices);
    return 0;
  }
#endif
  pool db{sqlite(":memory:")};
  price_repository prices{db};
  prices.create().value();
  fill_and_print(prices);
}
