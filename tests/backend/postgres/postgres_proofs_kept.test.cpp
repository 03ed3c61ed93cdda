#include "caf_pool/backend/postgres/pg_proofs.hpp"

#include "support/catch_compat.hpp"

using namespace caf_pool;
using namespace std::chrono_literals;

namespace {

const auto start = time_point{} + 1h;

constexpr auto lifetime = pg_proofs::lifetime;

} // namespace

TEST_CASE("a proof is believed no longer than it lives") {
  pg_proofs uut;
  CHECK(!uut.find("SELECT 1", start));
  uut.keep("SELECT 1", true, start);
  auto found = uut.find("SELECT 1", start);
  REQUIRE(found);
  CHECK(found->harmless);
  CHECK(found->until > start);
  CHECK(found->until <= start + lifetime);
  CHECK(!uut.find("SELECT 2", start));
  CHECK(!uut.find("SELECT 1", start + lifetime));
}

TEST_CASE("one connection renews a proof while the others believe it") {
  pg_proofs uut;
  uut.keep("SELECT 1", true, start);
  auto look_again = uut.find("SELECT 1", start)->until;
  CHECK(look_again < start + lifetime);
  CHECK(!uut.find("SELECT 1", look_again));
  for (auto i = 0; i < 8; ++i) {
    auto other = uut.find("SELECT 1", look_again);
    REQUIRE(other);
    CHECK(other->harmless);
    CHECK(other->until > look_again);
  }
  SECTION("whose answer then holds for all") {
    uut.keep("SELECT 1", false, look_again);
    auto renewed = uut.find("SELECT 1", look_again);
    REQUIRE(renewed);
    CHECK(!renewed->harmless);
    CHECK(uut.find("SELECT 1", renewed->until - 1ns));
  }
  SECTION("and another one does, if that one never answers") {
    auto second = uut.find("SELECT 1", look_again)->until;
    CHECK(second < start + lifetime);
    CHECK(!uut.find("SELECT 1", second));
    CHECK(uut.find("SELECT 1", second));
  }
}

TEST_CASE("proofs that were forgotten are not renewed, but found anew") {
  pg_proofs uut;
  auto epoch = uut.epoch();
  uut.keep("SELECT 1", true, start);
  uut.forget();
  CHECK(uut.epoch() != epoch);
  CHECK(!uut.find("SELECT 1", start));
  CHECK(!uut.find("SELECT 1", start));
}
