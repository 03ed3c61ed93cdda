#include "caf_pool/cache/cache_server.hpp"

#include "caf_pool/core/redis_reading.hpp"

#include <algorithm>
#include <map>

namespace caf_pool {

namespace {

using optional_text = std::optional<std::string>;

// KEYS: value, generation, lock. ARGV: the generation before the computation,
// what stands before and behind the expiry, fresh ms, kept ms, the lock, the
// new generation and its ms. With a new generation nothing is compared.
const redis_script& storing() {
  static const redis_script result{R"(
local stored = 0
if ARGV[7] ~= '' then
  redis.call('SET', KEYS[2], ARGV[7], 'PX', ARGV[8])
end
if ARGV[7] ~= '' or (redis.call('GET', KEYS[2]) or '') == ARGV[1] then
  local t = redis.call('TIME')
  local ms = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[4]
  local expiry = struct.pack('>I4I4', math.floor(ms / 4294967296),
                             ms % 4294967296)
  redis.call('SET', KEYS[1], ARGV[2] .. expiry .. ARGV[3], 'PX', ARGV[5])
  stored = 1
end
if ARGV[6] ~= '' and redis.call('GET', KEYS[3]) == ARGV[6] then
  redis.call('DEL', KEYS[3])
end
return stored
)"};
  return result;
}

const redis_script& unlocking() {
  static const redis_script result{R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
)"};
  return result;
}

// From its first use on. A value that is older has lost its tag, and is
// computed anew.
constexpr duration tag_lifetime = std::chrono::hours{30 * 24};

std::int64_t whole_ms(duration x) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
  return std::max<std::int64_t>(ms, 1);
}

result<std::int64_t> read_time(const redis_value& x) {
  auto parts = x.as<std::pair<std::int64_t, std::int64_t>>();
  if (!parts)
    return parts.error();
  return parts->first * 1000 + parts->second / 1000;
}

void take_value(cache_look& look, optional_text bytes) {
  if (!bytes)
    return;
  look.stored = read_envelope(*bytes);
  look.malformed = !look.stored;
}

/// Tells whether a value has all tags that its reader names.
bool has_tags(const value_envelope& x, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](auto& name) {
    return std::any_of(x.tags.begin(), x.tags.end(),
                       [&](auto& tag) { return tag.name == name; });
  });
}

redis_command get_of(const std::string& name) {
  return redis_command{"GET", name};
}

cache_look failed_look(const error& why) {
  auto result = cache_look{};
  result.why = why;
  return result;
}

} // namespace

// One that fails fails all: a cache needs no half answers.
result<std::vector<redis_value>> cache_server::ask(
  std::vector<redis_command> commands, time_budget& budget) {
  auto replies = budget.charge([&](duration limit) {
    return port_->pipeline(std::move(commands), limit);
  });
  if (!replies)
    return replies.error();
  std::vector<redis_value> result;
  for (auto& item : replies->items) {
    if (!item)
      return item.error();
    result.push_back(*std::move(item));
  }
  return result;
}

// A token is drawn, not counted: one that the server forgot does not come back.
redis_command cache_server::make_tag(const std::string& name) {
  return redis_command{"SET", keys_.tag(name),       random_.token(), "NX",
                       "PX",  whole_ms(tag_lifetime)}
    .idempotent();
}

cache_look cache_server::read(const std::string& key,
                              const std::vector<std::string>& tags,
                              std::vector<redis_command> before,
                              time_budget& budget) {
  auto result = cache_look{};
  auto first = before.size();
  auto commands = std::move(before);
  // The value before its tags: what is invalidated meanwhile is seen.
  commands.emplace_back("MGET", keys_.value_of(key), keys_.generation_of(key));
  for (auto& name : tags)
    commands.push_back(get_of(keys_.tag(name)));
  commands.emplace_back("TIME");
  auto replies = ask(std::move(commands), budget);
  if (!replies) {
    result.why = replies.error();
    return result;
  }
  auto now = read_time(replies->back());
  auto both = (*replies)[first].as<std::pair<optional_text, optional_text>>();
  if (!now || !both) {
    result.why = now ? both.error() : now.error();
    return result;
  }
  result.now = *now;
  result.locked = first > 0 && replies->front().is_status("OK");
  result.generation = both->second.value_or("");
  take_value(result, std::move(both->first));
  for (std::size_t i = 0; i < tags.size(); ++i)
    result.tags.push_back(
      {tags[i], std::string{(*replies)[first + 1 + i].text().value_or("")}});
  if (result.stored && !has_tags(*result.stored, tags))
    result.stored.reset();
  check_tags({&result}, result.tags, budget);
  return result;
}

