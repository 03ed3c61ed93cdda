#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include "redis/cluster_fixture.hpp"
#include "support/eventually.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::calls_of;
using test::cluster_spec;
using test::cluster_spec_of;
using test::eventually;
using test::fine_cluster;
using test::keys_everywhere;

namespace {

using cluster_pool = pool<redis_cluster_connection>;

} // namespace

// -- one call -----------------------------------------------------------------

TEST_CASE("a cluster's commands reach the nodes of their keys") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto keys = keys_everywhere("basic", 128);
  for (auto& key : keys)
    CHECK(cache.command("SET", key, key).value().is_status("OK"));
  for (auto& key : keys)
    CHECK(cache.command<std::string>("GET", key).value() == key);
  CHECK(cache.command<std::optional<std::string>>("GET", "none").value()
        == std::nullopt);
  CHECK(cache.command<std::string>("PING").value() == "PONG");
  auto held = cache.acquire();
  REQUIRE(held);
  auto nodes = (*held)->nodes();
  CHECK(nodes.size() == 3);
  for (auto& x : nodes)
    CHECK(x.opened > 0);
}

TEST_CASE("one seed that answers is enough") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto replica = cluster.replica_of(cluster.master_of(0)).port();
  cluster_pool cache{cluster_spec_of({1, replica})};
  for (auto& key : keys_everywhere("seed", 16))
    CHECK(cache.command("SET", key, 1).value().is_status("OK"));
}

TEST_CASE("a cluster that is not there is told by the pool") {
  auto spec = cluster_spec_of({1, 2});
  spec.config.acquire_timeout = 300ms;
  cluster_pool cache{spec};
  auto done = cache.command("PING");
  REQUIRE_FALSE(done);
  CHECK(cache.snapshot().value().last_error.code == errc::open_failed);
}

TEST_CASE("a server that is no node of a cluster says so") {
  NEED_REDIS_CLUSTER();
  auto port = test::private_redis::shared().port();
  auto spec = cluster_spec_of({port});
  spec.config.acquire_timeout = 5s;
  cluster_pool cache{spec};
  REQUIRE_FALSE(cache.command("PING"));
  auto why = cache.snapshot().value().last_error;
  CHECK(why.code == errc::open_refused);
  CHECK(why.message.find("cluster support disabled") != std::string::npos);
}

TEST_CASE("keys in several slots are refused before anything is sent") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  cache.command("DEL", "a").value();
  auto both = cache.command("MSET", "a", 1, "b", 2);
  REQUIRE_FALSE(both);
  CHECK(both.error().code == errc::invalid_argument);
  CHECK(both.error().state == "CROSSSLOT");
  auto all = cache.transaction(
    {redis_command{"SET", "a", 1}, redis_command{"SET", "b", 1}});
  REQUIRE_FALSE(all);
  CHECK(all.error().state == "CROSSSLOT");
  CHECK(cache.command("GET", "a").value().is_nil());
  // Hash tags bring keys together.
  CHECK(cache.command("MSET", "{t}a", 1, "{t}b", 2).value().is_status("OK"));
  auto tagged = cache.command<std::vector<std::string>>("MGET", "{t}a", "{t}b");
  CHECK(tagged.value() == std::vector<std::string>{"1", "2"});
}

TEST_CASE("commands over several slots are cut if the pool says so") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  cluster_pool cache{
    cluster_spec_of({cluster.master_of(0).port()}, "?cluster_split=true")};
  auto set = redis_command{"MSET"};
  auto get = redis_command{"MGET"};
  auto del = redis_command{"DEL"};
  auto keys = keys_everywhere("cut", 32);
  for (auto& key : keys) {
    set.add(key).add(key);
    get.add(key);
    del.add(key);
  }
  CHECK(cache.send(set).value().is_status("OK"));
  CHECK(cache.send<std::vector<std::string>>(get).value() == keys);
  CHECK(cache.send<std::int64_t>(del).value() == 32);
}

TEST_CASE("what changes a session is refused") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  for (auto& x :
       {redis_command{"SELECT", 0}, redis_command{"READONLY"},
        redis_command{"CLIENT", "SETNAME", "x"}, redis_command{"MULTI"}}) {
    auto done = cache.send(x);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::not_supported);
  }
  auto options = acquire_options{};
  options.read_only = true;
  auto held = cache.acquire(options);
  REQUIRE(held);
  CHECK(held->command("GET", "a"));
  CHECK(held->command("SET", "a", 1).error().code == errc::forbidden);
}

// -- several commands ---------------------------------------------------------

TEST_CASE("a pipeline goes to all nodes and comes back in its order") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto keys = keys_everywhere("pipe", 500);
  std::vector<redis_command> commands;
  for (auto& key : keys) {
    commands.emplace_back("SET", key, key);
    commands.emplace_back("GET", key);
  }
  auto replies = cache.pipeline(commands);
  REQUIRE(replies);
  REQUIRE(replies->items.size() == 1000);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    REQUIRE(replies->items[2 * i]);
    REQUIRE(replies->items[2 * i + 1].value().as<std::string>().value()
            == keys[i]);
  }
}

TEST_CASE("errors of a cluster's pipeline stand at their commands") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto replies = cache.pipeline(
    {redis_command{"SET", "text", "x"}, redis_command{"SET", "other", "y"},
     redis_command{"LPUSH", "text", 1}, redis_command{"GET", "other"}});
  REQUIRE(replies);
  CHECK(replies->items[2].error().state == "WRONGTYPE");
  CHECK(replies->items[3].value().as<std::string>().value() == "y");
}

