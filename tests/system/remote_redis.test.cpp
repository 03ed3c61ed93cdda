// A Redis pool of a real node, from other processes.

#include "caf_pool/remote.hpp"

#include "node_program.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/private_redis.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;
using json = nlohmann::json;
using namespace nlohmann::literals;

namespace {

/// A node with one connection to a server: who comes next has the same one.
std::string configuration(const private_redis& server) {
  return "[pools.main]\nbackend = \"sqlite\"\nmax_size = 1\n"
         "[pools.main.sqlite]\npath = \":memory:\"\n"
         "[pools.cache]\nbackend = \"redis\"\nmax_size = 1\n"
         "acquire_timeout = \"5min\"\nopen_timeout = \"5min\"\n"
         "execute_timeout = \"5min\"\nmax_result_bytes = 100000\n"
         "[pools.cache.redis]\nhost = \"127.0.0.1\"\nport = "
         + std::to_string(server.port())
         + "\n[pools.jobs]\nbackend = \"redis\"\nmax_size = 1\n"
           "acquire_timeout = \"5min\"\nopen_timeout = \"5min\"\n"
           "execute_timeout = \"5min\"\n"
           "[pools.jobs.redis]\nblocking = true\nhost = \"127.0.0.1\"\n"
           "port = "
         + std::to_string(server.port()) + '\n';
}

struct redis_node {
  private_redis server;
  running_node node{configuration(server)};
  remote_client client = connect();
  remote_redis cache{client, "cache"};

  remote_client connect() const {
    remote_options options;
    options.address = node.remote;
    options.token = token_from_file((node.folder.path / "token").string(),
                                    options.principal)
                      .value();
    options.limit = 5min;
    return remote_client::connect(options).value();
  }

  finished_process exec(const std::string& command, bool as_json = false) {
    std::vector<std::string> words;
    if (as_json)
      words.emplace_back("--json");
    words.insert(words.end(), {"exec", "cache", command});
    return node.ctl(words);
  }
};

const std::string binary{"a\0\r\n\xff\"", 6};

} // namespace

TEST_CASE("a remote Redis pool has the calls of one in the program") {
  redis_node x;
  auto& cache = x.cache;
  CHECK(cache.command("SET", "k", binary).value().is_status("OK"));
  CHECK(cache.command<std::string>("GET", "k").value() == binary);
  CHECK(!cache.command<std::optional<std::string>>("GET", "none").value());
  auto many
    = cache.pipeline({redis_command{"INCR", "n"}, redis_command{"INCR", "k"},
                      redis_command{"INCR", "n"}});
  REQUIRE(many);
  REQUIRE(many->items.size() == 3);
  CHECK(many->items[0].value().as<std::int64_t>().value() == 1);
  CHECK(many->items[1].error().code == errc::execute_failed);
  CHECK(many->items[2].value().as<std::int64_t>().value() == 2);
  auto both = cache.transaction(
    {redis_command{"INCR", "n"}, redis_command{"LPUSH", "k", "x"}});
  REQUIRE(both);
  CHECK(both->partial);
  CHECK(both->items[1].error().state == "WRONGTYPE");
  redis_script twice{"return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)"};
  CHECK(cache.script<std::int64_t>(twice, {"n"}, {"4"}).value() == 11);
}

TEST_CASE("errors of a Redis server keep their state over the wire") {
  redis_node x;
  x.cache.command("SET", "k", "text").value();
  auto wrong = x.cache.command("LPUSH", "k", "x");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == errc::execute_failed);
  CHECK(wrong.error().state == "WRONGTYPE");
  x.cache.command("SETRANGE", "big", 200000, "x").value();
  auto large = x.cache.command("GET", "big");
  REQUIRE_FALSE(large);
  CHECK(large.error().code == errc::result_too_large);
  CHECK(x.cache.command<std::string>("GET", "k").value() == "text");
}

