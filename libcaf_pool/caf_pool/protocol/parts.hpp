#pragma once

#include "caf_pool/protocol/actor_types.hpp"

#include <cstdint>
#include <string>

/// How a large payload travels, in both directions: the message that it belongs
/// to comes first, without it, and says how many bytes are `to_follow`; then
/// they follow in parts. Payloads come one after the other, in the order of
/// their messages. A side sends few parts ahead of the other's `more`, so that
/// nothing waits for a whole payload.
namespace caf_pool::wire {

/// The next bytes of the payload of a request, or of its answer.
struct part {
  std::uint64_t request = 0;
  std::string bytes;

  template <class Inspector>
  friend auto inspect(Inspector& f, part& x) {
    return inspect_fields(f, x, "part", field("request", x.request),
                          field("bytes", x.bytes));
  }

  friend bool operator==(const part&, const part&) = default;
};

/// A part has arrived, whether or not anybody wants it: there is room for
/// another one, of whichever request.
struct more {
  std::uint64_t request = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, more& x) {
    return inspect_fields(f, x, "more", field("request", x.request));
  }

  friend bool operator==(const more&, const more&) = default;
};

} // namespace caf_pool::wire
