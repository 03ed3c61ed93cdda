#include "caf_pool/node/capacity_check.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace caf_pool {

namespace {

/// How long a server may take for its answer.
constexpr duration answer_limit = std::chrono::seconds{30};

/// Returns how many connections a server takes from everybody together; empty
/// for servers that do not say.
std::string_view capacity_query(std::string_view backend) {
  if (backend == "postgres")
    return "SELECT current_setting('max_connections')::bigint"
           " - current_setting('superuser_reserved_connections')::bigint";
  return {};
}

class capacity_check : public caf::event_based_actor {
public:
  capacity_check(caf::actor_config& cfg, manager_handle manager,
                 std::vector<server_load> loads, std::shared_ptr<logger> log)
    : caf::event_based_actor(cfg),
      manager_(std::move(manager)),
      loads_(std::move(loads)),
      log_(std::move(log)) {
    drop_unexpected(this);
  }

  caf::behavior make_behavior() override {
    for (auto& load : loads_)
      ask(this, manager_, caf::timespan{answer_limit}, find_pool{load.first})
        .then([this, load](const pool_handle& pool) { look(pool, load); },
              [](const caf::error&) {
                // The start check tells who cannot be reached.
              });
    // Requests keep it alive; afterwards it ends for want of a behavior.
    return {};
  }

private:
  void look(const pool_handle& pool, const server_load& load) {
    auto how = acquire_options{};
    how.limit = answer_limit;
    how.label = "start check";
    ask(this, pool, caf::timespan{2 * answer_limit},
        execute{load.query, how.starting(clock::now())})
      .then([this, load](const outcome& x) { judge(x, load); },
            [](const caf::error&) {
              // As above.
            });
  }

  void judge(const outcome& answer, const server_load& load) {
    if (answer.results().size() != 1 || answer.results()[0].cells.empty())
      return;
    auto cell = answer.results()[0][0][std::size_t{0}];
    auto room = cell.get<std::uint64_t>();
    if (!room || *room >= load.wanted)
      return;
    log_->write(severity::warning, "too_many_connections",
                {{"pools", load.pools},
                 {"wanted", std::to_string(load.wanted)},
                 {"server", std::to_string(*room)},
                 {"text",
                  "the pools may open more connections than their server "
                  "takes; lower their max_size or raise the server's limit, "
                  "and leave some for other programs"}});
  }

  manager_handle manager_;
  std::vector<server_load> loads_;
  std::shared_ptr<logger> log_;
};

} // namespace

std::vector<server_load> loads_of(const std::vector<pool_config>& pools) {
  std::map<std::string, server_load> loads;
  auto option = [](const pool_config& pool, const char* key) {
    auto i = pool.options.find(key);
    return i == pool.options.end() ? std::string{} : i->second;
  };
  for (auto& pool : pools) {
    auto query = capacity_query(pool.backend);
    if (query.empty())
      continue;
    auto& load = loads[pool.backend + '\n' + option(pool, "host") + '\n'
                       + option(pool, "port")];
    if (load.first.empty())
      load.first = pool.name;
    load.pools += (load.pools.empty() ? "" : ", ") + pool.name;
    load.wanted += pool.max_size;
    load.query = query;
  }
  std::vector<server_load> result;
  for (auto& [server, load] : loads)
    result.push_back(std::move(load));
  return result;
}

caf::actor spawn_capacity_check(caf::actor_system& sys,
                                const manager_handle& manager,
                                std::vector<server_load> loads,
                                std::shared_ptr<logger> log) {
  return sys.spawn<capacity_check>(manager, std::move(loads), std::move(log));
}

} // namespace caf_pool
