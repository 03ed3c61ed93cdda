#pragma once

#include "caf_pool/backend/backend.hpp"

#include <stdexcept>
#include <string>

namespace caf_pool::test {

/// A way to nowhere. A pool's actor that is told to use it dies: no other input
/// of a pool makes it throw.
class deadly_backend : public backend {
public:
  result<connection_ptr> open(time_point) override {
    return error{errc::open_failed, "nowhere", {}};
  }

  std::string_view kind() const noexcept override {
    return "deadly";
  }

  std::string describe() const override {
    throw std::runtime_error{"deadly"};
  }

  /// Fewer than any pool has, which is told with the description.
  std::uint32_t max_connections() const noexcept override {
    return 0;
  }
};

} // namespace caf_pool::test
