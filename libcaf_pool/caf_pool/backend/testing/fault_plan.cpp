#include "caf_pool/backend/testing/fault_plan.hpp"

#include "caf_pool/core/random.hpp"

namespace caf_pool {

namespace {

fault draw(const fault_odds& odds, std::uint64_t dice) noexcept {
  struct {
    std::uint32_t share;
    fault what;
  } const faces[] = {
    {odds.delay, fault::delay},
    {odds.failure, fault::failure},
    {odds.break_before, fault::break_before},
    {odds.break_after, fault::break_after},
    {odds.hang, fault::hang},
  };
  for (auto& face : faces) {
    if (dice < face.share)
      return face.what;
    dice -= face.share;
  }
  return fault::none;
}

/// Reduces a fault to what can happen to a kind of call.
fault possible(backend_call kind, fault what) noexcept {
  switch (kind) {
    case backend_call::open:
      // There is nothing yet that could break.
      return what == fault::break_before || what == fault::break_after
               ? fault::failure
               : what;
    case backend_call::cancel:
      return what == fault::none || what == fault::delay ? what
                                                         : fault::failure;
    case backend_call::abort:
      return fault::none;
    case backend_call::close:
      // It reports nothing; what can differ is how long it takes.
      return what == fault::delay || what == fault::hang ? what : fault::none;
    case backend_call::probe:
    case backend_call::reset:
    case backend_call::execute:
    case backend_call::restrict_to_reads:
      return what;
  }
  return what;
}

} // namespace

std::string_view to_string(fault x) noexcept {
  switch (x) {
    case fault::none:
      return "none";
    case fault::delay:
      return "delay";
    case fault::failure:
      return "failure";
    case fault::break_before:
      return "break_before";
    case fault::break_after:
      return "break_after";
    case fault::hang:
      return "hang";
  }
  return "unknown";
}

fault_plan::decision fault_plan::decide(backend_call kind,
                                        std::uint64_t nth) const {
  // A source of its own for each call: what other threads do in between must
  // not change it.
  auto stream = static_cast<std::uint64_t>(kind) + 1;
  random_source mixed{seed ^ (stream << 56) ^ nth};
  auto dice = mixed.below(1000);
  auto length = mixed.between(shortest_delay, longest_delay);
  auto what = draw(of(kind), dice);
  for (auto& x : certain)
    if (x.kind == kind && x.nth == nth)
      what = x.what;
  what = possible(kind, what);
  return {what, what == fault::delay ? length : duration::zero()};
}

} // namespace caf_pool
