#pragma once

#include "caf_pool/admin/http/routes.hpp"
#include "caf_pool/admin/http/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <list>
#include <memory>

namespace caf_pool::detail {

/// A connection that is served, as the server sees it.
class guest {
public:
  virtual ~guest() = default;

  /// Tells whether the next step is the client's.
  virtual bool waits_for_client() const noexcept = 0;

  /// Closes the connection to make room for others.
  virtual void hang_up() noexcept = 0;
};

using guest_list = std::list<guest*>;

/// What connections need of the server. Outlives them.
class session_host {
public:
  virtual ~session_host() = default;

  virtual const admin_limits& limits() const noexcept = 0;

  /// The connections that are served; whoever made a step last is the last one.
  /// Each keeps itself in it.
  virtual guest_list& guests() noexcept = 0;

  /// Counts connections that are not served.
  virtual void refused(int more) noexcept = 0;

  /// A connection gave its file descriptor back.
  virtual void closed() noexcept = 0;

  /// Has a look at the pools; `bell` is cancelled when it has ended. Returns
  /// its number.
  virtual std::uint64_t look(std::shared_ptr<boost::asio::steady_timer> bell)
    = 0;

  /// Returns what is known; of the pools and the node only if `look` is not 0.
  virtual admin_facts facts(std::uint64_t look) = 0;
};

/// Serves the requests of one connection until it ends.
void serve_session(boost::asio::ip::tcp::socket socket, session_host& host);

/// Tells one connection that there are too many.
void refuse_session(boost::asio::ip::tcp::socket socket, session_host& host);

} // namespace caf_pool::detail
