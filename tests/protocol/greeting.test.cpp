#include "caf_pool/net/greeting.hpp"

#include "support/catch_compat.hpp"

#include <string>

using namespace caf_pool;

namespace {

constexpr auto where = "127.0.0.1:4780";

std::string reply(const std::string& headers) {
  return "HTTP/1.1 200 OK\r\nServer: x\r\n" + headers + "\r\n";
}

} // namespace

TEST_CASE("a node is told from others by its first byte") {
  CHECK(judge_greeting("") == greeting_kind::unclear);
  CHECK(judge_greeting(std::string(1, '\0')) == greeting_kind::node);
  CHECK(judge_greeting(std::string{"\0SSH-2.0\n", 9}) == greeting_kind::node);
  CHECK(judge_greeting("SSH-2.0-x") == greeting_kind::unclear);
  CHECK(judge_greeting("SSH-2.0-x\r\n") == greeting_kind::stranger);
  CHECK(judge_greeting("HTTP/1.1 200 OK\r\n") == greeting_kind::unclear);
  CHECK(judge_greeting(reply("")) == greeting_kind::stranger);
  CHECK(judge_greeting(std::string(5000, 'x')) == greeting_kind::stranger);
}

TEST_CASE("the admin server of a node tells where the node is") {
  CHECK(describe_stranger(where, reply("X-Caf-Pool-Remote: 127.0.0.1:4700\r\n"))
        == "127.0.0.1:4780 is the admin port of a node; the remote port is "
           "127.0.0.1:4700");
  CHECK_THAT(describe_stranger(where, reply("x-caf-pool-remote: [::1]:47\r\n")),
             EndsWith("the remote port is [::1]:47"));
  CHECK_THAT(describe_stranger(where, reply("X-Caf-Pool-Remote: \r\n")),
             ContainsSubstring("remote.enabled = true"));
}

TEST_CASE("whoever else answers is no node, and nothing of it is repeated") {
  auto http = describe_stranger(where, reply("X-Evil: canary\r\n"));
  CHECK_THAT(http, StartsWith("127.0.0.1:4780 is no node of caf_pool"));
  CHECK_THAT(http, ContainsSubstring("HTTP"));
  CHECK_THAT(http, ContainsSubstring("4700"));
  for (auto& said : {std::string{}, std::string{"canary\n"},
                     reply("X-Caf-Pool-Remote: \x1b[2Jcanary\r\n")})
    CHECK(describe_stranger(where, said).find("canary") == std::string::npos);
}
