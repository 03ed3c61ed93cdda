// As many connections as the production profile has.

#include "postgres_load.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

TEST_CASE("two hundred leases at once are two hundred sessions at the server",
          "[postgres][slow]") {
  constexpr std::uint32_t many = 200;
  actor_world world;
  private_postgres server{
    {.max_connections = many + 20, .tls = false, .settings = {}}};
  auto config = resilient(server, many);
  config.acquire_timeout = 2 * patience;
  config.open_concurrency = 8;
  any_pool db{world.sys, config, make_postgres(config).value()};
  std::vector<lease> held;
  for (std::uint32_t i = 0; i < many; ++i) {
    auto x = db.acquire();
    CAPTURE(i);
    INFO((x ? std::string{} : to_string(x.error())));
    REQUIRE(x);
    held.push_back(*std::move(x));
  }
  CHECK(sessions(server) == many);
  CHECK(look(db).gauges.leased == many);
  // None is lent twice.
  std::vector<std::string> seen;
  for (auto& x : held) {
    auto rows = x.execute("SELECT pg_backend_pid()");
    REQUIRE(rows);
    seen.push_back((*rows)[0][0].as<std::string>());
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
  held.clear();
  CHECK(shows(db, [](auto& x) { return x.gauges.leased == 0; }));
}
