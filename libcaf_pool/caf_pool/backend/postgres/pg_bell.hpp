#pragma once

namespace caf_pool {

/// Ends the waiting of any number of threads in `pg_poll`, once and for good.
///
/// Thread-safety: any thread at any time.
class pg_bell {
public:
  /// Throws `std::system_error` if there is no descriptor left.
  pg_bell();
  pg_bell(const pg_bell&) = delete;
  pg_bell& operator=(const pg_bell&) = delete;
  ~pg_bell();

  void ring() noexcept;

  bool rung() const noexcept;

  /// Is readable from the first ring on.
  int descriptor() const noexcept {
    return fd_;
  }

private:
  int fd_;
};

} // namespace caf_pool
