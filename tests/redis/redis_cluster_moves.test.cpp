// A cluster whose slots move and whose nodes go away, under load.

#include "caf_pool/backend/redis_cluster/slot_of.hpp"

#include "redis/cluster_fixture.hpp"
#include "support/eventually.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace caf_pool;
using namespace std::chrono_literals;

using test::calls_of;
using test::cluster_spec;
using test::eventually;
using test::fine_cluster;
using test::incrementing;
using test::key_in;
using test::keys_everywhere;

namespace {

using cluster_pool = pool<redis_cluster_connection>;

constexpr std::uint16_t last_slot = 16383;

std::uint64_t moved_replies() {
  std::uint64_t result = 0;
  for (auto* node : test::private_redis_cluster::shared().nodes()) {
    auto text = node->query({"INFO", "errorstats"});
    auto mark = std::string{"errorstat_MOVED:count="};
    if (auto at = text.find(mark); at != text.npos)
      result += std::stoull(text.substr(at + mark.size()));
  }
  return result;
}

/// A replica as a master without slots, as one that was just added; a replica
/// again afterwards.
class added_node {
public:
  explicit added_node(test::private_redis& master)
    : master_(master),
      node_(test::private_redis_cluster::shared().replica_of(master)),
      master_id_(master.query({"CLUSTER", "MYID"})) {
    auto line = master_.query({"CLUSTER", "NODES"});
    auto at = line.find("127.0.0.1:" + std::to_string(master_.port()) + '@');
    auto bus = std::to_string(std::stoul(line.substr(line.find('@', at) + 1)));
    node_.query({"CLUSTER", "RESET"});
    id_ = node_.query({"CLUSTER", "MYID"});
    node_.query(
      {"CLUSTER", "MEET", "127.0.0.1", std::to_string(master_.port()), bus});
    REQUIRE(eventually([&] {
      return role_is_known("master")
             && node_.query({"CLUSTER", "INFO"})
                  .starts_with("cluster_state:ok");
    }));
  }

  ~added_node() {
    eventually([&] {
      try {
        return node_.query({"CLUSTER", "REPLICATE", master_id_}) == "OK";
      } catch (const std::exception&) {
        return false;
      }
    });
    test::private_redis_cluster::shared().wait_until_ok();
  }

  /// Begins to move a slot there.
  void begin(const std::string& slot) {
    node_.query({"CLUSTER", "SETSLOT", slot, "IMPORTING", master_id_});
    master_.query({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_});
  }

  void end(const std::string& slot) {
    node_.query({"CLUSTER", "SETSLOT", slot, "NODE", id_});
    master_.query({"CLUSTER", "SETSLOT", slot, "NODE", id_});
  }

  /// Gives the slot back, without its keys.
  void give_back(const std::string& slot, const std::string& key) {
    node_.query({"DEL", key});
    master_.query({"CLUSTER", "SETSLOT", slot, "NODE", master_id_});
    master_.query({"CLUSTER", "BUMPEPOCH"});
    node_.query({"CLUSTER", "SETSLOT", slot, "NODE", master_id_});
  }

private:
  bool role_is_known(const std::string& role) {
    auto text = master_.query({"CLUSTER", "NODES"});
    auto at = text.find(id_);
    return at != text.npos
           && text.substr(at, text.find('\n', at) - at).find(role) != text.npos;
  }

  test::private_redis& master_;
  test::private_redis& node_;
  std::string master_id_;
  std::string id_;
};

void go_on(const incrementing& load, std::uint64_t more) {
  auto before = load.answered();
  REQUIRE(eventually([&] { return load.answered() >= before + more; }));
}

} // namespace

TEST_CASE("MOVED of a slot is met once by all callers") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto& from = cluster.master_of(0);
  auto& to = cluster.master_of(last_slot);
  cluster_pool cache{cluster_spec()};
  auto key = key_in(0);
  cache.command("SET", key, "x").value();
  cluster.reshard(from, to, 1);
  REQUIRE(&cluster.master_of(0) == &to);
  auto before = moved_replies();
  for (auto i = 0; i < 100; ++i)
    REQUIRE(cache.command<std::string>("GET", key).value() == "x");
  CHECK(moved_replies() - before <= 1);
  cluster.reshard(to, from, 1);
  CHECK(cache.command<std::string>("GET", key).value() == "x");
}

