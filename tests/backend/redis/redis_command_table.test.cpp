#include "caf_pool/backend/redis/redis_command_table.hpp"

#include "raw_redis.hpp"
#include "support/catch_compat.hpp"
#include "support/private_redis.hpp"

#include <algorithm>
#include <random>
#include <set>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using words = std::vector<std::string>;

/// What COMMAND says of a command.
struct told {
  std::string name;
  std::string subcommand;
  std::int64_t arity = 0;
  std::set<std::string> flags;
  std::set<std::string> categories;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t step = 0;
};

const redis_value& item(const redis_value& x, std::size_t i) {
  return x.array()->items.at(i);
}

std::set<std::string> texts(const redis_value& x) {
  std::set<std::string> result;
  for (auto& y : x.array()->items)
    result.emplace(*y.text());
  return result;
}

void add_told(std::vector<told>& out, const redis_value& x) {
  auto full = std::string{*item(x, 0).text()};
  auto bar = full.find('|');
  auto& subs = item(x, 9).array()->items;
  // COMMAND is the only one that does something by itself, too.
  if (subs.empty() || full == "command")
    out.push_back(
      {full.substr(0, bar), bar == full.npos ? "" : full.substr(bar + 1),
       *item(x, 1).as<std::int64_t>(), texts(item(x, 2)), texts(item(x, 6)),
       *item(x, 3).as<std::int64_t>(), *item(x, 4).as<std::int64_t>(),
       *item(x, 5).as<std::int64_t>()});
  for (auto& sub : subs)
    add_told(out, sub);
}

std::vector<told> all_commands(raw_redis& server) {
  std::vector<told> result;
  auto reply = server("COMMAND");
  for (auto& x : reply.array()->items)
    add_told(result, x);
  return result;
}

redis_command command_of(const words& xs) {
  return redis_command{xs.begin(), xs.end()};
}

words keys_by_server(raw_redis& server, const words& xs) {
  auto all = words{"COMMAND", "GETKEYS"};
  all.insert(all.end(), xs.begin(), xs.end());
  auto reply = server.run(command_of(all));
  if (failure_of(reply).find("no key arguments") != std::string::npos)
    return {};
  INFO(to_string(reply));
  REQUIRE(reply.array() != nullptr);
  return *reply.as<words>();
}

words keys_by_table(const words& xs) {
  auto command = command_of(xs);
  auto keys = keys_of(command);
  INFO((keys ? "" : to_string(keys.error())));
  REQUIRE(keys);
  return {keys->begin(), keys->end()};
}

/// Compares what the server and the table say about a command.
void check_keys(raw_redis& server, const words& xs) {
  std::string text;
  for (auto& x : xs)
    text += x + ' ';
  INFO(text);
  CHECK(keys_by_table(xs) == keys_by_server(server, xs));
}

/// The channel of a sharded message has a slot, but is no key.
bool names_channels(const told& x) {
  return x.name == "spublish" || x.name.ends_with("subscribe");
}

} // namespace

TEST_CASE("a command is found in letters of either case") {
  auto* get = find_redis_command("gEt", "client");
  REQUIRE(get != nullptr);
  CHECK(get->name == "get");
  CHECK(get->reads_only());
  CHECK(find_redis_command("CLIENT", "No-Evict")->subcommand == "no-evict");
  CHECK(find_redis_command("command")->subcommand.empty());
  CHECK(find_redis_command("command", "DOCS")->subcommand == "docs");
  CHECK(find_redis_command("client") == nullptr);
  CHECK(find_redis_command("client", "nonsense") == nullptr);
  CHECK(find_redis_command("json.get", "a") == nullptr);
  CHECK(find_redis_command("") == nullptr);
  CHECK(find_redis_command(redis_command{}) == nullptr);
  CHECK(find_redis_command(redis_command{"object", "freq", "x"})->reads_only());
  CHECK(find_redis_command("hgetex")->writes());
}

