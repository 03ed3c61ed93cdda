#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/testing/backend_call.hpp"
#include "caf_pool/backend/testing/scripted_step.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace caf_pool {

/// A backend without a server that does what a test says, in one of two ways.
/// With a script, the calls must come exactly as it lists them; another call
/// fails with `errc::internal` and is kept as a failure. Without one, it serves
/// for ever, and answers each kind of call as told.
///
/// ~~~
/// auto server = std::make_shared<scripted_backend>();
/// server->hold(backend_call::open);          // nobody gets in ...
/// auto db = start_pool(server);
/// REQUIRE(server->wait_for_held(backend_call::open, 1));
/// server->let_pass(backend_call::open);      // ... until the test says so
/// CHECK(server->verdict() == "");
/// ~~~
///
/// Either way it keeps a record of all calls, and takes it as a failure when
/// two threads use a connection at the same time or when one is used after
/// `close`. Time passes by real deadlines only; nothing sleeps.
///
/// Thread-safety: all members from any thread.
class scripted_backend : public backend {
public:
  using answer_function
    = std::function<scripted_answer(const scripted_record&)>;

  /// Serves for ever; every call succeeds at once.
  scripted_backend();

  /// Follows a script.
  explicit scripted_backend(std::vector<scripted_step> script);

  ~scripted_backend() override;

  // -- answers ---------------------------------------------------------------

  /// Answers all calls of a kind from now on like this; in a script, the calls
  /// of that kind are no longer part of it.
  void answer(backend_call kind, scripted_answer what);

  /// The same, decided per call. `f` runs in the thread of the call.
  void answer(backend_call kind, answer_function f);

  /// Answers the next call of a kind like this, once. Several add up to a
  /// queue, which goes before `answer` and needs no script.
  void answer_next(backend_call kind, scripted_answer what);

  void max_connections(std::uint32_t n);

  // -- gates -----------------------------------------------------------------

  /// Makes every later call of a kind wait, as if its answer were `held`.
  void hold(backend_call kind);

  /// Lets `n` calls of a kind pass, in the order of their coming; those not yet
  /// there pass when they come.
  void let_pass(backend_call kind, std::size_t n = 1);

  /// Ends `hold` and lets all pass that wait now.
  void stop_holding(backend_call kind);

  /// Returns how many calls of a kind wait at this moment.
  std::size_t held(backend_call kind) const;

  /// Waits until at least `n` calls of a kind wait; false after `limit`.
  bool wait_for_held(backend_call kind, std::size_t n = 1,
                     duration limit = std::chrono::minutes{1}) const;

  // -- what happened ---------------------------------------------------------

  /// Returns all calls so far, in the order of their coming.
  std::vector<scripted_record> calls() const;

  /// Returns how many calls of a kind came so far.
  std::size_t count(backend_call kind) const;

  /// Waits until at least `n` calls of a kind came; false after `limit`.
  bool wait_for_calls(backend_call kind, std::size_t n,
                      duration limit = std::chrono::minutes{1}) const;

  /// Returns how many connections exist, and the most that did at a time. One
  /// exists from a successful `open` to `close` or its destructor.
  std::size_t connections() const;
  std::size_t most_connections() const;

  /// Returns everything that should not have happened, one line each, with the
  /// rest of the script if it was not finished; empty if all is well.
  std::string verdict() const;

  // -- backend ---------------------------------------------------------------

  result<connection_ptr> open(time_point deadline) override;
  std::string_view kind() const noexcept override;
  std::string describe() const override;
  std::uint32_t max_connections() const noexcept override;

private:
  std::shared_ptr<class scripted_server> server_;
};

} // namespace caf_pool
