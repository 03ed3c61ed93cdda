#pragma once

#include "caf_pool/core/work.hpp"
#include "caf_pool/protocol/codec_parts.hpp"

#include <cstring>
#include <string_view>
#include <type_traits>

// How work for servers that speak SQL travels, and what comes of it.
namespace caf_pool::wire {

inline std::string_view as_text(const blob& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

inline void put(byte_writer& out, const sql_value& x) {
  out.byte(static_cast<std::uint8_t>(x.index()));
  auto visitor = [&out]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, bool>)
      out.boolean(value);
    else if constexpr (std::is_same_v<T, std::int64_t>)
      out.signed_number(value);
    else if constexpr (std::is_same_v<T, std::uint64_t>)
      out.number(value);
    else if constexpr (std::is_same_v<T, double>)
      out.floating(value);
    else if constexpr (std::is_same_v<T, std::string>)
      out.text(value);
    else if constexpr (std::is_same_v<T, blob>)
      out.text(as_text(value));
    else
      static_assert(std::is_same_v<T, sql_null>);
  };
  std::visit(visitor, x);
}

inline void get(byte_reader& in, sql_value& x) {
  switch (in.byte()) {
    case 0:
      x = sql_null{};
      return;
    case 1:
      x = in.boolean();
      return;
    case 2:
      x = in.signed_number();
      return;
    case 3:
      x = in.floating();
      return;
    case 4:
      x = std::string{in.text()};
      return;
    case 5: {
      auto bytes = in.text();
      auto& data = x.emplace<blob>(bytes.size());
      if (!bytes.empty())
        std::memcpy(data.data(), bytes.data(), bytes.size());
      return;
    }
    case 6:
      x = in.number();
      return;
    default:
      in.fail();
  }
}

inline void put(byte_writer& out, const sql_statement& x) {
  out.text(x.text);
  put(out, x.parameters);
}

inline void get(byte_reader& in, sql_statement& x) {
  get(in, x.text);
  get(in, x.parameters);
}

inline void put(byte_writer& out, const sql_warning& x) {
  out.text(x.text);
  out.text(x.state);
}

inline void get(byte_reader& in, sql_warning& x) {
  get(in, x.text);
  get(in, x.state);
}

inline void put(byte_writer& out, const sql_result& x) {
  put(out, x.columns);
  put(out, x.cells);
  out.number(x.affected);
  out.number(x.bare_rows);
  put(out, x.warnings);
}

inline void get(byte_reader& in, sql_result& x) {
  get(in, x.columns);
  get(in, x.cells);
  x.affected = in.number();
  x.bare_rows = in.number();
  get(in, x.warnings);
  auto width = x.columns.size();
  if (width == 0 ? !x.cells.empty()
                 : x.cells.size() % width != 0 || x.bare_rows != 0)
    in.fail();
}

inline void put(byte_writer& out, const sql_batch& x) {
  put(out, x.statements);
}

inline void get(byte_reader& in, sql_batch& x) {
  get(in, x.statements);
}

} // namespace caf_pool::wire