TEST_CASE("the table says of each command what a server says") {
  private_redis server;
  raw_redis session{server.socket_path()};
  auto about = session("INFO", "server");
  if (about.text()->find("redis_version:7.0.") == std::string_view::npos)
    SKIP("the table was made from Redis 7.0");
  auto all = all_commands(session);
  CHECK(all.size() > 300);
  const std::set<std::string> everyday{"info", "lastsave", "role", "sort",
                                       "sort_ro"};
  for (auto& x : all) {
    INFO(x.name << ' ' << x.subcommand);
    auto* known = find_redis_command(x.name, x.subcommand);
    REQUIRE(known != nullptr);
    CHECK(known->name == x.name);
    CHECK(known->subcommand == x.subcommand);
    CHECK(known->writes() == x.flags.contains("write"));
    if (x.flags.contains("readonly"))
      CHECK(known->reads_only());
    auto streams = known->keys.search == redis_key_search::streams;
    if (x.flags.contains("blocking"))
      CHECK((known->kind == redis_command_kind::blocking || streams));
    if (x.flags.contains("admin") || x.categories.contains("@dangerous"))
      CHECK(known->administrative == !everyday.contains(x.name));
    CHECK(known->keys.first == x.first);
    CHECK(known->keys.last == x.last);
    CHECK(known->keys.step == x.step);
    CHECK((known->keys.search != redis_key_search::none)
          == (x.flags.contains("movablekeys") && x.name != "sort_ro"));
  }
}

TEST_CASE("a server finds the same keys where their places are fixed") {
  private_redis server;
  raw_redis session{server.socket_path()};
  std::mt19937 random{7};
  std::size_t checked = 0;
  for (auto& x : all_commands(session)) {
    if (x.first == 0 || x.flags.contains("movablekeys") || names_channels(x))
      continue;
    auto least = static_cast<std::size_t>(std::abs(x.arity));
    // Servers of 7.0 find no keys if there is only the one to be written.
    least += x.name == "pfmerge" ? 1 : 0;
    for (std::size_t more = 0; more < (x.arity < 0 ? 4U : 1U); ++more) {
      auto xs = words{x.name};
      if (!x.subcommand.empty())
        xs.push_back(x.subcommand);
      auto size = least + more * static_cast<std::size_t>(x.step);
      while (xs.size() < size)
        xs.push_back("k" + std::to_string(random() % 100));
      check_keys(session, xs);
      ++checked;
    }
  }
  CHECK(checked > 300);
}

TEST_CASE("a server finds the same keys behind their count") {
  private_redis server;
  raw_redis session{server.socket_path()};
  const std::vector<words> heads{{"eval", "return 1"},
                                 {"evalsha", "abc"},
                                 {"eval_ro", "return 1"},
                                 {"fcall", "f"},
                                 {"fcall_ro", "f"},
                                 {"evalsha_ro", "abc"},
                                 {"zunion"},
                                 {"zinter"},
                                 {"zdiff"},
                                 {"zintercard"},
                                 {"sintercard"},
                                 {"zunionstore", "to"},
                                 {"zinterstore", "to"},
                                 {"zdiffstore", "to"}};
  for (auto& head : heads)
    for (auto count = 1; count < 9; ++count) {
      auto xs = head;
      xs.push_back(std::to_string(count));
      for (auto i = 0; i < count; ++i)
        xs.push_back("k" + std::to_string(i));
      check_keys(session, xs);
      if (head.front().starts_with("e") || head.front().starts_with("f")) {
        xs.push_back("an argument");
        check_keys(session, xs);
      }
    }
  for (auto count = 1; count < 9; ++count) {
    auto xs = words{std::to_string(count)};
    for (auto i = 0; i < count; ++i)
      xs.push_back("k" + std::to_string(i));
    for (auto head : {words{"lmpop"}, words{"zmpop"}, words{"blmpop", "0"},
                      words{"bzmpop", "0"}}) {
      head.insert(head.end(), xs.begin(), xs.end());
      head.push_back("LEFT");
      check_keys(session, head);
    }
  }
}

