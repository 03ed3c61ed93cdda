#include "actor/bench.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

scripted_answer warning(std::vector<sql_warning> what) {
  auto answer = scripted_answer{};
  answer.rows.warnings = std::move(what);
  return answer;
}

} // namespace

TEST_CASE("what the server warns of is returned, counted and told") {
  auto fx = scripted_pool{quiet_pool(1)};
  listener ears{fx.world.sys};
  fx.me.subscribe_for(ears.actor(), fx.db.actors().address);
  fx.server->answer_next(backend_call::execute,
                         warning({{"the table is old", "01000"}}));
  auto rows = fx.db.execute("SELECT 1").value();
  REQUIRE(rows.warnings.size() == 1);
  CHECK(rows.warnings[0].text == "the table is old");
  CHECK(look(fx.db).counters.server_warnings == 1);
  REQUIRE(ears.wait_for(event_kind::server_warning));
  auto told = ears.events(event_kind::server_warning).front();
  CHECK(told.text == "the table is old (01000)");
  CHECK(told.connection.value != 0);
}

TEST_CASE("a flood of warnings is told in part, with the rest counted") {
  auto fx = scripted_pool{quiet_pool(1)};
  listener ears{fx.world.sys};
  fx.me.subscribe_for(ears.actor(), fx.db.actors().address);
  auto flood = std::vector<sql_warning>(1000, {"again", "01000"});
  fx.server->answer_next(backend_call::execute, warning(flood));
  CHECK(fx.db.execute("SELECT 1").value().warnings.size() == 1000);
  CHECK(look(fx.db).counters.server_warnings == 1000);
  CHECK(ears.wait_for(event_kind::server_warning, 17));
  auto told = ears.events(event_kind::server_warning);
  REQUIRE(told.size() == 17);
  CHECK(told.back().text == "984 more warnings were left out");
}
