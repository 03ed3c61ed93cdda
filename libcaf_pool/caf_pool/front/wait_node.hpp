#pragma once

#include "caf_pool/core/result.hpp"
#include "caf_pool/core/time.hpp"
#include "caf_pool/front/loan.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace caf_pool {

/// Takes what a waiter gets in the end: called once, on the granter's thread.
/// Must not throw.
using grant_handler = std::function<void(result<loan>)>;

/// Where granter and waiter meet.
///
/// ~~~
///                  grant, fail
///   waiting -------------------> claimed --> settled
///      |
///      +-- cancel, deadline ---> cancelled
/// ~~~
///
/// Exactly one side wins: either the waiter gets the answer, however late, or
/// the granter learns that the waiter gave up and keeps the connection.
class wait_node;

/// The granter's end. Ends without a answer, e.g. because the actor died with
/// the message in its mailbox, make the waiter fail with `errc::restarted`.
///
/// Thread-safety: one thread at a time.
class granter {
public:
  granter() = default;
  explicit granter(std::shared_ptr<wait_node> node) noexcept;
  granter(granter&&) noexcept = default;
  granter& operator=(granter&& other) noexcept;
  ~granter();

  /// Hands the loan over. Returns false if the waiter gave up, or got its
  /// answer before: the loan is still the granter's then.
  [[nodiscard]] bool grant(const loan& x);

  /// Tells the waiter that it gets nothing. Returns false if it gave up.
  bool fail(error why);

  /// Tells whether a answer would still be heard.
  bool waiting() const noexcept;

private:
  std::shared_ptr<wait_node> node_;
};

/// The end of a caller that blocks. A loan that arrives and is not fetched is
/// given back to its table.
///
/// Thread-safety: one thread at a time.
class wait_handle {
public:
  explicit wait_handle(std::shared_ptr<wait_node> node) noexcept;
  wait_handle(wait_handle&&) noexcept = default;
  wait_handle& operator=(wait_handle&& other) noexcept;
  ~wait_handle();

  /// Blocks until the answer, at most until `deadline`. Returns nothing if
  /// the deadline came first: a later grant stays with the granter. Looks
  /// `spins` times before it sleeps, which pays only where cores are idle.
  /// Returns nothing after the first answer.
  std::optional<result<loan>> wait_until(time_point deadline,
                                         std::uint32_t spins = 0) noexcept;

private:
  std::shared_ptr<wait_node> node_;
};

/// Lets a caller that waits by callback give up. Copyable; destruction does
/// nothing.
///
/// Thread-safety: like a shared pointer.
class canceller {
public:
  canceller() = default;
  explicit canceller(std::shared_ptr<wait_node> node) noexcept;

  /// Returns true if the callback will never be called; it is destroyed then.
  /// Returns false if it has been, or is just being, called.
  bool cancel() noexcept;

private:
  std::shared_ptr<wait_node> node_;
};

/// Makes both ends for a caller that blocks.
///
/// ~~~
/// auto [mine, theirs] = make_waiter();
/// send(pool, acquire{std::make_shared<granter>(std::move(theirs))});
/// if (auto x = mine.wait_until(deadline)) ...
/// ~~~
std::pair<wait_handle, granter> make_waiter();

/// Makes both ends for a caller that goes on with other things.
std::pair<canceller, granter> make_waiter(grant_handler handler);

} // namespace caf_pool
