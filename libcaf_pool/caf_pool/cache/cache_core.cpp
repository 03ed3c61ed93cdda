#include "caf_pool/cache/cache_core.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

constexpr std::size_t max_background_backlog = 1000;
constexpr std::size_t max_tags = 64;

error too_large(std::string_view what, std::size_t size, std::size_t limit) {
  return {errc::result_too_large,
          "the cache takes no " + std::string{what} + " of "
            + std::to_string(size) + " bytes; its limit is "
            + std::to_string(limit),
          ""};
}

error bad_tags() {
  return {errc::invalid_argument,
          "a cached value may have 64 tags, of the length of a key each", ""};
}

bool good_tags(const std::vector<std::string>& tags, std::size_t longest) {
  return tags.size() <= max_tags
         && std::all_of(tags.begin(), tags.end(),
                        [longest](auto& tag) { return tag.size() <= longest; });
}

// What an envelope can hold, and a sane key.
cache_options within_reason(cache_options x) {
  x.max_key_bytes = std::min<std::size_t>(x.max_key_bytes, 60'000);
  x.concurrent_computations
    = std::max<std::size_t>(x.concurrent_computations, 1);
  x.threads = std::max<std::size_t>(x.threads, 1);
  return x;
}

} // namespace

cache_core::cache_core(std::unique_ptr<cache_port> port, cache_options options)
  : options_(within_reason(std::move(options))),
    random_(options_.seed),
    server_(std::move(port), cache_keys{options_.prefix}, random_,
            2 * options_.max_computation),
    slots_(options_.concurrent_computations),
    local_(options_.local_entries, options_.local_max_age),
    background_(options_.threads, max_background_backlog) {
  // nop
}

time_budget cache_core::budget_of(std::optional<duration> limit) const {
  auto deadline = limit ? add_saturated(clock::now(), *limit) : never;
  return {options_.budget, deadline};
}

time_budget cache_core::computing(const cache_policy& policy) const {
  return time_budget::for_computing(options_.budget, policy.limit,
                                    clock::now());
}

bool cache_core::storable(const std::string& key) const noexcept {
  return key.size() <= options_.max_key_bytes;
}

cache_look cache_core::noted(cache_look x) {
  if (x.why)
    counters_.count(x.why);
  if (x.malformed)
    ++counters_.malformed;
  return x;
}

cache_core::answer cache_core::to_answer(const cache_look& look) const {
  auto result = answer{};
  if (look.why) {
    result.state = cache_state::unavailable;
    result.why = look.why;
    return result;
  }
  if (!look.stored)
    return result;
  result.fresh_for = std::chrono::milliseconds{look.left()};
  if (look.stored->negative) {
    // An old one is no better than none.
    result.state = look.fresh() ? cache_state::negative : cache_state::miss;
    return result;
  }
  result.state = look.fresh() ? cache_state::hit : cache_state::stale;
  result.value = look.stored->payload;
  return result;
}

cache_core::answer cache_core::get(const std::string& key,
                                   const std::vector<std::string>& tags,
                                   std::optional<duration> limit) {
  auto result = answer{};
  if (auto near = find_near(key, tags)) {
    result = *std::move(near);
  } else if (storable(key)) {
    auto budget = budget_of(limit);
    auto asked = clock::now();
    auto drops = local_.drops();
    auto found = noted(server_.look(key, tags, budget));
    if (found.fresh())
      keep_near(key, *found.stored, found.left(), {}, asked, drops);
    result = to_answer(found);
  }
  counters_.count(result.state);
  return result;
}

std::optional<cache_answer> cache_core::find_near(
  const std::string& key, const std::vector<std::string>& tags) {
  auto result = local_.find(key, tags, clock::now());
  if (result)
    ++counters_.local;
  return result;
}

/// Within its time to live, or `beyond` that.
std::optional<cache_answer> cache_core::old_near(const request& x,
                                                 const error& why,
                                                 duration beyond) {
  auto result = local_.find_old(x.key, x.policy.tags, clock::now());
  if (!result || x.distrust || result->fresh_for <= -beyond)
    return std::nullopt;
  ++counters_.local;
  result->why = why;
  return result;
}

