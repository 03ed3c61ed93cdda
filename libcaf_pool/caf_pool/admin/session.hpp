#pragma once

#include "caf_pool/admin/routes.hpp"
#include "caf_pool/admin/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>

namespace caf_pool::detail {

/// What connections need of the server. Outlives them.
class session_host {
public:
  virtual ~session_host() = default;

  virtual const admin_limits& limits() const noexcept = 0;

  /// Counts connections: those that are served and those that are not.
  virtual void opened(bool welcome) noexcept = 0;

  virtual void closed(bool welcome) noexcept = 0;

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
