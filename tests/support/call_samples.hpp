#pragma once

#include "caf_pool/core/call_options.hpp"

#include <vector>

namespace caf_pool::test {

/// Options with something in every field; a field more fails here first.
inline call_options full_options(time_point now) {
  static_assert(sizeof(call_options)
                  == 2 * sizeof(std::optional<time_point>)
                       + 2 * sizeof(duration) + 16 + sizeof(std::string),
                "a field is new: set it below");
  auto x = call_options{};
  x.wait_until = now + std::chrono::seconds{50};
  x.deadline = now + std::chrono::seconds{60};
  x.allowed = std::chrono::seconds{65};
  x.expected = std::chrono::seconds{7};
  x.priority = 5;
  x.tenant = 9;
  x.only_if_free = true;
  x.read_only = true;
  x.bound_by_pool = true;
  x.holder = "importer";
  return x;
}

/// As many options, each with one field set.
inline std::vector<call_options> single_options(time_point now) {
  auto all = full_options(now);
  std::vector<call_options> result(10);
  result[0].wait_until = all.wait_until;
  result[1].deadline = all.deadline;
  result[2].expected = all.expected;
  result[3].priority = all.priority;
  result[4].tenant = all.tenant;
  result[5].only_if_free = true;
  result[6].read_only = true;
  result[7].bound_by_pool = true;
  result[8].holder = all.holder;
  result[9].allowed = all.allowed;
  return result;
}

} // namespace caf_pool::test
