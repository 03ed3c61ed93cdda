// Large parameters and replies, which travel in parts.

#include "caf_pool/core/random.hpp"
#include "caf_pool/protocol/codec.hpp"
#include "caf_pool/protocol/part_sender.hpp"

#include "raw_client.hpp"
#include "remote_node.hpp"
#include "support/catch_compat.hpp"
#include "support/chaos_proxy.hpp"
#include "support/eventually.hpp"
#include "support/outcome.hpp"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <malloc.h>
#include <string>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::test;
using namespace std::chrono_literals;

namespace {

using direction = chaos_proxy::direction;

std::size_t many() {
  return std::getenv("CAF_POOL_SANITIZED") != nullptr ? 6'000'000 : 60'000'000;
}

blob random_blob(std::size_t size) {
  random_source dice{17};
  blob result(size);
  for (auto& x : result)
    x = static_cast<std::byte>(dice.next());
  return result;
}

sql_statement insertion(const blob& bytes) {
  return {"INSERT INTO t VALUES (?1)", {bytes}};
}

/// A client behind a proxy, and one with a line of its own.
struct two_lines {
  explicit two_lines(remote_config remote = remote_node::quick(),
                     link_options link = remote_node::quick_link())
    : node(remote, link) {
    node.add_sqlite("main", 2);
    node.execute("main", "CREATE TABLE t (bytes BLOB)");
    auto options = node.through(proxy);
    options.limit = 10min;
    db.emplace(remote_client::connect(options).value());
    other.emplace(node.client());
  }

  /// So slow that `many` bytes take much longer than the time to live.
  void slow_down() {
    proxy.throttle(many() / 10);
  }

  remote_node node;
  chaos_proxy proxy{node.port()};
  std::optional<remote_client> db;
  std::optional<remote_client> other;
};

/// Asks a lease again and again until something large has come over the line.
/// Returns false if the machine stood still, which may end leases, or if no
/// answer came for as long.
template <class Done>
bool is_served_until(Done done, remote_lease& held, const chaos_proxy& proxy,
                     direction backend) {
  auto half_way = [&, start = proxy.bytes(backend)] {
    auto n = proxy.bytes(backend) - start;
    return n > many() / 4 && n < many() / 4 * 3;
  };
  auto served_half_way = 0;
  auto asked_before = clock::now();
  while (!done()) {
    auto before = half_way();
    auto asked = clock::now();
    auto answer = held.execute("SELECT 7", 1min);
    if (clock::now() - std::exchange(asked_before, asked)
        > remote_node::quick().lease_ttl)
      return false;
    REQUIRE(code_of(answer) == errc::none);
    served_half_way += before && half_way() && !done() ? 1 : 0;
  }
  CHECK(served_half_way > 0);
  CHECK(!held.lost());
  return true;
}

bool is_there(const std::future<result<remote_client::results>>& x) {
  return x.wait_for(0s) == std::future_status::ready;
}

/// What the allocator took from the system for large things.
std::size_t large_allocations() {
  return mallinfo2().hblkhd;
}

bool given_back(std::size_t before) {
  return eventually([&] { return large_allocations() < before + many() / 2; });
}

std::string large_query() {
  return "SELECT zeroblob(" + std::to_string(many()) + ')';
}

bool hears_parts(const raw_client& peer, std::size_t n) {
  return eventually([&] { return peer.heard().parts.size() >= n; });
}

wire::call announced(std::uint64_t request, std::size_t size) {
  auto result = run_sql(request, "");
  result.payload.clear();
  result.to_follow = size;
  return result;
}

/// Waits for each part's `more`: what is sent without it lies in buffers of
/// CAF, which never shrink.
void say_parts(raw_client& peer, std::uint64_t request, std::size_t size) {
  auto bytes = std::string(wire::part_size, 'x');
  auto mores = peer.heard().mores.size();
  for (std::size_t n = 0; n < size; n += bytes.size()) {
    peer.say(wire::part{request, bytes});
    ++mores;
    REQUIRE(eventually([&] { return peer.heard().mores.size() >= mores; }));
  }
}

} // namespace

