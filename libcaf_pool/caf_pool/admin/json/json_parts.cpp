#include "caf_pool/admin/json/json_parts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>

namespace caf_pool {

namespace detail {

double seconds(duration x) {
  return std::chrono::duration<double>(x).count();
}

// -- numbers ------------------------------------------------------------------

std::uint64_t closed_connections(const pool_snapshot& x) {
  return x.counters.retired + x.counters.lost;
}

// Grants without a wait are not all in the histogram.
double average_wait(const pool_snapshot& x) {
  auto grants = std::max(x.counters.acquired, x.wait_time.count);
  return grants == 0 ? 0.0
                     : seconds(x.wait_time.sum) / static_cast<double>(grants);
}

std::uint32_t base_size(const pool_snapshot& x) {
  return x.max_size - std::min(x.max_size, x.max_overflow);
}

// Connections beyond the base size that are open at the moment.
std::uint32_t overflow(const pool_snapshot& x) {
  auto total = x.gauges.total();
  return total - std::min(total, base_size(x));
}

json_document error_json(const error& x) {
  if (!x)
    return nullptr;
  return {
    {"code", to_string(x.code)}, {"message", x.message}, {"state", x.state}};
}

json_document breaker_json(const pool_snapshot& x) {
  return {{"state", to_string(x.breaker)},
          {"open_for", seconds(x.breaker_open_for)}};
}

json_document last_probe_json(const pool_record& x) {
  if (!x.last_probe)
    return nullptr;
  return to_utc_text(*x.last_probe);
}

void mark_stale(json_document& doc, const pool_overview& x) {
  if (!x.stale)
    return;
  doc["stale"] = true;
  if (x.known)
    doc["age"] = seconds(x.age);
  else
    doc["age"] = nullptr;
}

} // namespace detail

std::string render(const json_document& x) {
  return x.dump(2, ' ', false, json_document::error_handler_t::replace) + '\n';
}

std::string to_utc_text(std::chrono::system_clock::time_point x) {
  auto ticks = std::chrono::system_clock::to_time_t(x);
  std::tm parts{};
  gmtime_r(&ticks, &parts);
  char text[32];
  auto size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

} // namespace caf_pool
