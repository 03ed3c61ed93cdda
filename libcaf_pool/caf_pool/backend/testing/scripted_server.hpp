#pragma once

#include "caf_pool/backend/testing/scripted.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace caf_pool {

/// What a scripted backend and its connections share; a detail of both.
///
/// Thread-safety: all members from any thread.
class scripted_server {
public:
  explicit scripted_server(std::optional<std::vector<scripted_step>> script);

  /// How a call of one connection is stopped from outside; guarded by the
  /// server's mutex.
  struct interruption {
    bool executing = false;
    bool cancelled = false;
    bool aborted = false;
  };

  // -- what a connection says ------------------------------------------------

  /// Keeps the call and returns what to do with it.
  scripted_answer arrive(const scripted_record& call);

  /// Waits at the gate if the answer or the kind is held. Returns the error
  /// that ended the call instead, if one did.
  error pass(const scripted_record& call, const scripted_answer& what,
             const interruption& stop);

  void begin(interruption& stop, backend_call kind);
  void end(interruption& stop);
  void cancel(interruption& stop);
  void abort(interruption& stop);

  void blame(std::string failure);
  std::uint64_t next_connection();
  void connection_opened();
  void connection_closed();

  // -- what a test says ------------------------------------------------------

  void answer(backend_call kind, scripted_backend::answer_function f);
  void answer_next(backend_call kind, scripted_answer what);
  void hold(backend_call kind);
  void let_pass(backend_call kind, std::size_t n);
  void stop_holding(backend_call kind);
  std::size_t held(backend_call kind) const;
  bool wait_for_held(backend_call kind, std::size_t n, duration limit) const;
  std::vector<scripted_record> calls() const;
  std::size_t count(backend_call kind) const;
  bool wait_for_calls(backend_call kind, std::size_t n, duration limit) const;
  std::size_t connections() const;
  std::size_t most_connections() const;
  std::string verdict() const;
  void max_connections(std::uint32_t n);
  std::uint32_t max_connections() const;

private:
  /// Everything about one kind of call.
  struct per_kind {
    scripted_backend::answer_function standing;
    std::deque<scripted_answer> once;
    bool held = false;
    /// Who stands at the gate, in the order of coming.
    std::deque<std::uint64_t> waiting;
    /// How many of them, or of those to come, may pass.
    std::size_t permits = 0;
    std::size_t calls = 0;
  };

  per_kind& of(backend_call kind);
  const per_kind& of(backend_call kind) const;
  scripted_answer follow_script(const scripted_record& call);
  error stopped(const scripted_record& call, const scripted_answer& what,
                const interruption& stop) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::array<per_kind, backend_calls> kinds_;
  std::optional<std::vector<scripted_step>> script_;
  std::size_t position_ = 0;
  std::vector<scripted_record> calls_;
  std::vector<std::string> failures_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t last_waiting_ = 0;
  std::size_t connections_ = 0;
  std::size_t most_connections_ = 0;
  std::uint32_t max_connections_;
};

} // namespace caf_pool
