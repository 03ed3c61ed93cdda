#pragma once

#include "caf_pool/core/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool {

/// The profile whose file is only the ground of the others.
inline constexpr std::string_view base_profile = "base";

/// Tells whether a profile is for real data, where a password in a file is an
/// error and not only a warning: "prod" and "production".
bool is_production(std::string_view profile) noexcept;

/// Returns the profiles in a folder: the names of its files that end in ".toml",
/// without "base", sorted.
std::vector<std::string> profiles_in(const std::filesystem::path& folder);

namespace detail {

/// Returns the file of a profile. "development" and "production" also find
/// "dev.toml" and "prod.toml" and the other way round. Fails with the profiles
/// that there are.
result<std::filesystem::path> find_profile(const std::filesystem::path& folder,
                                           std::string_view profile);

} // namespace detail

} // namespace caf_pool
