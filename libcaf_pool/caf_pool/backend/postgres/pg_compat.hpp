#pragma once

// The only place that knows which major version of libpqxx, and which libpq, is
// installed.

#include <libpq-fe.h>
#include <pqxx/pqxx>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace caf_pool {

namespace detail {

inline void pg_ignore_notice(void*, const char*) {
  // nop
}

} // namespace detail

#if PQXX_VERSION_MAJOR < 7

/// What users get as native handle; the base class that all of libpqxx's
/// transactions take.
using pqxx_connection = pqxx::connection_base;

namespace detail {

// Hands out a handle that is already connected, and only once: libpqxx 6 would
// open another connection without a word when this one is lost.
class pg_borrowing_policy : public pqxx::connectionpolicy {
public:
  explicit pg_borrowing_policy(PGconn* raw)
    : pqxx::connectionpolicy{std::string{}}, raw_(raw) {
    // nop
  }

  handle do_startconnect(handle current) override {
    if (current != nullptr)
      return current;
    if (raw_ == nullptr)
      throw pqxx::broken_connection{"the connection is lost"};
    return std::exchange(raw_, nullptr);
  }

  handle do_disconnect(handle) noexcept override {
    return nullptr;
  }

private:
  PGconn* raw_;
};

} // namespace detail

/// Makes libpqxx work on a handle that somebody else owns.
class pg_borrowed : public pqxx::connection_base {
public:
  explicit pg_borrowed(PGconn* raw)
    : pqxx::connection_base(policy_), policy_(raw), raw_(raw) {
    init();
  }

  ~pg_borrowed() noexcept {
    close();
    PQsetNoticeProcessor(raw_, detail::pg_ignore_notice, nullptr);
  }

  pqxx_connection& get() noexcept {
    return *this;
  }

private:
  detail::pg_borrowing_policy policy_;
  PGconn* raw_;
};

#else

/// What users get as native handle.
using pqxx_connection = pqxx::connection;

/// Makes libpqxx work on a handle that somebody else owns.
class pg_borrowed {
public:
  explicit pg_borrowed(PGconn* raw)
    : raw_(raw), borrowed_(pqxx::connection::seize_raw_connection(raw)) {
    // nop
  }

  pg_borrowed(const pg_borrowed&) = delete;
  pg_borrowed& operator=(const pg_borrowed&) = delete;

  ~pg_borrowed() noexcept {
    static_cast<void>(std::move(borrowed_).release_raw_connection());
    PQsetNoticeProcessor(raw_, detail::pg_ignore_notice, nullptr);
  }

  pqxx_connection& get() noexcept {
    return borrowed_;
  }

private:
  PGconn* raw_;
  pqxx::connection borrowed_;
};

#endif

/// Asks the server to stop what a connection is doing. Made by the thread that
/// opened the connection; outlives it if need be.
///
/// Thread-safety: `fire` from any thread.
class pg_canceller {
public:
#ifdef LIBPQ_HAS_ASYNC_CANCEL
  // Encrypts the request as the connection itself is.
  using handle = PGcancelConn;

  explicit pg_canceller(PGconn* raw) : handle_(PQcancelCreate(raw)) {
    // nop
  }
#else
  using handle = PGcancel;

  explicit pg_canceller(PGconn* raw) : handle_(PQgetCancel(raw)) {
    // nop
  }
#endif

  /// Returns when the server has closed the request's own connection, which it
  /// does after passing the request on. Blocks as long as that takes.
  bool fire() noexcept {
    std::lock_guard guard{mtx_};
    if (!handle_)
      return false;
#ifdef LIBPQ_HAS_ASYNC_CANCEL
    auto ok = PQcancelBlocking(handle_.get()) == 1;
    PQcancelReset(handle_.get());
    return ok;
#else
    char text[256];
    return PQcancel(handle_.get(), text, sizeof(text)) == 1;
#endif
  }

private:
  struct deleter {
    void operator()(handle* x) const noexcept {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
      PQcancelFinish(x);
#else
      PQfreeCancel(x);
#endif
    }
  };

  std::mutex mtx_;
  std::unique_ptr<handle, deleter> handle_;
};

/// Makes the rows of the statement that was just sent arrive in portions, so
/// that a result's size is known before it is all in memory.
inline void pg_receive_in_portions(PGconn* raw) noexcept {
#ifdef LIBPQ_HAS_CHUNK_MODE
  PQsetChunkedRowsMode(raw, 64);
#else
  PQsetSingleRowMode(raw);
#endif
}

/// Tells whether a result is one of those portions.
inline bool pg_is_portion(ExecStatusType status) noexcept {
#ifdef LIBPQ_HAS_CHUNK_MODE
  return status == PGRES_TUPLES_CHUNK;
#else
  return status == PGRES_SINGLE_TUPLE;
#endif
}

} // namespace caf_pool
