#pragma once

#include "caf_pool/core/error.hpp"
#include "caf_pool/protocol/bytes.hpp"
#include "caf_pool/protocol/codec.hpp"

#include <algorithm>
#include <string>
#include <vector>

// Private to the sources of the codec. Each kind of value has a `put` and a
// `get` in this namespace, where argument-dependent lookup finds them.
namespace caf_pool::wire {

void put(byte_writer& out, const std::string& x);
void put(byte_writer& out, const caf_pool::error& x);
void get(byte_reader& in, std::string& x);
void get(byte_reader& in, caf_pool::error& x);

template <class T>
void put(byte_writer& out, const std::vector<T>& xs) {
  out.number(xs.size());
  for (auto& x : xs)
    put(out, x);
}

// Calls `add` for each element that follows. Makes room as elements come,
// because a count is only a claim.
template <class T, class Add>
void get_each(byte_reader& in, std::vector<T>& xs, Add add) {
  constexpr std::size_t first_room = 256;
  auto n = in.count();
  xs.reserve(std::min(n, first_room));
  while (xs.size() < n && !in.failed())
    add();
}

template <class T>
void get(byte_reader& in, std::vector<T>& xs) {
  get_each(in, xs, [&] { get(in, xs.emplace_back()); });
}

template <class T>
std::string encode_as(content what, const T& x) {
  byte_writer out;
  out.byte(codec_version);
  out.byte(static_cast<std::uint8_t>(what));
  put(out, x);
  return out.take();
}

// Checks size, version and kind.
result<byte_reader> open_payload(content what, std::string_view bytes);

error malformed(content what);

template <class T>
result<T> decode_as(content what, std::string_view bytes) {
  auto in = open_payload(what, bytes);
  if (!in)
    return in.error();
  T x{};
  get(*in, x);
  if (!in->complete())
    return malformed(what);
  return x;
}

} // namespace caf_pool::wire
