#include "caf_pool/backend/redis/redis_channel.hpp"

#include <utility>
#include <variant>

namespace caf_pool {

namespace {

/// Bytes that are read at once. More would not fit into the first cache.
constexpr std::size_t room_for_replies = std::size_t{16} << 10;

/// Memory for requests that is kept from one exchange to the next.
constexpr std::size_t kept_requests = std::size_t{64} << 10;

/// A deadline for what must not wait at all.
constexpr time_point at_once = time_point::min();

/// What the server says unasked, by RESP3 only.
bool is_push(const redis_value& x) noexcept {
  auto* xs = x.array();
  return xs != nullptr && xs->as == redis_array::form::push;
}

} // namespace

redis_channel::redis_channel(std::unique_ptr<deadline_stream> stream,
                             redis_window window)
  : stream_(std::move(stream)), window_(window), room_(room_for_replies) {
  // nop
}

// -- all for one caller -------------------------------------------------------

redis_exchange redis_channel::exchange(std::span<const redis_command> commands,
                                       time_point deadline) {
  auto result = redis_exchange{};
  auto end = end_;
  if (end == redis_end::answered && due_ + at_hand() > 0)
    end = stop(redis_end::malformed, "replies to earlier commands are due");
  if (end == redis_end::answered && deadline != never
      && clock::now() >= deadline)
    end = redis_end::late;
  ready_.reserve(commands.size());
  limit_all_ = true;
  taken_ = 0;
  while (end == redis_end::answered && ready_.size() < commands.size()) {
    if (result.sent < commands.size() && due_ <= window_.commands / 2) {
      result.sent += put(commands.subspan(result.sent));
      flush();
    }
    end = go_on(deadline);
  }
  limit_all_ = false;
  result.end = end_ != redis_end::answered ? end_ : end;
  result.reason = reason_;
  result.replies = std::exchange(ready_, {});
  trim();
  return result;
}

// -- its parts ----------------------------------------------------------------

std::size_t redis_channel::put(std::span<const redis_command> commands) {
  if (ended() || room() == 0)
    return 0;
  if (flushed()) {
    out_.clear();
    written_ = 0;
  }
  auto count = std::size_t{0};
  while (count < commands.size() && due_ < window_.commands
         && out_.size() < window_.bytes) {
    commands[count++].append_to(out_);
    ++due_;
  }
  return count;
}

void redis_channel::flush() {
  if (!ended() && !flushed())
    write_more(at_once);
}

redis_end redis_channel::receive(redis_value& reply, time_point deadline) {
  while (at_hand() == 0) {
    auto end = deadline == at_once ? read_now() : go_on(deadline);
    // What came before the end is told before it.
    if (at_hand() > 0)
      break;
    if (end == redis_end::too_large)
      end_ = redis_end::lost;
    if (end != redis_end::answered)
      return end;
  }
  reply = std::move(ready_[next_++]);
  if (at_hand() == 0) {
    ready_.clear();
    next_ = 0;
    trim();
  }
  return redis_end::answered;
}

redis_end redis_channel::catch_up() {
  if (ended())
    return end_;
  auto how = read_what_is_there();
  return ended() ? end_ : judge(how);
}

bool redis_channel::wait(bool for_output, time_point deadline) const noexcept {
  return stream_->wait(for_output, deadline);
}

// -- what takes long ----------------------------------------------------------

redis_exchange redis_channel::exchange(const redis_command& command,
                                       time_point until, const bell& called_off,
                                       const on_silence& silent) {
  auto result = redis_exchange{};
  auto reply = redis_value{};
  result.sent = put({&command, 1});
  result.end = flushed() ? end_ : write_more(until);
  if (result.end == redis_end::answered)
    result.end = receive(reply, at_once);
  auto* ear = &called_off;
  auto over = false;
  while (result.end == redis_end::late && !over) {
    if (stream_->wait_for_input(until, ear) == stream_wait::late) {
      ear = nullptr;
      auto more = silent();
      over = !more;
      until = more.value_or(until);
    }
    // It may have come meanwhile.
    result.end = receive(reply, at_once);
  }
  if (result.end == redis_end::answered)
    result.replies.push_back(std::move(reply));
  else
    result.reason = reason_;
  return result;
}

redis_exchange redis_channel::tell(std::span<const redis_command> commands,
                                   time_point deadline) {
  listening_ = true;
  auto text = std::string{};
  for (auto& command : commands)
    command.append_to(text);
  auto result = redis_exchange{};
  result.sent = commands.size();
  auto rest = std::string_view{text};
  auto how = stream_->write_some(rest, deadline,
                                 [this] { return read_what_is_there(); });
  result.end = ended() ? end_ : judge(how);
  result.reason = reason_;
  return result;
}

redis_exchange redis_channel::listen(time_point deadline,
                                     const bell& called_off) {
  listening_ = true;
  auto result = redis_exchange{};
  for (;;) {
    auto end = ended() ? end_ : hear_what_is_there();
    // What came before the end is worth telling.
    if (!ready_.empty()) {
      result.replies = std::exchange(ready_, {});
      return result;
    }
    if (end == redis_end::answered
        && stream_->wait_for_input(deadline, &called_off) == stream_wait::late)
      end = redis_end::late;
    if (end != redis_end::answered) {
      result.end = end;
      result.reason = reason_;
      return result;
    }
  }
}

redis_end redis_channel::hear_what_is_there() {
  auto count = std::size_t{0};
  auto how = stream_->read_now(room_, count);
  if (how != stream_wait::done)
    return judge(how);
  return count == 0 ? redis_end::answered : take(count);
}

bool redis_channel::quiet() noexcept {
  return end_ == redis_end::answered && due_ == 0 && reader_.empty()
         && stream_->quiet();
}

// -- bytes --------------------------------------------------------------------

/// Sends or reads once; there may be no reply at hand afterwards.
redis_end redis_channel::go_on(time_point deadline) {
  if (end_ != redis_end::answered)
    return end_;
  return flushed() ? read_more(deadline) : write_more(deadline);
}

/// As above without waiting; `late` if there is no reply then.
redis_end redis_channel::read_now() {
  flush();
  auto end = catch_up();
  return end == redis_end::answered && at_hand() == 0 ? redis_end::late : end;
}

// Replies must not pile up meanwhile, or both sides wait for each other.
redis_end redis_channel::write_more(time_point deadline) {
  auto rest = std::string_view{out_}.substr(written_);
  auto came = false;
  auto how = stream_->write_some(rest, deadline, [this, &came] {
    auto got = read_what_is_there();
    came = came || at_hand() > 0;
    // Who waits for a reply that has come does not wait for the rest.
    return got == stream_wait::done && came ? stream_wait::late : got;
  });
  written_ = out_.size() - rest.size();
  if (end_ != redis_end::answered)
    return end_;
  return came && how == stream_wait::late ? redis_end::answered : judge(how);
}

redis_end redis_channel::read_more(time_point deadline) {
  auto count = std::size_t{0};
  auto how = stream_->read(room_, count, deadline);
  return how == stream_wait::done ? take(count) : judge(how);
}

stream_wait redis_channel::read_what_is_there() {
  for (;;) {
    auto count = std::size_t{0};
    auto how = stream_->read_now(room_, count);
    if (how != stream_wait::done || count == 0)
      return how;
    if (take(count) != redis_end::answered)
      return stream_wait::failed;
  }
}

redis_end redis_channel::take(std::size_t count) {
  taken_ += count;
  if (limit_all_ && taken_ > max_result_bytes_)
    return stop(redis_end::too_large);
  reader_.feed({room_.data(), count});
  return collect();
}

redis_end redis_channel::collect() {
  auto before = reader_.pending();
  while (auto reply = reader_.next()) {
    auto size = before - reader_.pending();
    before = reader_.pending();
    if (!listening_ && is_push(*reply))
      continue;
    if (!listening_ && due_ == 0)
      return stop(redis_end::malformed,
                  "the server sent a reply that nobody asked for: "
                    + to_string(*reply));
    if (!limit_all_ && size > max_result_bytes_)
      return stop(redis_end::too_large);
    due_ -= listening_ ? 0 : 1;
    ready_.push_back(*std::move(reply));
  }
  if (reader_.failed())
    return stop(redis_end::malformed, std::string{reader_.reason()});
  if (!limit_all_ && before > max_result_bytes_)
    return stop(redis_end::too_large);
  return redis_end::answered;
}

// -- ends ---------------------------------------------------------------------

redis_end redis_channel::stop(redis_end end, std::string reason) {
  end_ = end;
  reason_ = std::move(reason);
  if (end == redis_end::too_large)
    reason_ = "the reply to an earlier command was too large";
  return end;
}

redis_end redis_channel::judge(stream_wait how) {
  switch (how) {
    case stream_wait::done:
      return redis_end::answered;
    case stream_wait::late:
      return redis_end::late;
    case stream_wait::closed:
      return stop(redis_end::lost, "the server closed the connection");
    default:
      return stop(redis_end::lost, stream_->reason());
  }
}

void redis_channel::trim() {
  if (!flushed() || out_.capacity() <= kept_requests)
    return;
  out_ = {};
  written_ = 0;
}

} // namespace caf_pool