TEST_CASE("resharding under load costs no error and no increment") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto& from = cluster.master_of(0);
  auto& to = cluster.master_of(last_slot);
  cluster_pool cache{cluster_spec(4)};
  // Many of them in the slots that go.
  auto keys = std::vector<std::string>{};
  for (std::uint16_t slot = 0; slot < 200; slot += 4)
    keys.push_back(key_in(slot));
  for (auto& key : keys_everywhere("load", 50))
    keys.push_back(key);
  incrementing load{cache, 4, keys};
  go_on(load, 100);
  auto before = load.answered();
  cluster.reshard(from, to, 200);
  WARN("increments during resharding: " << load.answered() - before);
  go_on(load, 100);
  load.stop();
  CAPTURE(load.first_error());
  CHECK(load.errors() == 0);
  CHECK(load.unknown() == 0);
  load.check_sums();
  cluster.reshard(to, from, 200);
}

TEST_CASE("a pipeline keeps its order while slots move") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto& from = cluster.master_of(0);
  auto& to = cluster.master_of(last_slot);
  cluster_pool cache{cluster_spec(2)};
  auto keys = std::vector<std::string>{};
  for (std::uint16_t slot = 0; slot < 40; ++slot)
    keys.push_back(key_in(slot));
  std::atomic<bool> stopped = false;
  std::atomic<std::uint64_t> rounds = 0;
  std::string wrong;
  std::thread load{[&] {
    for (auto n = 1; !stopped; ++n, ++rounds) {
      std::vector<redis_command> commands;
      for (auto& key : keys) {
        commands.emplace_back("SET", key, n);
        commands.emplace_back("APPEND", key, "x");
        commands.emplace_back("GET", key);
      }
      auto done = cache.pipeline(commands);
      if (!done && wrong.empty())
        wrong = to_string(done.error());
      for (std::size_t i = 0; done && i < keys.size(); ++i) {
        auto& got = done->items[3 * i + 2];
        auto text
          = got ? got->as<std::string>().value() : to_string(got.error());
        if (text != std::to_string(n) + "x" && wrong.empty())
          wrong = keys[i] + ": " + text;
      }
    }
  }};
  CHECK(eventually([&] { return rounds > 10; }));
  cluster.reshard(from, to, 40);
  auto then = rounds.load();
  CHECK(eventually([&] { return rounds > then + 10; }));
  stopped = true;
  load.join();
  CHECK(wrong.empty());
  CAPTURE(wrong);
  cluster.reshard(to, from, 40);
}

TEST_CASE("a failover by command loses and doubles nothing") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  cluster_pool cache{cluster_spec(4)};
  incrementing load{cache, 4, keys_everywhere("failover", 60)};
  go_on(load, 100);
  auto& old = cluster.master_of(0);
  auto& next = cluster.replica_of(old);
  cluster.fail_over(next);
  go_on(load, 100);
  cluster.fail_over(old);
  go_on(load, 100);
  load.stop();
  CAPTURE(load.first_error());
  CHECK(load.errors() == 0);
  load.check_sums();
}

TEST_CASE("the slots of a master that was killed are served soon again") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto& old = cluster.master_of(0);
  auto key = key_in(0);
  auto other = key_in(last_slot);
  cluster_pool cache{cluster_spec(4)};
  cache.command("SET", key, "x").value();
  cache.command("SET", other, "x").value();
  auto began = clock::now();
  old.kill9();
  std::atomic<clock::rep> served = 0;
  std::atomic<bool> failed = false;
  std::thread caller{[&] {
    failed = !cache.command("SET", key, "y");
    served = clock::now().time_since_epoch().count();
  }};
  auto quick = acquire_options{};
  quick.limit = 200ms;
  auto dead = cache.send(redis_command{"SET", key, "z"}, quick);
  CHECK((!dead || clock::now() - began > 1500ms));
  REQUIRE(cluster.wait_until_ok());
  auto ok = clock::now().time_since_epoch().count();
  caller.join();
  CHECK_FALSE(failed);
  auto late = std::chrono::duration<double>(duration{served - ok}).count();
  WARN("first success after the cluster was ok, in seconds: " << late);
  CHECK(late < 10);
  CHECK(cache.command<std::string>("GET", other).value() == "x");
  old.start();
  REQUIRE(cluster.wait_until_ok());
  CHECK(cache.command<std::string>("GET", key).value() == "y");
}

