// A pool of anything: derive from `connection` and `backend`. This one pools
// counters that "live" in the process, to show how little it takes.

#include "caf_pool/pool.hpp"

#include <iostream>

using namespace caf_pool;

// -- the whole backend -------------------------------------------------------

class counter : public connection {
public:
  int next() {
    return ++value_;
  }

  result<void> probe(time_point) override {
    return {};
  }

  result<void> reset(reset_policy, time_point) override {
    value_ = 0;
    return {};
  }

  trace state() const noexcept override {
    return value_ == 0 ? trace::clean : trace::dirty;
  }

  void abort() noexcept override {
    // nop
  }

  void close(time_point) noexcept override {
    // nop
  }

  void* native_handle() noexcept override {
    return &value_;
  }

private:
  int value_ = 0;
};

class counters : public backend {
public:
  result<connection_ptr> open(time_point) override {
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