// -- over a slow line ---------------------------------------------------------

TEST_CASE("a large reply holds up neither heartbeats nor small calls",
          "[E03][trap-T60]") {
  two_lines x;
  auto bytes = random_blob(many());
  REQUIRE(x.other->execute("main", insertion(bytes)));
  auto attempt = [&] {
    auto held = x.db->acquire("main");
    if (!held)
      return false;
    x.slow_down();
    auto reply = x.db->execute_later("main", {{"SELECT bytes FROM t"}});
    auto served = is_served_until([&] { return is_there(reply); }, *held,
                                  x.proxy, direction::to_client);
    x.proxy.throttle(0);
    auto rows = reply.get();
    if (!served)
      return false;
    REQUIRE(code_of(rows) == errc::none);
    CHECK(((*rows)[0][0][0].as<blob>() == bytes));
    return true;
  };
  CHECK(eventually(attempt));
}

TEST_CASE("a large parameter holds up neither heartbeats nor small calls",
          "[E03][trap-T60]") {
  two_lines x;
  auto bytes = random_blob(many());
  auto attempt = [&] {
    auto held = x.db->acquire("main");
    if (!held)
      return false;
    x.slow_down();
    auto done = x.db->execute_later("main", {insertion(bytes)});
    auto served = is_served_until([&] { return is_there(done); }, *held,
                                  x.proxy, direction::to_server);
    x.proxy.throttle(0);
    auto rows = done.get();
    if (!served)
      return false;
    REQUIRE(code_of(rows) == errc::none);
    auto there = x.other->execute("main", "SELECT bytes FROM t");
    REQUIRE(code_of(there) == errc::none);
    CHECK(((*there)[0][0].as<blob>() == bytes));
    return true;
  };
  CHECK(eventually(attempt));
}

TEST_CASE("a lease survives heartbeats that are answered late", "[E03]") {
  two_lines x;
  auto ttl = remote_node::quick().lease_ttl;
  auto attempt = [&] {
    auto held = x.db->acquire("main");
    if (!held)
      return false;
    // Several are under way at a time.
    x.proxy.delay(2 * remote_node::quick().heartbeat);
    auto stood_still = false;
    auto looked_before = clock::now();
    auto lost = eventually(
      [&] {
        auto now = clock::now();
        stood_still |= now - std::exchange(looked_before, now) > ttl / 4;
        return stood_still || held->lost();
      },
      3 * ttl / 2);
    x.proxy.delay(0ms);
    CHECK((stood_still || !lost));
    return !stood_still;
  };
  CHECK(eventually(attempt));
}

TEST_CASE("what its caller gave up is not sent to its end", "[C05]") {
  two_lines x{remote_node::patient(), remote_node::patient_link()};
  auto bytes = random_blob(many());
  REQUIRE(x.other->execute("main", insertion(bytes)));
  auto before = large_allocations();
  // The whole would take far longer than the limit.
  x.proxy.throttle(many() / 100);
  auto reply = x.db->execute("main", {"SELECT bytes FROM t"}, 2s);
  CHECK(code_of(reply) == errc::outcome_unknown);
  auto done = x.db->execute("main", insertion(bytes), 2s);
  CHECK(code_of(done) == errc::outcome_unknown);
  CHECK(x.db->execute("main", "SELECT 1"));
  CHECK(given_back(before));
  CHECK(x.proxy.bytes(direction::to_client) < many() / 2);
  CHECK(x.proxy.bytes(direction::to_server) < many() / 2);
  x.proxy.throttle(0);
  auto rows = x.db->execute("main", "SELECT bytes FROM t");
  REQUIRE(code_of(rows) == errc::none);
  // Nothing was executed of what did not arrive.
  CHECK(rows->size() == 1);
  CHECK(((*rows)[0][0].as<blob>() == bytes));
}

