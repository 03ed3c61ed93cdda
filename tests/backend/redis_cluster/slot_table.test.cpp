#include "caf_pool/backend/redis_cluster/slot_table.hpp"

#include "caf_pool/backend/redis_cluster/slot_table_reading.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <map>
#include <string>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

const node_address a{"10.0.0.1", 7000};
const node_address b{"10.0.0.2", 7000};
const node_address c{"10.0.0.3", 7000};
const node_address d{"10.0.0.4", 7000};

redis_value number(std::int64_t x) {
  return redis_value{x};
}

redis_value text(std::string x) {
  return redis_value{std::move(x)};
}

template <class... Ts>
redis_value array(Ts... xs) {
  redis_array result;
  (result.items.push_back(std::move(xs)), ...);
  return redis_value{std::move(result)};
}

redis_value node(const node_address& x) {
  return array(text(x.host), number(x.port), text("id of " + x.host), array());
}

redis_value range(std::int64_t first, std::int64_t last,
                  const node_address& master) {
  return array(number(first), number(last), node(master));
}

result<slot_table> read(const redis_value& reply, std::uint64_t epoch = 1) {
  return read_slot_table(reply, {a, epoch, {}});
}

std::string master(const slot_table& table, slot_number slot) {
  auto* x = table.master_of(slot);
  return x == nullptr ? "none" : to_string(*x);
}

slot_table halves(std::uint64_t epoch = 1) {
  slot_table result{epoch};
  REQUIRE(result.add(0, 8191, a, {c}));
  REQUIRE(result.add(8192, 16383, b, {d}));
  return result;
}

} // namespace

TEST_CASE("a table without nodes covers nothing") {
  slot_table table;
  CHECK(table.covered() == 0);
  CHECK(table.master_of(0) == nullptr);
  CHECK(table.master_of(65535) == nullptr);
  CHECK(table.replicas_of(0).empty());
  CHECK(table.masters().empty());
}

TEST_CASE("a table is read from CLUSTER SLOTS") {
  auto table = read(
    array(array(number(0), number(5460), node(a), node(c)),
          array(number(5461), number(5461), node(b)),
          array(number(5462), number(16383), node(a), node(c), node(d))));
  REQUIRE(table);
  CHECK(table->epoch() == 1);
  CHECK(table->covered() == slot_count);
  CHECK(master(*table, 0) == to_string(a));
  CHECK(master(*table, 5460) == to_string(a));
  CHECK(master(*table, 5461) == to_string(b));
  CHECK(master(*table, 16383) == to_string(a));
  CHECK(table->replicas_of(5461).empty());
  CHECK(table->replicas_of(0).front() == c);
  CHECK(table->nodes().size() == 4);
  CHECK(table->masters() == std::vector{a, b});
}

TEST_CASE("an entry without a host names the one that was asked") {
  auto nil = redis_value{};
  for (auto& host : {nil, text("")}) {
    auto table
      = read(array(array(number(0), number(16383), array(host, number(7009)))));
    REQUIRE(table);
    CHECK(master(*table, 7) == "10.0.0.1:7009");
  }
}

TEST_CASE("nodes whose address cannot be used are left out") {
  auto strange = GENERATE(
    node_address{"?", 7000}, node_address{"h 1", 7000},
    node_address{"h\r\nX", 7000}, node_address{"h/1", 7000},
    node_address{std::string(256, 'h'), 7000}, node_address{"10.0.0.9", 0});
  auto table
    = read(array(array(number(0), number(99), node(strange), node(c)),
                 array(number(100), number(199), node(b), node(strange))));
  REQUIRE(table);
  CHECK(table->covered() == 100);
  CHECK(master(*table, 99) == "none");
  CHECK(master(*table, 100) == to_string(b));
  CHECK(table->replicas_of(100).empty());
  CHECK_FALSE(table->knows(strange));
}

TEST_CASE("host names and IPv6 addresses are hosts") {
  auto table = read(
    array(range(0, 0, {"h1.local", 7001}), range(1, 1, {"2001:db8::1", 7001})));
  REQUIRE(table);
  CHECK(master(*table, 0) == "h1.local:7001");
  CHECK(master(*table, 1) == "[2001:db8::1]:7001");
}

