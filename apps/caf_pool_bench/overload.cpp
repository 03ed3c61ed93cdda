#include "overload.hpp"

#include <sys/prctl.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace caf_pool::bench {

namespace {

/// What the callers of one timetable share; written by their actor alone until
/// the last answer is there.
struct timetable {
  std::vector<timed_call> calls;
  std::size_t open = 0;
  bool all_sent = false;
  std::atomic<bool> over{false};

  void end_if_over() {
    over = all_sent && open == 0;
  }
};

/// Sends what is due, and the last of all when told a number that is none.
class caller_actor : public caf::event_based_actor {
public:
  caller_actor(caf::actor_config& cfg, pool_handle pool, repeated_call what,
               std::shared_ptr<timetable> table)
    : caf::event_based_actor(cfg),
      pool_(std::move(pool)),
      what_(std::move(what)),
      table_(std::move(table)) {
    // nop
  }

  caf::behavior make_behavior() override {
    return {[this](std::int64_t due) {
      if (due >= 0) {
        call(time_point{duration{due}});
        return;
      }
      table_->all_sent = true;
      table_->end_if_over();
    }};
  }

private:
  void call(time_point due) {
    auto index = table_->calls.size();
    table_->calls.push_back({due});
    ++table_->open;
    auto answered = [this, index](bool well) {
      auto& x = table_->calls[index];
      x.took = clock::now() - x.due;
      x.well = well;
      --table_->open;
      table_->end_if_over();
    };
    ask(this, pool_, caf::infinite,
        execute{what_.what, what_.how.starting(clock::now())})
      .then([answered](const outcome&) { answered(true); },
            [answered](const caf::error&) { answered(false); });
  }

  pool_handle pool_;
  repeated_call what_;
  std::shared_ptr<timetable> table_;
};

/// Calls again as soon as there is an answer, until the time is over.
class eager_actor : public caf::event_based_actor {
public:
  eager_actor(caf::actor_config& cfg, pool_handle pool, repeated_call what,
              const std::atomic<bool>* over, std::atomic<std::uint64_t>* well)
    : caf::event_based_actor(cfg),
      pool_(std::move(pool)),
      what_(std::move(what)),
      over_(over),
      well_(well) {
    // nop
  }

  caf::behavior make_behavior() override {
    return {[this](std::int64_t) { call(); }};
  }

private:
  void call() {
    if (*over_) {
      quit();
      return;
    }
    ask(this, pool_, caf::infinite,
        execute{what_.what, what_.how.starting(clock::now())})
      .then(
        [this](const outcome&) {
          ++*well_;
          call();
        },
        [this](const caf::error&) { call(); });
  }

  pool_handle pool_;
  repeated_call what_;
  const std::atomic<bool>* over_;
  std::atomic<std::uint64_t>* well_;
};

} // namespace

double closed_loop(caf::actor_system& sys, const pool_handle& pool,
                   const std::string& statement, std::size_t at_a_time,
                   duration length) {
  auto what = repeated_call{statement, {}};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> well{0};
  std::vector<caf::actor> callers;
  for (std::size_t i = 0; i < at_a_time; ++i)
    callers.push_back(sys.spawn<eager_actor>(pool, what, &over, &well));
  auto begin = clock::now();
  for (auto& x : callers)
    post_to(x, std::int64_t{0});
  std::this_thread::sleep_until(begin + length);
  auto calls = well.load();
  auto took = std::chrono::duration<double>(clock::now() - begin).count();
  over = true;
  auto self = caf::scoped_actor{sys};
  self->wait_for(callers);
  return static_cast<double>(calls) / took;
}

std::vector<timed_call> open_loop(caf::actor_system& sys,
                                  const pool_handle& pool, repeated_call what,
                                  double rate, duration length) {
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  auto table = std::make_shared<timetable>();
  auto caller = sys.spawn<caller_actor>(pool, std::move(what), table);
  auto begin = clock::now();
  for (std::uint64_t n = 0;; ++n) {
    auto after = std::chrono::duration<double>(static_cast<double>(n) / rate);
    if (after >= length)
      break;
    auto due = begin + std::chrono::duration_cast<duration>(after);
    std::this_thread::sleep_until(due);
    post_to(caller, std::int64_t{due.time_since_epoch().count()});
  }
  post_to(caller, std::int64_t{-1});
  while (!table->over)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  caf::anon_send_exit(caller, caf::exit_reason::user_shutdown);
  return std::move(table->calls);
}

} // namespace caf_pool::bench
