#include "figure.hpp"
#include "hammer.hpp"
#include "idle_pool.hpp"
#include "rivals.hpp"
#include "statistics.hpp"

// F1: what it costs to take an idle connection and to give it back, as a caller
// sees it: `acquire` returns a lease, whose destructor releases. Nothing is
// executed. Beside it the least that any pool must do, a compare-and-swap on a
// slot, and what is written first, a deque behind a mutex.
//
// A value is nanoseconds of a core per cycle (see `hammered`): wall time, times
// the smaller of threads and cores, divided by the cycles of all threads. With
// up to as many threads as cores that is how long one thread takes for a cycle.
// "wall" in the parameters is wall time divided by the cycles of all threads,
// as benchmarks of throughput give it: smaller the more cores there are. "cpu"
// is what the threads' own clocks say, and "queued" the share of cycles that had
// to wait for a connection, because other threads had lost their core while
// they held one.

namespace caf_pool::bench {

namespace {

constexpr std::uint32_t size = 10;
constexpr double goal = 40;

struct samples {
  std::vector<double> pool;
  std::vector<double> wall;
  std::vector<double> cpu;
  std::vector<double> queued;
  std::vector<double> fairness;
  std::vector<double> slots;
  std::vector<double> deque;
};

hammered measure_pool(any_pool& db, std::size_t threads, duration length) {
  return hammer(threads, length, [&db](std::size_t) {
    return [&db] {
      if (auto held = db.acquire(); !held)
        throw std::runtime_error{to_string(held.error())};
    };
  });
}

hammered measure_slots(std::size_t threads, duration length) {
  bare_slots slots{size};
  return hammer(threads, length, [&slots](std::size_t i) {
    return [&slots, hint = i % size]() mutable {
      slots.release(slots.acquire(hint));
    };
  });
}

hammered measure_deque(std::size_t threads, duration length) {
  locked_deque deque{size};
  return hammer(threads, length, [&deque](std::size_t) {
    return [&deque] { deque.release(deque.acquire()); };
  });
}

void append(std::vector<measurement>& out, std::size_t threads,
            const samples& x) {
  auto value = median(x.pool);
  measurement m;
  m.figure = "F1";
  m.params = {{"threads", std::to_string(threads)},
              {"pool", std::to_string(size)},
              {"wall", to_text(median(x.wall)) + " ns"},
              {"cpu", to_text(median(x.cpu)) + " ns"},
              {"queued", to_text(100 * median(x.queued), 3) + " %"},
              {"fairness", to_text(median(x.fairness), 2)}};
  m.value = value;
  m.unit = "ns";
  m.goal = "at most 40 ns";
  m.reached = value <= goal;
  m.baseline = median(x.slots);
  m.baseline_name = "bare slot compare-and-swap";
  out.push_back(m);
  m.baseline = median(x.deque);
  m.baseline_name = "mutex and deque";
  out.push_back(m);
}

std::vector<measurement> run(const run_options& x) {
  auto length
    = x.quick ? std::chrono::milliseconds{20} : std::chrono::milliseconds{300};
  auto db = make_idle_pool(size);
  std::vector<measurement> result;
  for (std::size_t threads : {1u, 2u, 8u, 32u}) {
    samples all;
    for (int i = 0; i < x.repeats; ++i) {
      all.slots.push_back(measure_slots(threads, length).core_per_cycle());
      auto before = db.snapshot().value().counters.acquired_after_wait;
      auto pool = measure_pool(db, threads, length);
      auto after = db.snapshot().value().counters.acquired_after_wait;
      all.queued.push_back(static_cast<double>(after - before)
                           / static_cast<double>(pool.total()));
      all.cpu.push_back(pool.cpu_per_cycle());
      all.pool.push_back(pool.core_per_cycle());
      all.wall.push_back(pool.wall_per_cycle());
      all.fairness.push_back(pool.fairness());
      all.deque.push_back(measure_deque(threads, length).core_per_cycle());
    }
    append(result, threads, all);
  }
  return result;
}

} // namespace

figure f1_lease() {
  return {"F1", "acquire and release an idle connection", run};
}

} // namespace caf_pool::bench
