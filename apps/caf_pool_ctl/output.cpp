#include "output.hpp"

#include "caf_pool/core/duration_text.hpp"

#include "cell_text.hpp"
#include "reply_text.hpp"
#include "table.hpp"
#include "visible_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace caf_pool::ctl {

namespace {

using json = nlohmann::ordered_json;

/// Of all documents; grows when a member changes its meaning.
constexpr int schema = 1;

double seconds(duration x) {
  return std::chrono::duration<double>(x).count();
}

std::string text_of(const json& x) {
  return visible_document(x.dump(2, ' ', false, json::error_handler_t::replace))
         + '\n';
}

json document(const char* name, json items) {
  return {{"schema", schema}, {name, std::move(items)}};
}

std::string number(std::uint64_t x) {
  return std::to_string(x);
}

json times(const histogram_snapshot& x) {
  return {{"count", x.count},
          {"mean_seconds", seconds(x.mean())},
          {"p50_seconds", seconds(x.percentile(0.5))},
          {"p95_seconds", seconds(x.percentile(0.95))},
          {"p99_seconds", seconds(x.percentile(0.99))},
          {"max_seconds", seconds(x.max)}};
}

/// A line each; the last failure only if no reason has told it.
std::vector<std::string> reasons_with_last_failure(const pool_snapshot& x) {
  auto result = x.reasons;
  if (!x.last_error)
    return result;
  auto failure = to_string(x.last_error);
  auto tells = [&failure](const std::string& reason) {
    return reason.find(failure) != reason.npos;
  };
  if (std::none_of(result.begin(), result.end(), tells))
    result.push_back("last failure: " + failure);
  return result;
}

json error_json(const error& x) {
  if (!x)
    return nullptr;
  return {
    {"code", to_string(x.code)}, {"message", x.message}, {"state", x.state}};
}

} // namespace

std::string show_pools(const std::vector<pool_snapshot>& xs, const style& how) {
  auto items = json::array();
  table out{{"POOL", "BACKEND", "STATUS", "BREAKER", "LEASED", "PEAK", "IDLE",
             "OPENING", "TOTAL", "MAX", "WAITING", "MAXWAIT"}};
  for (auto& x : xs) {
    auto& g = x.gauges;
    items.push_back({{"name", x.name},
                     {"backend", x.backend},
                     {"status", to_string(x.status)},
                     {"breaker", to_string(x.breaker)},
                     {"leased", g.leased},
                     {"peak_leased", x.peak_leased},
                     {"idle", g.idle},
                     {"opening", g.opening},
                     {"total", g.total()},
                     {"max_size", x.max_size},
                     {"waiting", g.waiting},
                     {"longest_wait_seconds", seconds(x.longest_wait)}});
    out.add({x.name, x.backend, std::string{to_string(x.status)},
             std::string{to_string(x.breaker)}, number(g.leased),
             number(x.peak_leased), number(g.idle), number(g.opening),
             number(g.total()), number(x.max_size), number(g.waiting),
             to_rough_text(x.longest_wait)});
  }
  return how.json ? text_of(document("pools", items)) : out.render(how.bold);
}

std::string show_stats(const std::vector<pool_snapshot>& xs, const style& how) {
  auto items = json::array();
  table out{{"POOL", "ACQUIRED", "TIMEOUTS", "REJECTED", "OPENED", "LOST",
             "EXECUTED", "ERRORS", "WAIT P95", "USE P95", "EXECUTE P95"}};
  for (auto& x : xs) {
    auto& c = x.counters;
    auto rejected = c.rejected + c.queue_full + c.shed + c.rejected_by_breaker;
    items.push_back({{"name", x.name},
                     {"acquired", c.acquired},
                     {"acquired_after_wait", c.acquired_after_wait},
                     {"released", c.released},
                     {"acquire_timeouts", c.acquire_timeouts},
                     {"cancelled", c.cancelled},
                     {"rejected", rejected},
                     {"opened", c.opened},
                     {"open_failures", c.open_failures},
                     {"retired", c.retired},
                     {"lost", c.lost},
                     {"executed", c.executed},
                     {"execute_errors", c.execute_errors},
                     {"restarts", c.restarts},
                     {"uptime_seconds", seconds(x.uptime)},
                     {"wait", times(x.wait_time)},
                     {"use", times(x.use_time)},
                     {"open", times(x.open_time)},
                     {"execute", times(x.execute_time)}});
    out.add({x.name, number(c.acquired), number(c.acquire_timeouts),
             number(rejected), number(c.opened), number(c.lost),
             number(c.executed), number(c.execute_errors),
             to_rough_text(x.wait_time.percentile(0.95)),
             to_rough_text(x.use_time.percentile(0.95)),
             to_rough_text(x.execute_time.percentile(0.95))});
  }
  return how.json ? text_of(document("pools", items)) : out.render(how.bold);
}

