#include "caf_pool/admin/watch.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

std::uint64_t pool_watch::want() noexcept {
  wanted_ = started_ + 1;
  return wanted_;
}

std::optional<std::uint64_t> pool_watch::start(time_point now) noexcept {
  auto running = started_ > ended_ && now < started_at_ + answer_limit;
  if (wanted_ <= started_ || running)
    return std::nullopt;
  ++started_;
  started_at_ = now;
  return started_;
}

void pool_watch::done(std::uint64_t look,
                      result<std::vector<pool_snapshot>> found, time_point now,
                      wall_time wall) {
  ended_ = std::max(ended_, look);
  if (look <= newest_)
    return;
  if (!found) {
    trouble_ = found.error();
    return;
  }
  newest_ = look;
  taken_at_ = now;
  trouble_ = {};
  remember(*std::move(found), wall);
}

pool_overview pool_watch::report(std::uint64_t look, time_point now) const {
  pool_overview result;
  result.pools = pools_;
  result.known = newest_ > 0;
  result.stale = !satisfied(look);
  if (result.known)
    result.age = std::max(duration::zero(), duration{now - taken_at_});
  result.trouble = trouble_;
  return result;
}

void pool_watch::remember(std::vector<pool_snapshot> found, wall_time wall) {
  std::vector<pool_record> next;
  next.reserve(found.size());
  for (auto& x : found) {
    auto same = [&x](const pool_record& y) { return y.now.name == x.name; };
    auto before = std::find_if(pools_.begin(), pools_.end(), same);
    pool_record record;
    std::uint64_t probes = 0;
    if (before != pools_.end()) {
      record.last_probe = before->last_probe;
      probes = before->now.counters.probes;
    }
    if (x.counters.probes != probes)
      record.last_probe = wall;
    record.family = family_of(x.backend, families_);
    record.now = std::move(x);
    next.push_back(std::move(record));
  }
  std::sort(next.begin(), next.end(),
            [](auto& x, auto& y) { return x.now.name < y.now.name; });
  pools_ = std::move(next);
}

} // namespace caf_pool
