#include "caf_pool/admin/http/routes.hpp"

#include "caf_pool/admin/http/guard.hpp"
#include "caf_pool/admin/http/index_page.hpp"
#include "caf_pool/admin/http/target.hpp"
#include "caf_pool/admin/json/json.hpp"
#include "caf_pool/admin/metrics/metrics.hpp"
#include "caf_pool/admin/readiness.hpp"
#include "caf_pool/net/remote_header.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <optional>

namespace caf_pool {

namespace {

constexpr std::string_view pools_path = "/api/v1/admin/connection-pools";

// What a handler gets: the request taken apart.
struct call {
  const request_target& target;
  const admin_facts& facts;
  /// What stands for "<pool>" in the path.
  std::string_view pool;
};

admin_response json_response(const json_document& doc, unsigned status = 200) {
  return {status, "application/json", render(doc), {}};
}

// -- handlers -----------------------------------------------------------------

admin_response show_index(const call& x) {
  auto page = index_page(x.facts.name, x.facts.version, admin_routes());
  // A client that came to the wrong port learns the right one.
  page.headers.emplace_back(remote_header, x.facts.node.remote);
  return page;
}

admin_response show_alive(const call&) {
  return json_response({{"status", "alive"}});
}

admin_response show_readiness(const call& x, bool verbose) {
  auto state = judge_readiness(x.facts.node, x.facts.pools);
  return json_response(
    readiness_json(state, x.facts.node, x.facts.pools, verbose),
    state.ready ? 200 : 503);
}

admin_response show_ready(const call& x) {
  return show_readiness(x, x.target.has_flag("verbose"));
}

admin_response show_verbose(const call& x) {
  return show_readiness(x, true);
}

admin_response show_metrics(const call& x) {
  metrics_facts facts;
  facts.version = x.facts.version;
  facts.node = x.facts.node;
  facts.ready = judge_readiness(x.facts.node, x.facts.pools).ready;
  return {200,
          "text/plain; version=0.0.4; charset=utf-8",
          metrics_text(x.facts.pools, facts),
          {}};
}

admin_response show_list(const call& x) {
  return json_response(list_json(x.facts.pools));
}

admin_response show_stats(const call& x) {
  return json_response(stats_json(x.facts.pools));
}

admin_response show_health(const call& x) {
  return json_response(health_json(x.facts.pools));
}

admin_response show_config(const call& x) {
  return {200, "application/json", x.facts.config(), {}};
}

admin_response show_pool(const call& x) {
  auto& known = x.facts.pools;
  for (auto& pool : known.pools)
    if (pool.now.name == x.pool)
      return json_response(pool_json(pool, known));
  if (!known.known)
    return problem(503, "The manager of the pools has not answered yet.",
                   x.target.path);
  std::string names;
  for (auto& pool : known.pools)
    names += (names.empty() ? "" : ", ") + pool.now.name;
  return problem(404,
                 "No pool has this name; there "
                   + (names.empty() ? "are none." : "are: " + names + '.'),
                 x.target.path);
}

// -- table --------------------------------------------------------------------

struct route {
  std::string_view method;
  // "<pool>" as the last part stands for any one part.
  std::string_view path;
  admin_response (*handler)(const call&);
  bool needs_pools;
  std::string_view doc;
};

// Calls that change something will be rows with another verb.
constexpr route routes[] = {
  {"GET", "/", show_index, false, "This page."},
  {"GET", "/livez", show_alive, false, "The process runs."},
  {"GET", "/readyz", show_ready, true,
   "The node is ready for work; ?verbose says more."},
  {"GET", "/healthz", show_verbose, true, "The same, always in full."},
  {"GET", "/metrics", show_metrics, true, "Metrics for Prometheus."},
  {"GET", pools_path, show_list, true, "All pools."},
  {"GET", "/api/v1/admin/connection-pools/stats", show_stats, true,
   "Numbers of all pools."},
  {"GET", "/api/v1/admin/connection-pools/health", show_health, true,
   "How all pools are, and why."},
  {"GET", "/api/v1/admin/connection-pools/config", show_config, false,
   "The settings in force."},
  {"GET", "/api/v1/admin/connection-pools/<pool>", show_pool, true,
   "Everything about one pool."},
};

constexpr std::string_view any_part = "<pool>";

// Returns what stands for "<pool>" if the path fits.
std::optional<std::string_view> match(std::string_view pattern,
                                      std::string_view path) {
  if (!pattern.ends_with(any_part))
    return pattern == path ? std::optional{std::string_view{}} : std::nullopt;
  pattern.remove_suffix(any_part.size());
  if (!path.starts_with(pattern))
    return std::nullopt;
  path.remove_prefix(pattern.size());
  if (path.empty() || path.find('/') != path.npos)
    return std::nullopt;
  return path;
}

bool accepts(const route& x, std::string_view method) {
  return x.method == method || (x.method == "GET" && method == "HEAD");
}

// The verbs that a path knows, for the header Allow; empty for no path.
std::string verbs_of(std::string_view path) {
  std::string result;
  for (auto& x : routes) {
    if (!match(x.path, path) || result.find(x.method) != result.npos)
      continue;
    result += (result.empty() ? "" : ", ") + std::string{x.method};
    if (x.method == "GET")
      result += ", HEAD";
  }
  return result;
}

const route* find_route(std::string_view method, std::string_view path) {
  auto i = std::find_if(std::begin(routes), std::end(routes), [&](auto& x) {
    return accepts(x, method) && match(x.path, path);
  });
  return i == std::end(routes) ? nullptr : i;
}

admin_response answer_unknown(const request_target& target) {
  auto verbs = verbs_of(target.path);
  if (verbs.empty())
    return problem(404, "There is nothing here; / lists what there is.",
                   target.path);
  auto result
    = problem(405, "This path knows " + verbs + " only.", target.path);
  result.headers.emplace_back("Allow", std::move(verbs));
  return result;
}

} // namespace

std::vector<route_info> admin_routes() {
  std::vector<route_info> result;
  for (auto& x : routes)
    result.push_back({x.method, x.path, x.doc});
  return result;
}

bool needs_pools(const admin_request& x) {
  auto target = parse_target(x.target);
  if (!target || refuse_stranger(x))
    return false;
  auto* found = find_route(x.method, target->path);
  return found != nullptr && found->needs_pools;
}

admin_response answer(const admin_request& x, const admin_facts& facts) {
  if (auto refused = refuse_stranger(x))
    return *std::move(refused);
  auto target = parse_target(x.target);
  if (!target)
    return problem(400, "The target of the request is no valid path.");
  auto* found = find_route(x.method, target->path);
  if (found == nullptr)
    return answer_unknown(*target);
  try {
    return found->handler({*target, facts, *match(found->path, target->path)});
  } catch (const std::exception& what) {
    return problem(500, std::string{"This is a defect: "} + what.what(),
                   target->path);
  }
}

} // namespace caf_pool
