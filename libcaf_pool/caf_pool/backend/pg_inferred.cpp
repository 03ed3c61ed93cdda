#include "caf_pool/backend/pg_inferred.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>

namespace caf_pool {

namespace {

bool one_of(Oid x, std::initializer_list<Oid> types) noexcept {
  return std::find(types.begin(), types.end(), x) != types.end();
}

// The numbers of built-in types never change: pg_type.dat.
constexpr Oid boolean = 16, bytea = 17, int8 = 20, int2 = 21, int4 = 23,
              text = 25, json = 114, varchar = 1043, numeric = 1700;

bool takes(const sql_value& value, Oid type) noexcept {
  return !std::holds_alternative<blob>(value) || type == bytea;
}

bool keeps_meaning(const sql_value& value, Oid type) noexcept {
  if (std::holds_alternative<sql_null>(value))
    return true;
  if (std::holds_alternative<std::int64_t>(value)
      || std::holds_alternative<std::uint64_t>(value))
    return one_of(type, {int2, int4, int8, numeric});
  if (std::holds_alternative<std::string>(value))
    return one_of(type, {text, varchar, json});
  if (std::holds_alternative<bool>(value))
    return type == boolean;
  return std::holds_alternative<blob>(value) && type == bytea;
}

} // namespace

bool pg_keeps_meaning(std::span<const sql_value> values,
                      std::span<const Oid> types) noexcept {
  return std::equal(values.begin(), values.end(), types.begin(), types.end(),
                    keeps_meaning);
}

bool pg_takes(std::span<const sql_value> values,
              std::span<const Oid> types) noexcept {
  return std::equal(values.begin(), values.end(), types.begin(), types.end(),
                    takes);
}

} // namespace caf_pool
