#include "caf_pool/front/slot_table.hpp"

#include "front/recording_sink.hpp"
#include "front/rounds.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

/// What a pool owns: its connections. Sanitizers see whether somebody touches
/// them too late.
struct estate {
  explicit estate(std::size_t size, std::atomic<int>& counter)
    : connections(size), deaths(counter) {
    // nop
  }

  ~estate() {
    deaths.fetch_add(1);
  }

  std::vector<int> connections;
  std::atomic<int>& deaths;
};

/// A pool as far as its end matters.
struct fixture {
  explicit fixture(slot_index size = 1) {
    for (slot_index i = 0; i < size; ++i)
      table->offer(*table->bind({i + 1}, &owned->connections[i]));
  }

  loan take() {
    return table->try_take(holder::here());
  }

  void close() {
    table->close(std::exchange(owned, nullptr));
  }

  std::atomic<int> deaths{0};
  std::shared_ptr<slot_table> table = slot_table::make();
  std::shared_ptr<estate> owned = std::make_shared<estate>(8, deaths);
};

void use(const loan& x) {
  ++*static_cast<int*>(x.object);
}

/// Ends after `main`, when no pool can be left.
struct late_release {
  ~late_release() {
    if (held) {
      use(held);
      held.table->give_back(held, condition::clean);
    }
  }

  loan held;
};

late_release last_words;

} // namespace

TEST_CASE("a pool without holders ends at once", "[slot_table][trap-T74]") {
  fixture f{3};
  f.close();
  CHECK(f.deaths == 1);
  CHECK(f.table->closed());
  CHECK(!f.take());
  CHECK(!f.table->offer(0));
  CHECK(!f.table->grant(0, holder::here()));
  f.table->set_shut(false);
  CHECK(f.table->closed());
}

TEST_CASE("connections live until the last holder let go",
          "[slot_table][trap-T74]") {
  fixture f{3};
  auto x = f.take();
  auto y = f.take();
  f.close();
  use(x);
  CHECK(f.table->holds(x));
  CHECK(x.table->give_back(x, condition::clean) == handed_back::orphaned);
  CHECK(x.table->give_back(x, condition::clean) == handed_back::stale);
  CHECK(f.deaths == 0);
  use(y);
  CHECK(y.table->give_back(y, condition::broken) == handed_back::orphaned);
  CHECK(f.deaths == 1);
}

TEST_CASE("connections outlive a table whose owner is gone",
          "[slot_table][trap-T74]") {
  fixture f;
  auto x = f.take();
  f.close();
  f.table.reset();
  CHECK(f.deaths == 0);
  use(x);
  CHECK(x.table->holds(x));
  CHECK(x.table->give_back(x, condition::clean) == handed_back::orphaned);
  CHECK(f.deaths == 1);
}

TEST_CASE("a fenced holder keeps its connection alive",
          "[slot_table][trap-T74]") {
  fixture f;
  auto x = f.take();
  REQUIRE(f.table->revoke(0, x.generation));
  f.close();
  f.table.reset();
  CHECK(f.deaths == 0);
  use(x);
  CHECK(x.table->give_back(x, condition::dirty) == handed_back::stale);
  CHECK(f.deaths == 1);
}

TEST_CASE("what was returned but not collected keeps nothing alive",
          "[slot_table][trap-T74]") {
  fixture f;
  f.table->give_back(f.take(), condition::dirty);
  f.close();
  CHECK(f.deaths == 1);
}

TEST_CASE("only the first close counts", "[slot_table]") {
  fixture f;
  auto x = f.take();
  f.close();
  f.table->close();
  CHECK(f.deaths == 0);
  f.table->give_back(x, condition::clean);
  CHECK(f.deaths == 1);
}

TEST_CASE("an owner that vanishes without a close leaves no holder in the void",
          "[slot_table][trap-T74]") {
  fixture f;
  auto x = f.take();
  f.table.reset();
  CHECK(x.table->closed());
  CHECK(x.table->give_back(x, condition::clean) == handed_back::orphaned);
  CHECK(x.table->give_back(x, condition::clean) == handed_back::stale);
}

TEST_CASE("a release from a former life of the memory does not touch the next",
          "[slot_table][trap-T7][trap-T74]") {
  loan old;
  {
    fixture f;
    old = f.take();
    f.table->give_back(old, condition::clean);
  }
  // The memory of the table that ended last is used first.
  fixture g;
  REQUIRE(g.table.get() == old.table);
  auto x = g.take();
  REQUIRE(x);
  CHECK(x.generation > old.generation);
  CHECK(old.table->give_back(old, condition::broken) == handed_back::stale);
  CHECK(g.table->holds(x));
  CHECK(!g.table->holds(old));
  CHECK(g.table->in_use() == 1);
  CHECK(g.table->use_times().count == 0);
}

TEST_CASE("a release after the end of the program's main function is safe",
          "[slot_table][trap-T74]") {
  // Fails, if it does, under a sanitizer at the end of this program.
  static std::atomic<int> deaths{0};
  auto owned = std::make_shared<estate>(1, deaths);
  auto table = slot_table::make();
  table->offer(*table->bind({1}, owned->connections.data()));
  last_words.held = table->try_take(holder::here());
  REQUIRE(last_words.held);
  table->close(std::move(owned));
  CHECK(deaths == 0);
}

TEST_CASE("the sink can be replaced at any time", "[slot_table]") {
  auto first = std::make_shared<recording_sink>();
  auto second = std::make_shared<recording_sink>();
  std::weak_ptr<recording_sink> gone = first;
  fixture f{2};
  f.table->set_sink(std::move(first));
  f.table->give_back(f.take(), condition::dirty);
  CHECK(gone.lock()->slots() == std::vector<slot_index>{0});
  f.table->set_sink(second);
  CHECK(gone.expired());
  f.table->give_back(f.take(), condition::dirty);
  CHECK(second->slots() == std::vector<slot_index>{1});
  f.close();
  CHECK(second.use_count() == 1);
}

TEST_CASE("holders that race with the end of the pool touch nothing too late",
          "[slot_table][trap-T74]") {
  constexpr auto threads = 4;
  for (rounds left{300}; left.next();) {
    fixture f{3};
    std::latch ready{threads};
    std::vector<std::jthread> callers;
    for (auto i = 0; i < threads; ++i)
      callers.emplace_back([&ready, table = f.table]() mutable {
        ready.count_down();
        while (!table->closed()) {
          std::this_thread::yield();
          auto x = table->try_take(holder::here());
          if (!x)
            continue;
          use(x);
          // Some give back what only they still know.
          if (table->closed())
            table.reset();
          x.table->give_back(x, condition::clean);
          if (!table)
            return;
        }
      });
    ready.wait();
    std::this_thread::yield();
    f.close();
    f.table.reset();
    callers.clear();
    REQUIRE(f.deaths == 1);
  }
}
