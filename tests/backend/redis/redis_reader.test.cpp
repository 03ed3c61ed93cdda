#include "caf_pool/backend/redis/redis_reader.hpp"

#include "caf_pool/core/random.hpp"

#include "support/catch_compat.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <malloc.h>
#include <string>
#include <vector>

using namespace caf_pool;

namespace {

using values = std::vector<redis_value>;

// -- the reference encoder ----------------------------------------------------

void encode(std::string& out, const redis_value& x);

struct reference_encoder {
  std::string& out;

  void line(char mark, const std::string& text) {
    out += mark;
    out += text;
    out += "\r\n";
  }

  void operator()(redis_nil) {
    // Both forms are in use: for strings and for arrays.
    line(out.size() % 2 == 0 ? '$' : '*', "-1");
  }

  void operator()(std::int64_t x) {
    line(':', std::to_string(x));
  }

  void operator()(const std::string& x) {
    line('$', std::to_string(x.size()));
    out += x;
    out += "\r\n";
  }

  void operator()(const redis_status& x) {
    line('+', x.text);
  }

  void operator()(const redis_failure& x) {
    line('-', x.text);
  }

  void operator()(const redis_array& xs) {
    line('*', std::to_string(xs.items.size()));
    for (auto& x : xs.items)
      encode(out, x);
  }

  template <class T>
  void operator()(const T&) {
    FAIL("RESP2 has no such value");
  }
};

void encode(std::string& out, const redis_value& x) {
  std::visit(reference_encoder{out}, x.value);
}

std::string encoded(const values& xs) {
  auto result = std::string{};
  for (auto& x : xs)
    encode(result, x);
  return result;
}

// -- any values ---------------------------------------------------------------

std::string without_line_ends(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

rc::Gen<redis_value> any_value(int depth) {
  auto bytes = rc::gen::arbitrary<std::string>();
  auto string = rc::gen::map(
    bytes, [](std::string x) { return redis_value{std::move(x)}; });
  auto integer = rc::gen::map(rc::gen::arbitrary<std::int64_t>(),
                              [](std::int64_t x) { return redis_value{x}; });
  auto status = rc::gen::map(bytes, [](std::string x) {
    return redis_value{redis_status{without_line_ends(std::move(x))}};
  });
  auto failure = rc::gen::map(bytes, [](std::string x) {
    return redis_value{redis_failure{without_line_ends(std::move(x))}};
  });
  auto nil = rc::gen::map(rc::gen::just(0), [](int) { return redis_value{}; });
  if (depth == 0)
    return rc::gen::oneOf(string, integer, status, failure, nil);
  auto items
    = rc::gen::scale(0.4, rc::gen::container<values>(any_value(depth - 1)));
  auto array = rc::gen::map(
    items, [](values xs) { return redis_value{redis_array{std::move(xs)}}; });
  return rc::gen::oneOf(string, integer, status, failure, nil, array, array);
}

/// As deep as hiredis 0.14 reads.
constexpr int deepest = 6;

rc::Gen<values> any_values() {
  return rc::gen::container<values>(any_value(deepest));
}

// -- reading ------------------------------------------------------------------

/// Feeds bytes in pieces whose sizes `next_size` tells.
template <class F>
values read_in_pieces(redis_reader& in, std::string_view bytes, F next_size) {
  values result;
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, next_size());
    bytes.remove_prefix(piece.size());
    // What fed it may be gone before the value is whole.
    in.feed(std::string{piece});
    while (auto x = in.next())
      result.push_back(*std::move(x));
  }
  return result;
}

bool fails(std::string_view bytes) {
  redis_reader in;
  read_in_pieces(in, bytes, [] { return std::size_t{1}; });
  if (!in.failed())
    return false;
  // It fails for good.
  in.feed("+OK\r\n");
  return !in.next() && in.failed() && !in.empty() && !in.reason().empty();
}

/// Heap that is in use, in bytes.
std::size_t memory_in_use() {
  auto all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

} // namespace

