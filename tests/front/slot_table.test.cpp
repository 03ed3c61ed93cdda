#include "caf_pool/front/slot_table.hpp"

#include "front/recording_sink.hpp"
#include "support/catch_compat.hpp"

#include <string>
#include <thread>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

/// A table with `size` offered slots.
struct fixture {
  explicit fixture(slot_index size = 1) {
    for (slot_index i = 0; i < size; ++i) {
      auto slot = table->bind({i + 1}, &objects[i]);
      REQUIRE(slot == i);
      REQUIRE(table->offer(i));
    }
  }

  loan take() {
    return table->try_take(holder::here());
  }

  slot_state state(slot_index i = 0) const {
    return table->view(i).state;
  }

  int objects[8] = {};
  std::shared_ptr<recording_sink> sink = std::make_shared<recording_sink>();
  std::shared_ptr<slot_table> table = slot_table::make(sink);
};

} // namespace

// -- taking and giving back ---------------------------------------------------

TEST_CASE("an offered connection goes to one caller only",
          "[slot_table][C06]") {
  fixture f;
  auto x = f.take();
  REQUIRE(x);
  CHECK(x.table == f.table.get());
  CHECK(x.object == &f.objects[0]);
  CHECK(x.connection == connection_id{1});
  CHECK(x.slot == 0);
  CHECK(f.table->holds(x));
  CHECK(!f.take());
}

TEST_CASE("a clean release is lent again without a word to the actor",
          "[slot_table]") {
  fixture f;
  auto x = f.take();
  CHECK(f.table->give_back(x, condition::clean) == handed_back::lent_again);
  CHECK(!f.table->holds(x));
  CHECK(f.sink->slots().empty());
  auto y = f.take();
  REQUIRE(y);
  CHECK(y.object == x.object);
  CHECK(y.generation == x.generation + 1);
}

TEST_CASE("a release with traces goes to the actor", "[slot_table]") {
  fixture f;
  auto how = GENERATE(condition::dirty, condition::broken);
  auto x = f.take();
  CHECK(f.table->give_back(x, how) == handed_back::to_actor);
  CHECK(f.state() == slot_state::returned);
  CHECK(f.sink->slots() == std::vector<slot_index>{0});
  CHECK(!f.take());
  CHECK(
    f.table->collect(0)
    == slot_return{.connection = {1}, .generation = x.generation, .left = how});
  CHECK(f.state() == slot_state::empty);
  CHECK(f.table->collect(0) == std::nullopt);
}

TEST_CASE("a second release changes nothing", "[slot_table][trap-T7][C07]") {
  fixture f;
  auto x = f.take();
  REQUIRE(f.table->give_back(x, condition::clean) == handed_back::lent_again);
  SECTION("while the connection is free") {
    CHECK(f.table->give_back(x, condition::dirty) == handed_back::stale);
    CHECK(f.state() == slot_state::offered);
  }
  SECTION("while the next caller holds it") {
    auto y = f.take();
    CHECK(f.table->give_back(x, condition::broken) == handed_back::stale);
    CHECK(f.table->holds(y));
  }
  SECTION("while another connection is bound to the slot") {
    REQUIRE(f.table->withdraw(0));
    REQUIRE(f.table->unbind(0));
    REQUIRE(f.table->bind({7}, &f.objects[1]) == 0u);
    REQUIRE(f.table->offer(0));
    auto y = f.take();
    CHECK(y.generation > x.generation);
    CHECK(f.table->give_back(x, condition::clean) == handed_back::stale);
    CHECK(f.table->holds(y));
  }
  CHECK(f.sink->slots().empty());
}

TEST_CASE("a table without offers lends nothing, however often one tries",
          "[slot_table]") {
  fixture f{0};
  CHECK(!f.table->try_take(holder::here(), 32));
  f.table->bind({1}, nullptr);
  CHECK(!f.table->try_take(holder::here(), 32));
  CHECK(!f.table->try_take(holder::here(), 0));
}

TEST_CASE("under light load callers gather on the lowest slots",
          "[slot_table]") {
  fixture f{3};
  auto a = f.take();
  auto b = f.take();
  CHECK(b.slot == 1);
  f.table->give_back(a, condition::clean);
  f.table->give_back(b, condition::clean);
  // Until the clock moves, a thread stays with the slot that it knows.
  CHECK(f.take().slot == 1);
  f.table->advance_clock(time_point{1s});
  CHECK(f.take().slot == 0);
}

// -- shut ---------------------------------------------------------------------

TEST_CASE("while somebody waits nobody takes from the front",
          "[slot_table][trap-T11]") {
  fixture f{2};
  f.table->set_shut(true);
  CHECK(f.table->shut());
  CHECK(!f.table->try_take(holder::here(), 32));
  f.table->set_shut(false);
  CHECK(f.take());
}

TEST_CASE("while somebody waits every release goes to the actor",
          "[slot_table][trap-T11]") {
  fixture f;
  auto x = f.take();
  f.table->set_shut(true);
  CHECK(f.table->give_back(x, condition::clean) == handed_back::to_actor);
  CHECK(f.sink->slots() == std::vector<slot_index>{0});
  CHECK(f.table->collect(0)->left == condition::clean);
}

// -- the actor's orders -------------------------------------------------------

