#include "inserting_proxy.hpp"
#include "redis_fixture.hpp"

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

using command = redis_command;

} // namespace

TEST_CASE("a reply that nobody asked for ends the connection at the probe") {
  NEED_REDIS();
  for (auto* stray : {"+OK\r\n", "$5\r\nhe", "-ERR no\r\n", "x"}) {
    inserting_proxy net{private_redis::shared().port()};
    auto conn = open_redis(redis_config(net.port()));
    CHECK(conn->probe(soon()));
    net.insert(stray);
    CHECK(outcome_of(conn->probe(soon())) == "connection_lost");
    CHECK(conn->state() == trace::broken);
  }
}

TEST_CASE("a reply that nobody asked for is not that of the next command") {
  NEED_REDIS();
  for (auto* name : {"GET", "INCR"}) {
    inserting_proxy net{private_redis::shared().port()};
    auto conn = open_redis(redis_config(net.port()));
    private_redis::shared().query({"DEL", "stray"});
    net.insert("+somebody else's\r\n");
    auto got = reply_of(*conn, command{name, "stray"});
    CHECK(outcome_of(got) == "connection_lost");
    CHECK_THAT(got.error().message, ContainsSubstring("nobody asked for"));
    CHECK(conn->state() == trace::broken);
    // Nothing was sent.
    CHECK(private_redis::shared().query({"EXISTS", "stray"}) == "0");
  }
}

TEST_CASE("a write to a server that has hung up has no open outcome") {
  NEED_REDIS();
  private_redis server;
  auto conn = open_redis(redis_config(server));
  server.query({"CLIENT", "KILL", "ID", std::to_string(conn->greeting().id)});
  CHECK(text_of(*conn, command{"INCR", "a"}) == "connection_lost");
  CHECK(conn->state() == trace::broken);
  CHECK(server.query({"EXISTS", "a"}) == "0");
}
