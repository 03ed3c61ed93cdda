#pragma once

#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/codec_parts.hpp"

// How work for backends of users' own travels: as it is.
namespace caf_pool::wire {

inline void put(byte_writer& out, const opaque& x) {
  out.text(x.kind);
  out.text(x.bytes);
}

inline void get(byte_reader& in, opaque& x) {
  get(in, x.kind);
  get(in, x.bytes);
}

} // namespace caf_pool::wire
