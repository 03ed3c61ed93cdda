#include "caf_pool/net/stream/deadline_stream.hpp"

#include "caf_pool/net/poll_socket.hpp"
#include "caf_pool/net/stream/timed_socket.hpp"
#include "caf_pool/net/stream/tls_session.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace caf_pool {

namespace {

bool has_passed(time_point deadline) noexcept {
  return deadline != never && clock::now() >= deadline;
}

} // namespace

deadline_stream::deadline_stream(std::string name,
                                 std::unique_ptr<timed_socket> socket,
                                 std::unique_ptr<tls_session> tls)
  : name_(std::move(name)), socket_(std::move(socket)), tls_(std::move(tls)) {
  // nop
}

deadline_stream::~deadline_stream() = default;

stream_wait deadline_stream::read(std::span<char> room, std::size_t& count,
                                  time_point deadline) {
  count = 0;
  if (!tls_)
    return socket_->receive(room, count, deadline);
  if (has_passed(deadline))
    return stream_wait::late;
  return tls_->read(room, count, deadline);
}

stream_wait deadline_stream::read_now(std::span<char> room,
                                      std::size_t& count) {
  return tls_ ? tls_->read_now(room, count) : socket_->receive_now(room, count);
}

stream_wait deadline_stream::write(
  std::string_view bytes, time_point deadline,
  const std::function<stream_wait()>& on_input) {
  if (cut_off_)
    return stream_wait::failed;
  if (has_passed(deadline))
    return stream_wait::late;
  cut_off_ = true;
  auto outcome = write_some(bytes, deadline, on_input);
  cut_off_ = outcome != stream_wait::done;
  return outcome;
}

stream_wait deadline_stream::write_some(
  std::string_view& bytes, time_point deadline,
  const std::function<stream_wait()>& on_input) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    auto outcome
      = tls_ ? tls_->write_now(bytes, count) : socket_->send_now(bytes, count);
    if (outcome != stream_wait::done)
      return outcome;
    bytes.remove_prefix(count);
    if (count > 0)
      continue;
    if (has_passed(deadline))
      return stream_wait::late;
    short events = tls_ ? tls_->wanted() : POLLOUT;
    if (on_input)
      events = static_cast<short>(events | POLLIN);
    auto ready = socket_->wait(events, deadline);
    if (ready == 0)
      return stream_wait::late;
    if (on_input && (ready & POLLIN) != 0)
      outcome = on_input();
    if (outcome != stream_wait::done)
      return outcome;
  }
  return stream_wait::done;
}

bool deadline_stream::wait(bool for_output,
                           time_point deadline) const noexcept {
  auto events = static_cast<short>(for_output ? POLLIN | POLLOUT : POLLIN);
  return socket_->wait(events, deadline) != 0;
}

stream_wait deadline_stream::wait_for_input(time_point deadline,
                                            const bell* called_off) {
  // What is decrypted already does not show at the socket.
  if (!quiet())
    return stream_wait::done;
  auto ready = poll_socket(socket_->descriptor(), POLLIN, deadline, called_off);
  return ready == 0 ? stream_wait::late : stream_wait::done;
}

bool deadline_stream::quiet() noexcept {
  try {
    return !cut_off_ && (tls_ ? tls_->quiet() : socket_->quiet());
  } catch (const std::exception&) {
    return false;
  }
}

void deadline_stream::abort() noexcept {
  socket_->abort();
}

void deadline_stream::close(time_point deadline) noexcept {
  try {
    if (tls_ && !cut_off_) {
      // What lies unread would make the end a reset.
      std::array<char, 4096> sink;
      std::size_t count = 0;
      tls_->read_now(sink, count);
      tls_->say_end(deadline);
    }
  } catch (const std::exception&) {
    // The peer sees an end without the one of TLS.
  }
  socket_->shut_down();
}

std::string deadline_stream::reason() const {
  if (socket_->aborted())
    return "the connection was aborted";
  if (tls_ && !tls_->reason().empty())
    return tls_->reason();
  if (socket_->last_error() != 0)
    return std::generic_category().message(socket_->last_error());
  return cut_off_ ? "an earlier message was cut off" : std::string{};
}

std::string deadline_stream::describe() const {
  return name_;
}

bool deadline_stream::refused() const noexcept {
  return tls_ && tls_->refused();
}

bool deadline_stream::truncated() const noexcept {
  return tls_ && tls_->truncated();
}

bool deadline_stream::resumed() const noexcept {
  return tls_ && tls_->resumed();
}

} // namespace caf_pool
