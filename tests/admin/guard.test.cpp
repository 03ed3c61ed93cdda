#include "caf_pool/admin/http/guard.hpp"

#include "admin/samples.hpp"
#include "support/catch_compat.hpp"

using namespace caf_pool;

namespace {

unsigned verdict(std::vector<std::string> hosts,
                 std::vector<std::string> origins = {}) {
  auto x = test::request_for("/livez");
  x.hosts = std::move(hosts);
  x.origins = std::move(origins);
  auto refused = refuse_stranger(x);
  return refused ? refused->status : 200;
}

} // namespace

TEST_CASE("names of this machine are fine as Host, with any port") {
  for (auto host : {"localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:4780",
                    "127.1.2.3:1", "[::1]", "[::1]:4780"})
    CHECK(is_local_host(host));
}

TEST_CASE("names that others control are no local Host") {
  for (auto host : {"",
                    "evil.example",
                    "evil.example:4780",
                    "localhost.evil.example",
                    "127.0.0.1.evil.example",
                    "127.evil.example",
                    "::1",
                    "[::1",
                    "[::1]x",
                    "[::2]",
                    "[evil]",
                    "[",
                    "]",
                    "localhost:",
                    "localhost:x",
                    "localhost:123456",
                    "127.0.0.1:80:80",
                    "10.0.0.1",
                    "0.0.0.0",
                    "localhost@evil.example",
                    " localhost",
                    "localhost\n"})
    CHECK_FALSE(is_local_host(host));
}

TEST_CASE("a page that was bound to this machine by DNS gets nothing") {
  CHECK(verdict({"evil.example:4780"}) == 421);
  CHECK(verdict({"localhost:4780"}) == 200);
}

TEST_CASE("a request has exactly one Host") {
  CHECK(verdict({}) == 400);
  CHECK(verdict({"localhost", "localhost"}) == 400);
  CHECK(verdict({"localhost", "evil.example"}) == 400);
}

TEST_CASE("a page of another site gets nothing") {
  CHECK(verdict({"localhost:4780"}, {"http://localhost:4780"}) == 200);
  CHECK(verdict({"[::1]:4780"}, {"http://[::1]:4780"}) == 200);
  CHECK(verdict({"localhost:4780"}, {"https://evil.example"}) == 403);
  CHECK(verdict({"localhost:4780"}, {"http://localhost:8080"}) == 403);
  CHECK(verdict({"localhost:4780"}, {"null"}) == 403);
  CHECK(verdict({"localhost:4780"}, {""}) == 403);
  CHECK(verdict({"localhost:4780"},
                {"http://localhost:4780", "http://evil.example"})
        == 403);
}
