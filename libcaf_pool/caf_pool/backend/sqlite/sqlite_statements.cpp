#include "caf_pool/backend/sqlite/sqlite_statements.hpp"

#include <limits>
#include <utility>

namespace caf_pool {

namespace {

/// Longer texts are rarely used twice.
constexpr std::size_t max_kept_text = 16 * 1024;

bool is(const char* x, std::string_view y) noexcept {
  return x != nullptr && x == y;
}

sqlite_traits::control control_of(const char* word) noexcept {
  if (is(word, "BEGIN"))
    return sqlite_traits::control::begin;
  if (is(word, "COMMIT"))
    return sqlite_traits::control::commit;
  return sqlite_traits::control::rollback;
}

bool is_schema_table(const char* name) noexcept {
  return is(name, "sqlite_master") || is(name, "sqlite_temp_master");
}

void record(sqlite_traits& out, int action, const char* first,
            const char* second, const char* schema) {
  switch (action) {
    case SQLITE_TRANSACTION:
      out.transaction = control_of(first);
      break;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      (is(schema, "temp") ? out.temporary : out.writes) = true;
      // Tables, views and triggers come and go as rows of this one. The codes
      // SQLITE_CREATE_TEMP_... miss what is spelled CREATE TABLE temp.x.
      out.lasting |= is(schema, "temp") && is_schema_table(first);
      break;
    case SQLITE_PRAGMA:
      out.immediate = true;
      out.lasting |= second != nullptr && !is_harmless_pragma(first);
      break;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      out.immediate = true;
      out.lasting = true;
      break;
    default:
      break;
  }
}

/// Settings of the whole process are not for statements that may come from
/// anywhere.
bool is_process_wide(std::string_view pragma) noexcept {
  for (std::string_view x : {"data_store_directory", "hard_heap_limit",
                             "soft_heap_limit", "temp_store_directory"})
    if (sqlite3_strnicmp(x.data(), pragma.data(),
                         static_cast<int>(x.size() + 1))
        == 0)
      return true;
  return false;
}

} // namespace

sqlite_statements::sqlite_statements(std::size_t capacity, bool attach)
  : kept_(capacity), attach_(attach) {
  // nop
}

void sqlite_statements::use(sqlite3* db) {
  kept_.clear();
  db_ = db;
  restricted_ = false;
  install();
}

void sqlite_statements::install() {
  if (db_ != nullptr)
    sqlite3_set_authorizer(db_, on_authorize, this);
}

// -- authorizer --------------------------------------------------------------

int sqlite_statements::on_authorize(void* self, int action, const char* first,
                                    const char* second, const char* schema,
                                    const char*) {
  auto& me = *static_cast<sqlite_statements*>(self);
  if (me.guarded_) {
    if (auto why = me.denial_of(action, first, second); !why.empty()) {
      me.denial_ = why;
      return SQLITE_DENY;
    }
  }
  if (me.recorded_ != nullptr)
    record(*me.recorded_, action, first, second, schema);
  return SQLITE_OK;
}

std::string_view sqlite_statements::denial_of(
  int action, const char* first, const char* second) const noexcept {
  if (action == SQLITE_ATTACH && !attach_) {
    // The name is null if it is computed. VACUUM attaches a nameless file.
    if (first == nullptr || (*first != '\0' && !is(first, ":memory:")))
      return "statements may not open other files; set the option attach if "
             "they should";
  }
  if (action == SQLITE_PRAGMA && second != nullptr) {
    if (restricted_ && !is_harmless_pragma(first))
      return "a lease for reading only may not change settings";
    if (is_process_wide(first))
      return "that setting is for the whole process; make it in the program";
  }
  return {};
}

// -- cache -------------------------------------------------------------------

sqlite_statements::outcome sqlite_statements::prepare(std::string_view text) {
  if (auto* known = kept_.find(text))
    return {known->stmt, SQLITE_OK, {}, false};
  auto what = compile(text);
  if (what.stmt && text.size() <= max_kept_text
      && !what.stmt->traits().immediate)
    kept_.insert({std::string{text}, what.stmt});
  return what;
}

sqlite_statements::outcome sqlite_statements::compile(std::string_view text) {
  if (text.find('\0') != text.npos)
    return {nullptr, SQLITE_OK, "the statement contains a NUL character",
            false};
  if (text.size() >= std::numeric_limits<int>::max())
    return {nullptr, SQLITE_TOOBIG, {}, false};
  sqlite_traits traits;
  sqlite3_stmt* stmt = nullptr;
  const char* rest = nullptr;
  recorded_ = &traits;
  auto code
    = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()),
                         SQLITE_PREPARE_PERSISTENT, &stmt, &rest);
  recorded_ = nullptr;
  auto changed = traits.immediate && traits.lasting;
  if (code != SQLITE_OK)
    return {nullptr, code, {}, changed};
  if (stmt == nullptr)
    return {nullptr, SQLITE_OK, "the text holds no statement", changed};
  auto tail = text.substr(static_cast<std::size_t>(rest - text.data()));
  bool reads = sqlite3_stmt_readonly(stmt) != 0;
  // What neither reads only nor writes into temporary tables only, e.g. VACUUM
  // or a setting that is kept in the file.
  traits.writes = !reads && (traits.writes || !traits.temporary);
  traits.plain_begin = traits.transaction == sqlite_traits::control::begin
                       && reads && is_plain_begin(text);
  auto prepared = std::make_shared<sqlite_prepared>(stmt, traits);
  if (!skip_sql_blanks(tail).empty())
    return {nullptr, SQLITE_OK,
            "one statement per call; after the first one the text goes on at "
            "byte "
              + std::to_string(text.size() - skip_sql_blanks(tail).size()),
            changed};
  return {std::move(prepared), SQLITE_OK, {}, changed};
}

} // namespace caf_pool
