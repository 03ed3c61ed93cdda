#include "caf_pool/backend/testing/faulty.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace caf_pool {

// -- fault_source ------------------------------------------------------------

/// What a faulty backend and its connections share.
class fault_source {
public:
  /// How a waiting call is woken; guarded by the source.
  struct wakeup {
    bool cancellable = false;
    bool cancelled = false;
    bool aborted = false;
  };

  enum class outcome { slept, disabled, deadline, cancelled, aborted };

  explicit fault_source(fault_plan plan) : plan_(std::move(plan)) {
    // nop
  }

  fault_plan::decision next(backend_call kind) {
    std::lock_guard guard{mutex_};
    if (!enabled_) {
      ++of(kind).calls;
      return {};
    }
    auto& x = of(kind);
    auto what = plan_.decide(kind, ++x.calls);
    ++x.suffered[static_cast<std::size_t>(what.what)];
    return what;
  }

  /// Waits until `until` or for what ends a call earlier.
  outcome wait(time_point until, time_point deadline, const wakeup& self) {
    std::unique_lock guard{mutex_};
    for (;;) {
      if (self.aborted)
        return outcome::aborted;
      if (self.cancelled)
        return outcome::cancelled;
      if (!enabled_)
        return outcome::disabled;
      auto now = clock::now();
      if (now >= until)
        return outcome::slept;
      if (now >= deadline)
        return outcome::deadline;
      auto next = std::min(until, deadline);
      if (next == never)
        changed_.wait(guard);
      else
        changed_.wait_until(guard, next);
    }
  }

  /// Changes a wakeup under the lock.
  template <class F>
  void change(F f) {
    std::lock_guard guard{mutex_};
    f();
    changed_.notify_all();
  }

  void enable(bool yes) {
    change([&] { enabled_ = yes; });
  }

  std::uint64_t calls(backend_call kind) const {
    std::lock_guard guard{mutex_};
    return kinds_[static_cast<std::size_t>(kind)].calls;
  }

  std::uint64_t count(backend_call kind, fault what) const {
    std::lock_guard guard{mutex_};
    auto& x = kinds_[static_cast<std::size_t>(kind)];
    return x.suffered[static_cast<std::size_t>(what)];
  }

private:
  struct per_kind {
    std::uint64_t calls = 0;
    std::array<std::uint64_t, faults> suffered{};
  };

  per_kind& of(backend_call kind) {
    return kinds_[static_cast<std::size_t>(kind)];
  }

  const fault_plan plan_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool enabled_ = true;
  std::array<per_kind, backend_calls> kinds_;
};

namespace {

std::string text_of(backend_call kind, std::string_view what) {
  return "injected: " + std::string{to_string(kind)} + ' ' + std::string{what};
}

error timed_out(backend_call kind) {
  return {kind == backend_call::open ? errc::open_timeout
                                     : errc::execute_timeout,
          text_of(kind, "hung until its deadline"),
          {}};
}

// -- faulty_connection -------------------------------------------------------

class faulty_connection : public connection {
public:
  faulty_connection(std::shared_ptr<fault_source> source, connection_ptr inner)
    : source_(std::move(source)), inner_(std::move(inner)) {
    // nop
  }

  result<void> probe(time_point deadline) override {
    return suffer<result<void>>(backend_call::probe, deadline,
                                [&] { return inner_->probe(deadline); });
  }

  result<void> reset(reset_policy policy, time_point deadline) override {
    return suffer<result<void>>(backend_call::reset, deadline, [&] {
      return inner_->reset(policy, deadline);
    });
  }

  result<sql_result> execute(const sql_statement& what,
                             time_point deadline) override {
    return suffer<result<sql_result>>(backend_call::execute, deadline, [&] {
      return inner_->execute(what, deadline);
    });
  }

  result<void> restrict_to_reads(time_point deadline) override {
    return suffer<result<void>>(backend_call::restrict_to_reads, deadline, [&] {
      return inner_->restrict_to_reads(deadline);
    });
  }

  trace state() const noexcept override {
    return broken_ ? trace::broken : inner_->state();
  }

  transaction_status transaction() const noexcept override {
    return inner_->transaction();
  }

  transaction_ends ended_transactions() const noexcept override {
    return inner_->ended_transactions();
  }

  void cancel() noexcept override {
    auto what = source_->next(backend_call::cancel);
    if (what.what == fault::delay)
      sleep(what.delay);
    if (what.what == fault::failure)
      return;
    source_->change([&] { wakeup_.cancelled = wakeup_.cancellable; });
    inner_->cancel();
  }

  void abort() noexcept override {
    source_->next(backend_call::abort);
    broken_ = true;
    source_->change([&] { wakeup_.aborted = true; });
    inner_->abort();
  }

  void close(time_point deadline) noexcept override {
    auto what = source_->next(backend_call::close);
    if (what.what == fault::delay)
      source_->wait(add_saturated(clock::now(), what.delay), deadline, wakeup_);
    if (what.what == fault::hang)
      source_->wait(never, deadline, wakeup_);
    broken_ = true;
    inner_->close(deadline);
  }

