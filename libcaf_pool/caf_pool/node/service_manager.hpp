#pragma once

#include "caf_pool/core/time.hpp"

#include <optional>
#include <string>

/// What systemd wants to know; every call is a no-op without it. After
/// sd_notify(3).
namespace caf_pool::service_manager {

void ready(const std::string& status);
void status(const std::string& text);
/// A reload begins; `ready` ends it.
void reloading();
void stopping();
void alive();

/// Returns how often `alive` is expected at least, if it is expected.
std::optional<duration> watchdog_interval();

} // namespace caf_pool::service_manager
