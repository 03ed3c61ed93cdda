#include "caf_pool/backend/redis_cluster/multi_key.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace caf_pool;
using namespace caf_pool::cluster;

namespace {

redis_value array(std::vector<std::string> xs) {
  redis_array result;
  for (auto& x : xs)
    result.items.emplace_back(std::move(x));
  return redis_value{std::move(result)};
}

using replies = std::vector<result<redis_value>>;

result<redis_value> merge(merging how, const std::vector<command_piece>& pieces,
                          const replies& said) {
  std::vector<piece_reply> all;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    all.push_back({&pieces[i].keys, &said[i]});
  return merged(how, all);
}

} // namespace

TEST_CASE("six commands can be cut") {
  CHECK(merging_of(redis_command{"MGET"}) == merging::values);
  CHECK(merging_of(redis_command{"mGet"}) == merging::values);
  CHECK(merging_of(redis_command{"DEL"}) == merging::sum);
  CHECK(merging_of(redis_command{"unlink"}) == merging::sum);
  CHECK(merging_of(redis_command{"EXISTS"}) == merging::sum);
  CHECK(merging_of(redis_command{"TOUCH"}) == merging::sum);
  CHECK(merging_of(redis_command{"MSET"}) == merging::ok);
  for (auto name : {"MSETNX", "SUNION", "RENAME", "MGETX", "GET", ""})
    CHECK(merging_of(redis_command{name}) == merging::none);
}

TEST_CASE("a command is cut into one piece for each slot") {
  redis_command command{"MSET", "a", 1, "b", 2, "{a}x", 3, "b", 4};
  command.idempotent();
  auto pieces = cut_by_slot(command);
  REQUIRE(pieces.size() == 2);
  redis_command first{"MSET", "a", 1, "{a}x", 3};
  redis_command second{"MSET", "b", 2, "b", 4};
  CHECK(pieces[0].command == first.idempotent());
  CHECK(pieces[1].command == second.idempotent());
  CHECK(pieces[0].slot == slot_of("a"));
  CHECK(pieces[1].keys == std::vector<std::uint32_t>{1, 3});
}

TEST_CASE("replies to pieces become one") {
  auto pieces = cut_by_slot(redis_command{"MGET", "a", "b", "{a}x", "b"});
  REQUIRE(pieces.size() == 2);
  auto of_a = array({"va", "vx"});
  auto of_b = array({"vb", "vb"});
  CHECK(merge(merging::values, pieces, {of_a, of_b})
        == result<redis_value>{array({"va", "vb", "vx", "vb"})});
  CHECK(merge(merging::sum, pieces,
              {redis_value{std::int64_t{2}}, redis_value{std::int64_t{1}}})
        == result<redis_value>{redis_value{std::int64_t{3}}});
  auto ok = redis_value{redis_status{"OK"}};
  CHECK(merge(merging::ok, pieces, {ok, ok}) == result<redis_value>{ok});
}

TEST_CASE("the error of a piece is the command's") {
  auto pieces = cut_by_slot(redis_command{"MGET", "a", "b"});
  auto lost = error{errc::connection_lost, "gone", ""};
  auto got = merge(merging::values, pieces, {array({"va"}), lost});
  REQUIRE_FALSE(got);
  CHECK(got.error().code == errc::connection_lost);
  CHECK(got.error().message
        == "gone; of 2 pieces, one for each slot, 1 went well");
}

TEST_CASE("replies that cannot be merged are an error") {
  auto pieces = cut_by_slot(redis_command{"MGET", "a", "b"});
  for (auto& strange :
       {redis_value{}, array({}), array({"x", "y"}), redis_value{true}}) {
    CHECK_FALSE(merge(merging::values, pieces, {array({"va"}), strange}));
    CHECK_FALSE(merge(merging::sum, pieces, {array({"va"}), strange}));
  }
}

TEST_CASE("values come back in the order of the keys") {
  CHECK(rc::check("any keys", [](const std::vector<std::string>& keys) {
    redis_command command{"MGET"};
    for (auto& key : keys)
      command.add(key);
    auto pieces = cut_by_slot(command);
    replies said;
    std::size_t total = 0;
    for (auto& x : pieces) {
      std::vector<std::string> values;
      for (auto i = ++x.command.begin(); i != x.command.end(); ++i) {
        RC_ASSERT(slot_of(*i) == x.slot);
        values.emplace_back("v" + std::string{*i});
      }
      total += values.size();
      said.emplace_back(array(std::move(values)));
    }
    RC_ASSERT(total == keys.size());
    if (keys.empty())
      return;
    std::vector<std::string> wanted;
    for (auto& key : keys)
      wanted.push_back("v" + key);
    RC_ASSERT(merge(merging::values, pieces, said)
              == result<redis_value>{array(wanted)});
  }));
}
