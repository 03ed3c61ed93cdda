#include "caf_pool/log/event_log.hpp"

#include "caf_pool/caf/send_in_name_of.hpp"

#include <utility>

namespace caf_pool {

rate_limit::decision rate_limit::check(const std::string& key, time_point now) {
  auto& x = buckets_[key];
  if (now - x.start >= window_) {
    x.start = now;
    x.passed = 0;
  }
  if (x.passed >= burst_) {
    ++x.held_back;
    return {false, 0};
  }
  ++x.passed;
  return {true, std::exchange(x.held_back, 0)};
}

namespace {

class event_log : public caf::event_based_actor {
public:
  event_log(caf::actor_config& cfg, std::shared_ptr<logger> out)
    : caf::event_based_actor(cfg), out_(std::move(out)) {
    drop_unexpected(this);
  }

  caf::behavior make_behavior() override {
    return {[this](const pool_event& x) { write(x); }};
  }

private:
  void write(const pool_event& x) {
    auto kind = std::string{to_string(x.kind)};
    auto decision = limit_.check(x.pool + ' ' + kind, clock::now());
    if (!decision.pass)
      return;
    auto number = [](std::uint64_t n) {
      return n == 0 ? std::string{} : std::to_string(n);
    };
    out_->write(severity_of(x.kind), kind,
                {{"pool", x.pool},
                 {"connection", number(x.connection.value)},
                 {"text", x.text},
                 {"held_back", number(decision.held_back)}});
  }

  std::shared_ptr<logger> out_;
  rate_limit limit_{10, std::chrono::seconds{10}};
};

} // namespace

caf::actor spawn_event_log(caf::actor_system& sys,
                           const manager_handle& manager,
                           std::shared_ptr<logger> out) {
  auto log = sys.spawn<event_log>(std::move(out));
  // From this thread: pools that it makes afterwards are heard from the start.
  send_in_name_of(caf::actor_cast<caf::strong_actor_ptr>(log),
                  caf::actor_cast<caf::strong_actor_ptr>(manager),
                  subscribe_all{});
  return log;
}

} // namespace caf_pool