// Asks for the tags that are not known yet.
void cache_server::check_tags(std::vector<cache_look*> all,
                              const std::vector<cache_tag>& known,
                              time_budget& budget) {
  std::map<std::string, std::string> tokens;
  for (auto& tag : known)
    tokens[tag.name] = tag.token;
  std::vector<std::string> names;
  std::vector<redis_command> commands;
  for (auto* look : all)
    if (look->stored)
      for (auto& tag : look->stored->tags)
        if (tokens.emplace(tag.name, "").second) {
          names.push_back(tag.name);
          commands.push_back(get_of(keys_.tag(tag.name)));
        }
  if (!commands.empty()) {
    auto replies = ask(std::move(commands), budget);
    for (std::size_t i = 0; replies && i < names.size(); ++i)
      tokens[names[i]] = (*replies)[i].text().value_or("");
    for (auto* look : all)
      if (!replies && look->stored && !look->stored->tags.empty())
        *look = failed_look(replies.error());
  }
  auto valid = [&](const cache_tag& x) {
    return !x.token.empty() && tokens[x.name] == x.token;
  };
  for (auto* look : all)
    if (look->stored
        && !std::all_of(look->stored->tags.begin(), look->stored->tags.end(),
                        valid))
      look->stored.reset();
}

cache_look cache_server::look(const std::string& key,
                              const std::vector<std::string>& tags,
                              time_budget& budget) {
  return read(key, tags, {}, budget);
}

cache_look cache_server::prepare(const std::string& key,
                                 const std::vector<std::string>& tags,
                                 const std::string& lock, duration lock_ttl,
                                 time_budget& budget) {
  std::vector<redis_command> before;
  if (!lock.empty())
    before.push_back(redis_command{"SET", keys_.lock_of(key), lock, "NX", "PX",
                                   whole_ms(lock_ttl)});
  for (auto& name : tags)
    before.push_back(make_tag(name));
  auto result = read(key, tags, std::move(before), budget);
  result.locked = result.locked && !lock.empty();
  return result;
}

std::vector<cache_look> cache_server::look_at_all(
  const std::vector<std::string>& keys, time_budget& budget) {
  std::vector<cache_look> result(keys.size());
  if (keys.empty())
    return result;
  redis_command values{"MGET"};
  for (auto& key : keys)
    values.add(std::string_view{keys_.value_of(key)});
  std::vector<redis_command> commands;
  commands.push_back(std::move(values));
  commands.emplace_back("TIME");
  auto fail = [&](const error& why) {
    std::fill(result.begin(), result.end(), failed_look(why));
    return result;
  };
  auto replies = ask(std::move(commands), budget);
  if (!replies)
    return fail(replies.error());
  auto now = read_time(replies->back());
  auto all = replies->front().as<std::vector<optional_text>>();
  if (!now || !all || all->size() != keys.size())
    return fail(now ? all.error() : now.error());
  std::vector<cache_look*> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    result[i].now = *now;
    take_value(result[i], std::move((*all)[i]));
    places.push_back(&result[i]);
  }
  check_tags(std::move(places), {}, budget);
  return result;
}

result<bool> cache_server::write(
  const std::string& key, const value_envelope& x, cache_lifetime lifetime,
  const std::string& before, const std::string& lock,
  const std::string& renewed, time_budget& budget) {
  auto reply = budget.charge([&](duration limit) {
    return port_->script(
      storing(),
      {keys_.value_of(key), keys_.generation_of(key), keys_.lock_of(key)},
      {before, envelope_head(x), envelope_tail(x),
       std::to_string(lifetime.fresh_ms), std::to_string(lifetime.kept_ms),
       lock, renewed, std::to_string(whole_ms(memory_))},
      limit);
  });
  if (!reply)
    return reply.error();
  return *reply == redis_value{std::int64_t{1}};
}

result<bool> cache_server::store(const std::string& key,
                                 const value_envelope& x,
                                 cache_lifetime lifetime,
                                 const std::string& generation,
                                 const std::string& lock, time_budget& budget) {
  return write(key, x, lifetime, generation, lock, {}, budget);
}

result<void> cache_server::put(const std::string& key, const value_envelope& x,
                               cache_lifetime lifetime, time_budget& budget) {
  auto done = write(key, x, lifetime, {}, {}, random_.token(), budget);
  if (!done)
    return done.error();
  return {};
}

void cache_server::unlock(const std::string& key, const std::string& lock,
                          time_budget& budget) {
  // If it fails, the lock runs out.
  auto done = budget.charge([&](duration limit) {
    return port_->script(unlocking(), {keys_.lock_of(key)}, {lock}, limit);
  });
  static_cast<void>(done);
}

// The generation first: who stores in between is refused or removed.
result<void> cache_server::erase(const std::string& key, time_budget& budget) {
  std::vector<redis_command> commands;
  commands.push_back(redis_command{"SET", keys_.generation_of(key),
                                   random_.token(), "PX", whole_ms(memory_)}
                       .idempotent());
  commands.push_back(redis_command{"UNLINK", keys_.value_of(key)}.idempotent());
  auto done = ask(std::move(commands), budget);
  if (!done)
    return done.error();
  return {};
}

// Without its token no value of the tag is valid, and the next one has another.
result<void> cache_server::invalidate(const std::string& tag,
                                      time_budget& budget) {
  std::vector<redis_command> commands;
  commands.push_back(redis_command{"UNLINK", keys_.tag(tag)}.idempotent());
  auto done = ask(std::move(commands), budget);
  if (!done)
    return done.error();
  return {};
}

} // namespace caf_pool
