#include "caf_pool/admin/readiness.hpp"

#include "caf_pool/core/duration_text.hpp"

#include <string_view>

namespace caf_pool {

namespace {

std::string_view phase_reason(node_phase x) {
  switch (x) {
    case node_phase::starting:
      return "the node is starting";
    case node_phase::serving:
      return {};
    case node_phase::draining:
      return "the node is draining";
  }
  return {};
}

std::string manager_reason(const pool_overview& x) {
  std::string str;
  if (!x.known)
    str = "the manager has not answered yet";
  else if (x.age > max_overview_age)
    str = "the manager has not answered for " + to_rough_text(x.age);
  if (!str.empty() && x.trouble)
    str += ": " + to_string(x.trouble);
  return str;
}

std::string pool_reason(const pool_snapshot& x) {
  auto str = "pool " + x.name + " is " + std::string{to_string(x.status)};
  for (auto& reason : x.reasons)
    str += (&reason == &x.reasons.front() ? ": " : ", ") + reason;
  return str;
}

} // namespace

bool can_serve(const pool_snapshot& x) noexcept {
  switch (x.status) {
    case pool_status::up:
    case pool_status::degraded:
      return true;
    case pool_status::down:
    case pool_status::paused:
    case pool_status::draining:
    case pool_status::closed:
      return false;
  }
  return false;
}

readiness judge_readiness(const node_facts& node, const pool_overview& pools) {
  readiness result;
  auto add = [&result](std::string reason) {
    if (!reason.empty())
      result.reasons.push_back(std::move(reason));
  };
  add(std::string{phase_reason(node.phase)});
  add(manager_reason(pools));
  for (auto& pool : pools.pools)
    if (pool.now.required && !can_serve(pool.now))
      add(pool_reason(pool.now));
  result.ready = result.reasons.empty();
  return result;
}

} // namespace caf_pool
