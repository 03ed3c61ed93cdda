#include "caf_pool/remote/token_file.hpp"

#include "figure.hpp"
#include "node_process.hpp"
#include "redis_raw.hpp"
#include "remote_flight.hpp"
#include "statistics.hpp"

// F45: GET by a remote client over the loopback interface, 32 of them under way
// at a time. Beside it the statements of F6 at the same node: SELECT of a pool
// of SQLite, 64 under way. A value is wall time divided by the number of calls.
// The baseline is no floor: SQLite answers without a round trip, and fewer
// calls under way share less of what a message costs.

namespace caf_pool::bench {

namespace {

std::string settings_of(const run_options& x) {
  return "[pools.cache]\nbackend = \"redis\"\nmin_size = 8\nmax_size = 8\n"
         "[pools.cache.redis]\npath = \""
         + x.redis + "\"\n";
}

std::vector<measurement> run(const run_options& x) {
  auto length
    = x.quick ? std::chrono::milliseconds{100} : std::chrono::milliseconds{700};
  fill_redis(x.redis);
  node_process node{x, settings_of(x)};
  auto db = connect_to(node);
  auto get = redis_command{"GET", redis_entries().front().key};
  std::vector<double> values, selects;
  for (int i = 0; i < x.repeats; ++i) {
    selects.push_back(remote_flight{db, "main", "SELECT 1", 64, length}.cost());
    values.push_back(remote_flight{db, "cache", get, 32, length}.cost());
  }
  return {{"F45",
           {{"outstanding", "32"}, {"pool", "8"}},
           median(values),
           "us",
           median(selects),
           "a remote SELECT, SQLite, 64 outstanding",
           "none",
           true}};
}

} // namespace

figure f45_remote_get() {
  return {"F45", "remote GET over loopback, Redis", run,
          [](const run_options& x) {
            auto why = without_redis(x);
            return why.empty() ? without_node(x) : why;
          }};
}

} // namespace caf_pool::bench
