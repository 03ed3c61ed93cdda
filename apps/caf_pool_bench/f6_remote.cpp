#include "caf_pool/backend/sqlite/sqlite.hpp"
#include "caf_pool/pool.hpp"

#include "echo.hpp"
#include "figure.hpp"
#include "node_process.hpp"
#include "remote_flight.hpp"
#include "statistics.hpp"

// F6: statements of a remote client over the loopback interface, one and 64 of
// them under way at a time. The baseline is the sum of what cannot be saved: a
// round trip between two bare CAF processes, with as many under way, and the
// same query without pool or network.
//
// With one at a time a value is the median time of a call; with 64 it is wall
// time divided by the number of calls, which is what a call costs.

namespace caf_pool::bench {

namespace {

constexpr const char* query = "SELECT 1";
constexpr double goal = 60; // us

double micros(duration x) {
  return static_cast<double>(x.count()) / 1e3;
}

double one_at_a_time(remote_client& db, duration length) {
  std::vector<double> times;
  auto end = clock::now() + length;
  for (auto begin = clock::now(); begin < end; begin = clock::now()) {
    (void) db.execute("main", query).value();
    times.push_back(micros(clock::now() - begin));
  }
  return median(std::move(times));
}

/// The query on a connection that is already held.
double query_alone(duration length) {
  pool db{sqlite(":memory:")};
  auto held = db.acquire().value();
  std::vector<double> times;
  auto end = clock::now() + length;
  for (auto begin = clock::now(); begin < end; begin = clock::now()) {
    (void) held.execute(query).value();
    times.push_back(micros(clock::now() - begin));
  }
  return median(std::move(times));
}

double bare_trip(std::uint16_t port, std::size_t outstanding, duration length) {
  auto x = ask_echo(port, outstanding, length);
  if (outstanding == 1)
    return median(std::move(x.calls));
  return micros(x.took) / static_cast<double>(x.calls.size());
}

std::vector<measurement> run(const run_options& x) {
  auto length
    = x.quick ? std::chrono::milliseconds{100} : std::chrono::milliseconds{700};
  node_process node{x};
  auto db = connect_to(node);
  child echo{{x.self, "echo"}};
  auto port = static_cast<std::uint16_t>(
    std::stoul(value_of(' ' + echo.wait_for_line("echo port="), "port")));
  std::vector<measurement> result;
  for (std::size_t outstanding : {1u, 64u}) {
    std::vector<double> values, trips, queries;
    for (int i = 0; i < x.repeats; ++i) {
      trips.push_back(bare_trip(port, outstanding, length));
      queries.push_back(query_alone(length / 10));
      values.push_back(
        outstanding == 1
          ? one_at_a_time(db, length)
          : remote_flight{db, "main", query, outstanding, length}.cost());
    }
    auto value = median(values);
    auto floor = median(trips) + median(queries);
    result.push_back({"F6",
                      {{"outstanding", std::to_string(outstanding)},
                       {"query alone", to_text(median(queries)) + " us"}},
                      value,
                      "us",
                      floor,
                      "bare CAF round trip and the query alone",
                      "at most 60 us above the baseline",
                      value - floor <= goal});
  }
  return result;
}

} // namespace

figure f6_remote() {
  return {"F6", "remote execute over loopback", run, without_node};
}

} // namespace caf_pool::bench
