#include "caf_pool/backend/redis_cluster/every_master.hpp"

#include "support/catch_compat.hpp"

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

redis_value scan_reply(std::string cursor) {
  auto result = redis_array{};
  result.items.emplace_back(std::move(cursor));
  result.items.emplace_back(redis_array{});
  return redis_value{std::move(result)};
}

std::string cursor_of(const result<redis_value>& x) {
  return std::string{x.value().array()->items.front().text().value()};
}

} // namespace

TEST_CASE("commands that mean the whole cluster are known") {
  CHECK(gathering_of(redis_command{"dbsize"}) == gathering::sum);
  CHECK(gathering_of(redis_command{"KEYS", "*"}) == gathering::values);
  CHECK(gathering_of(redis_command{"SCAN", 0}) == gathering::scan);
  CHECK(gathering_of(redis_command{"FlushAll", "ASYNC"}) == gathering::same);
  CHECK(gathering_of(redis_command{"SCRIPT", "load", "x"}) == gathering::same);
  CHECK(gathering_of(redis_command{"SCRIPT", "EXISTS", "x"})
        == gathering::none);
  CHECK(gathering_of(redis_command{"PING"}) == gathering::none);
  CHECK(gathering_of(redis_command{"NOSUCH"}) == gathering::none);
  CHECK(gathering_of(redis_command{}) == gathering::none);
}

TEST_CASE("one reply is made of those of all masters") {
  auto number = [](std::int64_t x) { return redis_value{x}; };
  CHECK(gathered(gathering::sum, {number(1), number(2)}).value() == number(3));
  auto one = redis_value{redis_array{{number(1)}}};
  auto two = redis_value{redis_array{{number(2), number(3)}}};
  auto all = redis_value{redis_array{{number(1), number(2), number(3)}}};
  CHECK(gathered(gathering::values, {one, two}).value() == all);
  CHECK(gathered(gathering::same, {number(7), number(7)}).value() == number(7));
  auto why = error{errc::connection_lost, "gone", {}};
  CHECK(gathered(gathering::sum, {number(1), why}).error() == why);
  CHECK(gathered(gathering::sum, {}).error().code == errc::server_unready);
}

TEST_CASE("a cursor leads through all masters") {
  auto scan = redis_command{"SCAN", "0", "COUNT", 10};
  auto at = scan_place::of(scan).value();
  CHECK(at.master == 0);
  CHECK(at.command_for(scan) == redis_command{"SCAN", 0, "COUNT", 10});
  auto next = redis_command{"SCAN", cursor_of(at.reply_of(scan_reply("5"), 2))};
  at = scan_place::of(next).value();
  CHECK(at.master == 0);
  CHECK(at.cursor == 5);
  // That was all of the first one.
  next = redis_command{"SCAN", cursor_of(at.reply_of(scan_reply("0"), 2))};
  at = scan_place::of(next).value();
  CHECK(at.master == 1);
  CHECK(at.command_for(next) == redis_command{"SCAN", 0});
  next = redis_command{"SCAN", cursor_of(at.reply_of(scan_reply("9"), 2))};
  at = scan_place::of(next).value();
  CHECK(at.master == 1);
  CHECK(at.command_for(next) == redis_command{"SCAN", 9});
  CHECK(cursor_of(at.reply_of(scan_reply("0"), 2)) == "0");
}

TEST_CASE("cursors that are none are refused") {
  CHECK_FALSE(scan_place::of(redis_command{"SCAN"}));
  CHECK_FALSE(scan_place::of(redis_command{"SCAN", "x"}));
  auto at = scan_place{};
  CHECK_FALSE(at.reply_of(redis_value{}, 2));
  CHECK_FALSE(at.reply_of(scan_reply("281474976710656"), 2));
  CHECK(at.reply_of(scan_reply("281474976710655"), 2));
}
