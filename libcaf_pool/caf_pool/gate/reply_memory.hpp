#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

namespace caf_pool {

/// What a request number stands for.
enum class request_state {
  /// Never seen: execute it.
  fresh,
  /// Answered, and the answer is still here.
  remembered,
  /// So old that nobody knows: must not be executed.
  forgotten,
};

/// The recent answers of a session, so that a request that comes twice is
/// executed once. Bounded by number and by bytes. Numbers may come out of
/// order as long as their neighbours are remembered.
///
/// Thread-safety: like a plain value.
template <class Reply>
class reply_memory {
public:
  reply_memory(std::size_t max_replies, std::size_t max_bytes)
    : max_replies_(max_replies), max_bytes_(max_bytes) {
    // nop
  }

  request_state state(std::uint64_t request) const {
    if (replies_.contains(request))
      return request_state::remembered;
    return request <= forgotten_until_ ? request_state::forgotten
                                       : request_state::fresh;
  }

  /// Requires `remembered`.
  const Reply& get(std::uint64_t request) const {
    return replies_.at(request);
  }

  /// Keeps an answer of about `bytes`; drops the oldest ones for it.
  void remember(std::uint64_t request, Reply reply, std::size_t bytes) {
    if (!replies_.emplace(request, std::move(reply)).second)
      return;
    order_.emplace_back(request, bytes);
    bytes_ += bytes;
    while (order_.size() > max_replies_
           || (bytes_ > max_bytes_ && order_.size() > 1))
      forget_oldest();
  }

  std::size_t size() const noexcept {
    return order_.size();
  }

  std::size_t bytes() const noexcept {
    return bytes_;
  }

private:
  void forget_oldest() {
    auto [request, bytes] = order_.front();
    order_.pop_front();
    bytes_ -= bytes;
    replies_.erase(request);
    if (request > forgotten_until_)
      forgotten_until_ = request;
  }

  std::size_t max_replies_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::uint64_t, Reply> replies_;
  std::deque<std::pair<std::uint64_t, std::size_t>> order_;
  std::uint64_t forgotten_until_ = 0;
};

} // namespace caf_pool
