#include "caf_pool/protocol/bytes.hpp"

#include "support/catch_compat.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

using namespace caf_pool::wire;

namespace {

template <class F>
std::string written(F f) {
  byte_writer out;
  f(out);
  return out.take();
}

std::string number(std::uint64_t x) {
  return written([x](auto& out) { out.number(x); });
}

} // namespace

TEST_CASE("numbers take as many bytes as they need") {
  CHECK(number(0) == std::string(1, '\0'));
  CHECK(number(127) == "\x7f");
  CHECK(number(128) == "\x80\x01");
  CHECK(number(300) == "\xac\x02");
  CHECK(number(std::numeric_limits<std::uint64_t>::max()).size() == 10);
}

TEST_CASE("numbers come back as they went") {
  for (auto bit = 0; bit < 64; ++bit)
    for (auto x : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit}) {
      auto text = number(x);
      byte_reader in{text};
      CHECK(in.number() == x);
      CHECK(in.complete());
      for (auto y :
           {static_cast<std::int64_t>(x), static_cast<std::int64_t>(~x)}) {
        auto other = written([y](auto& out) { out.signed_number(y); });
        byte_reader back{other};
        CHECK(back.signed_number() == y);
        CHECK(back.complete());
      }
    }
}

TEST_CASE("every bit pattern of a floating point number survives") {
  for (auto bits :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7ff0000000000000},
        std::uint64_t{0xfff8000000000123}, std::uint64_t{0x8000000000000000},
        std::uint64_t{0x3ff0000000000000}}) {
    auto x = std::bit_cast<double>(bits);
    auto text = written([x](auto& out) { out.floating(x); });
    byte_reader in{text};
    CHECK(std::bit_cast<std::uint64_t>(in.floating()) == bits);
    CHECK(in.complete());
  }
}

TEST_CASE("texts may hold anything") {
  auto all = std::string{"a\0b\xff", 4};
  auto text = written([&all](auto& out) {
    out.text(all);
    out.text("");
  });
  byte_reader in{text};
  CHECK(in.text() == all);
  CHECK(in.text().empty());
  CHECK(in.complete());
}

TEST_CASE("a reader that runs out of input fails for good", "[X04]") {
  byte_reader in{"\x02"};
  CHECK(in.byte() == 2);
  CHECK(in.complete());
  CHECK(in.byte() == 0);
  CHECK(in.failed());
  CHECK(in.number() == 0);
  CHECK(in.text().empty());
  CHECK(in.floating() == 0.0);
  CHECK(!in.complete());
}

TEST_CASE("a text longer than the input is refused", "[X04]") {
  auto text = number(std::numeric_limits<std::uint64_t>::max()) + "abc";
  byte_reader in{text};
  CHECK(in.text().empty());
  CHECK(in.failed());
}

TEST_CASE("a count that the input cannot hold is refused", "[X04]") {
  auto text = number(4) + "abc";
  byte_reader in{text};
  CHECK(in.count() == 0);
  CHECK(in.failed());
  auto enough = number(3) + "abc";
  byte_reader good{enough};
  CHECK(good.count() == 3);
  CHECK(!good.failed());
}

TEST_CASE("a number has one spelling", "[X04]") {
  auto refused = [](std::string text) {
    byte_reader in{text};
    in.number();
    return in.failed();
  };
  CHECK(refused(std::string{"\x80\x00", 2}));
  CHECK(refused(std::string(9, '\xff') + '\x02'));
  CHECK(refused(std::string(11, '\xff')));
  CHECK(!refused(std::string(9, '\xff') + '\x01'));
}

TEST_CASE("a number above its limit is refused", "[X04]") {
  auto text = number(8);
  byte_reader in{text};
  CHECK(in.number_until(7) == 0);
  CHECK(in.failed());
  auto two = number(2);
  byte_reader flag{two};
  CHECK(!flag.boolean());
  CHECK(flag.failed());
}
