#include "caf_pool/backend/redis_cluster/resend_pause.hpp"

#include "support/catch_compat.hpp"

#include <algorithm>
#include <limits>
#include <utility>

using namespace caf_pool;
using namespace caf_pool::cluster;
using namespace std::chrono_literals;

namespace {

using kind = redirect::kind;

/// The shortest and the longest pause of many.
std::pair<duration, duration> pauses(kind why, std::uint32_t attempts) {
  random_source random{1};
  auto least = duration::max();
  auto most = duration::zero();
  for (auto i = 0; i < 1000; ++i) {
    auto x = resend_pause(why, attempts, random);
    least = std::min(least, x);
    most = std::max(most, x);
  }
  return {least, most};
}

} // namespace

TEST_CASE("redirects do not wait") {
  for (auto why : {kind::none, kind::moved, kind::ask})
    CHECK(pauses(why, 7).second == 0s);
}

TEST_CASE("pauses before sending again double up to ten times the first") {
  for (auto why : {kind::try_again, kind::unserved, kind::cluster_down}) {
    auto first = duration{why == kind::try_again ? 5ms : 100ms};
    auto expected = first;
    for (std::uint32_t attempts = 0; attempts < 4; ++attempts) {
      auto [least, most] = pauses(why, attempts);
      CHECK(least >= std::max(first, expected / 5 * 4));
      CHECK(most <= expected / 5 * 6);
      CHECK(most > expected);
      expected *= 2;
    }
    auto most = std::numeric_limits<std::uint32_t>::max();
    for (std::uint32_t attempts : {4u, 5u, 40u, most}) {
      CHECK(pauses(why, attempts).first >= first * 8);
      CHECK(pauses(why, attempts).second == first * 10);
    }
  }
}