std::string show_leases(const std::vector<pool_snapshot>& xs,
                        const style& how) {
  auto items = json::array();
  table out{{"POOL", "LEASE", "HELD", "SUSPECTED", "HOLDER"}};
  for (auto& x : xs)
    for (auto& lease : x.leases) {
      items.push_back({{"pool", x.name},
                       {"lease", to_string(lease.id)},
                       {"held_seconds", seconds(lease.held)},
                       {"suspected", lease.suspected},
                       {"holder", lease.holder}});
      out.add({x.name, to_string(lease.id), to_rough_text(lease.held),
               lease.suspected ? "yes" : "no", lease.holder});
    }
  return how.json ? text_of(document("leases", items)) : out.render(how.bold);
}

std::string show_health(const std::vector<pool_snapshot>& xs,
                        const style& how) {
  auto items = json::array();
  table out{{"POOL", "STATUS", "WHY"}};
  for (auto& x : xs) {
    items.push_back({{"name", x.name},
                     {"status", to_string(x.status)},
                     {"required", x.required},
                     {"reasons", x.reasons},
                     {"last_error", error_json(x.last_error)}});
    auto why = reasons_with_last_failure(x);
    out.add({x.name, std::string{to_string(x.status)},
             why.empty() ? std::string{} : why.front()});
    for (std::size_t i = 1; i < why.size(); ++i)
      out.add({"", "", why[i]});
  }
  return how.json ? text_of(document("pools", items)) : out.render(how.bold);
}

std::string show_connections(const std::vector<pool_snapshot>& xs,
                             const style& how) {
  auto items = json::array();
  table out{{"POOL", "CONNECTION", "STATE", "AGE", "UNUSED", "USES"}};
  for (auto& x : xs)
    for (auto& y : x.connections) {
      items.push_back({{"pool", x.name},
                       {"connection", to_string(y.id)},
                       {"state", y.state},
                       {"age_seconds", seconds(y.age)},
                       {"unused_seconds", seconds(y.unused_for)},
                       {"uses", y.uses}});
      out.add({x.name, to_string(y.id), y.state, to_rough_text(y.age),
               to_rough_text(y.unused_for), number(y.uses)});
    }
  return how.json ? text_of(document("connections", items))
                  : out.render(how.bold);
}

std::string show_rows(const sql_result& x, const style& how) {
  if (how.json) {
    auto rows = json::array();
    for (auto row : x) {
      auto values = json::array();
      for (std::size_t i = 0; i < row.size(); ++i)
        values.push_back(json_of(row[i].raw()));
      rows.push_back(std::move(values));
    }
    auto warnings = json::array();
    for (auto& y : x.warnings)
      warnings.push_back({{"text", y.text}, {"state", y.state}});
    return text_of({{"schema", schema},
                    {"columns", x.columns},
                    {"rows", std::move(rows)},
                    {"affected", x.affected},
                    {"warnings", std::move(warnings)}});
  }
  auto total = '(' + number(x.size()) + " rows)\n";
  if (x.columns.empty())
    return x.empty() ? number(x.affected) + " rows affected\n" : total;
  table out{x.columns};
  for (auto row : x) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells.push_back(text_of(row[i].raw()));
    out.add(cells);
  }
  return out.render(how.bold) + total;
}

std::string show_reply(const redis_value& x, const style& how) {
  return how.json ? text_of(document("reply", json_of(x))) : text_of(x);
}

std::string show_warnings(const sql_result& x) {
  std::string result;
  for (auto& y : x.warnings)
    result += "warning: " + visible_lines(y.text)
              + (y.state.empty() ? "" : " (" + visible(y.state) + ')') + '\n';
  return result;
}

std::string show_error(const error& x, const style& how) {
  if (how.json)
    return text_of({{"schema", schema}, {"error", error_json(x)}});
  return "caf_pool_ctl: " + visible_lines(to_string(x)) + '\n';
}

} // namespace caf_pool::ctl
