#pragma once

#include <string>
#include <string_view>

namespace caf_pool {

/// Returns the name of an extended result code of SQLite, e.g.
/// "SQLITE_CONSTRAINT_UNIQUE"; codes that are younger than this get the name
/// of their family and their number.
std::string sqlite_code_name(int code);

/// Returns the primary result code of an extended one.
constexpr int sqlite_primary(int code) noexcept {
  return code & 0xff;
}

/// Tells whether a connection survives an error of this code. It does not when
/// the file cannot be read or written any more, when it is no database, or
/// when SQLite says that it was used wrongly.
bool sqlite_survives(int code) noexcept;

/// Tells whether opening may work later without anybody changing anything:
/// `system_errno` is what the operating system said.
bool sqlite_heals(int code, int system_errno) noexcept;

/// Returns what to try against an error of a statement, as one sentence;
/// empty if SQLite's own text says it all.
std::string_view sqlite_advice(int code) noexcept;

} // namespace caf_pool
