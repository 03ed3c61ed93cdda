#include "caf_pool/backend/redis_cluster/resend_pause.hpp"

#include <algorithm>

namespace caf_pool::cluster {

namespace {

using std::chrono::milliseconds;

/// Returns the first pause; zero for what does not wait. The longest one is ten
/// times as long.
constexpr duration first_pause(redirect::kind why) noexcept {
  switch (why) {
    case redirect::kind::none:
    case redirect::kind::moved:
    case redirect::kind::ask:
      break;
    case redirect::kind::try_again:
      return milliseconds{5};
    case redirect::kind::unserved:
    case redirect::kind::cluster_down:
      return milliseconds{100};
  }
  return duration::zero();
}

} // namespace

duration resend_pause(redirect::kind why, std::uint32_t attempts,
                      random_source& random) {
  // Sixteen times the first pause is beyond the longest one.
  constexpr std::uint32_t enough = 4;
  auto first = first_pause(why);
  auto pause = std::min(first * (1 << std::min(attempts, enough)), first * 10);
  // Spread to both sides, but within the limits.
  return std::clamp(random.between(pause / 5 * 4, pause / 5 * 6), first,
                    first * 10);
}

} // namespace caf_pool::cluster