TEST_CASE("a remote caller waits for what others do, and gives up in time") {
  using popped = std::optional<std::pair<std::string, std::string>>;
  redis_node x;
  remote_redis jobs{x.client, "jobs"};
  CHECK(x.cache.command("BLPOP", "q", 1).error().code == errc::not_supported);
  CHECK(jobs.command<popped>("BLPOP", "q", "0.01").value() == popped{});
  auto brief = acquire_options{};
  brief.limit = 100ms;
  // The time is up for the client and for the node at once: nil, or late.
  for (auto i = 0; i < 5; ++i)
    if (auto none = jobs.send(redis_command{"BLPOP", "q", 0}, brief); none)
      CHECK(none->is_nil());
  // Nobody waits at the server for a caller who is gone.
  CHECK(eventually([&] {
    for (auto& client : x.server.client_list())
      if (client.at("flags").find('b') != std::string::npos)
        return false;
    return true;
  }));
  x.cache.command("RPUSH", "q", "x").value();
  CHECK(jobs.command<popped>("BLPOP", "q", 60).value() == popped{{"q", "x"}});
}

TEST_CASE("what a remote holder selected is gone for the next one") {
  redis_node x;
  auto held = x.client.acquire("cache").value();
  REQUIRE(held.run(work{redis_command{"SELECT", 3}}));
  REQUIRE(held.run(work{redis_command{"SET", "where", "three"}}));
  held.release();
  CHECK(x.cache.command("GET", "where").value().is_nil());
  CHECK(x.server.query({"DBSIZE"}) == "0");
}

TEST_CASE("a remote Redis pool works again when its server is back") {
  redis_node x;
  x.cache.command("SET", "k", 1).value();
  x.server.kill9();
  CHECK_FALSE(x.cache.command("GET", "k"));
  x.server.start();
  CHECK(eventually([&] { return bool{x.cache.command("SET", "k", 2)}; }));
  CHECK(x.cache.command<std::int64_t>("GET", "k").value() == 2);
}

TEST_CASE("ctl runs commands of Redis and shows their replies") {
  redis_node x;
  auto set = x.exec("SET key \"two words\\n\"");
  CAPTURE(set.err);
  CHECK(set.status == 0);
  CHECK(set.out == "OK\n");
  CHECK(x.cache.command<std::string>("GET", "key").value() == "two words\n");
  auto text = x.exec("GET key");
  CHECK(text.status == 0);
  CHECK_THAT(text.out, ContainsSubstring("two words"));
  auto shown = x.exec("GET key", true);
  CHECK(shown.status == 0);
  CHECK(json::parse(shown.out).dump().find("two words\\n")
        != std::string::npos);
  auto wrong = x.exec("LPUSH key 1");
  CHECK(wrong.status != 0);
  CHECK(wrong.out.empty());
  CHECK_THAT(wrong.err, ContainsSubstring("WRONGTYPE"));
  auto open = x.exec("GET \"key");
  CHECK(open.status != 0);
  CHECK(open.out.empty());
}

TEST_CASE("statistics show Redis pools by themselves", "[A05]") {
  redis_node x;
  x.cache.command("PING").value();
  auto find = [&](const std::string& what) {
    auto reply
      = fetch(x.node.admin_port(), "/api/v1/admin/connection-pools/" + what);
    return json::accept(reply.body) ? json::parse(reply.body) : json{};
  };
  auto expected = json{{"in_use_connections", 0},
                       {"available_connections", 1},
                       {"created_connections", 1}};
  CHECK(eventually([&] {
    return find("stats").value("/redis_pools/cache"_json_pointer, json{})
           == expected;
  }));
  auto config = find("config");
  CHECK(config["redis_pools"]["cache"]["backend"] == "redis");
  CHECK(config["redis_pools"]["cache"]["health_check_interval"] == "30s");
  CHECK(config["database_pools"].contains("main"));
}

TEST_CASE("the examples of Redis run") {
  redis_node x;
  process_options embed;
  embed.command
    = {program("CAF_POOL_EXAMPLES") + "/example_redis_cache",
       "redis://127.0.0.1:" + std::to_string(x.server.port()) + "/0"};
  auto done = run(embed);
  CAPTURE(done.err);
  CHECK(done.status == 0);
  CHECK(done.out == "user 7 (computed)\nAnn\n1\n2\n");
  auto& words = embed.command;
  words[0] = program("CAF_POOL_EXAMPLES") + "/example_redis_subscriber";
  done = run(embed);
  CAPTURE(done.err);
  CHECK(done.status == 0);
  CHECK_THAT(done.out, ContainsSubstring("sweep the floor\n"));
  process_options remote;
  remote.command = {program("CAF_POOL_EXAMPLES") + "/example_remote_redis",
                    x.node.remote, (x.node.folder.path / "token").string()};
  auto far = run(remote);
  CAPTURE(far.err);
  CHECK(far.status == 0);
  CHECK(far.out == "Bob\n");
}