TEST_CASE("a server finds the same keys behind words") {
  private_redis server;
  raw_redis session{server.socket_path()};
  const std::vector<words> samples{
    {"xread", "STREAMS", "a", "0"},
    {"xread", "COUNT", "2", "BLOCK", "0", "streams", "a", "b", "0", "$"},
    {"xreadgroup", "GROUP", "g", "c", "STREAMS", "a", ">"},
    {"xreadgroup", "GROUP", "g", "c", "COUNT", "1", "NOACK", "STREAMS", "a",
     "b", ">", ">"},
    {"sort", "a"},
    {"sort", "a", "BY", "w_*", "LIMIT", "0", "5", "GET", "#"},
    {"sort", "a", "STORE", "b"},
    {"sort", "a", "BY", "store", "GET", "store", "ALPHA", "store", "b"},
    {"sort_ro", "a", "BY", "w_*"},
    {"georadius", "a", "1", "2", "3", "km"},
    {"georadius", "a", "1", "2", "3", "km", "STORE", "b"},
    {"georadius", "a", "1", "2", "3", "km", "ASC", "STOREDIST", "b"},
    {"georadiusbymember", "a", "m", "3", "km"},
    {"georadiusbymember", "a", "m", "3", "km", "STORE", "b"},
    {"georadius_ro", "a", "1", "2", "3", "km"},
    {"migrate", "host", "6379", "a", "0", "1000"},
    {"migrate", "host", "6379", "a", "0", "1000", "COPY", "REPLACE"},
    {"migrate", "host", "6379", "", "0", "1000", "KEYS", "a", "b"},
    {"migrate", "host", "6379", "", "0", "1000", "COPY", "AUTH", "secret",
     "KEYS", "a", "b", "c"},
    {"bitop", "AND", "to", "a", "b"},
    {"object", "encoding", "a"},
    {"memory", "usage", "a", "SAMPLES", "5"},
    {"xinfo", "stream", "a", "FULL"},
    {"xgroup", "create", "a", "g", "$", "MKSTREAM"},
    {"ping", "x"},
    {"scan", "0"},
    {"config", "get", "maxmemory"},
  };
  for (auto& xs : samples)
    check_keys(session, xs);
}

TEST_CASE("keys that servers do not tell are found") {
  using strings = std::vector<std::string>;
  CHECK(keys_by_table({"spublish", "channel", "x"}) == strings{"channel"});
  CHECK(keys_by_table({"msetex", "2", "a", "1", "b", "2", "EX", "9"})
        == strings{"a", "b"});
  // A group may have the name of an option.
  CHECK(
    keys_by_table({"xreadgroup", "GROUP", "streams", "c", "STREAMS", "a", ">"})
    == strings{"a"});
}

TEST_CASE("keys that are not there are told") {
  for (auto& xs : std::vector<words>{{"get"},
                                     {"mset", "a"},
                                     {"mset", "a", "1", "b"},
                                     {"blpop", "a"},
                                     {"zunion"},
                                     {"zunion", "3", "a"},
                                     {"zunion", "-1", "a"},
                                     {"zunion", "x", "a"},
                                     {"eval", "return 1"},
                                     {"msetex", "2", "a", "1", "b"},
                                     {"xread", "COUNT", "1"},
                                     {"xread", "STREAMS", "a"},
                                     {"xread", "STREAMS", "a", "b", "0"},
                                     {"migrate", "h", "1", "", "0", "1"}}) {
    INFO(xs.front());
    auto command = command_of(xs);
    auto keys = keys_of(command);
    REQUIRE(!keys);
    CHECK(keys.error().code == errc::invalid_argument);
  }
  auto unknown = redis_command{"json.get", "a"};
  CHECK(keys_of(unknown).error().code == errc::not_supported);
}

TEST_CASE("what blocks is told by its arguments") {
  CHECK(blocks(redis_command{"BLPOP", "a", 0}));
  CHECK(blocks(redis_command{"WAIT", 1, 100}));
  CHECK(blocks(redis_command{"xread", "block", 0, "streams", "a", "$"}));
  CHECK(blocks(redis_command{"xreadgroup", "group", "g", "c", "noack", "BLOCK",
                             5, "streams", "a", ">"}));
  CHECK_FALSE(blocks(redis_command{"xread", "streams", "block", "$"}));
  CHECK_FALSE(blocks(redis_command{"xreadgroup", "group", "block", "block",
                                   "streams", "a", ">"}));
  CHECK_FALSE(blocks(redis_command{"xread", "count"}));
  CHECK_FALSE(blocks(redis_command{"lpop", "block"}));
  CHECK_FALSE(blocks(redis_command{"CLIENT", "PAUSE", 100}));
  CHECK_FALSE(blocks(redis_command{"nonsense", "block"}));
}

TEST_CASE("only what reads may be sent twice") {
  for (auto name : {"GET", "EVAL_RO", "TIME", "PING", "HGETALL"})
    CHECK(is_read(redis_command{name}));
  for (auto name : {"SET", "INCR", "EVAL", "PUBLISH", "XREADGROUP", "nonsense",
                    "SELECT", "MULTI"})
    CHECK_FALSE(is_read(redis_command{name}));
  CHECK(is_read(redis_command{"CLIENT", "LIST"}));
  CHECK_FALSE(is_read(redis_command{"CLIENT", "KILL", "ID", 7}));
}
