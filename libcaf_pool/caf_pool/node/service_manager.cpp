#include "caf_pool/node/service_manager.hpp"

#include <systemd/sd-daemon.h>

namespace caf_pool::service_manager {

void ready(const std::string& status) {
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void status(const std::string& text) {
  sd_notify(0, ("STATUS=" + text).c_str());
}

void reloading() {
  // Newer versions wait for ever without the time.
  auto now = std::chrono::duration_cast<std::chrono::microseconds>(
    clock::now().time_since_epoch());
  sd_notify(
    0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count())).c_str());
}

void stopping() {
  sd_notify(0, "STOPPING=1");
}

void alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<duration> watchdog_interval() {
  std::uint64_t interval = 0;
  if (sd_watchdog_enabled(0, &interval) <= 0)
    return std::nullopt;
  return std::chrono::microseconds{interval} / 2;
}

} // namespace caf_pool::service_manager
