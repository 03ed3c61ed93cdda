#include "caf_pool/core/result.hpp"

#include "support/catch_compat.hpp"

#include <memory>
#include <string>

using namespace caf_pool;

namespace {

const error failure{errc::closed, "the pool is closed", {}};

} // namespace

TEST_CASE("a result holds a value") {
  auto x = result<std::string>{"hello"};
  CHECK(x.has_value());
  CHECK(x);
  CHECK(*x == "hello");
  CHECK(x->size() == 5);
  CHECK(x.value() == "hello");
  CHECK(x.value_or("other") == "hello");
}

TEST_CASE("a result holds an error") {
  auto x = result<std::string>{failure};
  CHECK_FALSE(x.has_value());
  CHECK_FALSE(x);
  CHECK(x.error() == failure);
  CHECK(x.value_or("other") == "other");
}

TEST_CASE("asking a failed result for its value throws the error") {
  auto x = result<int>{failure};
  const auto& y = x;
  CHECK_THROWS_AS(x.value(), pool_error);
  CHECK_THROWS_AS(y.value(), pool_error);
  try {
    std::ignore = std::move(x).value();
    FAIL("no exception");
  } catch (const pool_error& what) {
    CHECK(what.why() == failure);
  }
}

TEST_CASE("a result hands out values that only move") {
  auto x = result<std::unique_ptr<int>>{std::make_unique<int>(7)};
  auto ptr = *std::move(x);
  REQUIRE(ptr != nullptr);
  CHECK(*ptr == 7);
  auto y = result<std::unique_ptr<int>>{std::make_unique<int>(8)};
  CHECK(*std::move(y).value() == 8);
}

TEST_CASE("a result without a value is fine by default") {
  CHECK(result<void>{});
  auto x = result<void>{failure};
  CHECK_FALSE(x);
  CHECK(x.error().code == errc::closed);
  CHECK_THROWS_AS(x.value(), pool_error);
}

TEST_CASE("a result of an error-like value keeps the two apart") {
  auto x = result<std::string>{std::string{"closed"}};
  CHECK(x);
  x = failure;
  CHECK_FALSE(x);
  x = std::string{"open"};
  CHECK(*x == "open");
}
