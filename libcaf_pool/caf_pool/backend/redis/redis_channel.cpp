#include "caf_pool/backend/redis/redis_channel.hpp"

#include <utility>
#include <variant>

namespace caf_pool {

namespace {

/// Bytes that are read at once. More would not fit into the first cache.
constexpr std::size_t room_for_replies = std::size_t{16} << 10;

/// Memory for requests that is kept from one exchange to the next.
constexpr std::size_t kept_requests = std::size_t{64} << 10;

/// What the server says unasked, by RESP3 only.
bool is_push(const redis_value& x) noexcept {
  auto* xs = x.array();
  return xs != nullptr && xs->as == redis_array::form::push;
}

} // namespace

struct redis_channel::progress {
  std::span<const redis_command> commands;
  time_point deadline;
  redis_exchange result;
  std::uint64_t bytes = 0;

  std::size_t under_way() const noexcept {
    return result.sent - result.replies.size();
  }

  bool all_sent() const noexcept {
    return result.sent == commands.size();
  }

  bool all_answered() const noexcept {
    return result.replies.size() == commands.size();
  }

  bool stop(redis_end end, std::string reason) {
    result.end = end;
    result.reason = std::move(reason);
    return false;
  }
};

redis_channel::redis_channel(std::unique_ptr<deadline_stream> stream,
                             redis_window window)
  : stream_(std::move(stream)), window_(window), room_(room_for_replies) {
  // nop
}

redis_exchange redis_channel::exchange(std::span<const redis_command> commands,
                                       time_point deadline) {
  auto now = progress{commands, deadline, {}, 0};
  now.result.replies.reserve(commands.size());
  while (!now.all_answered()) {
    if (!now.all_sent() && now.under_way() <= window_.commands / 2
        && !send_more(now))
      break;
    if (!now.all_answered() && !read_more(now))
      break;
  }
  if (out_.capacity() > kept_requests)
    out_ = {};
  return std::move(now.result);
}

redis_exchange redis_channel::catch_up() {
  auto now = progress{{}, never, {}, 0};
  auto how = read_what_is_there(now);
  if (how != stream_wait::done && now.result.end == redis_end::answered)
    fail(now, how);
  return std::move(now.result);
}

bool redis_channel::quiet() noexcept {
  return reader_.empty() && stream_->quiet();
}

bool redis_channel::send_more(progress& now) {
  out_.clear();
  auto& sent = now.result.sent;
  while (!now.all_sent() && now.under_way() < window_.commands
         && out_.size() < window_.bytes)
    now.commands[sent++].append_to(out_);
  auto how = stream_->write(out_, now.deadline,
                            [&] { return read_what_is_there(now); });
  if (now.result.end != redis_end::answered)
    return false;
  return how == stream_wait::done || fail(now, how);
}

bool redis_channel::read_more(progress& now) {
  auto count = std::size_t{0};
  auto how = stream_->read(room_, count, now.deadline);
  if (how != stream_wait::done)
    return fail(now, how);
  return take(now, count);
}

// While requests are written: replies must not pile up, or both sides wait for
// each other.
stream_wait redis_channel::read_what_is_there(progress& now) {
  for (;;) {
    auto count = std::size_t{0};
    auto how = stream_->read_now(room_, count);
    if (how != stream_wait::done || count == 0)
      return how;
    if (!take(now, count))
      return stream_wait::failed;
  }
}

bool redis_channel::take(progress& now, std::size_t count) {
  now.bytes += count;
  if (now.bytes > max_result_bytes_)
    return now.stop(redis_end::too_large, {});
  reader_.feed({room_.data(), count});
  return collect(now);
}

bool redis_channel::collect(progress& now) {
  while (auto reply = reader_.next()) {
    if (is_push(*reply))
      continue;
    if (now.under_way() == 0)
      return now.stop(redis_end::malformed,
                      "the server sent a reply that nobody asked for: "
                        + to_string(*reply));
    now.result.replies.push_back(*std::move(reply));
  }
  if (reader_.failed())
    return now.stop(redis_end::malformed, std::string{reader_.reason()});
  return true;
}

bool redis_channel::fail(progress& now, stream_wait how) {
  if (how == stream_wait::late)
    return now.stop(redis_end::late, {});
  return now.stop(redis_end::lost, how == stream_wait::closed
                                     ? "the server closed the connection"
                                     : stream_->reason());
}

} // namespace caf_pool
