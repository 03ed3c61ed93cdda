#include "caf_pool/actor/pool_supervisor.hpp"
#include "caf_pool/backend/testing/scripted.hpp"

#include "figure.hpp"
#include "statistics.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

// F3: acquire and release by message, 8 event-based clients; beside it the same
// three messages between bare CAF actors.

namespace caf_pool::bench {

namespace {

struct ping {
  int value = 0;
};

struct pong {
  int value = 0;
};

struct put_back {
  int value = 0;
};

struct go {};

} // namespace

} // namespace caf_pool::bench

CAF_POOL_BEGIN_MESSAGES(caf_pool_bench_f3, 400)
CAF_POOL_MESSAGE(caf_pool_bench_f3, caf_pool::bench::ping)
CAF_POOL_MESSAGE(caf_pool_bench_f3, caf_pool::bench::pong)
CAF_POOL_MESSAGE(caf_pool_bench_f3, caf_pool::bench::put_back)
CAF_POOL_MESSAGE(caf_pool_bench_f3, caf_pool::bench::go)
CAF_POOL_END_MESSAGES(caf_pool_bench_f3)

namespace caf_pool::bench {

namespace {

using bare_pool = actor_of<pong(ping), void(put_back)>;

class bare_actor : public bare_pool::base {
public:
  using bare_pool::base::base;

  behavior_type make_behavior() override {
    return {[](const ping& x) { return pong{x.value}; },
            [](const put_back&) {}};
  }
};

/// Counts cycles of all clients until told to stop.
struct tally {
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> cycles{0};
  std::atomic<int> running{0};
};

class bare_client : public caf::event_based_actor {
public:
  bare_client(caf::actor_config& cfg, bare_pool pool, tally* sum)
    : caf::event_based_actor(cfg), pool_(std::move(pool)), sum_(sum) {
  }

  caf::behavior make_behavior() override {
    return {[this](const go&) { cycle(); }};
  }

private:
  void cycle() {
    if (sum_->over) {
      --sum_->running;
      quit();
      return;
    }
    ask(this, pool_, caf::infinite, ping{}).then([this](const pong& x) {
      send_to(this, pool_, put_back{x.value});
      sum_->cycles.fetch_add(1, std::memory_order_relaxed);
      cycle();
    });
  }

  bare_pool pool_;
  tally* sum_;
};

class pool_client : public caf::event_based_actor {
public:
  pool_client(caf::actor_config& cfg, pool_handle pool, tally* sum)
    : caf::event_based_actor(cfg), pool_(std::move(pool)), sum_(sum) {
  }

  caf::behavior make_behavior() override {
    return {[this](const go&) { cycle(); }};
  }

private:
  void cycle() {
    if (sum_->over) {
      --sum_->running;
      quit();
      return;
    }
    ask(this, pool_, caf::infinite, acquire{})
      .then([this](const lease_grant& x) {
        send_to(this, pool_, release{x.lease, {}});
        sum_->cycles.fetch_add(1, std::memory_order_relaxed);
        cycle();
      });
  }

  pool_handle pool_;
  tally* sum_;
};

struct system {
  struct config : caf::actor_system_config {
    config() {
      configure_pools(*this);
      prepare_caf<caf::id_block::caf_pool_bench_f3>();
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
};

/// Returns cycles per second of 8 clients.
template <class Client, class Handle>
double measure(caf::actor_system& sys, const Handle& pool, duration length) {
  tally sum;
  constexpr int clients = 8;
  sum.running = clients;
  std::vector<caf::actor> actors;
  for (int i = 0; i < clients; ++i)
    actors.push_back(sys.spawn<Client>(pool, &sum));
  auto start = clock::now();
  for (auto& x : actors)
    post_to(x, go{});
  auto self = caf::scoped_actor{sys};
  std::mutex mutex;
  std::condition_variable wait;
  auto guard = std::unique_lock{mutex};
  wait.wait_for(guard, length);
  auto took = std::chrono::duration<double>(clock::now() - start).count();
  auto cycles = sum.cycles.load();
  sum.over = true;
  self->wait_for(actors);
  return static_cast<double>(cycles) / took;
}

pool_config settings(bool fast_lane) {
  pool_config config;
  config.max_size = 16;
  config.min_size = 16;
  config.warm_up = warm_up_policy::to_min;
  config.fast_lane = fast_lane;
  return config;
}

double measure_pool(caf::actor_system& sys, bool fast_lane, duration length) {
  auto pool = spawn_pool(sys, settings(fast_lane),
                         std::make_shared<scripted_backend>());
  auto self = caf::scoped_actor{sys};
  ask(self.ptr(), pool->address, caf::infinite, get_snapshot{})
    .receive([](const pool_snapshot&) {}, [](const caf::error&) {});
  auto value = measure<pool_client>(sys, pool->address, length);
  ask(self.ptr(), pool->address, caf::infinite,
      control{control::verb::drain, duration::zero()})
    .receive([](const accepted&) {}, [](const caf::error&) {});
  return value;
}

double measure_bare(caf::actor_system& sys, duration length) {
  auto bare = sys.spawn<bare_actor>();
  auto value = measure<bare_client>(sys, bare, length);
  caf::anon_send_exit(bare, caf::exit_reason::user_shutdown);
  return value;
}

std::vector<measurement> run(const run_options& x) {
  auto length
    = x.quick ? std::chrono::milliseconds{50} : std::chrono::milliseconds{500};
  std::vector<double> lent;
  std::vector<double> granted;
  std::vector<double> baselines;
  for (int i = 0; i < x.repeats; ++i) {
    system s;
    baselines.push_back(measure_bare(s.sys, length));
    lent.push_back(measure_pool(s.sys, true, length));
    granted.push_back(measure_pool(s.sys, false, length));
  }
  auto baseline = median(baselines);
  auto result = [baseline](const char* lane, double value) {
    return measurement{"F3",
                       {{"clients", "8"}, {"fast_lane", lane}},
                       value,
                       "cycles/s",
                       baseline,
                       "bare CAF request, reply and send",
                       "at least 0.7 of the baseline",
                       value >= 0.7 * baseline};
  };
  return {result("true", median(lent)), result("false", median(granted))};
}

} // namespace

figure f3_messages() {
  return {"F3", "acquire and release by message", run};
}

} // namespace caf_pool::bench