TEST_CASE("nodes that are not trusted are left out") {
  auto reply = array(range(0, 0, a), range(1, 1, b));
  auto trusted = [](const node_address& x) { return x == a; };
  auto table = read_slot_table(reply, {a, 1, trusted});
  REQUIRE(table);
  CHECK(table->covered() == 1);
  CHECK_FALSE(table->knows(b));
}

TEST_CASE("a reply that makes no sense is an error") {
  auto bad = [](const redis_value& reply) {
    auto table = read(reply);
    return !table && table.error().code == errc::invalid_argument;
  };
  CHECK(bad(redis_value{}));
  CHECK(bad(text("OK")));
  CHECK(bad(array(number(1))));
  CHECK(bad(array(array(number(0), number(1)))));
  CHECK(bad(array(range(-1, 1, a))));
  CHECK(bad(array(range(2, 1, a))));
  CHECK(bad(array(range(0, 16384, a))));
  CHECK(bad(array(range(0, 5, a), range(5, 6, b))));
  CHECK(bad(array(array(number(0), text("1"), node(a)))));
  CHECK(bad(array(array(number(0), number(1), text("h")))));
  CHECK(bad(array(array(number(0), number(1), array(text("h"))))));
  CHECK_FALSE(bad(array()));
  redis_array many;
  for (auto i = 0; i < 5000; ++i)
    many.items.push_back(range(i, i, {"h" + std::to_string(i), 7000}));
  CHECK(bad(redis_value{many}));
}

TEST_CASE("the epoch is read from CLUSTER INFO") {
  CHECK(read_epoch("cluster_state:ok\r\ncluster_current_epoch:12\r\n"
                   "cluster_my_epoch:3\r\n")
        == 12);
  CHECK(read_epoch("cluster_current_epoch:5") == 5);
  CHECK_FALSE(read_epoch("cluster_state:ok\r\n"));
  CHECK_FALSE(read_epoch("x_cluster_current_epoch:5\r\n"));
  CHECK_FALSE(read_epoch("cluster_current_epoch:\r\n"));
}

TEST_CASE("a newer table is accepted if it covers as much") {
  auto known = halves(5);
  CHECK(known.accepts(halves(5)));
  CHECK(known.accepts(halves(6)));
  CHECK_FALSE(known.accepts(halves(4)));
  // A node that was removed from the cluster names no slots.
  CHECK_FALSE(known.accepts(slot_table{9}));
  auto less = slot_table{9};
  less.add(0, 16382, a);
  CHECK_FALSE(known.accepts(less));
  CHECK(less.accepts(halves(9)));
  CHECK(slot_table{}.accepts(slot_table{}));
}

TEST_CASE("of two tables the higher epoch counts, then the coverage") {
  CHECK(halves(2).preferable_to(halves(1)));
  CHECK(slot_table{2}.preferable_to(halves(1)));
  CHECK(halves(1).preferable_to(slot_table{1}));
  CHECK_FALSE(halves(1).preferable_to(halves(1)));
}

TEST_CASE("a slot is learned from MOVED") {
  auto table = halves();
  SECTION("of a master that is known, with its replicas") {
    CHECK(table.learn(7, b));
    CHECK(master(table, 7) == to_string(b));
    CHECK(table.replicas_of(7) == std::vector{d});
    CHECK(master(table, 6) == to_string(a));
    CHECK(table.covered() == slot_count);
    CHECK_FALSE(table.learn(7, b));
    CHECK(table.nodes().size() == 4);
  }
  SECTION("of a replica that became a master") {
    CHECK(table.learn(7, c));
    CHECK(master(table, 7) == to_string(c));
    CHECK(table.replicas_of(7).empty());
    CHECK(table.masters() == std::vector{a, b, c});
  }
  SECTION("of a node that nobody knew") {
    auto some = node_address{"new", 7000};
    CHECK(table.learn(7, some));
    CHECK(table.knows(some));
  }
  SECTION("that nobody had") {
    auto empty = slot_table{};
    CHECK(empty.learn(7, a));
    CHECK(empty.covered() == 1);
  }
  SECTION("but not of what makes no sense") {
    CHECK_FALSE(table.learn(16384, a));
    CHECK_FALSE(table.learn(7, {"h", 0}));
    CHECK(table.serves_as(halves()));
  }
}

