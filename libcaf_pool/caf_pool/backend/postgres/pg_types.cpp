#include "caf_pool/backend/postgres/pg_types.hpp"

#include "caf_pool/core/parse_number.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace caf_pool {

namespace {

template <class T>
sql_value to_number(std::string_view text) {
  if (auto number = parse_number<T>(text))
    return *number;
  return std::string{text};
}

int nibble(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

// The old form, for sessions with bytea_output = escape.
blob from_escaped(std::string_view text) {
  std::string copy{text};
  std::size_t size = 0;
  std::unique_ptr<unsigned char, void (*)(void*)> bytes{
    PQunescapeBytea(reinterpret_cast<const unsigned char*>(copy.c_str()),
                    &size),
    PQfreemem};
  if (!bytes)
    return {};
  auto* first = reinterpret_cast<const std::byte*>(bytes.get());
  return {first, first + size};
}

} // namespace

pg_cell_kind pg_kind_of(Oid type) noexcept {
  switch (type) {
    case pg_bool:
      return pg_cell_kind::boolean;
    case pg_int2:
    case pg_int4:
    case pg_int8:
    case pg_oid:
      return pg_cell_kind::whole;
    case pg_float4:
    case pg_float8:
      return pg_cell_kind::real;
    case pg_bytea:
      return pg_cell_kind::bytes;
    default:
      return pg_cell_kind::text;
  }
}

sql_value pg_cell(pg_cell_kind kind, std::string_view text) {
  switch (kind) {
    case pg_cell_kind::boolean:
      return text == "t";
    case pg_cell_kind::whole:
      return to_number<std::int64_t>(text);
    case pg_cell_kind::real:
      return to_number<double>(text);
    case pg_cell_kind::bytes:
      if (text.starts_with("\\x"))
        return pg_from_hex(text.substr(2));
      return from_escaped(text);
    case pg_cell_kind::text:
      break;
  }
  return std::string{text};
}

blob pg_from_hex(std::string_view digits) {
  blob result(digits.size() / 2);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::byte>(nibble(digits[2 * i]) << 4
                                       | nibble(digits[2 * i + 1]));
  return result;
}

} // namespace caf_pool
