#pragma once

#include "caf_pool/backend/backend.hpp"
#include "caf_pool/backend/testing/fault_plan.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace caf_pool {

/// Wraps any backend and delays, fails, breaks or hangs its calls by a seeded
/// plan, to see how a program bears a bad server.
///
/// ~~~
/// fault_plan plan;
/// plan.seed = 42;
/// plan.of(backend_call::execute).break_after = 5; // per mille
/// plan.of(backend_call::open).hang = 100;
/// auto server = std::make_shared<faulty_backend>(real, plan);
/// ~~~
///
/// Calls are counted per kind over all connections: with the same seed the n-th
/// call of a kind suffers the same. The driver's handle is passed on bare; what
/// is done with it suffers nothing.
///
/// Thread-safety: as `backend`.
class faulty_backend : public backend {
public:
  faulty_backend(backend_ptr inner, fault_plan plan);

  ~faulty_backend() override;

  result<connection_ptr> open(time_point deadline) override;

  result<connection_ptr> open_unless(std::stop_token called_off,
                                     time_point deadline) override;

  result<void> reachable(time_point deadline) override;

  /// The kind of the wrapped backend, whose handles it passes on.
  std::string_view kind() const noexcept override;
  std::string describe() const override;
  std::uint32_t max_connections() const noexcept override;

  // -- what happened ---------------------------------------------------------

  /// Ends all faults, those that hang included, or lets them begin again.
  void enable(bool yes);

  /// Returns how many calls of a kind came, and how many suffered what.
  std::uint64_t calls(backend_call kind) const;
  std::uint64_t count(backend_call kind, fault what) const;

private:
  std::shared_ptr<class fault_source> source_;
  backend_ptr inner_;
};

} // namespace caf_pool