void cache_core::keep_near(const std::string& key, const value_envelope& x,
                           std::int64_t left_ms, duration beyond,
                           time_point asked, std::uint64_t drops) {
  if (!local_.enabled())
    return;
  auto kept = local_tier::entry{};
  kept.key = key;
  if (!x.negative)
    kept.value = x.payload;
  for (auto& tag : x.tags)
    kept.tags.push_back(tag.name);
  kept.asked = asked;
  kept.fresh_until = add_saturated(asked, std::chrono::milliseconds{left_ms});
  kept.kept_until = add_saturated(kept.fresh_until, beyond);
  local_.put(std::move(kept), drops);
}

void cache_core::server_changed(std::optional<std::string_view> server_key) {
  auto key = server_key ? server_.keys().key_of(*server_key) : std::string{};
  // Of a tag it is not known which values have it; of others it is no matter.
  if (!key.empty())
    local_.drop(key);
  else if (!server_key
           || server_key->starts_with(server_.keys().begin() + "tag:"))
    local_.drop_all();
}

std::vector<cache_core::answer> cache_core::get_many(
  const std::vector<std::string>& keys, std::optional<duration> limit) {
  auto budget = budget_of(limit);
  auto looks = server_.look_at_all(keys, budget);
  std::vector<answer> result;
  result.reserve(keys.size());
  for (auto& look : looks) {
    if (look.malformed)
      ++counters_.malformed;
    result.push_back(to_answer(look));
    counters_.count(result.back().state);
  }
  // They fail together.
  if (!looks.empty() && looks.front().why)
    counters_.count(looks.front().why);
  return result;
}

result<void> cache_core::set(const std::string& key, std::string bytes,
                             const cache_policy& policy) {
  auto refuse = [this](std::string_view what, std::size_t size,
                       std::size_t limit) -> result<void> {
    ++counters_.too_large;
    return too_large(what, size, limit);
  };
  if (!storable(key))
    return refuse("key", key.size(), options_.max_key_bytes);
  if (bytes.size() > options_.max_value_bytes)
    return refuse("value", bytes.size(), options_.max_value_bytes);
  if (!good_tags(policy.tags, options_.max_key_bytes))
    return bad_tags();
  auto budget = budget_of(policy.limit);
  auto envelope = value_envelope{};
  envelope.payload = std::move(bytes);
  if (!policy.tags.empty()) {
    auto look = server_.prepare(key, policy.tags, "", {}, budget);
    if (look.why) {
      note(look.why);
      return look.why;
    }
    envelope.tags = std::move(look.tags);
  }
  auto source = random_.draw();
  auto done
    = server_.put(key, envelope, draw_lifetime(policy, false, source), budget);
  if (!done)
    note(done.error());
  local_.drop(key);
  flights_.forget(key);
  return done;
}

result<void> cache_core::erase(const std::string& key,
                               std::optional<duration> limit) {
  auto budget = budget_of(limit);
  auto done = server_.erase(key, budget);
  if (!done)
    note(done.error());
  failures_.forget(key);
  local_.drop(key);
  // Who comes after this call shares no older computation.
  flights_.forget(key);
  return done;
}

result<void> cache_core::invalidate_tag(const std::string& tag,
                                        std::optional<duration> limit) {
  auto budget = budget_of(limit);
  auto done = server_.invalidate(tag, budget);
  if (!done)
    note(done.error());
  local_.drop_tag(tag);
  flights_.forget_all();
  return done;
}

result<cache_answer> cache_core::get_or_compute(const std::string& key,
                                                const cache_policy& policy,
                                                const computation& compute,
                                                bool distrust) {
  if (!good_tags(policy.tags, options_.max_key_bytes))
    return bad_tags();
  auto x = request{key, policy, compute, computing(policy), distrust};
  if (storable(key))
    return counted(serve(x));
  ++counters_.too_large;
  return counted(
    compute_alone(x, too_large("key", key.size(), options_.max_key_bytes)));
}

result<cache_answer> cache_core::fallback(const std::string& key,
                                          const cache_policy& policy,
                                          const computation& source) {
  if (!good_tags(policy.tags, options_.max_key_bytes))
    return bad_tags();
  auto x = request{key, policy, source, computing(policy), false, true};
  if (storable(key))
    return counted(fill(x));
  ++counters_.too_large;
  return counted(
    compute_alone(x, too_large("key", key.size(), options_.max_key_bytes)));
}

cache_stats cache_core::stats() const {
  auto result = counters_.read();
  result.waiting = flights_.waiting();
  return result;
}

result<cache_answer> cache_core::counted(result<answer> x) {
  if (x)
    counters_.count(x->state);
  else
    ++counters_.failed;
  return x;
}

void cache_core::note(const error& why) {
  counters_.count(why);
}

} // namespace caf_pool
