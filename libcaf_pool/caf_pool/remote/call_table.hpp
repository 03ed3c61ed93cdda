#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/core/time.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace caf_pool {

/// A lease as its client knows it.
struct remote_lease_state {
  /// Proves the right to it.
  std::string token;
  /// Leases end with the term of the link in which they were granted.
  std::uint64_t term = 0;
  std::atomic<bool> lost{false};
};

/// What came back for a call.
struct remote_reply {
  error why;
  std::string payload;
  std::shared_ptr<remote_lease_state> lease;
  duration waited = duration::zero();
};

/// What is uncertain if no answer comes depends on the kind of call.
enum class call_kind : std::uint8_t { question, acquire, execute };

/// A request that was sent and not answered yet.
struct remote_call {
  call_kind kind = call_kind::question;
  time_point started{};
  /// `never` if the caller watches the clock by itself.
  time_point deadline = never;
  std::function<void(remote_reply)> handler;
  /// The handler only wakes a thread that waits: any thread may run it, with
  /// locks of CAF held. All others run where the connector does.
  bool only_wakes = false;
};

/// All requests of a client that wait for answers. CAF's own requests would not
/// do: their timeouts are never cancelled, an answer that comes late is lost
/// without a word, and one that never comes because the node is gone is no
/// error.
///
/// Thread-safety: like a plain value.
class call_table {
public:
  void insert(std::uint64_t request, remote_call x);

  /// Returns whether a call is still there whose handler any thread may run.
  bool only_wakes(std::uint64_t request) const;

  bool contains(std::uint64_t request) const {
    return calls_.contains(request);
  }

  /// Takes a call out, if it is still there: whoever gets it answers it.
  std::optional<remote_call> take(std::uint64_t request);

  /// Takes out all whose deadline has passed.
  std::vector<std::pair<std::uint64_t, remote_call>> take_expired(
    time_point now);

  std::vector<remote_call> take_all();

  /// The earliest deadline, or `never`.
  time_point next_deadline() const noexcept;

  std::size_t size() const noexcept {
    return calls_.size();
  }

private:
  std::unordered_map<std::uint64_t, remote_call> calls_;
  std::set<std::pair<time_point, std::uint64_t>> deadlines_;
};

} // namespace caf_pool