TEST_CASE("a line that breaks half-way ends what was under way",
          "[E07][trap-T41]") {
  two_lines x{remote_node::patient(), remote_node::patient_link()};
  auto bytes = random_blob(many());
  REQUIRE(x.other->execute("main", insertion(bytes)));
  auto before = large_allocations();
  for (auto backend : {direction::to_client, direction::to_server}) {
    REQUIRE(eventually([&] { return x.db->connected(); }));
    x.proxy.cut_after(backend, many() / 2);
    auto what = backend == direction::to_client
                  ? sql_statement{"SELECT bytes FROM t"}
                  : insertion(bytes);
    CHECK(code_of(x.db->execute("main", what)) == errc::outcome_unknown);
    x.proxy.cut_after(backend, std::string::npos);
  }
  CHECK(eventually([&] { return x.node.stats().sessions == 2; }));
  CHECK(given_back(before));
  CHECK(x.node.snapshot("main").leases.empty());
  REQUIRE(eventually([&] { return x.db->connected(); }));
  auto rows = x.db->execute("main", "SELECT bytes FROM t");
  REQUIRE(code_of(rows) == errc::none);
  CHECK(rows->size() == 1);
  CHECK(((*rows)[0][0].as<blob>() == bytes));
}

// -- replies ------------------------------------------------------------------

TEST_CASE("a reply goes on as its client says, and small ones overtake it") {
  remote_node node;
  node.add_sqlite("main");
  raw_client peer{node};
  auto before = large_allocations();
  peer.say(run_sql(1, large_query()));
  REQUIRE(hears_parts(peer, wire::max_parts_ahead));
  auto answers = peer.heard().answers;
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].payload.empty());
  CHECK(answers[0].to_follow > many());
  // Repeated, while the answer is under way.
  peer.say(run_sql(1, large_query()));
  peer.say(wire::more{7});
  peer.say(run_sql(2, "SELECT 1"));
  CHECK(peer.outcome(2).code == errc::none);
  CHECK(node.stats().duplicates == 1);
  CHECK(peer.heard().parts.size() == wire::max_parts_ahead);
  peer.say(wire::more{1});
  CHECK(hears_parts(peer, wire::max_parts_ahead + 1));
  peer.say(wire::cancel{1});
  peer.say(wire::more{1});
  peer.say(wire::more{1});
  peer.say(run_sql(3, "SELECT 1"));
  CHECK(peer.outcome(3).code == errc::none);
  auto heard = peer.heard();
  CHECK(heard.parts.size() == wire::max_parts_ahead + 1);
  CHECK(heard.failed.empty());
  CHECK(given_back(before));
  // It was executed; its answer is not kept.
  peer.say(run_sql(1, large_query()));
  CHECK(peer.outcome(1).code == errc::none);
  CHECK(eventually([&] { return peer.heard().failed.size() == 1; }));
  CHECK(peer.heard().failed.at(0).why.code == errc::result_too_large);
}

TEST_CASE("replies that are under way count as requests") {
  auto remote = remote_node::patient();
  remote.max_requests_per_client = 2;
  remote_node node{remote};
  node.add_sqlite("main");
  raw_client peer{node};
  peer.say(run_sql(1, large_query()));
  peer.say(run_sql(2, large_query()));
  REQUIRE(eventually([&] { return peer.heard().answers.size() == 2; }));
  peer.say(run_sql(3, "SELECT 1"));
  CHECK(peer.outcome(3).code == errc::queue_full);
  peer.say(wire::cancel{2});
  peer.say(run_sql(4, "SELECT 1"));
  CHECK(peer.outcome(4).code == errc::none);
}

// -- requests -----------------------------------------------------------------

