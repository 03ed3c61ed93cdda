#include "caf_pool/backend/redis/redis_reply_class.hpp"

#include "raw_redis.hpp"
#include "support/catch_compat.hpp"
#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <filesystem>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using category = redis_reply_class;
using fate = redis_connection_fate;
using retry = redis_retry;
using health = redis_health;

struct row {
  std::string_view reply;
  redis_reply_meaning meaning;
};

const auto own = redis_reply_meaning{};

redis_reply_meaning own_fault(errc code) {
  return {category::own_fault, code, fate::keep, retry::no, health::well};
}

redis_reply_meaning not_now(health server = health::failing) {
  return {category::not_now, errc::server_unready, fate::keep,
          retry::after_backoff, server};
}

redis_reply_meaning no_writes(retry again = retry::no) {
  return {category::no_writes_now, errc::server_unready, fate::keep, again,
          health::unknown};
}

redis_reply_meaning over(health server, bool bump = false) {
  return {category::over, errc::connection_lost,
          fate::close,    retry::no,
          server,         bump};
}

const redis_reply_meaning elsewhere{category::elsewhere, errc::execute_failed,
                                    fate::keep, retry::redirect, health::well};
const redis_reply_meaning read_only{
  category::no_writes_now, errc::server_unready, fate::retire,
  retry::other_connection, health::unknown,      true};
const redis_reply_meaning login{category::login, errc::unauthorized,
                                fate::close, retry::no, health::unknown};

const std::vector<row> rows{
  {"WRONGTYPE Operation against a key", own},
  {"ERR unknown command 'x'", own},
  {"NOSCRIPT No matching script. Please use EVAL.", own},
  {"BUSYGROUP Consumer Group name already exists", own},
  {"NOGROUP No such key", own},
  {"BUSYKEY Target key name already exists.", own},
  {"NOPROTO unsupported protocol version", own},
  {"UNKILLABLE Sorry the script already executed write commands", own},
  {"NOTBUSY No scripts in execution right now.", own},
  {"SOMETHING else", own},
  {"a script's own words", own},
  {"", own},
  {"NOPERM this user has no permissions", own_fault(errc::forbidden)},
  {"CROSSSLOT Keys in request", own_fault(errc::invalid_argument)},
  {"LOADING Redis is loading the dataset in memory", not_now()},
  {"BUSY Valkey is busy running a script.", not_now()},
  {"MASTERDOWN Link with MASTER is down", not_now()},
  {"CLUSTERDOWN Hash slot not served", not_now()},
  {"TRYAGAIN Multiple keys request", not_now(health::unknown)},
  {"READONLY You can't write against a read only replica.", read_only},
  {"MISCONF Redis is configured to save RDB snapshots", no_writes()},
  {"NOREPLICAS Not enough good replicas", no_writes(retry::after_backoff)},
  {"OOM command not allowed", no_writes()},
  {"MOVED 3999 127.0.0.1:6381", elsewhere},
  {"ASK 3999 127.0.0.1:6381", elsewhere},
  {"REDIRECT 127.0.0.1:6381",
   {category::elsewhere, errc::execute_failed, fate::retire, retry::redirect,
    health::well, true}},
  {"NOAUTH Authentication required.", login},
  {"WRONGPASS invalid username-password pair", login},
  {"UNBLOCKED force unblock from blocking operation",
   over(health::unknown, true)},
  {"DENIED Redis is running in protected mode", over(health::failing)},
  {"ERR max number of clients reached", over(health::failing)},
  {"ERR Protocol error: invalid bulk length", over(health::unknown)},
};

} // namespace

TEST_CASE("the first word of an error tells what it means") {
  for (auto& [reply, meaning] : rows) {
    INFO(reply);
    CHECK(redis_meaning_of(reply) == meaning);
    CHECK(redis_meaning_of("-" + std::string{reply}) == meaning);
    CHECK(redis_error(reply).code == meaning.code);
  }
}

