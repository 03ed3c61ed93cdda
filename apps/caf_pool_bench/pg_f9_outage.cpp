#include "caf_pool/actor/pool_supervisor.hpp"

#include "hammer.hpp"
#include "pg_outage.hpp"
#include "pg_pool.hpp"
#include "statistics.hpp"

#include <cstdlib>

// F9: PostgreSQL is killed like by a power cut under the load of 32 threads and
// comes back after five seconds, and once after 35 seconds. Backoff and breaker
// have their defaults. A thread whose call failed comes back after
// 10 ms, as one that answers its own caller would. Every clause of the promise
// is a measurement of its own; those that speak of all calls take the worst of
// all repeats, the way back takes the median.
//
// The baseline of the way back is the ideal: a thread without a pool that tries
// to connect every 50 ms, however often the server has to turn it away.

namespace caf_pool::bench {

namespace {

constexpr std::size_t threads = 32;
constexpr std::uint32_t size = 10;
constexpr auto acquire_limit = std::chrono::seconds{2};
constexpr auto execute_limit = std::chrono::seconds{2};
constexpr auto by_hand_every = std::chrono::milliseconds{50};

pool_config config_of(const run_options& x) {
  auto config = postgres(x.postgres).config;
  config.max_size = size;
  config.min_size = size;
  config.warm_up = warm_up_policy::to_min;
  config.acquire_timeout = acquire_limit;
  config.execute_timeout = execute_limit;
  config.open_timeout = acquire_limit;
  return config;
}

double share(duration took, duration limit) {
  return static_cast<double>(took.count()) / static_cast<double>(limit.count());
}

/// One call of one thread.
void call(any_pool& db, outage_log& log) {
  auto begin = clock::now();
  auto held = db.acquire();
  auto middle = clock::now();
  log.took(share(middle - begin, acquire_limit));
  auto why = held ? error{} : held.error();
  if (held) {
    auto rows = held->execute(sql_statement{select_text, {1}});
    log.took(share(clock::now() - middle, execute_limit));
    if (!rows)
      why = rows.error();
  }
  held = error{errc::lease_released, {}, {}}; // gives it back before the pause
  if (!why) {
    log.succeeded(clock::now());
    return;
  }
  log.failed(clock::now(), why.code);
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

void control(const run_options& x, const char* command) {
  if (std::system((x.postgres_control + ' ' + command).c_str()) != 0)
    throw std::runtime_error{std::string{"cannot "} + command + " PostgreSQL"};
}

void sleep_until(time_point x) {
  std::this_thread::sleep_until(x);
}

/// What a caller would do who has no pool: connects again from time to time.
time_point connect_by_hand(const run_options& x, time_point from) {
  for (auto next = from;; next += by_hand_every) {
    sleep_until(next);
    if (raw_postgres::serves(x.postgres))
      return clock::now();
  }
}

/// Kills the server, starts it again, and waits until both the pool and its
/// rival have found it.
void play(const run_options& x, outage_log& log, duration away) {
  auto quick = x.quick ? 4 : 1;
  sleep_until(clock::now() + std::chrono::seconds{1} / quick);
  log.down = clock::now();
  control(x, "kill9");
  auto rival = std::thread{
    [&] { log.by_hand = connect_by_hand(x, log.down + by_hand_every); }};
  sleep_until(log.down + away / quick);
  control(x, "start");
  while (!raw_postgres::serves(x.postgres))
    sleep_until(clock::now() + std::chrono::milliseconds{2});
  log.back = clock::now();
  rival.join();
  auto patience = log.back + std::chrono::seconds{60};
  while (!log.first_success_after(log.back) && clock::now() < patience)
    sleep_until(clock::now() + std::chrono::milliseconds{10});
  sleep_until(clock::now() + std::chrono::seconds{2});
}

/// Connections that the pool does not know, or that nobody gives back.
double count_leaks(const run_options& x, any_pool& db) {
  pool_gauges gauges;
  std::int64_t at_server = 0;
  auto patience = clock::now() + std::chrono::seconds{5};
  do {
    sleep_until(clock::now() + std::chrono::milliseconds{20});
    gauges = db.snapshot().value().gauges;
    at_server = std::stoll(raw_postgres{x.postgres}.run(
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
      "'client backend' AND pid <> pg_backend_pid()"));
  } while ((gauges.idle != gauges.total() || at_server != gauges.idle)
           && clock::now() < patience);
  return static_cast<double>(gauges.total() - gauges.idle) + gauges.waiting
         + std::abs(static_cast<double>(at_server - gauges.total()));
}

outage_verdict play_once(const run_options& x, duration away) {
  auto config = config_of(x);
  auto log = std::make_shared<outage_log>();
  auto backend
    = std::make_shared<watched_backend>(postgres(x.postgres).backend, log);
  outage_system world;
  any_pool db{world.sys, config, backend};
  if (auto ready = db.warm_up(std::chrono::seconds{60}); !ready)
    throw std::runtime_error{to_string(ready.error())};
  auto ears = listen(world.sys, db.actors().address, log);
  std::atomic<bool> over{false};
  std::vector<std::thread> load;
  for (std::size_t i = 0; i < threads; ++i)
    load.emplace_back([&] {
      while (!over)
        call(db, *log);
    });
  play(x, *log, away);
  over = true;
  for (auto& thread : load)
    thread.join();
  auto result = log->verdict();
  result.leaks = count_leaks(x, db);
  caf::anon_send_exit(ears, caf::exit_reason::user_shutdown);
  return result;
}

measurement clause(const char* what, double value, const char* unit,
                   const char* goal, bool reached) {
  return {"F9",  {{"threads", "32"}, {"pool", "10"}, {"measure", what}},
          value, unit,
          0,     "none",
          goal,  reached};
}

std::vector<measurement> run(const run_options& x) {
  fill(x.postgres);
  outage_verdict worst;
  std::vector<double> pool_back, hand_back;
  for (int i = 0; i < x.repeats; ++i) {
    auto one = play_once(x, std::chrono::seconds{5});
    worst.keep_worst(one);
    pool_back.push_back(one.first_success);
    hand_back.push_back(one.by_hand);
  }
  auto late = play_once(x, std::chrono::seconds{35});
  worst.keep_worst(late);
  auto first = median(pool_back);
  std::vector<measurement> result
    = {clause("latest call, in shares of its limit", worst.latest, "ratio",
              "at most 1.05", worst.latest <= 1.05),
       clause("failed calls until the breaker was open", worst.failures,
              "calls", "at most 10", worst.failures <= 10),
       clause("connects in the worst second", worst.connects, "connects",
              "at most 8", worst.connects <= 8),
       clause("connects at a time", worst.burst, "connects", "at most 2",
              worst.burst <= 2),
       clause("leaked", worst.leaks, "connections", "none", worst.leaks == 0),
       clause("first success after 35 s", late.first_success, "s",
              "at most 1 s", late.first_success <= 1),
       clause("first success after 5 s", first, "s", "at most 0.1 s",
              first <= 0.1)};
  result[5].baseline = late.by_hand;
  result[6].baseline = median(hand_back);
  result[5].baseline_name = result[6].baseline_name
    = "connecting by hand every 50 ms";
  return result;
}

std::string missing(const run_options& x) {
  if (x.postgres.empty() || x.postgres_control.empty())
    return "needs a PostgreSQL server that it may kill: use tests/bench/run";
  return {};
}

} // namespace

figure f9_outage() {
  return {"F9", "PostgreSQL killed under load, and back", run, missing};
}

} // namespace caf_pool::bench