TEST_CASE("a transaction in one slot runs on its node") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  for (auto& tag : keys_everywhere("tx", 8)) {
    auto name = [&](auto x) { return "{" + tag + "}" + x; };
    auto done = cache.transaction({redis_command{"SET", name("a"), 1},
                                   redis_command{"INCR", name("a")},
                                   redis_command{"LPUSH", name("a"), 1}});
    REQUIRE(done);
    CHECK(done->partial);
    CHECK(done->items[1].value().as<std::int64_t>().value() == 2);
    CHECK(done->items[2].error().state == "WRONGTYPE");
  }
}

TEST_CASE("transactions of a cluster that depend on values lose none") {
  NEED_REDIS_CLUSTER();
  constexpr auto callers = 4;
  constexpr auto rounds = 25;
  fine_cluster();
  cluster_pool cache{cluster_spec(callers)};
  cache.command("DEL", "sum").value();
  auto add_one = [](auto& held) -> result<std::vector<redis_command>> {
    auto now = held.template command<std::optional<std::int64_t>>("GET", "sum");
    if (!now)
      return now.error();
    return std::vector{redis_command{"SET", "sum", now->value_or(0) + 1}};
  };
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (auto i = 0; i < callers; ++i)
    threads.emplace_back([&] {
      for (auto j = 0; j < rounds; ++j)
        if (!cache.transact({"sum"}, add_one, {}, 10'000))
          ++failed;
    });
  for (auto& x : threads)
    x.join();
  CHECK(failed == 0);
  CHECK(cache.command<std::int64_t>("GET", "sum").value() == callers * rounds);
}

TEST_CASE("a lease that watches stays with one node until it is done") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec(1)};
  {
    auto held = cache.acquire();
    REQUIRE(held);
    REQUIRE(held->command("WATCH", "{w}a"));
    CHECK((*held)->state() == trace::dirty);
    auto other = held->command("SET", "elsewhere", 1);
    REQUIRE_FALSE(other);
    CHECK(other.error().state == "CROSSSLOT");
    CHECK(held->command("MULTI").value().is_status("OK"));
    CHECK((*held)->transaction() == transaction_status::open);
    CHECK(held->command("SET", "{w}a", 5).value().is_status("QUEUED"));
    CHECK(held->command("EXEC").value().array() != nullptr);
    CHECK((*held)->state() == trace::clean);
    CHECK(held->command("SET", "elsewhere", 1));
    REQUIRE(held->command("WATCH", "{w}a"));
    CHECK(held->command("MULTI").value().is_status("OK"));
  }
  // The next holder finds nothing of it.
  CHECK(cache.command("SET", "{w}b", 1).value().is_status("OK"));
}

TEST_CASE("a script is made known to the node of its keys") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto echo = redis_script{"return ARGV[1] .. KEYS[1]"};
  for (auto& key : keys_everywhere("script", 6))
    CHECK(cache.script<std::string>(echo, {key}, {"x"}).value() == "x" + key);
}

TEST_CASE("a configuration names a cluster by a setting") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto config = pool_config{};
  config.name = "cache";
  config.backend = "redis";
  config.options["cluster"] = "true";
  config.options["endpoints"]
    = "127.0.0.1:" + std::to_string(cluster.nodes().front()->port());
  auto made = backend_registry::with_defaults().make(config);
  REQUIRE(made);
  CHECK((*made)->describe() == "redis cluster " + config.options["endpoints"]);
  any_pool cache{config, *made};
  for (auto& key : keys_everywhere("config", 6)) {
    auto done = cache.run(work{redis_command{"SET", key, 1}});
    REQUIRE(done);
    CHECK(done->replies().items.front().value().is_status("OK"));
  }
}

// -- all masters --------------------------------------------------------------

TEST_CASE("what means all data means that of all masters") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  CHECK(cache.command("FLUSHALL").value().is_status("OK"));
  CHECK(cache.command<std::int64_t>("DBSIZE").value() == 0);
  auto list = keys_everywhere("all", 300);
  auto keys = std::set<std::string>{list.begin(), list.end()};
  for (auto& key : keys)
    cache.command("SET", key, 1).value();
  cache.command("SET", "other", 1).value();
  CHECK(cache.command<std::int64_t>("DBSIZE").value() == 301);
  auto found = cache.command<std::vector<std::string>>("KEYS", "all*").value();
  CHECK(std::set<std::string>{found.begin(), found.end()} == keys);
  std::set<std::string> scanned;
  auto scan = cache.scan("all*", 10);
  for (auto& key : scan)
    scanned.insert(key);
  CHECK_FALSE(scan.failure());
  CHECK(scanned == keys);
  auto wrong = cache.command("SCAN", std::uint64_t{99} << 48);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::invalid_argument);
  auto among = cache.pipeline({redis_command{"DBSIZE"}, redis_command{"PING"}});
  REQUIRE_FALSE(among);
  CHECK(among.error().code == errc::invalid_argument);
}

// -- asking for the table -----------------------------------------------------

TEST_CASE("all calls of a pool share one table") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  auto all = test::private_redis_cluster::shared().nodes();
  auto before = calls_of("cluster|slots", all);
  cluster_pool cache{cluster_spec(8)};
  auto keys = keys_everywhere("share", 64);
  std::vector<std::thread> threads;
  for (auto i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (auto& key : keys)
        (void) cache.command("SET", key, 1);
    });
  for (auto& x : threads)
    x.join();
  // The fixture asks, too, but not while this runs.
  CHECK(calls_of("cluster|slots", all) - before == 1);
}
