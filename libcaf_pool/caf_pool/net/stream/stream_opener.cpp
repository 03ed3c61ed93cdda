#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/net/resolve.hpp"
#include "caf_pool/net/stream/connect_socket.hpp"
#include "caf_pool/net/stream/deadline_stream.hpp"
#include "caf_pool/net/stream/tls_session.hpp"

#include <utility>
#include <vector>

namespace caf_pool {

/// Opens one stream.
class stream_opener {
public:
  using stream_ptr = std::unique_ptr<deadline_stream>;

  stream_opener(const stream_options& options,
                const std::shared_ptr<tls_context>& context,
                time_point deadline, const bell* called_off)
    : options_(options),
      context_(context),
      deadline_(deadline),
      called_off_(called_off),
      name_(describe(options, context != nullptr)) {
    // nop
  }

  result<stream_ptr> run() {
    if (called_off_ != nullptr && called_off_->rung())
      return opening_called_off();
    if (clock::now() >= deadline_)
      return decorate({errc::open_timeout,
                       "the time had passed before it began; nothing was sent",
                       {}});
    auto stream = options_.path.empty() ? open_host() : open_path();
    return stream ? std::move(stream) : decorate(stream.error());
  }

private:
  result<stream_ptr> open_path() {
    auto socket = connect_unix(options_.path, deadline_, called_off_);
    if (!socket)
      return socket.error();
    return finish(*std::move(socket), deadline_);
  }

  result<stream_ptr> open_host() {
    auto addresses = resolve_host(options_.host, deadline_, called_off_);
    if (!addresses)
      return addresses.error();
    auto last = error{errc::open_failed, "the name has no address", {}};
    for (auto left = addresses->size(); left > 0; --left) {
      auto now = clock::now();
      if (now >= deadline_)
        break;
      auto stream = try_address((*addresses)[addresses->size() - left],
                                share_of(now, left));
      if (stream)
        return stream;
      last = stream.error();
      // The server was reached and said no: its other addresses would, too.
      if (last.code == errc::open_refused || last.code == errc::cancelled)
        break;
    }
    return last;
  }

  time_point share_of(time_point now, std::size_t tries) const {
    if (deadline_ == never)
      return never;
    return now + (deadline_ - now) / static_cast<duration::rep>(tries);
  }

  result<stream_ptr> try_address(const std::string& address,
                                 time_point deadline) {
    auto socket = connect_tcp(address, options_.port, options_.keep_alive,
                              deadline, called_off_);
    if (!socket)
      return socket.error();
    return finish(*std::move(socket), deadline);
  }

  result<stream_ptr> finish(std::unique_ptr<timed_socket> socket,
                            time_point deadline) {
    std::unique_ptr<tls_session> tls;
    if (context_) {
      tls = std::make_unique<tls_session>(*socket, context_, name_);
      auto known = tls->handshake(options_.host, deadline, called_off_);
      if (!known)
        return known.error();
    }
    return stream_ptr{
      new deadline_stream{name_, std::move(socket), std::move(tls)}};
  }

  error decorate(error what) const {
    if (what.code != errc::cancelled)
      what.message = "cannot open a connection to " + name_ + " after "
                     + to_rough_text(clock::now() - started_) + ": "
                     + what.message;
    return what;
  }

  const stream_options& options_;
  const std::shared_ptr<tls_context>& context_;
  time_point deadline_;
  const bell* called_off_;
  time_point started_ = clock::now();
  std::string name_;
};

result<std::unique_ptr<deadline_stream>> deadline_stream::open(
  const stream_options& options, const std::shared_ptr<tls_context>& context,
  time_point deadline, const bell* called_off) {
  return stream_opener{options, context, deadline, called_off}.run();
}

} // namespace caf_pool
