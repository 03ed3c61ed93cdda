#pragma once

#include "caf_pool/core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace caf_pool {

/// A port that a node was told to listen at.
struct listen_place {
  /// Who wants it: "the admin server".
  std::string_view who;
  /// Where its settings are: "admin".
  std::string_view table;
  std::string address;
  std::uint16_t port = 0;
};

/// Says who cannot listen where and why, and what to do about it
/// (`open_failed`).
error cannot_listen(const listen_place& where, std::error_code why);

} // namespace caf_pool