TEST_CASE("strangers in MOVED do not make a table grow without end") {
  auto table = halves();
  for (auto i = 0; i < 10000; ++i)
    table.learn(static_cast<slot_number>(i), {"h" + std::to_string(i), 7000});
  CHECK(table.nodes().size() == slot_table::max_nodes);
  CHECK(table.covered() == slot_count);
}

TEST_CASE("whoever uses a table keeps it as it is") {
  slot_table_ptr table = std::make_shared<slot_table>(halves());
  auto newer = learned(table, 7, b);
  CHECK(newer != table);
  CHECK(master(*table, 7) == to_string(a));
  CHECK(master(*newer, 7) == to_string(b));
  // No copy for what is no news.
  CHECK(learned(newer, 7, b) == newer);
}

TEST_CASE("tables serve alike whatever the order of their nodes") {
  auto mirrored = slot_table{7};
  mirrored.add(8192, 16383, b, {d});
  mirrored.add(0, 100, a, {c});
  mirrored.add(101, 8191, a, {c});
  CHECK(mirrored.serves_as(halves()));
  SECTION("but not with another master") {
    CHECK(mirrored.learn(16383, a));
  }
  SECTION("but not with a master for one slot more") {
    mirrored = slot_table{};
    mirrored.add(0, 8191, a, {c});
    mirrored.add(8192, 16382, b, {d});
  }
  SECTION("but not with other replicas") {
    mirrored = slot_table{};
    mirrored.add(0, 8191, a, {c});
    mirrored.add(8192, 16383, b, {c});
  }
  CHECK_FALSE(mirrored.serves_as(halves()));
}

TEST_CASE("16384 alternating slots are read and learned") {
  redis_array all;
  for (auto i = 0; i < 16384; ++i)
    all.items.push_back(range(i, i, i % 2 == 0 ? a : b));
  auto table = read(redis_value{std::move(all)});
  REQUIRE(table);
  CHECK(table->covered() == slot_count);
  CHECK(table->masters().size() == 2);
  CHECK(table->serves_as(*table));
  for (auto i = 0; i < 16384; ++i)
    table->learn(static_cast<slot_number>(i), i % 2 == 0 ? b : a);
  CHECK(master(*table, 0) == to_string(b));
  CHECK(master(*table, 16383) == to_string(a));
}

TEST_CASE("a table does what a map of slots does") {
  CHECK(rc::check("model", [] {
    std::map<slot_number, node_address> model;
    slot_table table;
    for (auto left = 60; left > 0; --left) {
      auto first = static_cast<slot_number>(*rc::gen::inRange(0, 16500));
      auto last
        = static_cast<slot_number>(first + *rc::gen::inRange(0, 3) * 40);
      auto who = *rc::gen::elementOf(std::vector{a, b, c, d});
      if (*rc::gen::inRange(0, 2) == 0) {
        auto is_new = first < slot_count
                      && (!model.contains(first) || model[first] != who);
        RC_ASSERT(table.learn(first, who) == is_new);
        if (is_new)
          model[first] = who;
        continue;
      }
      auto next = model.lower_bound(first);
      auto free
        = last < slot_count && (next == model.end() || next->first > last);
      RC_ASSERT(table.add(first, last, who) == free);
      for (auto slot = first; free && slot <= last; ++slot)
        model[slot] = who;
    }
    RC_ASSERT(table.covered() == model.size());
    for (std::size_t i = 0; i < slot_count; ++i) {
      auto slot = static_cast<slot_number>(i);
      auto* found = table.master_of(slot);
      auto known = model.find(slot);
      auto alike = known == model.end()
                     ? found == nullptr
                     : found != nullptr && *found == known->second;
      RC_ASSERT(alike);
    }
  }));
}