TEST_CASE("replies come back as they were encoded, however they are cut") {
  CHECK(rc::check("in random pieces", [] {
    auto xs = *any_values();
    auto dice = random_source{*rc::gen::arbitrary<std::uint64_t>()};
    auto limit = 1 + dice.below(100);
    redis_reader in;
    auto back = read_in_pieces(in, encoded(xs), [&] {
      return static_cast<std::size_t>(1 + dice.below(limit));
    });
    RC_ASSERT(back == xs);
    RC_ASSERT(in.empty());
    RC_ASSERT(in.pending() == 0u);
  }));
  CHECK(rc::check("in two pieces, cut anywhere", [] {
    auto xs = *rc::gen::scale(0.1, any_values());
    auto bytes = encoded(xs);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      redis_reader in;
      auto first = true;
      auto back = read_in_pieces(in, bytes, [&] {
        return std::exchange(first, false) ? at + 1 : bytes.size();
      });
      RC_ASSERT(back == xs);
    }
  }));
}

TEST_CASE("a reader knows whether it stands between two replies") {
  auto bytes = encoded({redis_value{
    redis_array{{redis_value{std::string{"ab"}}, redis_value{std::int64_t{7}},
                 redis_value{redis_array{}}}}}});
  redis_reader in;
  CHECK(in.empty());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK(in.pending() == i);
    in.feed(std::string_view{bytes}.substr(i, 1));
    CHECK_FALSE(in.empty());
    auto x = in.next();
    CHECK(x.has_value() == (i + 1 == bytes.size()));
  }
  CHECK(in.empty());
  CHECK(in.pending() == 0);
}

TEST_CASE("extreme values are read as they are") {
  redis_reader in;
  in.feed(
    ":9223372036854775807\r\n:-9223372036854775808\r\n:0\r\n"
    "$0\r\n\r\n+\r\n-\r\n*0\r\n*-1\r\n$-1\r\n");
  values all;
  while (auto x = in.next())
    all.push_back(*std::move(x));
  CHECK(all
        == values{redis_value{std::numeric_limits<std::int64_t>::max()},
                  redis_value{std::numeric_limits<std::int64_t>::min()},
                  redis_value{std::int64_t{0}}, redis_value{std::string{}},
                  redis_value{redis_status{}}, redis_value{redis_failure{}},
                  redis_value{redis_array{}}, redis_value{}, redis_value{}});
}

TEST_CASE("what is no reply fails for good") {
  for (auto* bytes :
       {"x", "\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", ":\r\n", ":1x\r\n",
        ":--1\r\n", ":9223372036854775808\r\n", "$x\r\n", "$\r\n", "*x\r\n",
        "*\r\n", "$-2\r\n", "*-2\r\n", "*99999999999999999999\r\n",
        "$99999999999999999999\r\n", "*1\r\nx", "*2\r\n:1\r\n?1\r\n",
        "\x16\x03\x01\x02"}) {
    INFO(bytes);
    CHECK(fails(bytes));
  }
  // Too deep for hiredis, and for the stack of whoever looks at it.
  auto deep = std::string{};
  for (int i = 0; i < 1'000; ++i)
    deep += "*1\r\n";
  CHECK(fails(deep));
}

TEST_CASE("what precedes nonsense is delivered, and nothing behind it") {
  redis_reader in;
  in.feed("+OK\r\n:1\r\nnonsense\r\n+OK\r\n");
  CHECK(in.next() == redis_value{redis_status{"OK"}});
  CHECK(in.next() == redis_value{std::int64_t{1}});
  CHECK_FALSE(in.next());
  CHECK(in.failed());
  in.feed("+OK\r\n");
  CHECK_FALSE(in.next());
}

TEST_CASE("a claim of elements costs no memory before they come") {
  auto before = memory_in_use();
  redis_reader in;
  auto bytes = std::string{};
  for (int i = 0; i < 6; ++i)
    bytes += "*2147483647\r\n";
  bytes += "$536870912\r\nabc";
  in.feed(bytes);
  CHECK_FALSE(in.next());
  CHECK_FALSE(in.failed());
  CHECK(memory_in_use() < before + (std::size_t{1} << 20));
}

TEST_CASE("a reader gives the memory of a large reply back") {
  auto large = redis_value{std::string(20'000'000, 'x')};
  redis_reader in;
  in.feed(encoded({large}));
  CHECK(in.next() == large);
  in.feed("+OK\r\n");
  CHECK(in.next());
  large = {};
  auto kept = memory_in_use();
  in = redis_reader{};
  CHECK(kept < memory_in_use() + (std::size_t{1} << 20));
}
