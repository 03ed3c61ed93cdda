#include "caf_pool/gate/login_throttle.hpp"

#include <algorithm>

namespace caf_pool {

duration login_throttle::blocked_for(const std::string& peer,
                                     time_point now) const {
  auto i = peers_.find(peer);
  if (i == peers_.end())
    return duration::zero();
  return std::max<duration>(i->second.blocked_until - now, duration::zero());
}

void login_throttle::failed(const std::string& peer, time_point now) {
  make_room(now);
  auto& x = peers_[peer];
  if (x.failures > 0 && now - x.last > memory)
    x = {};
  x.last = now;
  if (++x.failures < free_failures)
    return;
  auto doublings = std::min(x.failures - free_failures, 10u);
  auto pause
    = std::min<duration>(first_pause * (1u << doublings), longest_pause);
  x.blocked_until = now + pause;
}

void login_throttle::succeeded(const std::string& peer) {
  peers_.erase(peer);
}

void login_throttle::make_room(time_point now) {
  if (peers_.size() < max_peers)
    return;
  std::erase_if(peers_,
                [now](auto& kvp) { return now - kvp.second.last > memory; });
  if (peers_.size() < max_peers)
    return;
  auto oldest
    = std::min_element(peers_.begin(), peers_.end(), [](auto& x, auto& y) {
        return x.second.last < y.second.last;
      });
  peers_.erase(oldest);
}

} // namespace caf_pool
