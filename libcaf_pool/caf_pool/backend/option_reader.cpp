#include "caf_pool/backend/option_reader.hpp"

#include "caf_pool/settings/nearest.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace caf_pool {

option_reader::option_reader(const pool_config& config,
                             std::vector<backend_option> table,
                             std::vector<config_problem>& problems)
  : config_(config), table_(std::move(table)), problems_(problems) {
  // nop
}

std::string option_reader::text(std::string_view key) {
  auto result = written(key);
  if (result.find('\0') == result.npos)
    return result;
  refuse_unseen(key, "must not contain a zero byte");
  return declared(key).fallback;
}

std::string option_reader::word(std::string_view key,
                                std::span<const std::string_view> allowed) {
  auto result = written(key);
  auto& fallback = declared(key).fallback;
  if (result == fallback
      || std::find(allowed.begin(), allowed.end(), result) != allowed.end())
    return result;
  refuse(key, "must be " + join_choices(allowed));
  return fallback;
}

bool option_reader::flag(std::string_view key) {
  if (auto x = parse_setting<bool>(written(key)))
    return *x;
  refuse(key, "must be true or false");
  return parse_setting<bool>(declared(key).fallback).value_or(false);
}

duration option_reader::time(std::string_view key, duration min, duration max) {
  auto x = parse_setting<duration>(written(key));
  if (x && (*x == duration::zero() || (*x >= min && *x <= max)))
    return *x;
  refuse(key, "must be from " + to_setting_text(min) + " to "
                + to_setting_text(max) + ", or 0");
  return parse_setting<duration>(declared(key).fallback)
    .value_or(duration::zero());
}

void option_reader::refuse(std::string_view key, std::string why) {
  auto i = config_.options.find(std::string{key});
  problems_.push_back({std::string{key},
                       i != config_.options.end() ? i->second : std::string{},
                       std::move(why),
                       {}});
}

void option_reader::refuse_unseen(std::string_view key, std::string why) {
  problems_.push_back({std::string{key}, {}, std::move(why), {}});
}

void option_reader::refuse_unknown(std::string_view backend) {
  std::vector<std::string_view> keys;
  for (auto& option : table_)
    keys.push_back(option.key);
  for (auto& [key, value] : config_.options)
    // A misspelt key may well be a secret's.
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      refuse_unseen(key, "no option of the backend \"" + std::string{backend}
                           + "\" is called that" + hint_for(key, keys));
}

const backend_option& option_reader::declared(std::string_view key) const {
  auto i = std::find_if(table_.begin(), table_.end(),
                        [key](const auto& x) { return x.key == key; });
  if (i == table_.end())
    throw std::out_of_range{"no option is declared as " + std::string{key}};
  return *i;
}

std::string option_reader::written(std::string_view key) const {
  auto& fallback = declared(key).fallback;
  auto i = config_.options.find(std::string{key});
  return i != config_.options.end() ? i->second : fallback;
}

std::size_t option_reader::choice_of(std::string_view key,
                                     std::span<const std::string_view> names) {
  auto i = std::find(names.begin(), names.end(), written(key));
  if (i == names.end()) {
    refuse(key, "must be " + join_choices(names));
    i = std::find(names.begin(), names.end(), declared(key).fallback);
  }
  return i != names.end() ? static_cast<std::size_t>(i - names.begin()) : 0;
}

std::uint64_t option_reader::number_of(std::string_view key, std::uint64_t min,
                                       std::uint64_t max) {
  auto x = parse_setting<std::uint64_t>(written(key));
  if (x && *x >= min && *x <= max)
    return *x;
  refuse(key,
         "must be from " + std::to_string(min) + " to " + std::to_string(max));
  return parse_setting<std::uint64_t>(declared(key).fallback).value_or(min);
}

} // namespace caf_pool
