#pragma once

#include "caf_pool/core/sql_statement.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace caf_pool::ctl {

/// A cell of a table. NULL, bytes (`\x…`) and numbers are bare; a text that
/// would look like one of these, or like nothing, is in quotes as in SQL.
std::string text_of(const sql_value& x);

/// A cell in JSON. What JSON has no form for is a string: bytes (`\x…`), and
/// numbers that are none or endless ("NaN", "Infinity", "-Infinity").
nlohmann::ordered_json json_of(const sql_value& x);

} // namespace caf_pool::ctl
