#include "caf_pool/backend/sqlite/sqlite_prepared.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace caf_pool {

namespace {

bool same_word(std::string_view x, std::string_view y) noexcept {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a))
           == std::tolower(static_cast<unsigned char>(b));
  });
}

/// Cuts the word at the front off.
std::string_view next_word(std::string_view& sql) noexcept {
  sql = skip_sql_blanks(sql);
  auto last = std::find_if_not(sql.begin(), sql.end(), [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
  });
  auto n = static_cast<std::size_t>(last - sql.begin());
  auto word = sql.substr(0, n);
  sql.remove_prefix(n);
  return word;
}

/// Returns the number in "$12"; 0 if the name is no number.
std::size_t number_in(const char* name) noexcept {
  std::string_view str{name};
  std::size_t x = 0;
  auto* last = str.data() + str.size();
  auto [pos, ec] = std::from_chars(str.data() + 1, last, x);
  return ec == std::errc{} && pos == last ? x : 0;
}

/// Returns why SQLite would store something else; null if it would not.
const char* unstorable(const sql_value& value) noexcept {
  if (auto x = std::get_if<double>(&value); x != nullptr && std::isnan(*x))
    return "is not a number (NaN), which SQLite would store as NULL: pass "
           "nullptr if that is meant";
  if (auto x = std::get_if<std::uint64_t>(&value);
      x != nullptr && !std::in_range<std::int64_t>(*x))
    return "is above 9223372036854775807, the largest integer of SQLite: pass "
           "it as text";
  return nullptr;
}

int bind_value(sqlite3_stmt* stmt, int i, const sql_value& value) {
  if (auto x = std::get_if<bool>(&value))
    return sqlite3_bind_int64(stmt, i, *x ? 1 : 0);
  if (auto x = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(stmt, i, *x);
  if (auto x = std::get_if<std::uint64_t>(&value))
    return sqlite3_bind_int64(stmt, i, static_cast<std::int64_t>(*x));
  if (auto x = std::get_if<double>(&value))
    return sqlite3_bind_double(stmt, i, *x);
  if (auto x = std::get_if<std::string>(&value))
    return sqlite3_bind_text64(stmt, i, x->data(), x->size(), nullptr,
                               SQLITE_UTF8);
  if (auto x = std::get_if<blob>(&value)) {
    // A null pointer would bind NULL.
    if (x->empty())
      return sqlite3_bind_zeroblob(stmt, i, 0);
    return sqlite3_bind_blob64(stmt, i, x->data(), x->size(), nullptr);
  }
  return sqlite3_bind_null(stmt, i);
}

} // namespace

// -- text --------------------------------------------------------------------

std::string_view skip_sql_blanks(std::string_view sql) noexcept {
  for (;;) {
    auto n = sql.find_first_not_of(" \t\r\n\f;");
    sql.remove_prefix(std::min(n, sql.size()));
    std::size_t end = 0;
    if (sql.starts_with("--")) {
      end = sql.find('\n');
    } else if (sql.starts_with("/*")) {
      end = sql.find("*/", 2);
      if (end != sql.npos)
        end += 2;
    } else {
      return sql;
    }
    sql.remove_prefix(std::min(end, sql.size()));
  }
}

bool is_plain_begin(std::string_view sql) noexcept {
  if (!same_word(next_word(sql), "begin"))
    return false;
  auto word = next_word(sql);
  return word.empty() || same_word(word, "transaction");
}

bool is_harmless_pragma(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 20> names{
    "application_id",    "collation_list",     "data_version",
    "foreign_key_check", "foreign_key_list",   "freelist_count",
    "function_list",     "incremental_vacuum", "index_info",
    "index_list",        "index_xinfo",        "integrity_check",
    "optimize",          "quick_check",        "schema_version",
    "table_info",        "table_list",         "table_xinfo",
    "user_version",      "wal_checkpoint",
  };
  return std::any_of(names.begin(), names.end(),
                     [&](auto x) { return same_word(x, name); });
}

// -- sqlite_prepared ---------------------------------------------------------

sqlite_prepared::sqlite_prepared(sqlite3_stmt* stmt, sqlite_traits traits)
  : stmt_(stmt), traits_(traits) {
  auto count = sqlite3_bind_parameter_count(stmt);
  bool numbered = false;
  bool anonymous = false;
  for (int i = 1; i <= count; ++i) {
    auto* name = sqlite3_bind_parameter_name(stmt, i);
    auto position = static_cast<std::size_t>(i);
    if (name == nullptr) {
      // Either `?`, or a gap below the largest `?NNN`.
      anonymous = true;
    } else if (auto n = *name == '?' ? 0 : number_in(name)) {
      numbered = true;
      position = n;
    }
    positions_.push_back(position);
    wanted_ = std::max(wanted_, position);
  }
  mixed_ = numbered && anonymous;
}

result<void> sqlite_prepared::bind(const std::vector<sql_value>& parameters) {
  if (mixed_)
    return error{errc::invalid_argument,
                 "the statement has placeholders with numbers and without; use "
                 "one kind",
                 {}};
  if (parameters.size() != wanted_)
    return error{errc::invalid_argument,
                 "the statement has placeholders for " + std::to_string(wanted_)
                   + " parameters, but got "
                   + std::to_string(parameters.size()),
                 {}};
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    auto& value = parameters[positions_[i] - 1];
    if (auto why = unstorable(value))
      return error{errc::invalid_argument,
                   "parameter " + std::to_string(positions_[i]) + ' ' + why,
                   {}};
    auto code = bind_value(stmt_.get(), static_cast<int>(i) + 1, value);
    if (code != SQLITE_OK)
      return error{errc::execute_failed,
                   "parameter " + std::to_string(positions_[i]) + ": "
                     + sqlite3_errstr(code),
                   {}};
  }
  return {};
}

void sqlite_prepared::release() noexcept {
  sqlite3_reset(stmt_.get());
  if (wanted_ > 0)
    sqlite3_clear_bindings(stmt_.get());
}

} // namespace caf_pool
