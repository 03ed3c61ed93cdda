#pragma once

// A backend of anything: derive from `connection` and `backend`. This one pools
// counters that "live" in the process, to show how little it takes. Its word is
// "next", and it answers with a number. It passes the conformance suite.

#include "caf_pool/backend.hpp"

#include <atomic>

namespace caf_pool::example {

class counter : public connection {
public:
  result<outcome> run(const work& what, time_point) override {
    auto* request = std::get_if<opaque>(&what.what);
    if (request == nullptr || request->bytes != "next")
      return error{errc::invalid_argument, "a counter knows \"next\" only", {}};
    return outcome{opaque{"counter", std::to_string(++value_)}};
  }

  result<void> probe(time_point) override {
    if (gone_)
      return error{errc::connection_lost, "the counter is gone", {}};
    return {};
  }

  result<void> reset(reset_policy, time_point deadline) override {
    value_ = 0;
    return probe(deadline);
  }

  trace state() const noexcept override {
    return gone_ ? trace::broken : value_ == 0 ? trace::clean : trace::dirty;
  }

  void abort() noexcept override {
    gone_ = true;
  }

private:
  int value_ = 0;
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
};

} // namespace caf_pool::example
