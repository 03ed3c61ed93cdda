#include "caf_pool/backend/postgres/pg_inferred.hpp"

#include "caf_pool/core/one_of.hpp"

#include <algorithm>
#include <cstdint>
#include <variant>

namespace caf_pool {

namespace {

// The numbers of built-in types never change: pg_type.dat.
constexpr Oid boolean = 16, bytea = 17, int8 = 20, int2 = 21, int4 = 23,
              numeric = 1700;

// What float4 holds of whole numbers without a gap.
constexpr std::int64_t max_whole = 1 << 24;

bool takes(const sql_value& value, Oid type) noexcept {
  return !std::holds_alternative<blob>(value) || type == bytea;
}

bool is_small(const sql_value& value) noexcept {
  if (auto* x = std::get_if<std::int64_t>(&value))
    return *x >= -max_whole && *x <= max_whole;
  auto* x = std::get_if<std::uint64_t>(&value);
  return x != nullptr && *x <= std::uint64_t{max_whole};
}

bool may_keep_meaning(const sql_value& value) noexcept {
  return std::holds_alternative<sql_null>(value)
         || std::holds_alternative<bool>(value)
         || std::holds_alternative<blob>(value) || is_small(value);
}

bool keeps_meaning(const sql_value& value, Oid type) noexcept {
  if (std::holds_alternative<sql_null>(value))
    return true;
  if (is_small(value))
    return one_of(type, {int2, int4, int8, numeric});
  if (std::holds_alternative<bool>(value))
    return type == boolean;
  return std::holds_alternative<blob>(value) && type == bytea;
}

} // namespace

bool pg_may_keep_meaning(std::span<const sql_value> values) noexcept {
  return std::all_of(values.begin(), values.end(), may_keep_meaning);
}

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
