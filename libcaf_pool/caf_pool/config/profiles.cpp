#include "caf_pool/config/profiles.hpp"

#include "caf_pool/settings/nearest.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace fs = std::filesystem;

namespace {

constexpr std::pair<std::string_view, std::string_view> twins[] = {
  {"dev", "development"},
  {"prod", "production"},
};

bool is_plain_name(std::string_view name) {
  // No dots and no slashes: a profile never leaves its folder.
  constexpr std::string_view letters
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.size() <= 64
         && name.find_first_not_of(letters) == name.npos;
}

std::string_view twin_of(std::string_view profile) {
  for (auto& [x, y] : twins)
    if (profile == x || profile == y)
      return profile == x ? y : x;
  return {};
}

error unusable(std::string text) {
  return {errc::config_invalid, std::move(text), {}};
}

} // namespace

bool is_production(std::string_view profile) noexcept {
  return profile == "prod" || profile == "production";
}

std::vector<std::string> profiles_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ec;
  for (auto i = fs::directory_iterator{folder, ec};
       !ec && i != fs::directory_iterator{}; i.increment(ec))
    if (i->path().extension() == ".toml" && i->path().stem() != base_profile)
      names.push_back(i->path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

namespace detail {

result<fs::path> find_profile(const fs::path& folder,
                              std::string_view profile) {
  if (!is_plain_name(profile))
    return unusable(
      "the name of a profile has 1 to 64 letters, digits, '-' and "
      "'_'");
  for (auto name : {profile, twin_of(profile)}) {
    auto path = folder / (std::string{name} + ".toml");
    std::error_code ec;
    if (!name.empty() && fs::exists(path, ec))
      return path;
  }
  auto names = profiles_in(folder);
  std::vector<std::string_view> views{names.begin(), names.end()};
  return unusable("there is no profile \"" + std::string{profile} + "\" in "
                  + folder.string()
                  + (views.empty() ? "" : hint_for(profile, views)));
}

} // namespace detail

} // namespace caf_pool
