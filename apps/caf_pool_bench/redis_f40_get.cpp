#include "caf_pool/redis.hpp"

#include "figure.hpp"
#include "hammer.hpp"
#include "redis_pooled.hpp"
#include "statistics.hpp"

#include <memory>
#include <span>
#include <stdexcept>

// F40: GET over a unix socket; each call acquires, sends one command and
// releases, on a pool of eight. Beside it hiredis with a connection per thread.
//
// F41: the same with pipelines: each call sends 64 commands in one round trip.
//
// Both sides check what they read. A value is commands per second. "cpu" is
// what the calling threads used of a core per command, the kernel's part
// included: other processes on the machine disturb it less.

namespace caf_pool::bench {

namespace {

using redis_pool = pool<redis_connection>;
using some_entries = std::span<const redis_entry>;

constexpr std::uint32_t size = 8;
constexpr double goal = 0.95;

void get(redis_pool& db, const redis_entry& x) {
  auto held = db.acquire().value();
  expect(held.command("GET", x.key), x);
}

void get_all(redis_pool& db, some_entries xs) {
  std::vector<redis_command> commands;
  commands.reserve(xs.size());
  for (auto& x : xs)
    commands.emplace_back("GET", x.key);
  auto held = db.acquire().value();
  auto replies = held.pipeline(std::move(commands)).value();
  for (std::size_t i = 0; i < xs.size(); ++i)
    expect(replies.items[i], xs[i]);
}

/// Returns other entries from call to call, of which there is no end.
some_entries next_entries(std::uint64_t& state, std::size_t count) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  some_entries all{redis_entries()};
  return all.subspan((state >> 33) % (all.size() - count), count);
}

struct speed {
  double per_second = 0;
  /// Nanoseconds per command.
  double cpu = 0;
};

/// `make_call()` returns what a thread calls with `count` entries.
template <class MakeCall>
speed measure(std::size_t threads, std::size_t count, duration length,
              MakeCall make_call) {
  auto done = hammer(threads, length, [&](std::size_t i) {
    return [call = make_call(), count, state = std::uint64_t{i}]() mutable {
      call(next_entries(state, count));
    };
  });
  auto n = static_cast<double>(count);
  return {1e9 / done.wall_per_cycle() * n, done.cpu_per_cycle() / n};
}

speed measure_pool(redis_pool& db, std::size_t threads, std::size_t count,
                   duration length) {
  return measure(threads, count, length, [&db] {
    return [&db](some_entries xs) {
      if (xs.size() == 1)
        get(db, xs.front());
      else
        get_all(db, xs);
    };
  });
}

speed measure_hiredis(const std::string& path, std::size_t threads,
                      std::size_t count, duration length) {
  return measure(threads, count, length, [&path] {
    auto db = std::make_shared<raw_redis>(path);
    return [db](some_entries xs) {
      if (xs.size() == 1)
        db->get(xs.front());
      else
        db->get_all(xs);
    };
  });
}

std::vector<measurement> measure_all(const run_options& x, const char* figure,
                                     std::vector<std::size_t> threads,
                                     std::size_t count) {
  auto length
    = x.quick ? std::chrono::milliseconds{100} : std::chrono::milliseconds{500};
  fill_redis(x.redis);
  auto db = make_redis_pool(x, size);
  std::vector<measurement> result;
  for (auto n : threads) {
    std::vector<double> rate, cpu, raw_rate, raw_cpu;
    for (int i = 0; i < x.repeats; ++i) {
      auto raw = measure_hiredis(x.redis, n, count, length);
      auto pooled = measure_pool(db, n, count, length);
      raw_rate.push_back(raw.per_second);
      raw_cpu.push_back(raw.cpu);
      rate.push_back(pooled.per_second);
      cpu.push_back(pooled.cpu);
    }
    result.push_back({figure,
                      {{"threads", std::to_string(n)},
                       {"pool", std::to_string(size)},
                       {"pipeline", std::to_string(count)},
                       {"cpu", to_text(median(cpu)) + " ns"},
                       {"cpu of hiredis", to_text(median(raw_cpu)) + " ns"}},
                      median(rate),
                      "commands/s",
                      median(raw_rate),
                      "hiredis, a connection per thread",
                      "at least 0.95 of the baseline",
                      median(rate) >= goal * median(raw_rate)});
  }
  return result;
}

std::vector<measurement> run_f40(const run_options& x) {
  return measure_all(x, "F40", {1, 8}, 1);
}

std::vector<measurement> run_f41(const run_options& x) {
  return measure_all(x, "F41", {1, 2}, 64);
}

} // namespace

figure f40_get() {
  return {"F40", "GET, Redis", run_f40, without_redis};
}

figure f41_pipeline() {
  return {"F41", "pipelines of 64 GETs, Redis", run_f41, without_redis};
}

} // namespace caf_pool::bench