TEST_CASE("only whole words of capitals are the state of an error") {
  CHECK(redis_first_word("WRONGTYPE Operation") == "WRONGTYPE");
  CHECK(redis_first_word("-ERR x") == "ERR");
  CHECK(redis_first_word("LOADING") == "LOADING");
  CHECK(redis_first_word("") == "");
  CHECK(redis_first_word("Err x") == "");
  CHECK(redis_first_word("TSDB: the key") == "");
  CHECK(redis_meaning_of("BUSYBODY here") == own);
  CHECK(redis_meaning_of("MOVEDX 1") == own);
}

TEST_CASE("an error keeps the server's text and says what to try") {
  auto plain = redis_error("WRONGTYPE Operation against");
  CHECK(plain.state == "WRONGTYPE");
  CHECK(plain.message == "WRONGTYPE Operation against");
  auto moved = redis_error("MOVED 1 127.0.0.1:1");
  CHECK(moved.state == "MOVED");
  CHECK_THAT(moved.message, StartsWith("MOVED 1 127.0.0.1:1; "));
  CHECK_THAT(moved.message, ContainsSubstring("cluster = true"));
  CHECK(redis_error("ERR a\x1b[31mb").message == "ERR a?[31mb");
}

TEST_CASE("an aborted transaction means what its cause means") {
  auto because = [](std::string_view why) {
    return "EXECABORT Transaction discarded because of: " + std::string{why};
  };
  CHECK(redis_meaning_of(because("READONLY You can't write")) == read_only);
  CHECK(redis_meaning_of(because("BUSY Redis is busy")) == not_now());
  CHECK(redis_meaning_of(because("NOPERM this user"))
        == own_fault(errc::forbidden));
  CHECK(redis_meaning_of(because("wrong number of arguments")) == own);
  CHECK(redis_meaning_of(because("EXECABORT because of: EXECABORT")) == own);
  auto before = "EXECABORT Transaction discarded because of previous errors.";
  CHECK(redis_meaning_of(before) == own);
  CHECK(redis_error(because("OOM command not allowed")).state == "EXECABORT");
  CHECK_THAT(redis_error(because("OOM command not allowed")).message,
             ContainsSubstring("maxmemory-policy"));
}

TEST_CASE("an error of a running script is its own fault") {
  auto in_script = [](std::string_view text, std::string_view where) {
    return std::string{text} + " script: 3d1f, on @" + std::string{where}
           + ":12.";
  };
  for (auto where : {"user_script", "user_function"}) {
    CHECK(redis_meaning_of(in_script("OOM command not allowed", where)) == own);
    CHECK(redis_meaning_of(in_script("LOADING x", where)) == own);
    CHECK(redis_meaning_of(in_script("MOVED 1 a:1", where)) == own);
    CHECK(redis_meaning_of(in_script("NOAUTH x", where)) == own);
    CHECK(redis_meaning_of(in_script("NOPERM x", where))
          == own_fault(errc::forbidden));
    auto demoted = redis_meaning_of(in_script("READONLY x", where));
    CHECK(demoted.category == category::own_fault);
    CHECK(demoted.code == errc::execute_failed);
    CHECK(demoted.retry == retry::no);
    CHECK(demoted.connection == fate::retire);
    CHECK(demoted.new_generation);
  }
  CHECK(redis_meaning_of("OOM script: of the play") == no_writes());
}

// -- the same words from a server ---------------------------------------------

namespace {

std::string word_of(const redis_value& reply) {
  return std::string{redis_first_word(failure_of(reply))};
}

} // namespace

TEST_CASE("a server's own faults are known") {
  private_redis server;
  raw_redis session{server.socket_path()};
  session("SET", "text", "x");
  auto wrong = failure_of(session("LPUSH", "text", "y"));
  CHECK(redis_first_word(wrong) == "WRONGTYPE");
  CHECK(redis_meaning_of(wrong) == own);
  CHECK(word_of(session("EVALSHA", std::string(40, 'a'), 0)) == "NOSCRIPT");
  CHECK(word_of(session("NONSENSE")) == "ERR");
  CHECK(word_of(session("SCRIPT", "KILL")) == "NOTBUSY");
  session("MULTI");
  CHECK(word_of(session("GET")) == "ERR");
  auto aborted = failure_of(session("EXEC"));
  CHECK(redis_first_word(aborted) == "EXECABORT");
  CHECK(redis_meaning_of(aborted) == own);
  session("MULTI");
  auto refused = failure_of(session("EXEC", "now"));
  CHECK_THAT(refused, ContainsSubstring("because of: "));
  CHECK(redis_meaning_of(refused) == own);
}