  void* native_handle() noexcept override {
    return broken_ ? nullptr : inner_->native_handle();
  }

private:
  using outcome = fault_source::outcome;

  void sleep(duration delay) {
    fault_source::wakeup nobody;
    source_->wait(add_saturated(clock::now(), delay), never, nobody);
  }

  error lose(backend_call kind, errc code, std::string_view what) {
    broken_ = true;
    inner_->abort();
    return {code, text_of(kind, what), {}};
  }

  /// Ends a delay or a hang; no error if the call may go on.
  error end_of(backend_call kind, outcome what) {
    switch (what) {
      case outcome::slept:
      case outcome::disabled:
        return {};
      case outcome::deadline:
        return timed_out(kind);
      case outcome::cancelled:
        return {
          errc::cancelled, text_of(kind, "was cancelled while it hung"), {}};
      case outcome::aborted:
        return {errc::connection_lost,
                text_of(kind, "was aborted while it hung"),
                {}};
    }
    return {};
  }

  /// Waits as the fault says, open for a cancel if the call is an `execute`.
  error wait(backend_call kind, time_point until, time_point deadline) {
    source_->change([&] {
      wakeup_.cancellable = kind == backend_call::execute;
      wakeup_.cancelled = false;
    });
    auto what = source_->wait(until, deadline, wakeup_);
    source_->change([&] {
      wakeup_.cancellable = false;
      wakeup_.cancelled = false;
    });
    return end_of(kind, what);
  }

  template <class Result, class F>
  Result suffer(backend_call kind, time_point deadline, F call) {
    auto what = source_->next(kind);
    if (broken_)
      return error{errc::connection_lost,
                   text_of(kind, "came to a broken connection"),
                   {}};
    error why;
    switch (what.what) {
      case fault::none:
        break;
      case fault::delay:
        why = wait(kind, add_saturated(clock::now(), what.delay), deadline);
        break;
      case fault::hang:
        why = wait(kind, never, deadline);
        break;
      case fault::failure:
        why = {errc::execute_failed, text_of(kind, "failed"), {}};
        break;
      case fault::break_before:
        why = lose(kind, errc::connection_lost, "lost its connection");
        break;
      case fault::break_after: {
        static_cast<void>(call());
        // Only a statement may have changed something.
        auto code = kind == backend_call::execute ? errc::outcome_unknown
                                                  : errc::connection_lost;
        why = lose(kind, code, "lost its connection before the answer");
        break;
      }
    }
    if (why)
      return why;
    return call();
  }

  std::shared_ptr<fault_source> source_;
  connection_ptr inner_;
  fault_source::wakeup wakeup_;
  std::atomic<bool> broken_ = false;
};

} // namespace

// -- faulty_backend ----------------------------------------------------------

faulty_backend::faulty_backend(backend_ptr inner, fault_plan plan)
  : source_(std::make_shared<fault_source>(std::move(plan))),
    inner_(std::move(inner)) {
  // nop
}

faulty_backend::~faulty_backend() {
  // nop
}

result<connection_ptr> faulty_backend::open(time_point deadline) {
  return open_unless({}, deadline);
}

result<connection_ptr> faulty_backend::open_unless(std::stop_token called_off,
                                                   time_point deadline) {
  constexpr auto kind = backend_call::open;
  auto what = source_->next(kind);
  if (what.what == fault::failure)
    return error{errc::open_failed, text_of(kind, "failed"), {}};
  if (what.what == fault::delay || what.what == fault::hang) {
    auto until = what.what == fault::hang
                   ? never
                   : add_saturated(clock::now(), what.delay);
    fault_source::wakeup wakeup;
    auto wake = std::stop_callback{
      called_off, [&] { source_->change([&] { wakeup.aborted = true; }); }};
    auto ended = source_->wait(until, deadline, wakeup);
    if (ended == fault_source::outcome::deadline)
      return timed_out(kind);
    if (ended == fault_source::outcome::aborted)
      return error{errc::cancelled, text_of(kind, "was called off"), {}};
  }
  auto conn = inner_->open_unless(std::move(called_off), deadline);
  if (!conn)
    return conn;
  return connection_ptr{
    std::make_unique<faulty_connection>(source_, *std::move(conn))};
}

result<void> faulty_backend::reachable(time_point deadline) {
  return inner_->reachable(deadline);
}

std::string_view faulty_backend::kind() const noexcept {
  return inner_->kind();
}

std::string faulty_backend::describe() const {
  return "faulty " + inner_->describe();
}

std::uint32_t faulty_backend::max_connections() const noexcept {
  return inner_->max_connections();
}

void faulty_backend::enable(bool yes) {
  source_->enable(yes);
}

std::uint64_t faulty_backend::calls(backend_call kind) const {
  return source_->calls(kind);
}

std::uint64_t faulty_backend::count(backend_call kind, fault what) const {
  return source_->count(kind, what);
}

} // namespace caf_pool