TEST_CASE("a request in parts is executed when it is complete, and once") {
  remote_node node;
  node.add_sqlite("main");
  node.execute("main", "CREATE TABLE t (bytes BLOB)");
  raw_client peer{node};
  auto payload = order_of("INSERT INTO t VALUES (1)");
  peer.say(announced(1, payload.size()));
  peer.say(wire::part{1, payload.substr(0, 5)});
  // So many that it would be forgotten if it had not been announced.
  constexpr std::uint64_t last = 2000;
  for (std::uint64_t i = 2; i <= last; ++i) {
    peer.say(ask_for_names(i));
    if (i % 500 == 0)
      REQUIRE(peer.outcome(i).code == errc::none);
  }
  peer.say(wire::part{1, payload.substr(5)});
  peer.say(wire::part{1, payload});
  CHECK(peer.outcome(1).code == errc::none);
  CHECK(eventually([&] { return peer.heard().mores.size() == 3; }));
  auto rows = node.execute("main", "SELECT count(*) FROM t");
  CHECK(rows[0][0].as<std::int64_t>() == 1);
}

TEST_CASE("a request in parts that is withdrawn leaves nothing behind") {
  remote_node node;
  node.add_sqlite("main");
  raw_client peer{node};
  auto before = large_allocations();
  auto size = many() / wire::part_size * wire::part_size;
  peer.say(announced(1, size));
  peer.say(announced(2, size));
  say_parts(peer, 1, size / 2);
  peer.say(wire::cancel{1});
  say_parts(peer, 1, wire::part_size);
  CHECK(peer.outcome(1).code == errc::cancelled);
  CHECK(given_back(before));
  say_parts(peer, 2, size / 2);
  peer.say(run_sql(3, "SELECT 1"));
  CHECK(peer.outcome(3).code == errc::none);
  peer.die();
  CHECK(eventually([&] { return node.stats().sessions == 0; }));
  CHECK(given_back(before));
}

TEST_CASE("a request in parts that makes no sense is refused", "[X04]") {
  remote_node node;
  node.add_sqlite("main");
  raw_client peer{node};
  peer.say(announced(1, wire::max_payload + 1));
  CHECK(peer.outcome(1).code == errc::result_too_large);
  peer.say(announced(2, 10));
  peer.say(wire::part{2, "eleven bytes"});
  CHECK(peer.outcome(2).code == errc::protocol_mismatch);
  peer.say(announced(3, 10));
  peer.say(announced(4, 10));
  peer.say(wire::part{4, "early"});
  CHECK(peer.outcome(4).code == errc::protocol_mismatch);
  peer.say(wire::part{3, "no payload"});
  CHECK(peer.outcome(3).code == errc::protocol_mismatch);
  auto payload = order_of("SELECT 1");
  auto nowhere = announced(5, payload.size());
  nowhere.target = "nowhere";
  peer.say(nowhere);
  peer.say(wire::part{5, payload});
  CHECK(peer.outcome(5).code == errc::pool_not_found);
  auto stale = announced(6, payload.size());
  stale.what = static_cast<std::uint8_t>(wire::subject::execute_on);
  stale.target = "no token";
  peer.say(stale);
  peer.say(wire::part{6, payload});
  CHECK(peer.outcome(6).code == errc::lease_lost);
  raw_client reader{node, reader_token};
  reader.say(announced(1, payload.size()));
  CHECK(reader.outcome(1).code == errc::forbidden);
}

TEST_CASE("a request whose parts do not come ends at its limit") {
  remote_node node;
  node.add_sqlite("main");
  raw_client peer{node};
  auto order = announced(1, 10);
  order.limit_us = 1;
  peer.say(order);
  auto why = peer.outcome(1);
  CHECK(why.code == errc::execute_timeout);
  CHECK_THAT(why.message, ContainsSubstring("did not arrive"));
  peer.say(wire::part{1, "0123456789"});
  peer.say(run_sql(2, "SELECT 1"));
  CHECK(peer.outcome(2).code == errc::none);
}