TEST_CASE("a node that is down does not touch the others' slots") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  cluster_pool cache{cluster_spec(4)};
  auto key = key_in(0);
  auto other = key_in(last_slot);
  cache.command("SET", key, "x").value();
  cache.command("SET", other, "x").value();
  auto& dead = cluster.master_of(0);
  auto before = cache.snapshot().value().counters.opened;
  {
    // Shorter than what makes the others notice, if this machine lets us.
    auto frozen = test::frozen{dead};
    auto began = clock::now();
    auto quick = acquire_options{};
    quick.limit = 50ms;
    for (auto i = 0; i < 20 && clock::now() - began < 1s; ++i) {
      auto lost = cache.send(redis_command{"GET", key}, quick);
      CHECK((!lost || clock::now() - began > 1500ms));
      CHECK(cache.command<std::string>("GET", other).value() == "x");
    }
  }
  CHECK(cache.snapshot().value().counters.opened - before <= 4);
  CHECK(cache.snapshot().value().breaker == breaker_state::closed);
  REQUIRE(cluster.wait_until_ok());
  CHECK(cache.command<std::string>("GET", key).value() == "x");
}

TEST_CASE("callers of a node that is away make few questions", "[trap-T57]") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  cluster_pool cache{cluster_spec(8)};
  auto key = key_in(0);
  cache.command("SET", key, "x").value();
  auto& dead = cluster.master_of(0);
  auto others = cluster.nodes();
  others.erase(std::find(others.begin(), others.end(), &dead));
  auto before = calls_of("cluster|slots", others);
  auto began = clock::now();
  {
    auto frozen = test::frozen{dead};
    std::vector<std::thread> callers;
    for (auto i = 0; i < 8; ++i)
      callers.emplace_back([&] {
        auto quick = acquire_options{};
        quick.limit = 20ms;
        while (clock::now() < began + 1s)
          (void) cache.send(redis_command{"GET", key}, quick);
      });
    for (auto& x : callers)
      x.join();
  }
  auto asked = calls_of("cluster|slots", others) - before;
  auto steps = (clock::now() - began) / 200ms;
  CHECK(asked <= static_cast<std::uint64_t>(steps) + 2);
  REQUIRE(cluster.wait_until_ok());
  CHECK(cache.command<std::string>("GET", key).value() == "x");
}

TEST_CASE("a node that joins is followed to before it has a slot") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  auto key = key_in(0);
  cluster_pool cache{cluster_spec()};
  cache.command("DEL", key).value();
  {
    added_node added{cluster.master_of(0)};
    added.begin("0");
    // ASK leads to a node that no table names.
    CHECK(cache.command("SET", key, "there").value().is_status("OK"));
    CHECK(cache.command<std::string>("GET", key).value() == "there");
    auto both = cache.transaction(
      {redis_command{"APPEND", key, "!"}, redis_command{"GET", key}});
    REQUIRE(both);
    CHECK(both->items[1].value().as<std::string>().value() == "there!");
    added.end("0");
    CHECK(cache.command<std::string>("GET", key).value() == "there!");
    added.give_back("0", key);
    CHECK(cache.command("GET", key).value().is_nil());
  }
  REQUIRE(cluster.wait_until_ok());
}

TEST_CASE("a script that returns a redirect leads nobody away") {
  NEED_REDIS_CLUSTER();
  fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto key = key_in(0);
  auto options = acquire_options{};
  auto text = "return redis.error_reply('MOVED 0 127.0.0.1:1')";
  auto done = cache.send(redis_command{"EVAL", text, 1, key}, options);
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("neither known nor allowed")
        != std::string::npos);
  auto held = cache.acquire();
  REQUIRE(held);
  for (auto& x : (*held)->nodes())
    CHECK(x.where.port != 1);
}

TEST_CASE("slots that a cluster gave up are known to be gone") {
  NEED_REDIS_CLUSTER();
  auto& cluster = fine_cluster();
  cluster_pool cache{cluster_spec()};
  auto key = key_in(0);
  cache.command("SET", key, "x").value();
  auto& owner = cluster.master_of(0);
  for (auto* node : cluster.nodes())
    try {
      node->query({"CLUSTER", "DELSLOTS", "0"});
    } catch (const std::runtime_error&) {
      // It heard of that from another one.
    }
  auto quick = acquire_options{};
  quick.limit = 500ms;
  // First a node says so, then nobody is asked any more.
  CHECK(eventually([&] {
    auto done = cache.send(redis_command{"GET", key}, quick);
    return !done && done.error().state == "CLUSTERDOWN"
           && done.error().message.find("as far as is known")
                != std::string::npos;
  }));
  owner.query({"CLUSTER", "ADDSLOTS", "0"});
  CHECK(cache.command("GET", key));
  REQUIRE(cluster.wait_until_ok());
}
