#include "caf_pool/core/error.hpp"

#include "support/catch_compat.hpp"

#include <cstddef>
#include <cstdint>
#include <set>

using namespace caf_pool;

namespace {

constexpr auto last = static_cast<std::uint8_t>(last_errc);

} // namespace

TEST_CASE("every error code has a name of its own that leads back to it") {
  std::set<std::string_view> names;
  for (std::uint8_t i = 0; i <= last; ++i) {
    auto code = static_cast<errc>(i);
    auto name = to_string(code);
    CAPTURE(name);
    CHECK(name != "unknown");
    CHECK(names.insert(name).second);
    CHECK(errc_from_string(name) == code);
  }
}

TEST_CASE("an error code from a newer version prints as unknown") {
  CHECK(to_string(static_cast<errc>(last + 1)) == "unknown");
  CHECK_FALSE(retryable(static_cast<errc>(last + 1)));
  CHECK(errc_from_string("no_such_code") == std::nullopt);
  CHECK(errc_from_string("") == std::nullopt);
}

TEST_CASE("the numbers of error codes are pinned because they travel") {
  CHECK(static_cast<int>(errc::none) == 0);
  CHECK(static_cast<int>(errc::acquire_timeout) == 1);
  CHECK(static_cast<int>(errc::breaker_open) == 5);
  CHECK(static_cast<int>(errc::open_failed) == 12);
  CHECK(static_cast<int>(errc::outcome_unknown) == 17);
  CHECK(static_cast<int>(errc::lease_lost) == 18);
  CHECK(static_cast<int>(errc::unauthorized) == 23);
  CHECK(static_cast<int>(errc::internal) == 28);
}

TEST_CASE("what may have taken effect is never called retryable",
          "[trap-T41]") {
  CHECK_FALSE(retryable(errc::outcome_unknown));
  CHECK_FALSE(retryable(errc::execute_timeout));
  CHECK_FALSE(retryable(errc::execute_failed));
  CHECK_FALSE(retryable(errc::lease_lost));
}

TEST_CASE("what heals by itself is retryable, what does not is not",
          "[trap-T39]") {
  CHECK(retryable(errc::open_failed));
  CHECK(retryable(errc::queue_full));
  CHECK(retryable(errc::connection_lost));
  CHECK_FALSE(retryable(errc::open_refused));
  CHECK_FALSE(retryable(errc::closed));
}

TEST_CASE("an error prints its code, its text and the server's state") {
  CHECK(to_string(error{}) == "none");
  CHECK(to_string(error{errc::closed, {}, {}}) == "closed");
  CHECK(to_string(error{errc::execute_failed, "no such table", "42P01"})
        == "execute_failed: no such table (42P01)");
}

TEST_CASE("an error converts to true when there is one") {
  CHECK_FALSE(error{});
  CHECK(error{errc::internal, {}, {}});
}

TEST_CASE("the exception carries the whole error") {
  auto what = error{errc::queue_full, "100 callers wait", "X1"};
  auto thrown = pool_error{what};
  CHECK(thrown.why() == what);
  CHECK(std::string{thrown.what()} == to_string(what));
}
