#pragma once

#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/codec_parts.hpp"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

// How commands for servers that speak RESP travel, and what comes of them.
namespace caf_pool::wire {

/// Arrays inside each other are refused beyond this depth; servers' own are at
/// most some ten deep.
inline constexpr int deepest_redis_value = 32;

inline void put(byte_writer& out, const redis_command& x) {
  out.text(x.bulks());
  out.boolean(x.is_idempotent());
}

inline void get(byte_reader& in, redis_command& x) {
  auto bulks = in.text();
  x = redis_command::from_bulks(std::string{bulks});
  if (x.empty() && !bulks.empty())
    in.fail();
  x.idempotent(in.boolean());
}

inline void put(byte_writer& out, const redis_commands& x) {
  out.byte(static_cast<std::uint8_t>(x.as));
  put(out, x.items);
}

inline void get(byte_reader& in, redis_commands& x) {
  using form = redis_commands::form;
  x.as = static_cast<form>(
    in.number_until(static_cast<std::uint64_t>(form::transaction)));
  get(in, x.items);
}

inline void put(byte_writer& out, const redis_value& x) {
  out.byte(static_cast<std::uint8_t>(x.value.index()));
  auto visitor = [&out]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, std::int64_t>) {
      out.signed_number(value);
    } else if constexpr (std::is_same_v<T, double>) {
      out.floating(value);
    } else if constexpr (std::is_same_v<T, bool>) {
      out.boolean(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      out.text(value);
    } else if constexpr (std::is_same_v<
                           T,
                           redis_status> || std::is_same_v<T, redis_failure>) {
      out.text(value.text);
    } else if constexpr (std::is_same_v<T, redis_array>) {
      out.byte(static_cast<std::uint8_t>(value.as));
      put(out, value.items);
    } else {
      static_assert(std::is_same_v<T, redis_nil>);
    }
  };
  std::visit(visitor, x.value);
}

inline void get(byte_reader& in, redis_value& x, int depth);

inline redis_array get_array(byte_reader& in, int depth) {
  using form = redis_array::form;
  auto x = redis_array{};
  x.as = static_cast<form>(
    in.number_until(static_cast<std::uint64_t>(form::push)));
  get_each(in, x.items, [&] { get(in, x.items.emplace_back(), depth); });
  return x;
}

inline void get(byte_reader& in, redis_value& x, int depth) {
  if (depth > deepest_redis_value) {
    in.fail();
    return;
  }
  switch (in.byte()) {
    case 0:
      x.value = redis_nil{};
      return;
    case 1:
      x.value = in.signed_number();
      return;
    case 2:
      x.value = in.floating();
      return;
    case 3:
      x.value = in.boolean();
      return;
    case 4:
      x.value = std::string{in.text()};
      return;
    case 5:
      x.value = redis_status{std::string{in.text()}};
      return;
    case 6:
      x.value = redis_failure{std::string{in.text()}};
      return;
    case 7:
      x.value = get_array(in, depth + 1);
      return;
    default:
      in.fail();
  }
}

inline void put(byte_writer& out, const result<redis_value>& x) {
  out.boolean(x.has_value());
  if (x)
    put(out, *x);
  else
    put(out, x.error());
}

inline void get(byte_reader& in, result<redis_value>& x) {
  if (in.boolean()) {
    auto value = redis_value{};
    get(in, value, 0);
    x = std::move(value);
  } else {
    auto why = error{};
    get(in, why);
    if (!why)
      in.fail();
    x = std::move(why);
  }
}

inline void put(byte_writer& out, const redis_replies& x) {
  put(out, x.items);
  out.boolean(x.partial);
}

inline void get(byte_reader& in, redis_replies& x) {
  get_each(in, x.items, [&] { get(in, x.items.emplace_back(redis_value{})); });
  x.partial = in.boolean();
}

} // namespace caf_pool::wire
