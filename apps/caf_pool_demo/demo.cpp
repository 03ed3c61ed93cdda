#include "demo.hpp"

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/core/histogram.hpp"
#include "caf_pool/remote/client.hpp"
#include "caf_pool/remote/token_file.hpp"

#include "progress.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

namespace caf_pool::demo {

namespace {

/// What all threads of the load have in common.
struct load {
  remote_client& db;
  const load_options& options;
  time_point end;
  histogram times;
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> written{0};
  std::mutex mutex;
  error failure;

  load(remote_client& client, const load_options& x)
    : db(client), options(x), end(clock::now() + x.length) {
    // nop
  }

  bool over() {
    if (clock::now() >= end)
      return true;
    auto guard = std::lock_guard{mutex};
    return static_cast<bool>(failure);
  }

  void fail(const error& why) {
    auto guard = std::lock_guard{mutex};
    if (!failure)
      failure = why;
  }

  /// Measures a call and keeps its error.
  template <class F>
  bool call(F&& f) {
    auto start = clock::now();
    auto answer = f();
    times.record(clock::now() - start);
    ++calls;
    if (!answer)
      fail(answer.error());
    return answer.has_value();
  }
};

/// One client: every fifth call writes an order with two lines in one
/// transaction, the others read.
void drive(load& x, int number) {
  auto& pool = x.options.pool;
  for (int i = 0; !x.over(); ++i) {
    if (i % 5 == 0) {
      auto id = std::int64_t{number} * 100'000'000 + i;
      auto written = x.call([&] {
        return x.db.transaction(
          pool,
          {{"INSERT INTO demo_order (id) VALUES ($1)", {id}},
           {"INSERT INTO demo_line (id, item) VALUES ($1, 'lamp')", {id}},
           {"INSERT INTO demo_line (id, item) VALUES ($1, 'bulb')", {id}}});
      });
      if (written)
        ++x.written;
    } else {
      x.call([&] {
        return x.db.execute(pool,
                            {"SELECT item FROM demo_line WHERE id = $1",
                             {std::int64_t{number} * 100'000'000 + i - i % 5}});
      });
    }
  }
}

result<void> prepare(remote_client& db, const std::string& pool) {
  for (auto* sql :
       {"DROP TABLE IF EXISTS demo_order", "DROP TABLE IF EXISTS demo_line",
        "CREATE TABLE demo_order (id INTEGER PRIMARY KEY)",
        "CREATE TABLE demo_line (id INTEGER, item TEXT)",
        "CREATE INDEX demo_line_id ON demo_line (id)"})
    if (auto done = db.execute(pool, sql); !done)
      return done.error();
  return {};
}

void watch(load& x) {
  progress bar;
  std::mutex mutex;
  std::condition_variable wait;
  auto guard = std::unique_lock{mutex};
  auto begin = x.end - x.options.length;
  while (!x.over()) {
    auto passed = std::chrono::duration<double>(clock::now() - begin).count();
    auto all = std::chrono::duration<double>(x.options.length).count();
    auto rate = passed > 0 ? static_cast<double>(x.calls.load()) / passed : 0;
    bar.show(passed / all, std::to_string(x.calls.load()) + " calls, "
                             + std::to_string(static_cast<long>(rate))
                             + " per second");
    wait.wait_for(guard, std::chrono::milliseconds{100});
  }
}

/// Compares what the database holds with what was written.
result<void> check(load& x) {
  auto rows = x.db.execute(x.options.pool,
                           "SELECT (SELECT count(*) FROM demo_order) AS orders,"
                           " (SELECT count(*) FROM demo_line) AS lines");
  if (!rows)
    return rows.error();
  auto orders = (*rows)[0]["orders"].as<std::int64_t>();
  auto lines = (*rows)[0]["lines"].as<std::int64_t>();
  auto written = static_cast<std::int64_t>(x.written.load());
  if (orders != written || lines != 2 * written)
    return error{errc::internal,
                 "wrote " + std::to_string(written) + " orders, but found "
                   + std::to_string(orders) + " with " + std::to_string(lines)
                   + " lines",
                 {}};
  return {};
}

void report(load& x) {
  auto times = x.times.snapshot();
  auto seconds = std::chrono::duration<double>(x.options.length).count();
  auto calls = x.calls.load();
  std::printf("%llu calls by %d clients in %s: %.0f per second\n",
              static_cast<unsigned long long>(calls), x.options.threads,
              to_rough_text(x.options.length).c_str(),
              static_cast<double>(calls) / seconds);
  std::printf("time per call: median %s, 95 %% below %s, 99 %% below %s\n",
              to_rough_text(times.percentile(0.5)).c_str(),
              to_rough_text(times.percentile(0.95)).c_str(),
              to_rough_text(times.percentile(0.99)).c_str());
  std::printf("%llu orders written in transactions, all of them found again\n",
              static_cast<unsigned long long>(x.written.load()));
  if (auto pool = x.db.snapshot(x.options.pool))
    std::printf(
      "pool \"%s\" (%s): %u connections served %llu leases, "
      "%llu opened, %llu lost\n",
      pool->name.c_str(), pool->backend.c_str(), pool->gauges.total(),
      static_cast<unsigned long long>(pool->counters.acquired),
      static_cast<unsigned long long>(pool->counters.opened),
      static_cast<unsigned long long>(pool->counters.lost));
}

} // namespace

result<void> drive_load(const load_options& x) {
  auto token = token_from_file(x.token_file, x.principal);
  if (!token)
    return token.error();
  remote_options options;
  options.address = x.address;
  options.principal = x.principal;
  options.client = "demonstration";
  options.token = *std::move(token);
  auto db = remote_client::connect(options);
  if (!db)
    return db.error();
  std::printf("connected to node \"%s\" at %s\n", db->node().c_str(),
              x.address.c_str());
  if (auto ready = prepare(*db, x.pool); !ready)
    return ready;
  load all{*db, x};
  std::vector<std::thread> threads;
  for (int i = 0; i < x.threads; ++i)
    threads.emplace_back([&all, i] { drive(all, i + 1); });
  watch(all);
  for (auto& thread : threads)
    thread.join();
  if (all.failure)
    return all.failure;
  if (auto right = check(all); !right)
    return right;
  report(all);
  return {};
}

} // namespace caf_pool::demo
