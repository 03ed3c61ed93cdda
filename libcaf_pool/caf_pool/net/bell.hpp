#pragma once

#include "caf_pool/core/error.hpp"

#include <system_error>

namespace caf_pool {

/// Ends the waiting of any number of threads in `poll_socket`, once and for
/// good.
///
/// Thread-safety: any thread at any time.
class bell {
public:
  /// Throws `std::system_error` if there is no descriptor left.
  bell();
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell();

  void ring() noexcept;

  bool rung() const noexcept;

  /// Is readable from the first ring on.
  int descriptor() const noexcept {
    return fd_;
  }

private:
  int fd_;
};

/// The error of an opening whose bell rang: nobody waits for it any more.
error opening_called_off();

/// The error of an opening for which no bell can be made.
error no_descriptor_left(const std::system_error& why);

} // namespace caf_pool
