#include "caf_pool/core/secret.hpp"

#include "support/catch_compat.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <sstream>
#include <string>

using namespace caf_pool;

namespace {

const std::string canary = "S3cr3tCanary_%";

// A place for one secret whose bytes can be looked at afterwards.
struct place {
  alignas(secret) std::array<std::byte, sizeof(secret)> bytes{};

  template <class... Ts>
  secret* make(Ts&&... xs) {
    return new (bytes.data()) secret(std::forward<Ts>(xs)...);
  }

  bool holds(const std::string& text) const {
    auto* first = reinterpret_cast<const char*>(bytes.data());
    auto* last = first + bytes.size();
    return std::search(first, last, text.begin(), text.end()) != last;
  }
};

} // namespace

TEST_CASE("a secret prints as three stars wherever it goes",
          "[X02][trap-T71]") {
  auto x = secret{canary};
  std::ostringstream out;
  out << x;
  CHECK(out.str() == "***");
  CHECK(to_string(x) == "***");
  CHECK(to_string(secret{}) == "");
}

TEST_CASE("the text of a secret is had by asking for it by name") {
  CHECK(secret{canary}.reveal() == canary);
  CHECK(secret{}.empty());
  CHECK_FALSE(secret{canary}.empty());
}

TEST_CASE("secrets compare by their whole text") {
  CHECK(secret{canary} == secret{canary});
  CHECK_FALSE(secret{canary} == secret{canary + "x"});
  CHECK_FALSE(secret{canary + "x"} == secret{canary});
  CHECK_FALSE(secret{canary} == secret{});
  CHECK_FALSE(secret{} == secret{canary});
  CHECK(secret{} == secret{});
  CHECK(secret{"aa"}.equals("aa"));
  // Repeats of the text are no match.
  CHECK_FALSE(secret{"aa"}.equals("aaaa"));
  CHECK_FALSE(secret{std::string{"a\0b", 3}}.equals("a"));
}

TEST_CASE("a copy is equal, a moved-from secret is empty") {
  auto x = secret{canary};
  auto y = x;
  CHECK(x == y);
  auto z = std::move(x);
  CHECK(z.reveal() == canary);
  CHECK(x.empty());
  y = secret{"other"};
  CHECK(y.reveal() == "other");
}

TEST_CASE("a destroyed secret leaves no text in its memory", "[X02]") {
  // Short enough to live inside the object, where a test may look.
  REQUIRE(canary.size() < 16);
  place p;
  auto* x = p.make(canary);
  REQUIRE(p.holds(canary));
  std::destroy_at(x);
  CHECK_FALSE(p.holds(canary));
}

TEST_CASE("a moved-from secret leaves no text in its memory", "[X02]") {
  place p;
  auto* x = p.make(canary);
  auto y = secret{std::move(*x)};
  CHECK_FALSE(p.holds(canary));
  CHECK(y.reveal() == canary);
  std::destroy_at(x);
}
