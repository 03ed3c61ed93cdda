#include "caf_pool/backend/redis/redis_command_table.hpp"
#include "caf_pool/backend/redis/redis_word.hpp"
#include "caf_pool/core/one_of.hpp"
#include "caf_pool/core/parse_number.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace caf_pool {

namespace {

using command_texts = std::vector<std::string_view>;

error without_keys(const redis_command& command, std::string_view why) {
  return {errc::invalid_argument,
          std::string{command.name()} + ": " + std::string{why},
          {}};
}

/// Takes the keys from the arguments of a command.
class key_finder {
public:
  key_finder(const command_texts& all, const redis_keys& where)
    : all_(all), where_(where) {
    // nop
  }

  /// Returns what is wrong with the command; nothing if nothing is.
  std::string_view run() {
    auto problem = take_range();
    if (!problem.empty())
      return problem;
    switch (where_.search) {
      case redis_key_search::none:
        return {};
      case redis_key_search::counted:
        return take_counted(1);
      case redis_key_search::counted_pairs:
        return take_counted(2);
      case redis_key_search::streams:
        return take_streams();
      case redis_key_search::sort_store:
        take_sort_store();
        return {};
      case redis_key_search::geo_store:
        take_geo_store();
        return {};
      case redis_key_search::migrate:
        return take_migrated();
    }
    return {};
  }

  command_texts found;

private:
  std::string_view take_range() {
    if (where_.first == 0)
      return {};
    auto size = static_cast<std::ptrdiff_t>(all_.size());
    auto last = where_.last < 0 ? size + where_.last : where_.last;
    // Each of a step has all its parts.
    auto end = last + (where_.last < 0 ? 1 : where_.step);
    if (last < where_.first || last >= size
        || (end - where_.first) % where_.step != 0)
      return "a key is missing";
    for (auto i = std::ptrdiff_t{where_.first}; i <= last; i += where_.step)
      found.push_back(all_[static_cast<std::size_t>(i)]);
    return {};
  }

  std::string_view take_counted(std::size_t step) {
    auto at = static_cast<std::size_t>(where_.count_at);
    auto count
      = at < all_.size() ? parse_number<std::size_t>(all_[at]) : std::nullopt;
    if (!count)
      return "the number of keys is missing";
    if (*count > (all_.size() - at - 1) / step)
      return "the number of keys is larger than that of the arguments";
    for (std::size_t i = 0; i < *count; ++i)
      found.push_back(all_[at + 1 + i * step]);
    return {};
  }

  std::string_view take_streams() {
    auto at = std::size_t{1};
    while (at < all_.size() && !is_word(all_[at], "streams"))
      at += is_word(all_[at], "group") ? 3 : is_word(all_[at], "noack") ? 1 : 2;
    if (at + 1 >= all_.size() || (all_.size() - at - 1) % 2 != 0)
      return "STREAMS wants keys and as many ids behind it";
    auto half = (all_.size() - at - 1) / 2;
    for (std::size_t i = 1; i <= half; ++i)
      found.push_back(all_[at + i]);
    return {};
  }

  /// The last one counts, for the server too.
  void take_sort_store() {
    std::optional<std::string_view> store;
    for (std::size_t i = 2; i < all_.size(); ++i) {
      auto left = all_.size() - i - 1;
      if (is_word(all_[i], "limit") && left >= 2) {
        i += 2;
      } else if ((is_word(all_[i], "get") || is_word(all_[i], "by"))
                 && left >= 1) {
        ++i;
      } else if (is_word(all_[i], "store") && left >= 1) {
        store = all_[++i];
      }
    }
    if (store)
      found.push_back(*store);
  }

  void take_geo_store() {
    std::optional<std::string_view> store;
    for (std::size_t i = 5; i + 1 < all_.size(); ++i)
      if (is_word(all_[i], "store") || is_word(all_[i], "storedist"))
        store = all_[++i];
    if (store)
      found.push_back(*store);
  }

  std::string_view take_migrated() {
    if (!found.front().empty())
      return {};
    found.clear();
    auto at = std::size_t{6};
    while (at < all_.size() && !is_word(all_[at], "keys"))
      at += is_word(all_[at], "auth") ? 2 : is_word(all_[at], "auth2") ? 3 : 1;
    for (++at; at < all_.size(); ++at)
      found.push_back(all_[at]);
    return found.empty() ? "KEYS wants keys behind it" : std::string_view{};
  }

  const command_texts& all_;
  const redis_keys& where_;
};

} // namespace

result<std::vector<std::string_view>> keys_of(
  const redis_command& command, const redis_command_facts* facts) {
  if (facts == nullptr)
    return error{errc::not_supported,
                 "where the keys of " + std::string{command.name()}
                   + " stand is not known; take a lease of one node for it",
                 {}};
  if (facts->keys == redis_keys{})
    return command_texts{};
  auto all = command_texts(command.begin(), command.end());
  auto finder = key_finder{all, facts->keys};
  if (auto problem = finder.run(); !problem.empty())
    return without_keys(command, problem);
  return std::move(finder.found);
}

result<std::vector<std::string_view>> keys_of(const redis_command& command) {
  return keys_of(command, find_redis_command(command));
}

bool blocks(const redis_command& command, const redis_command_facts* facts) {
  if (facts == nullptr)
    return false;
  if (facts->keys.search != redis_key_search::streams)
    return facts->kind == redis_command_kind::blocking;
  auto at = command.begin();
  auto end = command.end();
  // Each option but these takes one argument; keys follow STREAMS.
  while (++at != end && !is_word(*at, "streams")) {
    if (is_word(*at, "block"))
      return true;
    auto skipped = is_word(*at, "group") ? 2 : is_word(*at, "noack") ? 0 : 1;
    while (skipped-- > 0)
      if (++at == end)
        return false;
  }
  return false;
}

bool blocks(const redis_command& command) {
  return blocks(command, find_redis_command(command));
}

} // namespace caf_pool
