#include "caf_pool/protocol/codec.hpp"

#include "caf_pool/protocol/codec_parts.hpp"

#include <cstring>
#include <string_view>
#include <type_traits>

namespace caf_pool::wire {

static std::string_view name_of(content x) {
  switch (x) {
    case content::statements:
      return "statements";
    case content::results:
      return "results";
    case content::names:
      return "names";
    case content::snapshot:
      return "a snapshot";
    case content::health:
      return "a health report";
    case content::event:
      return "an event";
  }
  return "something";
}

static std::string_view as_text(const blob& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

// -- values -------------------------------------------------------------------

static void put(byte_writer& out, const sql_value& x) {
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

static void get(byte_reader& in, sql_value& x) {
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

// -- statements and results ---------------------------------------------------

static void put(byte_writer& out, const sql_statement& x) {
  out.text(x.text);
  put(out, x.parameters);
}

static void get(byte_reader& in, sql_statement& x) {
  get(in, x.text);
  get(in, x.parameters);
}

static void put(byte_writer& out, const sql_warning& x) {
  out.text(x.text);
  out.text(x.state);
}

static void get(byte_reader& in, sql_warning& x) {
  get(in, x.text);
  get(in, x.state);
}

static void put(byte_writer& out, const sql_result& x) {
  put(out, x.columns);
  put(out, x.cells);
  out.number(x.affected);
  out.number(x.bare_rows);
  put(out, x.warnings);
}

static void get(byte_reader& in, sql_result& x) {
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

// -- shared -------------------------------------------------------------------

void put(byte_writer& out, const std::string& x) {
  out.text(x);
}

void get(byte_reader& in, std::string& x) {
  x = in.text();
}

void put(byte_writer& out, const caf_pool::error& x) {
  out.number(static_cast<std::uint8_t>(x.code));
  out.text(x.message);
  out.text(x.state);
}

void get(byte_reader& in, caf_pool::error& x) {
  x.code
    = static_cast<errc>(in.number_until(static_cast<std::uint8_t>(last_errc)));
  get(in, x.message);
  get(in, x.state);
}

result<byte_reader> open_payload(content what, std::string_view bytes) {
  if (bytes.size() > max_payload)
    return too_large(bytes.size());
  byte_reader in{bytes};
  auto version = in.byte();
  if (!in.failed() && version != codec_version)
    return error{errc::protocol_mismatch,
                 "the other side encodes by version " + std::to_string(version)
                   + ", this one by version " + std::to_string(codec_version)
                   + "; use the same release on both",
                 {}};
  if (in.byte() != static_cast<std::uint8_t>(what))
    return malformed(what);
  return in;
}

error too_large(std::uint64_t size) {
  return {errc::result_too_large,
          std::to_string(size) + " bytes where " + std::to_string(max_payload)
            + " are allowed",
          {}};
}

error malformed(content what) {
  return {errc::protocol_mismatch,
          "bytes that should hold " + std::string{name_of(what)} + " do not",
          {}};
}

std::string encode(const std::vector<sql_statement>& xs) {
  return encode_as(content::statements, xs);
}

std::string encode(const std::vector<sql_result>& xs) {
  return encode_as(content::results, xs);
}

std::string encode(const std::vector<std::string>& xs) {
  return encode_as(content::names, xs);
}

template <>
result<std::vector<sql_statement>> decode(std::string_view bytes) {
  return decode_as<std::vector<sql_statement>>(content::statements, bytes);
}

template <>
result<std::vector<sql_result>> decode(std::string_view bytes) {
  return decode_as<std::vector<sql_result>>(content::results, bytes);
}

template <>
result<std::vector<std::string>> decode(std::string_view bytes) {
  return decode_as<std::vector<std::string>>(content::names, bytes);
}

} // namespace caf_pool::wire
