#include "figure.hpp"
#include "memory.hpp"
#include "node_process.hpp"
#include "statistics.hpp"
#include "waiters.hpp"

#include <thread>

// F8: what costs nothing should cost little. First a node with two pools that
// nobody uses, beside a bare CAF process that listens; then 10 000 callers in
// the queue of a pool: their memory beside a deque of promises, and how late
// they hear of their deadline or of being withdrawn, beside how late a thread
// is that sleeps until the same moments.

namespace caf_pool::bench {

namespace {

struct footprint {
  double resident = 0; // MB
  double busy = 0;     // percent of a core
};

footprint watch(const child& x, duration length) {
  auto before = x.cpu_time();
  auto begin = clock::now();
  std::this_thread::sleep_for(length);
  auto used = x.cpu_time() - before;
  auto took = clock::now() - begin;
  return {resident_bytes(x.pid()) / mega,
          100 * static_cast<double>(used.count())
            / static_cast<double>(took.count())};
}

std::vector<measurement> idle_node(const run_options& x) {
  auto length = x.quick ? std::chrono::milliseconds{300}
                        : std::chrono::milliseconds{3000};
  std::vector<double> resident, busy, bare_resident, bare_busy;
  for (int i = 0; i < x.repeats; ++i) {
    node_process node{x};
    child echo{{x.self, "echo"}};
    echo.wait_for_line("echo port=");
    std::this_thread::sleep_for(length / 3); // until the start is over
    auto bare = watch(echo, length);
    auto mine = watch(node.process(), length);
    resident.push_back(mine.resident);
    busy.push_back(mine.busy);
    bare_resident.push_back(bare.resident);
    bare_busy.push_back(bare.busy);
  }
  const char* name = "a bare CAF process that listens";
  return {{"F8",
           {{"pools", "2"}, {"measure", "resident memory"}},
           median(resident),
           "MB",
           median(bare_resident),
           name,
           "below 40 MB",
           median(resident) < 40},
          {"F8",
           {{"pools", "2"}, {"measure", "time of a core"}},
           median(busy),
           "%",
           median(bare_busy),
           name,
           "below 1 %",
           median(busy) < 1}};
}

std::size_t waiter_count(const run_options& x) {
  return x.quick ? 1000 : 10'000;
}

measurement waiter_row(const run_options& x, const char* measure, double value,
                       const char* unit, double baseline, const char* name,
                       const char* goal, bool reached) {
  return {"F8",
          {{"waiters", std::to_string(waiter_count(x))}, {"measure", measure}},
          value,
          unit,
          baseline,
          name,
          goal,
          reached};
}

std::vector<measurement> waiters(const run_options& x) {
  std::vector<double> bytes, late, gone, bare_bytes, bare_late, sleeper_late;
  for (int i = 0; i < x.repeats; ++i) {
    bare_bytes.push_back(promise_bytes(waiter_count(x)));
    auto one = measure_waiters(waiter_count(x));
    bytes.push_back(one.bytes);
    late.push_back(one.latest_expiry);
    gone.push_back(one.latest_withdrawal);
    sleeper_late.push_back(one.latest_sleeper);
  }
  return {waiter_row(x, "memory of one", median(bytes), "bytes",
                     median(bare_bytes), "a promise in a deque",
                     "below 1024 bytes", median(bytes) < 1024),
          waiter_row(x, "latest expiry", median(late), "ms",
                     median(sleeper_late), "a thread that sleeps",
                     "at most 20 ms", median(late) <= 20),
          waiter_row(x, "slowest withdrawal of all", median(gone), "ms", 0,
                     "none", "at most 20 ms", median(gone) <= 20)};
}

std::vector<measurement> run(const run_options& x) {
  auto result = idle_node(x);
  for (auto& m : waiters(x))
    result.push_back(std::move(m));
  return result;
}

} // namespace

figure f8_footprint() {
  return {"F8", "idle node, 10000 waiters", run, without_node};
}

} // namespace caf_pool::bench
