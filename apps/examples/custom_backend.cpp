// A pool of anything: derive from `connection` and `backend`. This one pools
// counters that "live" in the process, to show how little it takes. It passes
// the conformance suite.

#include "caf_pool/backend.hpp"
#include "caf_pool/pool.hpp"

#include <atomic>
#include <iostream>

using namespace caf_pool;

// -- the whole backend -------------------------------------------------------

class counter : public connection {
public:
  int next() {
    return ++value_;
  }

  result<void> probe(time_point) override {
    if (gone_)
      return error{errc::connection_lost, "the counter is gone", {}};
    return {};
  }

  result<void> reset(reset_policy, time_point deadline) override {
    value_ = 0;
    handed_out_ = false;
    return probe(deadline);
  }

  trace state() const noexcept override {
    if (gone_)
      return trace::broken;
    return value_ == 0 && !handed_out_ ? trace::clean : trace::dirty;
  }

  void abort() noexcept override {
    gone_ = true;
  }

  void close(time_point) noexcept override {
    gone_ = true;
  }

  void* native_handle() noexcept override {
    handed_out_ = true;
    return &value_;
  }

private:
  int value_ = 0;
  bool handed_out_ = false;
  std::atomic<bool> gone_ = false;
};

class counters : public backend {
public:
  result<connection_ptr> open(time_point deadline) override {
    if (clock::now() >= deadline)
      return error{errc::open_timeout, "there is no time left", {}};
    return connection_ptr{std::make_unique<counter>()};
  }

  std::string_view kind() const noexcept override {
    return "counter";
  }

  std::string describe() const override {
    return "counters in this process";
  }
};

// -- its use -----------------------------------------------------------------

int main() {
  pool db{backend_spec<counter>{{}, std::make_shared<counters>()}};
  for (int i = 0; i < 2; ++i) {
    auto held = db.acquire().value();
    held->next();
    std::cout << held->next() << '\n'; // 2 each time: no trace of the last one
  }
}
