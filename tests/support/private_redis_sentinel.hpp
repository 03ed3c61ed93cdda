#pragma once

#include "support/eventually.hpp"
#include "support/private_redis.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caf_pool::test {

/// A Redis master and its replica, with sentinels that watch them: all of the
/// test program's own, on 127.0.0.1. A server that says nothing for a second is
/// taken for dead.
///
/// ~~~
/// private_redis_sentinel group;
/// auto& old = group.master();
/// old.kill9();
/// REQUIRE(group.wait_until_ok());
/// CHECK(&group.master() != &old);
/// ~~~
///
/// A sentinel that gives a server another role closes the connections of that
/// server's clients, those of `private_redis::query` too: until
/// `wait_until_ok`, a query may throw.
///
/// Thread-safety: one thread at a time.
class private_redis_sentinel {
public:
  /// By which the sentinels know the master.
  static constexpr std::string_view master_name = "main";

  /// Makes and starts it all, in some seconds. `sentinels` is 1, or 3 of which
  /// two must agree that the master is dead. Throws `std::runtime_error` with
  /// what went wrong.
  explicit private_redis_sentinel(std::size_t sentinels = 1);

  ~private_redis_sentinel();

  // -- who is who -------------------------------------------------------------

  /// Speak the protocol of Redis on their ports, too.
  std::vector<private_redis*> sentinels() const;

  /// The two servers, in the order in which they were made.
  std::vector<private_redis*> servers() const;

  /// Returns the server that the first answering sentinel names as the master.
  private_redis& master() const;

  /// Returns the other one.
  private_redis& replica() const;

  // -- what it goes through ---------------------------------------------------

  /// Lets a sentinel make the replica the master though the master is alive,
  /// and waits until the sentinels name it. The old master follows it some
  /// seconds later: see `wait_until_ok`.
  void fail_over();

  /// Waits until all sentinels that answer name the same server as the master,
  /// that one answers as a master, and, while both servers answer, the other
  /// one follows it and the sentinels know. Returns whether it is so.
  bool wait_until_ok(std::chrono::nanoseconds limit = patience) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace caf_pool::test
