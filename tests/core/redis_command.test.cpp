#include "caf_pool/core/redis_command.hpp"

#include "caf_pool/core/random.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace caf_pool;

namespace {

using texts = std::vector<std::string>;

texts arguments_of(const redis_command& x) {
  return {x.begin(), x.end()};
}

std::string on_the_wire(const redis_command& x) {
  auto result = std::string{};
  x.append_to(result);
  return result;
}

} // namespace

TEST_CASE("a command goes over the wire as an array of bulk strings") {
  CHECK(on_the_wire(redis_command{"GET", "a b"})
        == "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
  CHECK(on_the_wire(redis_command{"PING"}) == "*1\r\n$4\r\nPING\r\n");
  auto bytes = std::vector<std::byte>{std::byte{0}, std::byte{255}};
  auto all = redis_command{"X", std::string{"\r\n\0", 3},
                           -1,  std::uint64_t{18446744073709551615u},
                           0.1, 1.5f,
                           "",  bytes};
  CHECK(arguments_of(all)
        == texts{"X", std::string{"\r\n\0", 3}, "-1", "18446744073709551615",
                 "0.1", "1.5", "", std::string{"\0\xff", 2}});
  CHECK(all.size() == 8);
  CHECK(all.at(2) == "-1");
  CHECK(all.at(8).empty());
  CHECK(all.name() == "X");
  auto least = redis_command{"X", std::numeric_limits<std::int64_t>::min(),
                             std::int8_t{-128}, std::uint8_t{255}};
  CHECK(arguments_of(least)
        == texts{"X", "-9223372036854775808", "-128", "255"});
}

TEST_CASE("a command without a name is empty") {
  redis_command none;
  CHECK(none.empty());
  CHECK(none.name().empty());
  CHECK(none.at(0).empty());
  CHECK(none.begin() == none.end());
  CHECK_FALSE(redis_command{""}.empty());
  CHECK(redis_command{""}.name().empty());
  CHECK(redis_command{"A"} != redis_command{"A"}.idempotent());
}

TEST_CASE("arguments come back as they were added") {
  CHECK(rc::check("any arguments", [](const texts& xs) {
    auto x = redis_command{xs.begin(), xs.end()};
    RC_ASSERT(x.size() == xs.size());
    RC_ASSERT(arguments_of(x) == xs);
    auto back = redis_command::from_bulks(x.bulks());
    RC_ASSERT(back == x);
  }));
}

TEST_CASE("a floating point argument reads back as the same number") {
  CHECK(rc::check("any double", [](double x) {
    auto text = std::string{redis_command{"X", x}.at(1)};
    RC_ASSERT(std::stod(text) == x);
  }));
}

TEST_CASE("what is no list of bulk strings is no command") {
  auto refused
    = [](std::string x) { return redis_command::from_bulks(x).empty(); };
  CHECK(refused(""));
  for (auto* bytes : {"x",
                      "$",
                      "$\r\n",
                      "$1",
                      "$1\r\n",
                      "$1\r\na",
                      "$1\r\na\r",
                      "$1\r\nab\r\n",
                      "$2\r\na\r\n",
                      "$-1\r\n",
                      "$+1\r\na\r\n",
                      "$ 1\r\na\r\n",
                      "$1 \r\na\r\n",
                      "$01\r\na\r\n",
                      "$00\r\n\r\n",
                      "$1\r\na\r\n\r\n",
                      "$1\r\na\r\n$1\r\n",
                      "*1\r\n$1\r\na\r\n",
                      "$1\na\n",
                      "+OK\r\n",
                      "$1\r\na\r\n*1\r\n",
                      "$18446744073709551615\r\na\r\n",
                      "$18446744073709551616\r\na\r\n",
                      "$99999999999999999999999\r\na\r\n",
                      "$536870913\r\n"}) {
    INFO(bytes);
    CHECK(refused(bytes));
  }
}

TEST_CASE("bytes that make a command are those of this command") {
  // Otherwise a peer could smuggle in what servers take for something else.
  CHECK(rc::check("changed bytes", [](const texts& xs, std::uint64_t seed) {
    auto dice = random_source{seed};
    auto bytes = redis_command{xs.begin(), xs.end()}.bulks();
    RC_PRE(!bytes.empty());
    constexpr std::string_view likely = "$\r\n0123456789-+ *";
    for (auto n = 1 + dice.below(3); n > 0; --n)
      bytes[dice.below(bytes.size())] = likely[dice.below(likely.size())];
    auto back = redis_command::from_bulks(bytes);
    auto again = arguments_of(back);
    RC_ASSERT(back.size() == again.size());
    if (!back.empty())
      RC_ASSERT((redis_command{again.begin(), again.end()}.bulks() == bytes));
  }));
}
