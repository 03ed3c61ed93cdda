#include "caf_pool/backend/redis_cluster/redirect.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <string>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

using kind = redirect::kind;

const node_address asked{"10.0.0.9", 7000};

redirect read(const std::string& text) {
  return read_redirect(text, asked);
}

redirect to(kind what, slot_number slot, const std::string& host,
            std::uint16_t port) {
  return {what, slot, node_address{host, port}};
}

} // namespace

TEST_CASE("MOVED and ASK name a slot and a node") {
  CHECK(read("MOVED 3999 127.0.0.1:6381")
        == to(kind::moved, 3999, "127.0.0.1", 6381));
  CHECK(read("ASK 0 127.0.0.1:6381") == to(kind::ask, 0, "127.0.0.1", 6381));
  CHECK(read("MOVED 8579 h1.local:7001")
        == to(kind::moved, 8579, "h1.local", 7001));
}

TEST_CASE("a host that is not said is the one that was asked") {
  CHECK(read("MOVED 8579 :7001") == to(kind::moved, 8579, "10.0.0.9", 7001));
}

TEST_CASE("a host that the node does not know is no target") {
  CHECK(read("MOVED 8579 ?:7001") == redirect{kind::moved, 8579, std::nullopt});
}

TEST_CASE("an IPv6 address comes with or without brackets") {
  CHECK(read("MOVED 1 ::1:6381") == to(kind::moved, 1, "::1", 6381));
  CHECK(read("ASK 1 [2001:db8::7]:6381")
        == to(kind::ask, 1, "2001:db8::7", 6381));
  CHECK(to_string(*read("MOVED 1 ::1:6381").target) == "[::1]:6381");
}

TEST_CASE("what a cluster cannot serve now is told apart") {
  CHECK(read("TRYAGAIN Multiple keys request during rehashing of slot").what
        == kind::try_again);
  CHECK(read("CLUSTERDOWN Hash slot not served").what == kind::unserved);
  CHECK(read("CLUSTERDOWN The cluster is down").what == kind::cluster_down);
  CHECK(
    read("CLUSTERDOWN The cluster is down and only accepts read commands").what
    == kind::cluster_down);
}

TEST_CASE("any other text is the command's own") {
  for (auto text :
       {"", "ERR unknown command", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 ",
        "MOVED x 127.0.0.1:1", "MOVED -1 127.0.0.1:1", "MOVED 16384 h:1",
        "MOVED 1 h:1 more", "MOVED  1 h:1", "moved 1 h:1", "ASKING 1 h:1",
        "MOVEDX 1 h:1", "WRONGTYPE MOVED 1 h:1"}) {
    INFO(text);
    CHECK_FALSE(read(text));
  }
}

TEST_CASE("an address that cannot be one is no target") {
  for (auto text : {"MOVED 1 h", "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:65536",
                    "MOVED 1 h:1x", "MOVED 1 h/x:1", "MOVED 1 h\n:1",
                    "MOVED 1 a,b:1", "MOVED 1 h:+1"}) {
    INFO(text);
    CHECK(read(text).what == kind::moved);
    CHECK_FALSE(read(text).target);
  }
  CHECK_FALSE(read("MOVED 1 " + std::string(256, 'h') + ":1").target);
}

TEST_CASE("an error is read without the advice behind it") {
  auto why = error{errc::execute_failed,
                   "MOVED 7 h:7001; the server is part of a cluster", "MOVED"};
  CHECK(read_redirect(result<redis_value>{why}, asked)
        == to(kind::moved, 7, "h", 7001));
  why.state = "ERR";
  CHECK_FALSE(read_redirect(result<redis_value>{why}, asked));
  why = {errc::execute_timeout, "MOVED 7 h:7001", ""};
  CHECK_FALSE(read_redirect(result<redis_value>{why}, asked));
}

TEST_CASE("an error inside an array is a value") {
  redis_array all;
  all.items.push_back(redis_value{redis_failure{"MOVED 7 h:7001"}});
  CHECK_FALSE(read_redirect(result<redis_value>{redis_value{all}}, asked));
}

TEST_CASE("every redirect reads back") {
  CHECK(rc::check("round trip", [] {
    auto slot = *rc::gen::inRange<int>(0, slot_count);
    auto port = *rc::gen::inRange<int>(1, 65536);
    auto host = *rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"abz019.-_:"})));
    auto target = node_address{host, static_cast<std::uint16_t>(port)};
    RC_ASSERT(read("ASK " + std::to_string(slot) + " " + host + ":"
                   + std::to_string(port))
              == (redirect{kind::ask, static_cast<slot_number>(slot), target}));
    RC_ASSERT(address_from_node(to_string(target), "") == target);
  }));
}

TEST_CASE("no text makes a redirect to nowhere") {
  CHECK(rc::check("any bytes", [](const std::string& rest) {
    auto said = read("MOVED " + rest);
    RC_ASSERT(said.slot < slot_count);
    if (said.target)
      RC_ASSERT(said.target->port != 0 && !said.target->host.empty());
  }));
}
