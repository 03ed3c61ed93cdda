#include "caf_pool/cache/local_tier.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

namespace {

bool is_tagged(const local_tier::entry& x, const std::string& tag) {
  return std::find(x.tags.begin(), x.tags.end(), tag) != x.tags.end();
}

} // namespace

local_tier::entry* local_tier::find_with(const std::string& key,
                                         const std::vector<std::string>& tags) {
  auto* x = entries_.find(key);
  if (x == nullptr || !std::all_of(tags.begin(), tags.end(), [x](auto& tag) {
        return is_tagged(*x, tag);
      }))
    return nullptr;
  return x;
}

std::optional<cache_answer> local_tier::find(
  const std::string& key, const std::vector<std::string>& tags,
  time_point now) {
  if (!enabled())
    return std::nullopt;
  std::unique_lock guard{mutex_};
  auto* x = find_with(key, tags);
  if (x == nullptr || now >= x->fresh_until || now - x->asked >= max_age_)
    return std::nullopt;
  auto state = x->value ? cache_state::hit : cache_state::negative;
  return cache_answer{state, x->value, {}, x->fresh_until - now};
}

std::optional<cache_answer> local_tier::find_old(
  const std::string& key, const std::vector<std::string>& tags,
  time_point now) {
  if (!enabled())
    return std::nullopt;
  std::unique_lock guard{mutex_};
  auto* x = find_with(key, tags);
  if (x == nullptr || !x->value || now >= x->kept_until)
    return std::nullopt;
  return cache_answer{cache_state::stale, x->value, {}, x->fresh_until - now};
}

std::uint64_t local_tier::drops() const {
  std::unique_lock guard{mutex_};
  return drops_;
}

void local_tier::put(entry x, std::uint64_t drops_before) {
  if (!enabled())
    return;
  std::unique_lock guard{mutex_};
  if (drops_ == drops_before)
    entries_.insert(std::move(x));
}

void local_tier::drop(std::string_view key) {
  std::unique_lock guard{mutex_};
  ++drops_;
  entries_.take(key);
}

void local_tier::drop_tag(const std::string& tag) {
  std::unique_lock guard{mutex_};
  ++drops_;
  std::vector<std::string> keys;
  entries_.for_each([&](const entry& x) {
    if (is_tagged(x, tag))
      keys.push_back(x.key);
  });
  for (auto& key : keys)
    entries_.take(key);
}

void local_tier::drop_all() {
  std::unique_lock guard{mutex_};
  ++drops_;
  entries_.clear();
}

} // namespace caf_pool
