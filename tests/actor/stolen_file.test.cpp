#include "caf_pool/backend/sqlite/sqlite.hpp"

#include "actor/bench.hpp"

#include <filesystem>

using namespace caf_pool;
using namespace caf_pool::test;

namespace fs = std::filesystem;

namespace {

struct folder {
  std::string path = "/tmp/caf_pool_XXXXXX";

  folder() {
    REQUIRE(::mkdtemp(path.data()) != nullptr);
  }

  ~folder() {
    std::error_code ec;
    fs::remove_all(path, ec);
  }
};

} // namespace

TEST_CASE("a pool under load acknowledges nothing once its file is gone",
          "[V03]") {
  folder top;
  auto path = top.path + "/a.db";
  auto config = quiet_pool(4);
  config.options = {{"path", path}, {"mode", "write"}};
  config.retry.start = 10ms;
  config.retry.cap = 20ms;
  config.breaker.enabled = false;
  std::atomic<bool> gone{false};
  std::atomic<bool> over{false};
  std::atomic<int> before{0};
  std::atomic<int> after{0};
  std::atomic<int> lost{0};
  {
    auto made = sqlite(path);
    any_pool first{made.config, made.backend};
    first.execute("CREATE TABLE t (x)").value();
  }
  actor_world world;
  any_pool db{world.sys, config, make_sqlite(config).value()};
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      while (!over) {
        auto late = gone.load();
        auto done = db.execute("INSERT INTO t VALUES (1)",
                               {.wait = std::chrono::milliseconds{50}});
        if (done)
          ++(late ? after : before);
        else if (late)
          ++lost;
      }
    });
  CHECK(eventually([&] { return before > 100; }));
  fs::rename(path, path + ".old");
  gone = true;
  CHECK(eventually([&] { return lost > 100; }));
  CHECK(after == 0);
  // Every connection of the old file ends.
  CHECK(shows(db, [](auto& x) { return x.counters.lost >= 1; }));
  fs::rename(path + ".old", path);
  CHECK(eventually([&] { return after > 0; }));
  over = true;
  for (auto& x : writers)
    x.join();
  auto rows = db.execute("SELECT count(*) FROM t").value();
  CHECK(rows[0][0].as<int>() >= before + after);
}