TEST_CASE("only an offered slot can be withdrawn", "[slot_table]") {
  fixture f{2};
  CHECK(f.table->withdraw(0));
  CHECK(f.state(0) == slot_state::empty);
  CHECK(!f.table->withdraw(0));
  auto x = f.take();
  CHECK(x.slot == 1);
  CHECK(!f.table->withdraw(1));
  CHECK(f.table->withdraw_any() == std::nullopt);
  f.table->give_back(x, condition::clean);
  CHECK(f.table->withdraw_any() == 1u);
  CHECK(!f.table->withdraw(99'999));
}

TEST_CASE("only an empty, bound slot can be offered", "[slot_table]") {
  fixture f;
  CHECK(!f.table->offer(0));
  auto x = f.take();
  CHECK(!f.table->offer(0));
  f.table->give_back(x, condition::dirty);
  CHECK(!f.table->offer(0));
  f.table->collect(0);
  CHECK(f.table->offer(0));
  CHECK(!f.table->offer(1));
}

TEST_CASE("a grant by message is given back like any other", "[slot_table]") {
  fixture f;
  holder who{.thread = 9, .line = 7, .file = "x.cpp", .label = "import"};
  CHECK(!f.table->grant(0, who));
  REQUIRE(f.table->withdraw(0));
  SECTION("to the actor") {
    auto x = f.table->grant(0, who);
    CHECK(f.table->view(0).recall);
    CHECK(f.table->view(0).who == who);
    CHECK(x.object == &f.objects[0]);
    CHECK(f.table->give_back(x, condition::clean) == handed_back::to_actor);
  }
  SECTION("to the front, as nobody waits") {
    auto x = f.table->grant(0, who, false);
    CHECK(f.table->give_back(x, condition::clean) == handed_back::lent_again);
  }
  SECTION("to the actor, as somebody waits") {
    auto x = f.table->grant(0, who, false);
    f.table->set_shut(true);
    CHECK(f.table->give_back(x, condition::clean) == handed_back::to_actor);
  }
  CHECK(!f.table->grant(1, who));
}

TEST_CASE("a recalled connection comes to the actor", "[slot_table]") {
  fixture f;
  SECTION("at once if it is free") {
    CHECK(f.table->recall(0) == recalled::withdrawn);
    CHECK(f.state() == slot_state::empty);
    CHECK(f.table->recall(0) == recalled::nothing);
  }
  SECTION("at its release if it is taken") {
    auto x = f.take();
    CHECK(f.table->recall(0) == recalled::awaited);
    CHECK(f.table->recall(0) == recalled::awaited);
    CHECK(f.table->holds(x));
    CHECK(f.table->give_back(x, condition::clean) == handed_back::to_actor);
    CHECK(f.table->recall(0) == recalled::nothing);
    CHECK(f.table->collect(0)->left == condition::clean);
    // The next holding is not recalled.
    REQUIRE(f.table->offer(0));
    CHECK(f.table->give_back(f.take(), condition::clean)
          == handed_back::lent_again);
  }
}

TEST_CASE("a fenced holder keeps nobody else from the truth",
          "[slot_table][trap-T73]") {
  fixture f;
  auto x = f.take();
  CHECK(!f.table->revoke(0, x.generation + 1));
  CHECK(f.table->revoke(0, x.generation));
  CHECK(!f.table->revoke(0, x.generation));
  CHECK(!f.table->holds(x));
  CHECK(f.state() == slot_state::revoked);
  // It may still be in the middle of a statement: nobody gets the connection.
  CHECK(!f.take());
  CHECK(f.table->collect(0) == std::nullopt);
  CHECK(f.table->recall(0) == recalled::nothing);
  CHECK(f.table->give_back(x, condition::clean) == handed_back::stale);
  CHECK(f.sink->slots() == std::vector<slot_index>{0});
  CHECK(f.table->collect(0)
        == slot_return{
          .connection = {1}, .generation = x.generation, .fenced = true});
  CHECK(f.table->give_back(x, condition::clean) == handed_back::stale);
  CHECK(f.sink->slots().size() == 1);
}

// -- looking at it ------------------------------------------------------------

TEST_CASE("a look shows who holds a connection since when",
          "[slot_table][K01]") {
  fixture f;
  f.table->advance_clock(time_point{5s});
  auto line = __LINE__ + 1;
  auto x = f.table->try_take(holder::here("report"));
  auto seen = f.table->view(0);
  CHECK(seen.state == slot_state::taken);
  CHECK(!seen.recall);
  CHECK(seen.connection == connection_id{1});
  CHECK(seen.generation == x.generation);
  CHECK(seen.since == time_point{5s});
  CHECK(seen.who.thread == thread_number());
  CHECK(seen.who.line == static_cast<std::uint32_t>(line));
  CHECK(std::string{seen.who.file} == __FILE__);
  CHECK(std::string{seen.who.label} == "report");
  f.table->give_back(x, condition::clean);
  CHECK(f.table->view(0).who == holder{});
  CHECK(f.table->view(0).since == time_point{});
}

TEST_CASE("two looks tell how often a connection was used in between",
          "[slot_table]") {
  fixture f;
  auto before = f.table->view(0).generation;
  for (auto i = 0; i < 5; ++i)
    f.table->give_back(f.take(), condition::clean);
  CHECK(f.table->view(0).generation == before + 5);
}

TEST_CASE("one in 64 takes of a thread measures how long it holds",
          "[slot_table]") {
  fixture f;
  auto samples = 0u;
  for (auto i = 0u; i < 10 * slot_table::sample_interval; ++i) {
    auto x = f.take();
    if (x.sampled_at != time_point{})
      ++samples;
    f.table->give_back(x, condition::clean);
  }
  CHECK(samples == 10);
  CHECK(f.table->use_times().count == 10);
}

TEST_CASE("each thread has a number of its own", "[slot_table]") {
  auto mine = thread_number();
  CHECK(mine == thread_number());
  auto other = mine;
  std::jthread{[&] { other = thread_number(); }}.join();
  CHECK(other != mine);
}
