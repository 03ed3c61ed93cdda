#include "echo.hpp"

#include "caf_pool/caf/caf_compat.hpp"
#include "caf_pool/remote/setup.hpp"

#include <caf/io/middleman.hpp>

#include <signal.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <stdexcept>

namespace caf_pool::bench {

namespace {

struct world {
  struct config : caf::actor_system_config {
    config() {
      configure_remote(*this, {});
      set_fair_scheduler(*this, 2);
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
};

/// Keeps a number of requests under way.
class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& cfg, caf::actor server, time_point end,
        std::promise<std::vector<double>>* result)
    : caf::event_based_actor(cfg),
      server_(std::move(server)),
      end_(end),
      result_(result) {
    // nop
  }

  caf::behavior make_behavior() override {
    return {[this](std::uint64_t outstanding) {
      running_ = outstanding;
      for (std::uint64_t i = 0; i < outstanding; ++i)
        cycle();
    }};
  }

private:
  void cycle() {
    auto begin = clock::now();
    if (begin >= end_) {
      if (--running_ == 0) {
        result_->set_value(std::move(times_));
        quit();
      }
      return;
    }
    ask(this, server_, caf::infinite, std::string{"SELECT 1"})
      .then([this, begin](const std::string&) {
        auto took = clock::now() - begin;
        times_.push_back(static_cast<double>(took.count()) / 1e3);
        cycle();
      });
  }

  caf::actor server_;
  time_point end_;
  std::promise<std::vector<double>>* result_;
  std::uint64_t running_ = 0;
  std::vector<double> times_;
};

} // namespace

int run_echo() {
  // Blocked before there are other threads that could get them.
  sigset_t endings;
  ::sigemptyset(&endings);
  ::sigaddset(&endings, SIGTERM);
  ::sigaddset(&endings, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &endings, nullptr);
  world x;
  auto server = x.sys.spawn([]() -> caf::behavior {
    return {[](const std::string& text) { return text; }};
  });
  auto port = x.sys.middleman().publish(server, 0, "127.0.0.1");
  if (!port) {
    std::cerr << "cannot listen\n";
    return EXIT_FAILURE;
  }
  std::cout << "echo port=" << *port << std::endl;
  int number = 0;
  ::sigwait(&endings, &number);
  caf::anon_send_exit(server, caf::exit_reason::user_shutdown);
  return EXIT_SUCCESS;
}

echo_times ask_echo(std::uint16_t port, std::size_t outstanding,
                    duration length) {
  world x;
  auto server = x.sys.middleman().remote_actor("127.0.0.1", port);
  if (!server)
    throw std::runtime_error{"cannot reach the bare echo"};
  std::promise<std::vector<double>> done;
  auto begin = clock::now();
  auto client = x.sys.spawn<asker>(*server, begin + length, &done);
  post_to(client, static_cast<std::uint64_t>(outstanding));
  echo_times result;
  result.calls = done.get_future().get();
  result.took = clock::now() - begin;
  return result;
}

} // namespace caf_pool::bench