TEST_CASE("a server that takes no writes is known") {
  private_redis server;
  raw_redis session{server.socket_path()};
  session("CONFIG", "SET", "maxmemory", 1);
  auto full = failure_of(session("SET", "a", "b"));
  CHECK(redis_first_word(full) == "OOM");
  CHECK(redis_meaning_of(full) == no_writes());
  auto script = "return redis.call('set', 'a', 'b')";
  session("CONFIG", "SET", "maxmemory", 0);
  session("CONFIG", "SET", "min-replicas-to-write", 1);
  CHECK(word_of(session("SET", "a", "b")) == "NOREPLICAS");
  session("CONFIG", "SET", "min-replicas-to-write", 0);
  session("REPLICAOF", "127.0.0.1", 1);
  auto replica = failure_of(session("SET", "a", "b"));
  CHECK(redis_first_word(replica) == "READONLY");
  CHECK(redis_meaning_of(replica) == read_only);
  auto demoted = failure_of(session("EVAL", script, 0));
  CHECK(redis_first_word(demoted) == "READONLY");
  CHECK(redis_meaning_of(demoted).new_generation);
  session("CONFIG", "SET", "replica-serve-stale-data", "no");
  CHECK(word_of(session("GET", "a")) == "MASTERDOWN");
}

TEST_CASE("a server that cannot save is known") {
  private_redis server;
  raw_redis session{server.socket_path()};
  auto settings = session("CONFIG", "GET", "dir");
  auto dir = settings.as<std::vector<std::string>>().value().at(1);
  std::filesystem::create_directory(std::filesystem::path{dir} / "dump.rdb");
  session("CONFIG", "SET", "save", "1 1");
  session("SET", "a", "b");
  CHECK(eventually([&] { return word_of(session("PING")) == "MISCONF"; }));
  CHECK(redis_meaning_of(failure_of(session("SET", "a", "b"))) == no_writes());
  CHECK(session("GET", "a").text() == "b");
}

TEST_CASE("logins that fail are known") {
  private_redis server;
  raw_redis session{server.socket_path()};
  session("ACL", "SETUSER", "reader", "on", ">secret", "+get", "~*");
  CHECK(word_of(session("AUTH", "reader", "wrong")) == "WRONGPASS");
  session("AUTH", "reader", "secret");
  auto forbidden = failure_of(session("SET", "a", "b"));
  CHECK(redis_first_word(forbidden) == "NOPERM");
  CHECK(redis_meaning_of(forbidden) == own_fault(errc::forbidden));
  raw_redis operator_session{server.socket_path()};
  operator_session("CONFIG", "SET", "requirepass", "new");
  raw_redis late{server.socket_path()};
  CHECK(word_of(late("GET", "a")) == "NOAUTH");
}

TEST_CASE("a script that does not end is known") {
  private_redis server{{.settings = {"busy-reply-threshold 10"}}};
  raw_redis running{server.socket_path()};
  raw_redis other{server.socket_path()};
  running.write(redis_command{"EVAL", "while true do end", 0});
  CHECK(eventually([&] { return word_of(other("GET", "a")) == "BUSY"; }));
  CHECK(redis_meaning_of(failure_of(other("GET", "a"))) == not_now());
  other("MULTI");
  other("GET", "a");
  auto aborted = failure_of(other("EXEC"));
  CHECK(redis_first_word(aborted) == "EXECABORT");
  CHECK(other("SCRIPT", "KILL").is_status("OK"));
  CHECK(redis_meaning_of(failure_of(running.read())) == own);
  auto script = "redis.call('set', 'a', 'b') while true do end";
  running.write(redis_command{"EVAL", script, 0});
  CHECK(eventually([&] { return word_of(other("GET", "a")) == "BUSY"; }));
  CHECK(word_of(other("SCRIPT", "KILL")) == "UNKILLABLE");
  other.write(redis_command{"SHUTDOWN", "NOSAVE"});
}
